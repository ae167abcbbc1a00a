/** How often something may be done: `burst` times at once, and `perSecond` times a second in the long run. */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #left: number;
  #nowMs = -Infinity;

  constructor(perSecond: number, burst: number) {
    this.#perMs = perSecond / 1_000;
    this.#burst = burst;
    this.#left = burst;
  }

  /** Counts `count`. False: it is more than may be now, and nothing was counted. */
  take(nowMs: number, count = 1): boolean {
    if (nowMs > this.#nowMs) {
      this.#left = Math.min(this.#burst, this.#left + (nowMs - this.#nowMs) * this.#perMs);
      this.#nowMs = nowMs;
    }
    if (this.#left < count) return false;
    this.#left -= count;
    return true;
  }
}
