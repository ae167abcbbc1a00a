export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** What somebody may do: `burst` times at once and `perSecond` after that. It says when there will be enough, and takes back what was not used. */
export class Allowance {
  /** The same for many: each address and each socket has allowances of its own. */
  readonly #rate: Rate;
  #tokens: number;
  #updatedAtMs: number;

  constructor(nowMs: number, rate: Rate) {
    this.#rate = rate;
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
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + 1);
  }

  /** Until there are `count` tokens; 0 when there are. */
  waitMs(nowMs: number, count = 1): number {
    this.#refill(nowMs);
    return this.#tokens >= count ? 0 : Math.ceil((count - this.#tokens) / (this.#rate.perSecond / 1_000));
  }

  isFull(nowMs: number): boolean {
    this.#refill(nowMs);
    return this.#tokens >= this.#rate.burst;
  }

  #refill(nowMs: number): void {
    if (nowMs <= this.#updatedAtMs) return;
    const { perSecond, burst } = this.#rate;
    this.#tokens = Math.min(burst, this.#tokens + (nowMs - this.#updatedAtMs) * (perSecond / 1_000));
    this.#updatedAtMs = nowMs;
  }
}
