import { checksumFile, encodeAbout, type BulkEndReason } from "../core/bulk/bulk-codec.ts";
import { BulkExchange } from "../core/bulk/bulk-exchange.ts";
import { BULK_LIMITS } from "../core/bulk/bulk-limits.ts";
import type { BulkEvent } from "../core/bulk/bulk-output.ts";
import { unreachable } from "../core/base/assert.ts";
import { toPlain, toPlainText } from "../core/base/plain.ts";
import { Random } from "../core/base/random.ts";
import type { PeerId } from "../core/base/units.ts";
import type { SendOutcome } from "../core/ports/transport.ts";
import type { IncomingTransfer, SendOptions, SentTransfer, TransferLimits } from "./content-types.ts";
import { IncomingFile } from "./incoming-file.ts";
import { badArgument } from "./netcode-error.ts";
import { SentFile } from "./sent-file.ts";

/** The links, as far as files go over them. */
export interface FileLinks {
  /** A number for the pair's own connection, another one after each change of it; `undefined` while there is none that works. */
  directConnection(peerId: PeerId): number | undefined;
  sendBulk(peerId: PeerId, bytes: Uint8Array): SendOutcome;
  bulkBufferedBytes(peerId: PeerId): number;
}

export interface FileExchangeOptions {
  readonly links: FileLinks;
  readonly seed: number;
  readonly limits: TransferLimits;
  readonly reportError: (error: unknown) => void;
  readonly handleOffer: (incoming: IncomingTransfer) => void;
}

/** A file that was read, and what it was read from. */
export interface ReadFile {
  readonly data: Blob | ArrayBuffer | Uint8Array;
  /** They must not change any more. */
  readonly bytes: Uint8Array;
}

/** The longest file that can be sent: it is in memory as a whole, here and there. */
const FILE_BYTES_MAX = 268_435_456;

/** Who does not answer an offer within this time has refused it: a dialog that was left open must not hold memory for ever. */
const ANSWER_MS = 120_000;

/** Files between us and others, as the game sees them. Loaded when the first one is sent or offered. */
export class FileExchange {
  readonly #options: FileExchangeOptions;
  readonly #exchange: BulkExchange;
  /** By peer and number of the transfer. */
  readonly #sent = new Map<string, SentFile>();
  readonly #incoming = new Map<string, { readonly file: IncomingFile; readonly untilMs: number }>();
  #nowMs = 0;

  constructor(options: FileExchangeOptions) {
    this.#options = options;
    this.#exchange = new BulkExchange({ limits: { ...BULK_LIMITS, ...options.limits }, random: new Random(options.seed, "bulk") });
  }

  get isBusy(): boolean {
    return this.#exchange.isBusy;
  }

  /** Messages refused, by reason. */
  refusals(): Readonly<Record<string, number>> {
    return this.#exchange.refusals();
  }

  /** Throws `BAD_ARGUMENT`. */
  send(to: readonly PeerId[], { data, bytes }: ReadFile, options: SendOptions): SentTransfer {
    if (bytes.length > FILE_BYTES_MAX) throw badArgument(`a file of at most ${FILE_BYTES_MAX} bytes, got ${bytes.length}`);
    const { name = "", type = "", metadata = null } = { ...describe(data), ...options };
    const about = encodeAbout({ name: toPlainText(name), type: toPlainText(type), metadata: toPlain(metadata) });
    if (about === undefined) throw badArgument("name, type and metadata of at most 1,024 bytes together");
    const outgoing = { bytes, checksum: checksumFile(bytes), about };
    const file = new SentFile({
      sizeBytes: bytes.length,
      reportError: this.#options.reportError,
      cancel: (peerId, transfer) => this.#exchange.stop(peerId, "out", transfer),
      isConnected: (peerId) => this.#exchange.isConnected(peerId),
    });
    for (const peerId of to) {
      const transfer = this.#exchange.send(peerId, outgoing);
      file.add(peerId, transfer);
      if (transfer !== undefined) this.#sent.set(keyOf(peerId, transfer), file);
    }
    file.start();
    return file;
  }

