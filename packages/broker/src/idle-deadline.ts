import type { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/**
 * Cuts connections on which, after an answer, nothing whole is asked for long. Node closes one that is idle, and gives a request so many seconds from its first letter; but an empty line before
 * it is neither, and one now and then would hold a connection for good.
 */
export class IdleDeadline {
  readonly #timers = new WeakMap<Duplex, NodeJS.Timeout>();
  readonly #ms: number;

  constructor(ms: number) {
    this.#ms = ms;
  }

  /** A request came, which `response` answers. */
  watch(socket: Duplex, response: ServerResponse): void {
    if (!this.#timers.has(socket)) socket.once("close", () => this.lift(socket));
    this.lift(socket);
    response.once("close", () => {
      if (!socket.destroyed) this.#timers.set(socket, setTimeout(() => socket.destroy(), this.#ms).unref());
    });
  }

  /** It is no connection of requests any more. */
  lift(socket: Duplex): void {
    clearTimeout(this.#timers.get(socket));
  }
}
