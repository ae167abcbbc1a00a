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

/** Of the sockets of one kind. */
interface Ledger {
  readonly open: Set<Socket>;
  /** Of all that have closed. */
  readonly closed: { bytesIn: number; bytesOut: number };
  /** Their listener, one for all. */
  readonly close: (this: Socket) => void;
}

/** Counts what the broker does. Plain numbers, read when somebody asks: bytes are counted by the system, and nothing is added to the way of a message. */
export class Meters {
  /** Answered requests of members by `<command> <outcome>`: `ok`, or the code of the refusal. */
  readonly requests: Counters = new Counters();
  /** Signals between members by `<type> <outcome>`. */
  readonly signals: Counters = new Counters();
  readonly #ledgers: Readonly<Record<SocketKind, Ledger>> = { lobby: openLedger(), signaling: openLedger() };

  /** Counts the bytes of `socket` until it closes. */
  addSocket(kind: SocketKind, socket: Socket): void {
    const { open, close } = this.#ledgers[kind];
    open.add(socket);
    // Not `once`, which keeps two objects more for each socket.
    socket.on("close", close);
  }

  traffic(kind: SocketKind): Traffic {
    const { open, closed } = this.#ledgers[kind];
    let { bytesIn, bytesOut } = closed;
    for (const socket of open) {
      bytesIn += socket.bytesRead;
      bytesOut += socket.bytesWritten;
    }
    return { sockets: open.size, bytesIn, bytesOut };
  }
}

function openLedger(): Ledger {
  const open = new Set<Socket>();
  const closed = { bytesIn: 0, bytesOut: 0 };
  return {
    open,
    closed,
    close(this: Socket): void {
      open.delete(this);
      closed.bytesIn += this.bytesRead;
      closed.bytesOut += this.bytesWritten;
    },
  };
}