  handlePacket(nowMs: number, from: PeerId, bytes: Uint8Array): void {
    this.#exchange.setConnection(nowMs, from, this.#options.links.directConnection(from));
    this.#exchange.handlePacket(nowMs, from, bytes);
  }

  /** `peerIds`: everybody else in the lobby. */
  tick(nowMs: number, peerIds: readonly PeerId[]): void {
    const { links } = this.#options;
    this.#nowMs = nowMs;
    for (const peerId of peerIds) {
      this.#exchange.setConnection(nowMs, peerId, links.directConnection(peerId));
      this.#transmit(nowMs, peerId);
    }
    this.#refuseUnanswered(nowMs);
    for (let event = this.#exchange.pollEvent(); event !== undefined; event = this.#exchange.pollEvent()) this.#handleEvent(event);
  }

  /** The peer is no member any more. */
  removePeer(peerId: PeerId): void {
    this.#exchange.removePeer(peerId);
  }

  /** The end of the lobby. */
  close(peerIds: readonly PeerId[]): void {
    for (const peerId of peerIds) this.removePeer(peerId);
    for (let event = this.#exchange.pollEvent(); event !== undefined; event = this.#exchange.pollEvent()) this.#handleEvent(event);
  }

  #transmit(nowMs: number, peerId: PeerId): void {
    const { links } = this.#options;
    for (;;) {
      const message = this.#exchange.pollTransmit(nowMs, peerId, links.bulkBufferedBytes(peerId));
      if (message === undefined) return;
      if (links.sendBulk(peerId, message) === "sent") continue;
      this.#exchange.handleUnsent(nowMs, peerId, message);
      return;
    }
  }

  #refuseUnanswered(nowMs: number): void {
    for (const { file, untilMs } of this.#incoming.values()) if (nowMs >= untilMs && file.state === "offered") file.refuse();
  }

  #handleEvent(event: BulkEvent): void {
    switch (event.type) {
      case "offer":
        return this.#handleOffer(event);
      case "progress":
        if (event.direction === "out") this.#sent.get(keyOf(event.peerId, event.transfer))?.handleProgress(event.peerId, event.bytes);
        else this.#incoming.get(keyOf(event.peerId, event.transfer))?.file.handleProgress(event.bytes);
        return;
      case "received":
        return this.#incoming.get(keyOf(event.peerId, event.transfer))?.file.handleReceived(event.file);
      case "ended":
        return this.#handleEnded(event.direction, event.peerId, event.transfer, event.reason);
      default:
        return unreachable(event);
    }
  }

  #handleOffer({ from, transfer, sizeBytes, about }: BulkEvent & { type: "offer" }): void {
    const file = new IncomingFile({
      from,
      sizeBytes,
      about,
      reportError: this.#options.reportError,
      accept: () => this.#exchange.accept(from, transfer),
      stop: () => this.#exchange.stop(from, "in", transfer),
      isConnected: () => this.#exchange.isConnected(from),
    });
    this.#incoming.set(keyOf(from, transfer), { file, untilMs: this.#nowMs + ANSWER_MS });
    this.#options.handleOffer(file);
  }

  #handleEnded(direction: "out" | "in", peerId: PeerId, transfer: number, reason: BulkEndReason): void {
    const key = keyOf(peerId, transfer);
    if (direction === "out") {
      this.#sent.get(key)?.handleEnded(peerId, reason);
      this.#sent.delete(key);
    } else {
      this.#incoming.get(key)?.file.handleEnded(reason);
      this.#incoming.delete(key);
    }
  }
}

function keyOf(peerId: PeerId, transfer: number): string {
  return `${peerId} ${transfer}`;
}

/** What a `Blob` and a `File` say about themselves. */
function describe(data: Blob | ArrayBuffer | Uint8Array): SendOptions {
  const name = data instanceof Blob && "name" in data && typeof data.name === "string" ? data.name : undefined;
  const type = data instanceof Blob ? data.type : undefined;
  return { ...(name === undefined ? {} : { name }), ...(type === undefined ? {} : { type }) };
}
