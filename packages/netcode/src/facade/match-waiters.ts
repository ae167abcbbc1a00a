import { Deferred } from "./deferred.ts";
import type { NetcodeError } from "./netcode-error.ts";

/** Promises of the next match. */
export class MatchWaiters<Value> {
  #waiters: Deferred<Value>[] = [];

  wait(): Promise<Value> {
    const waiter = new Deferred<Value>();
    this.#waiters.push(waiter);
    return waiter.promise;
  }

  resolveAll(match: Value): void {
    for (const waiter of this.#waiters.splice(0)) waiter.resolve(match);
  }

  rejectAll(error: NetcodeError): void {
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
  }
}
