import type { LobbyCode } from "@rollcall/netcode/lobby-protocol";

/** One task at a time for each lobby: changes leave in the order of their numbers. */
export class LobbyQueues {
  readonly #ends = new Map<LobbyCode, Promise<void>>();

  /** Whatever came of the tasks before. */
  run<Value>(code: LobbyCode, task: () => Promise<Value>): Promise<Value> {
    const own = (this.#ends.get(code) ?? Promise.resolve()).then(task);
    const end = own
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(() => {
        if (this.#ends.get(code) === end) this.#ends.delete(code);
      });
    this.#ends.set(code, end);
    return own;
  }
}
