/** What somebody may do: `burst` times at once and `perSecond` after that. It says when there will be enough, and takes back what was not used. */
export class Allowance {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #updatedAtMs: number;

  constructor(nowMs: number, rate: { readonly perSecond: number; readonly burst: number }) {
    this.#perMs = rate.perSecond / 1000;
    this.#burst = rate.burst;
    this.#tokens = rate.burst;
    this.#updatedAtMs = nowMs;
  }

  /** Takes `count` tokens, or none and gives false when there are fewer. */
  take(nowMs: number, count = 1): boolean {
    this.#refill(nowMs);
    if (this.#tokens < count) return false;
    this.#tokens -= count;
    return true;
  }

  /** Gives back what `take` took. */
  refund(): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + 1);
  }

  /** Until there are `count` tokens; 0 when there are. */
  waitMs(nowMs: number, count = 1): number {
    this.#refill(nowMs);
    return this.#tokens >= count ? 0 : Math.ceil((count - this.#tokens) / this.#perMs);
  }

  isFull(nowMs: number): boolean {
    this.#refill(nowMs);
    return this.#tokens >= this.#burst;
  }

  #refill(nowMs: number): void {
    if (nowMs <= this.#updatedAtMs) return;
    this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#updatedAtMs) * this.#perMs);
    this.#updatedAtMs = nowMs;
  }
}
