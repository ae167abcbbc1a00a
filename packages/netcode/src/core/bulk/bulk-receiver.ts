import { assert } from "../base/assert.ts";
import { joinBytes } from "../base/bytes.ts";
import { checksumBytes } from "../base/checksum.ts";
import { TokenBucket } from "../base/token-bucket.ts";
import { bulkClock, clockDistanceMs, encodeAccept, encodeAck, encodeEnd, type BulkEndReason, type BulkPacket } from "./bulk-codec.ts";
import { BLOCK_BYTES, type BulkLimits } from "./bulk-limits.ts";
import type { BulkOutput } from "./bulk-output.ts";

/** Bytes of files that are on their way from all peers together. */
export interface ReceiveBudget {
  reservedBytes: number;
}

interface Incoming {
  readonly transfer: number;
  readonly sizeBytes: number;
  readonly checksum: number;
  isAccepted: boolean;
  /** All full but the last. */
  readonly blocks: Uint8Array[];
  receivedBytes: number;
  hash: number;
}

/** An ack waits for company this long. At half, acks cost a tenth of a slow uplink; at double, the rate is corrected a frame late. */
const ACK_INTERVAL_MS = 30;
/** Offers that a peer may make at once, and then each second. */
const OFFERS_BURST = 16;
const OFFERS_PER_SECOND = 2;
/** Ends that are remembered: the word of one may be lost with its connection, and the file is offered again. */
const FINISHED_MAX = 32;

/** Files on their way from one peer to us: what is taken, what came of it, and acks. A part of `BulkExchange`. */
export class BulkReceiver {
  readonly #output: BulkOutput;
  readonly #limits: BulkLimits;
  readonly #budget: ReceiveBudget;
  readonly #transfers = new Map<number, Incoming>();
  /** How transfers ended here, oldest first, with the checksum of the file. */
  readonly #finished = new Map<number, { readonly checksum: number; readonly reason: BulkEndReason }>();
  #pieces = 0;
  #ackedPieces = 0;
  #leastDelay: number | undefined;
  #received = 0;
  #ackDueMs = -Infinity;
  readonly #offers = new TokenBucket(OFFERS_PER_SECOND, OFFERS_BURST);

  constructor(output: BulkOutput, limits: BulkLimits, budget: ReceiveBudget) {
    this.#output = output;
    this.#limits = limits;
    this.#budget = budget;
  }

  get isBusy(): boolean {
    return this.#pieces !== this.#ackedPieces;
  }

  /** Pieces are counted by connection. What was received of a file stays. */
  connect(): void {
    this.#pieces = 0;
    this.#ackedPieces = 0;
    this.#leastDelay = undefined;
  }

