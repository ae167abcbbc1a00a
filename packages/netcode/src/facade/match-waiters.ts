import type { NetcodeError } from "./netcode-error.ts";

interface Waiter<Value> {
  readonly resolve: (match: Value) => void;
  readonly reject: (error: NetcodeError) => void;
}

/** Promises of the next match. */
export class MatchWaiters<Value> {
  #waiters: Waiter<Value>[] = [];

  wait(): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
    });
  }

  resolveAll(match: Value): void {
    for (const waiter of this.#waiters.splice(0)) waiter.resolve(match);
  }

  rejectAll(error: NetcodeError): void {
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
  }
}
