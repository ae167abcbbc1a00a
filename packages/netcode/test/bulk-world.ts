/** Two peers that send each other files and a game's datagrams over one simulated association, in virtual time. */
import { checksumFile, encodeAbout } from "../src/core/bulk/bulk-codec.ts";
import { BulkExchange } from "../src/core/bulk/bulk-exchange.ts";
import { BULK_LIMITS, type BulkLimits } from "../src/core/bulk/bulk-limits.ts";
import type { BulkEvent } from "../src/core/bulk/bulk-output.ts";
import { Random } from "../src/core/base/random.ts";
import type { PeerId } from "../src/core/base/units.ts";
import type { Channel } from "../src/core/ports/transport.ts";
import type { AssociationEnd } from "../src/sim/association-end.ts";
import type { LinkConditions } from "../src/sim/sim-link.ts";
import { SimNetwork } from "../src/sim/sim-network.ts";

export const ADA = "ada" as PeerId;
export const BOB = "bob" as PeerId;

/** As the driver ticks while files flow. */
const TICK_MS = 5;

export class BulkPeer {
  readonly exchange: BulkExchange;
  readonly events: BulkEvent[] = [];
  readonly files: Uint8Array[] = [];
  /** One-way times of the game's datagrams that came, in ms. */
  readonly datagramMs: number[] = [];
  /** What is done with an offer. */
  answer: "accept" | "refuse" | "wait" = "accept";
  end: AssociationEnd | undefined;
  readonly id: PeerId;
  readonly other: PeerId;
  bulkMessages = 0;
  /** What came while the thread was busy. */
  readonly waiting: { readonly channel: Channel; readonly bytes: Uint8Array }[] = [];

  constructor(id: PeerId, other: PeerId, seed: number, limits: Partial<BulkLimits>) {
    this.id = id;
    this.other = other;
    this.exchange = new BulkExchange({ limits: { ...BULK_LIMITS, ...limits }, random: new Random(seed, id) });
  }

  /** The number of the transfer. */
  send(bytes: Uint8Array, name = "file"): number {
    const about = encodeAbout({ name, type: "", metadata: null });
    const transfer = this.exchange.send(this.other, { bytes, checksum: checksumFile(bytes), about: about ?? new Uint8Array(0) });
    if (transfer === undefined) throw new Error("too many transfers");
    return transfer;
  }

  /** Reasons of the transfers that ended. */
  ends(direction: "out" | "in"): string[] {
    return this.events.flatMap((event) => (event.type === "ended" && event.direction === direction ? [event.reason] : []));
  }

  receive(nowMs: number, channel: Channel, bytes: Uint8Array): void {
    if (channel === "bulk") {
      this.bulkMessages++;
      this.exchange.handlePacket(nowMs, this.other, bytes);
    } else if (channel === "unreliable") this.datagramMs.push(nowMs - new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0));
  }

  tick(nowMs: number): void {
    const { exchange, end, other } = this;
    for (;;) {
      const message = exchange.pollTransmit(nowMs, other, end?.bufferedBytes("bulk") ?? 0);
      if (message === undefined) break;
      if (end?.send("bulk", message) === "sent") continue;
      exchange.handleUnsent(nowMs, other, message);
      break;
    }
    for (let event = exchange.pollEvent(); event !== undefined; event = exchange.pollEvent()) {
      this.events.push(event);
      if (event.type === "received") this.files.push(event.file);
      if (event.type !== "offer" || this.answer === "wait") continue;
      if (this.answer === "accept") exchange.accept(event.from, event.transfer);
      else exchange.stop(event.from, "in", event.transfer);
    }
  }
}

export interface BulkWorldOptions {
  readonly seed: number;
  readonly conditions?: Partial<LinkConditions>;
  readonly limits?: Partial<BulkLimits>;
  /** A datagram of `datagramBytes` each 1/60 s, both ways; default 0: none. */
  readonly datagramBytes?: number;
  /** A tick comes up to this late, at random: a browser's timers. */
  readonly lateMs?: number;
  /** Each page's thread is busy for up to this long, at random, again and again: timers fire and packets are handled in between. */
  readonly busyMs?: number;
}