  /** The peer is gone for good. */
  close(): void {
    for (const { transfer } of this.#transfers.values()) this.#drop(transfer, "gone");
  }

  /** The answer to an offer; nothing happens when it is over already. */
  accept(transfer: number): void {
    const incoming = this.#transfers.get(transfer);
    if (incoming === undefined || incoming.isAccepted) return;
    incoming.isAccepted = true;
    this.#output.say(encodeAccept(transfer, incoming.receivedBytes));
    if (incoming.receivedBytes === incoming.sizeBytes) this.#complete(incoming);
  }

  /** Before it was accepted, or after: `refused` or `cancelled`. */
  stop(transfer: number): void {
    const incoming = this.#transfers.get(transfer);
    if (incoming !== undefined) this.#give(transfer, incoming.isAccepted ? "cancelled" : "refused");
  }

  handleOffer(nowMs: number, offer: BulkPacket & { type: "offer" }): void {
    const { transfer, sizeBytes, checksum, about } = offer;
    const known = this.#transfers.get(transfer);
    const finished = this.#finished.get(transfer);
    if (finished?.checksum === checksum) return this.#output.say(encodeEnd(transfer, "receiver", finished.reason));
    if (known?.sizeBytes === sizeBytes && known.checksum === checksum) {
      // Offered again on a new connection: it goes on where it was. Who has not answered yet still may.
      if (known.isAccepted) this.#output.say(encodeAccept(transfer, known.receivedBytes));
      return;
    }
    // Another file under its number: the process that sent the first one is no more.
    if (known !== undefined) this.#drop(transfer, "gone");
    this.#finished.delete(transfer);
    const refusal = this.#refusalOf(sizeBytes) ?? (this.#offers.take(nowMs) ? undefined : "too-many");
    if (refusal !== undefined) return this.#output.say(encodeEnd(transfer, "receiver", refusal));
    this.#transfers.set(transfer, { transfer, sizeBytes, checksum, isAccepted: false, blocks: [], receivedBytes: 0, hash: 0 });
    this.#budget.reservedBytes += sizeBytes;
    this.#output.tell({ type: "offer", from: this.#output.peerId, transfer, sizeBytes, about });
  }

  handlePiece(nowMs: number, { transfer, offset, sent, bytes }: BulkPacket & { type: "piece" }): void {
    this.#count(nowMs, sent);
    const incoming = this.#transfers.get(transfer);
    // Of a transfer that was stopped here, some pieces are still on the way.
    if (incoming === undefined || !incoming.isAccepted) return this.#output.refuse("unknown-transfer");
    if (offset !== incoming.receivedBytes || bytes.length > incoming.sizeBytes - offset) {
      this.#output.refuse("bad-offset");
      return this.#give(transfer, "corrupt");
    }
    write(incoming, bytes);
    this.#output.progress("in", transfer, incoming.receivedBytes);
    if (incoming.receivedBytes === incoming.sizeBytes) this.#complete(incoming);
  }

  handleEnd(transfer: number, reason: BulkEndReason): void {
    if (!this.#transfers.has(transfer)) return this.#output.refuse("unknown-transfer");
    // Who sends a file can only take it back.
    if (reason !== "cancelled") this.#output.refuse("bad-state");
    this.#drop(transfer, "cancelled");
  }

  /** An ack, when one is due. */
  pollAck(nowMs: number): Uint8Array | undefined {
    if (!this.isBusy || nowMs < this.#ackDueMs) return undefined;
    this.#ackDueMs = nowMs + ACK_INTERVAL_MS;
    this.#ackedPieces = this.#pieces;
    const delay = this.#leastDelay ?? 0;
    this.#leastDelay = undefined;
    return encodeAck(this.#pieces & 0xffff, delay, this.#received);
  }

  #count(nowMs: number, sent: number): void {
    if (!this.isBusy) this.#ackDueMs = Math.max(this.#ackDueMs, nowMs);
    this.#pieces++;
    this.#received = bulkClock(nowMs);
    const delay = (this.#received - sent) >>> 0;
    if (this.#leastDelay === undefined || clockDistanceMs(delay, this.#leastDelay) < 0) this.#leastDelay = delay;
  }

  /** Asked so that a limit that is no number lets nothing pass: the game's may be anything. */
  #refusalOf(sizeBytes: number): BulkEndReason | undefined {
    const { atOnce, peerBytes, totalBytes } = this.#limits;
    const isSmall = sizeBytes <= this.#limits.sizeBytes;
    if (!isSmall) return "too-large";
    let reserved = 0;
    for (const incoming of this.#transfers.values()) reserved += incoming.sizeBytes;
    const hasRoom = reserved + sizeBytes <= peerBytes && this.#budget.reservedBytes + sizeBytes <= totalBytes;
    return hasRoom && this.#transfers.size < atOnce ? undefined : "too-many";
  }

  #complete(incoming: Incoming): void {
    const { transfer, checksum, hash } = incoming;
    if (hash !== checksum) return this.#give(transfer, "corrupt");
    this.#output.tell({ type: "received", peerId: this.#output.peerId, transfer, file: fileOf(incoming) });
    this.#give(transfer, "complete");
  }

  /** Ends it, here and there. */
  #give(transfer: number, reason: BulkEndReason): void {
    const checksum = this.#transfers.get(transfer)?.checksum ?? 0;
    this.#finished.delete(transfer);
    this.#finished.set(transfer, { checksum, reason });
    const [oldest] = this.#finished.keys();
    if (this.#finished.size > FINISHED_MAX && oldest !== undefined) this.#finished.delete(oldest);
    this.#output.say(encodeEnd(transfer, "receiver", reason));
    this.#drop(transfer, reason);
  }

  #drop(transfer: number, reason: BulkEndReason): void {
    const incoming = this.#transfers.get(transfer);
    if (incoming === undefined) return;
    this.#transfers.delete(transfer);
    this.#budget.reservedBytes -= incoming.sizeBytes;
    this.#output.end("in", transfer, reason);
  }
}

/** Appends, and hashes each block that became full or is the last. */
function write(incoming: Incoming, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.length) {
    const filled = incoming.receivedBytes % BLOCK_BYTES;
    if (filled === 0) incoming.blocks.push(new Uint8Array(Math.min(BLOCK_BYTES, incoming.sizeBytes - incoming.receivedBytes)));
    const block = incoming.blocks.at(-1);
    assert(block !== undefined, "a block to write to");
    const count = Math.min(block.length - filled, bytes.length - done);
    block.set(bytes.subarray(done, done + count), filled);
    done += count;
    incoming.receivedBytes += count;
    if (filled + count === block.length) incoming.hash = checksumBytes(block, incoming.hash);
  }
}

function fileOf({ blocks }: Incoming): Uint8Array {
  const [first] = blocks;
  return blocks.length === 1 && first !== undefined ? first : joinBytes(blocks);
}
