import type { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { AddressLimits } from "./address-limits.ts";
import { addressKey } from "./client-address.ts";
import type { Counters } from "./counters.ts";
import { monotonicMs } from "./monotonic-ms.ts";
import { letFail, RETRY_AFTER_SECONDS, refuseUpgrade } from "./refuse-upgrade.ts";

/** How an address is told that it is refused, and how it is not told. */
export interface Refusing {
  readonly answer: () => void;
  /** Ends the connection without a word. */
  readonly cut: () => void;
}

/** Who is refused all the time waits so long for each answer. At half, a program that asks again at once costs twice as much; at double, a page behind the same address takes the broker for dead. */
const HELD_MS = 1_000;
/** Answers that wait, to one address and to all: each is an open connection. Above, there is no answer. */
const HELD_PER_ADDRESS = 32;
const HELD = 512;

interface Held extends Refusing {
  readonly timer: NodeJS.Timeout;
}

/**
 * Refuses at once whoever has not been refused often, and late whoever has: most programs that ask as fast as they can wait for an answer before they ask again, and each
 * refusal costs the broker an accepted connection and a request.
 */
export class LateRefusals {
  readonly #addresses: AddressLimits;
  readonly #counters: Counters;
  readonly #byAddress = new Map<string, Set<Held>>();
  #count = 0;
  #isClosed = false;

  constructor(addresses: AddressLimits, counters: Counters) {
    this.#addresses = addresses;
    this.#counters = counters;
  }

  get heldCount(): number {
    return this.#count;
  }

  /** An HTTP request too many. */
  refuseRequest(request: IncomingMessage, response: ServerResponse, address: string): void {
    this.#counters.add("request:address");
    this.refuse(monotonicMs(), address, {
      answer: () => void response.writeHead(429, { connection: "close", "retry-after": String(RETRY_AFTER_SECONDS) }).end(),
      cut: () => void request.socket.destroy(),
    });
  }

  /** An upgrade. `reason`: a word of ours, for the counters. */
  refuseSocket(socket: Duplex, address: string, { reason, status }: { readonly reason: string; readonly status: string }): void {
    this.#counters.add(`socket:${reason}`);
    // While it waits, too.
    letFail(socket);
    this.refuse(monotonicMs(), address, {
      answer: () => refuseUpgrade(socket, status),
      cut: () => void socket.destroy(),
    });
  }

  /** What is no HTTP, or comes too slowly. `status`: why. */
  refuseBroken(socket: Duplex, status: string, isBehindProxy: boolean): void {
    // Who has hung up meanwhile hears nothing, and did nothing wrong.
    if (socket.destroyed) return;
    const address = socket instanceof Socket && !isBehindProxy ? addressKey(socket.remoteAddress ?? "") : undefined;
    // Else the rest of it would be broken once more.
    socket.pause();
    if (address === undefined) refuseUpgrade(socket, status);
    else this.refuseSocket(socket, address, { reason: "broken", status });
  }

  refuse(nowMs: number, address: string, refusing: Refusing): void {
    const held = this.#byAddress.get(address) ?? new Set<Held>();
    if (this.#isClosed || this.#addresses.take(nowMs, address, "refusals")) refusing.answer();
    else if (held.size >= HELD_PER_ADDRESS || this.#count >= HELD) {
      this.#counters.add("connection:cut");
      refusing.cut();
    } else {
      const entry: Held = { ...refusing, timer: setTimeout(() => this.#answer(address, held, entry), HELD_MS) };
      entry.timer.unref();
      this.#byAddress.set(address, held.add(entry));
      this.#count++;
    }
  }

  /** Nobody waits any longer. */
  close(): void {
    this.#isClosed = true;
    for (const [address, held] of this.#byAddress) for (const entry of held) this.#answer(address, held, entry);
  }

  #answer(address: string, held: Set<Held>, entry: Held): void {
    clearTimeout(entry.timer);
    held.delete(entry);
    if (held.size === 0) this.#byAddress.delete(address);
    this.#count--;
    entry.answer();
  }
}
