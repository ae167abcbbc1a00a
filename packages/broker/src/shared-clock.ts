/** Samples that are compared; the best of them counts. At half, one slow minute moves the clock; at double, drift shows. */
const SAMPLES = 16;

interface Sample {
  readonly offsetMs: number;
  readonly roundTripMs: number;
}

/**
 * This machine's steady clock, set by another's: of the last samples, the one with the shortest way counts, and is wrong by half of that way at most
 * (Cristian 1989). It never goes back: while the other one's did, it stands.
 */
export class SharedClock {
  readonly #steadyMs: () => number;
  readonly #samples: Sample[] = [];
  #offsetMs = 0;
  #latestMs = -Infinity;

  constructor(steadyMs: () => number) {
    this.#steadyMs = steadyMs;
  }

  /** The other clock showed `otherMs` somewhere between these two moments of ours. */
  addSample(sentMs: number, receivedMs: number, otherMs: number): void {
    this.#samples.push({ offsetMs: otherMs - (sentMs + receivedMs) / 2, roundTripMs: receivedMs - sentMs });
    if (this.#samples.length > SAMPLES) this.#samples.shift();
    const best = this.#samples.reduce((left, right) => (right.roundTripMs <= left.roundTripMs ? right : left));
    this.#offsetMs = best.offsetMs;
  }

  /** Another machine's clock from now on: what was measured says nothing about it. */
  reset(): void {
    this.#samples.length = 0;
  }

  /** What the other clock shows, also when it went back. */
  shownMs(): number {
    return this.#steadyMs() + this.#offsetMs;
  }

  nowMs(): number {
    if (this.#samples.length === 0 && this.#latestMs === -Infinity) return this.#steadyMs();
    this.#latestMs = Math.max(this.#latestMs, this.#steadyMs() + this.#offsetMs);
    return this.#latestMs;
  }
}
