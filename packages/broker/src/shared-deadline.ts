import { StoreUnavailable } from "./shared-state.ts";

interface Waiting {
  readonly untilMs: number;
  readonly reject: (error: StoreUnavailable) => void;
}

/**
 * Refuses what is not answered in time. One timer for all, since all have the same time: a timer made and cleared for each signal between nodes takes a tenth of what the first node spends before it writes.
 */
export class SharedDeadline {
  readonly #ms: number;
  readonly #nowMs: () => number;
  /** In the order in which they end. */
  readonly #waiting = new Set<Waiting>();
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number, nowMs: () => number) {
    this.#ms = ms;
    this.#nowMs = nowMs;
  }

  /** As `promise` settles, or rejected with `StoreUnavailable` once the time is over. */
  within<Value>(promise: Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      const waiting = { untilMs: this.#nowMs() + this.#ms, reject };
      this.#waiting.add(waiting);
      if (this.#timer === undefined) this.#timer = this.#wake(this.#ms);
      promise.then(resolve, reject).finally(() => this.#waiting.delete(waiting));
    });
  }

  #wake(afterMs: number): NodeJS.Timeout {
    return setTimeout(() => this.#refuse(), afterMs).unref();
  }

  #refuse(): void {
    this.#timer = undefined;
    const nowMs = this.#nowMs();
    for (const waiting of this.#waiting) {
      if (waiting.untilMs > nowMs) {
        this.#timer = this.#wake(waiting.untilMs - nowMs);
        return;
      }
      this.#waiting.delete(waiting);
      waiting.reject(new StoreUnavailable(`no answer within ${this.#ms} ms`));
    }
  }
}
