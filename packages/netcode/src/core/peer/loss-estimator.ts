/** About two seconds of datagrams at 60 Hz: at half, one lost datagram shows as 2 %; at double, a burst is shown for eight seconds. */
const WINDOW = 128;

/**
 * Share of a peer's datagrams that never arrived. A peer numbers nothing: it sends one datagram per frame, each with a newest frame one
 * higher, so that a hole in the newest frames is a loss (until the late datagram fills it).
 */
export class LossEstimator {
  #newestFrame = Number.NEGATIVE_INFINITY;
  #expected = 0;
  #arrived = 0;

  /** 0–1 over the last seconds. */
  get ratio(): number {
    return this.#expected === 0 ? 0 : Math.max(0, 1 - this.#arrived / this.#expected);
  }

  /** A datagram arrived. The same newest frame again is a repetition while the peer stands still, and says nothing. */
  arrived(newestFrame: number): void {
    if (newestFrame === this.#newestFrame) return;
    this.#arrived++;
    if (newestFrame < this.#newestFrame) return;
    this.#expected += this.#newestFrame === Number.NEGATIVE_INFINITY ? 1 : newestFrame - this.#newestFrame;
    this.#newestFrame = newestFrame;
    if (this.#expected < WINDOW) return;
    // Halving lets the past fade without a ring of outcomes.
    this.#expected /= 2;
    this.#arrived = Math.min(this.#arrived / 2, this.#expected);
  }
}
