import type { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

interface Connection {
  /** The answer after which it is idle. */
  newest: ServerResponse | undefined;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Cuts connections on which, after an answer, nothing whole is asked for long. Node closes one that is idle, and gives a request so many seconds from its first letter; but an empty line before
 * it is neither, and one now and then would hold a connection for good.
 */
export class IdleDeadline {
  readonly #connections = new WeakMap<Duplex, Connection>();
  readonly #ms: number;

  constructor(ms: number) {
    this.#ms = ms;
  }

  /** A request came, which `response` answers; the ones before it may not be answered yet. */
  watch(socket: Duplex, response: ServerResponse): void {
    const connection = this.#connections.get(socket) ?? this.#meet(socket);
    clearTimeout(connection.timer);
    connection.newest = response;
    response.once("close", () => {
      if (connection.newest === response && !socket.destroyed) connection.timer = setTimeout(() => socket.destroy(), this.#ms).unref();
    });
  }

  /** It is no connection of requests any more. */
  lift(socket: Duplex): void {
    const connection = this.#connections.get(socket);
    clearTimeout(connection?.timer);
    if (connection !== undefined) connection.newest = undefined;
  }

  #meet(socket: Duplex): Connection {
    const connection: Connection = { newest: undefined, timer: undefined };
    this.#connections.set(socket, connection);
    socket.once("close", () => this.lift(socket));
    return connection;
  }
}
