import type { Socket } from "node:net";
import { Counters } from "./counters.ts";

/** What passed over the sockets of one kind. */
export interface Traffic {
  readonly sockets: number;
  /** With all framing, as the network carried them. */
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** The two kinds of socket. */
export type SocketKind = "lobby" | "signaling";

export const SOCKET_KINDS: readonly SocketKind[] = ["lobby", "signaling"];

/** Counts what the broker does. Plain numbers, read when somebody asks: bytes are counted by the system, and nothing is added to the way of a message. */
export class Meters {
  /** Answered requests of members by `<command> <outcome>`: `ok`, or the code of the refusal. */
  readonly requests: Counters = new Counters();
  /** Signals between members by `<type> <outcome>`. */
  readonly signals: Counters = new Counters();
  readonly #open: Readonly<Record<SocketKind, Set<Socket>>> = { lobby: new Set(), signaling: new Set() };
  readonly #closed: Readonly<Record<SocketKind, { bytesIn: number; bytesOut: number }>> = {
    lobby: { bytesIn: 0, bytesOut: 0 },
    signaling: { bytesIn: 0, bytesOut: 0 },
  };

  /** Counts the bytes of `socket` until it closes. */
  addSocket(kind: SocketKind, socket: Socket): void {
    this.#open[kind].add(socket);
    // Not `once`, which keeps two objects more for each socket.
    socket.on("close", () => {
      this.#open[kind].delete(socket);
      const closed = this.#closed[kind];
      closed.bytesIn += socket.bytesRead;
      closed.bytesOut += socket.bytesWritten;
    });
  }

  traffic(kind: SocketKind): Traffic {
    let { bytesIn, bytesOut } = this.#closed[kind];
    for (const socket of this.#open[kind]) {
      bytesIn += socket.bytesRead;
      bytesOut += socket.bytesWritten;
    }
    return { sockets: this.#open[kind].size, bytesIn, bytesOut };
  }
}
