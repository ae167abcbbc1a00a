import { LAG_UNITS_MAX, LAG_UNITS_PER_FRAME } from "../wire/limits.ts";

/** Half a second at 60 Hz: at half, jitter moves the clock; at double, the correction comes so late that it swings. */
const SAMPLES = 30;

/** Half of a difference of lags is the distance. */
export const ADVANTAGE_UNITS_PER_FRAME: number = 2 * LAG_UNITS_PER_FRAME;

/**
 * How far we run ahead of one peer, in frames, without clocks that agree.
 *
 * Each side measures its *lag*: its own frame when a datagram arrives, minus the frame in which the peer sent it. The lag is the distance of
 * the two clocks plus the way of the datagram; on the other side the distance has the other sign and all else is the same. Both tell each other, and
 * half the difference is the distance: the round trip falls out. Input delays are in neither, so that they may change at any time.
 * (A way that is longer in one direction cannot be told from a clock that is ahead. What is evened out then is how deep both predict.)
 */
export class TimeSync {
  /** In units of the wire, as all lags here: the newest samples in order of time, and by size. */
  readonly #samples = new Int32Array(SAMPLES);
  readonly #sorted = new Int32Array(SAMPLES);
  #count = 0;
  #next = 0;
  #lag = 0;
  #remoteLag: number = LAG_UNITS_MAX;

  /** A datagram with a newer input arrived: our lag at that moment. */
  sampled(lagUnits: number): void {
    const sorted = this.#sorted;
    const isFull = this.#count === SAMPLES;
    // The new sample moves from the place of the oldest to its own.
    let place = isFull ? sorted.indexOf(this.#samples[this.#next] ?? 0) : this.#count++;
    for (; place > 0 && (sorted[place - 1] ?? 0) > lagUnits; place--) sorted[place] = sorted[place - 1] ?? 0;
    for (; place < this.#count - 1 && (sorted[place + 1] ?? 0) < lagUnits; place++) sorted[place] = sorted[place + 1] ?? 0;
    sorted[place] = lagUnits;
    this.#samples[this.#next] = lagUnits;
    this.#next = (this.#next + 1) % SAMPLES;
    this.#lag = this.#middleThirdMean();
  }

  /** The peer told its own lag. */
  remoteLagArrived(units: number): void {
    this.#remoteLag = units;
  }

  /** Our lag as it is told to the peer, `moreUnits` above what was measured; `LAG_UNITS_MAX` before the first sample. */
  lagUnits(moreUnits: number): number {
    return this.#count === 0 ? LAG_UNITS_MAX : this.#lag + moreUnits;
  }

  /** False until both sides have measured. */
  get known(): boolean {
    return this.#count > 0 && this.#remoteLag !== LAG_UNITS_MAX;
  }

  /** By how much we are ahead of the peer, in whole `1 / ADVANTAGE_UNITS_PER_FRAME` frames; 0 until `known`. */
  get advantageUnits(): number {
    return this.known ? this.#lag - this.#remoteLag : 0;
  }

  /** The same in frames. */
  get frameAdvantage(): number {
    return this.advantageUnits / ADVANTAGE_UNITS_PER_FRAME;
  }

  /** The mean without the third on either side: a burst after an outage, or one early datagram, moves nothing (Slippi's estimate). */
  #middleThirdMean(): number {
    const skipped = Math.floor(this.#count / 3);
    let sum = 0;
    for (let index = skipped; index < this.#count - skipped; index++) sum += this.#sorted[index] ?? 0;
    return Math.round(sum / (this.#count - 2 * skipped));
  }
}
