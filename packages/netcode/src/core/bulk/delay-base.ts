/** A base is remembered at least this long and at most one bucket longer: routes change, and clocks drift by up to 0.1 ms a second. */
const BUCKET_MS = 5_000;
const BUCKETS = 3;

/** The least delay of late: what a path takes with nothing waiting in front of it. After LEDBAT (RFC 6817 §3.4.2). */
export class DelayBase {
  /** The least of each bucket, oldest first. */
  readonly #leastMs: number[] = [];
  #bucketEndMs = -Infinity;

  /** Takes a sample and says how far it is above the base: what waits on the way, in ms. */
  excess(nowMs: number, delayMs: number): number {
    if (nowMs >= this.#bucketEndMs) {
      this.#bucketEndMs = nowMs + BUCKET_MS;
      this.#leastMs.push(delayMs);
      if (this.#leastMs.length > BUCKETS) this.#leastMs.shift();
    }
    const newest = this.#leastMs.length - 1;
    this.#leastMs[newest] = Math.min(this.#leastMs[newest] ?? delayMs, delayMs);
    return delayMs - Math.min(...this.#leastMs);
  }

  reset(): void {
    this.#leastMs.length = 0;
    this.#bucketEndMs = -Infinity;
  }
}