export class BulkWorld {
  readonly network: SimNetwork;
  readonly ada: BulkPeer;
  readonly bob: BulkPeer;
  readonly #late: Random;
  readonly #lateMs: number;
  #connection = 0;

  readonly #isBusy: boolean;

  constructor({ seed, conditions = {}, limits = {}, datagramBytes = 0, lateMs = 0, busyMs = 0 }: BulkWorldOptions) {
    this.#isBusy = busyMs > 0;
    this.network = new SimNetwork({ seed, conditions });
    this.ada = new BulkPeer(ADA, BOB, seed, limits);
    this.bob = new BulkPeer(BOB, ADA, seed, limits);
    this.#late = this.network.random("late");
    this.#lateMs = lateMs;
    this.connect();
    for (const peer of [this.ada, this.bob]) {
      this.#every(
        () => (busyMs > 0 ? 1 + this.#late.float() * busyMs : TICK_MS + this.#late.float() * this.#lateMs),
        (nowMs) => {
          for (const { channel, bytes } of peer.waiting.splice(0)) peer.receive(nowMs, channel, bytes);
          peer.tick(nowMs);
        },
      );
      if (datagramBytes > 0) {
        this.#every(
          () => 1_000 / 60,
          (nowMs) => {
            const bytes = new Uint8Array(datagramBytes);
            new DataView(bytes.buffer).setFloat64(0, nowMs);
            peer.end?.send("unreliable", bytes);
          },
        );
      }
    }
  }

  get nowMs(): number {
    return this.network.scheduler.nowMs;
  }

  /** A new connection, in place of the one before. */
  connect(): void {
    this.disconnect();
    const { ada, bob, network } = this;
    const receive = (peer: BulkPeer, connection: number): ((channel: Channel, bytes: Uint8Array) => void) => {
      return (channel, bytes) => {
        if (connection !== this.#connection) return;
        if (this.#isBusy) peer.waiting.push({ channel, bytes });
        else peer.receive(this.nowMs, channel, bytes);
      };
    };
    const connection = ++this.#connection;
    [ada.end, bob.end] = network.associate(ADA, receive(ada, connection), BOB, receive(bob, connection));
    for (const peer of [ada, bob]) peer.exchange.setConnection(this.nowMs, peer.other, connection);
  }

  disconnect(): void {
    this.#connection++;
    for (const peer of [this.ada, this.bob]) {
      peer.end?.close();
      peer.end = undefined;
      peer.exchange.setConnection(this.nowMs, peer.other, undefined);
    }
  }

  run(durationMs: number): void {
    this.network.scheduler.runUntil(this.nowMs + durationMs);
  }

  /** Runs until `done`; false when `limitMs` were not enough. */
  runUntil(done: () => boolean, limitMs = 60_000): boolean {
    for (const endMs = this.nowMs + limitMs; !done(); this.run(TICK_MS)) if (this.nowMs > endMs) return false;
    return true;
  }

  #every(intervalMs: () => number, task: (nowMs: number) => void): void {
    const again = (nowMs: number): void => {
      task(nowMs);
      this.network.scheduler.schedule(nowMs + intervalMs(), again);
    };
    this.network.scheduler.schedule(this.nowMs + intervalMs(), again);
  }
}

/** Of a file, for comparisons: length and hash. Comparing arrays one by one takes longer than sending them. */
export function digestOf(file: Uint8Array | undefined): string {
  return file === undefined ? "no file" : `${file.length} bytes, ${checksumFile(file).toString(16)}`;
}

/** `length` bytes that nothing repeats in. */
export function fileOf(length: number, seed: number): Uint8Array {
  const random = new Random(seed, "file");
  const words = Uint32Array.from({ length: Math.ceil(length / 4) }, () => random.uint32());
  return new Uint8Array(words.buffer, 0, length);
}

/** The value that `ratio` of the values do not exceed. */
export function percentile(values: readonly number[], ratio: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * ratio))] ?? 0;
}
