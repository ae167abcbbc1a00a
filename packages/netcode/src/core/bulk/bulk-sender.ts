import { bulkClock, clockDistanceMs, encodeEnd, encodeOffer, encodePiece, type BulkEndReason, type BulkPacket } from "./bulk-codec.ts";
import { OUTGOING_MAX, PIECE_BYTES } from "./bulk-limits.ts";
import type { BulkOutput } from "./bulk-output.ts";
import { PIECE_OVERHEAD_BYTES, RateControl } from "./rate-control.ts";

/** A file to be sent. `checksum` by `checksumFile`, `about` by `encodeAbout`; `bytes` must not change. */
export interface OutgoingFile {
  readonly bytes: Uint8Array;
  readonly checksum: number;
  readonly about: Uint8Array;
}

interface Outgoing extends OutgoingFile {
  readonly transfer: number;
  isAccepted: boolean;
  sentBytes: number;
  ackedBytes: number;
}

interface Flying {
  readonly outgoing: Outgoing;
  readonly endOffset: number;
  readonly wireBytes: number;
  readonly sentMs: number;
}

/** What may wait in the channel's own buffer: what is there is in front of every datagram that comes later. */
const BUFFERED_BYTES_MAX = 2 * PIECE_BYTES;
/** Transfers that were taken back, and whose end may have been lost with a connection. */
const WITHDRAWN_MAX = 16;
/** Pieces without an ack: bounds what a peer that acks nothing makes us remember. */
const FLYING_MAX = 4_096;

/** Our files on their way to one peer: offers, pieces by turns, and their pace. A part of `BulkExchange`. */
export class BulkSender {
  readonly #output: BulkOutput;
  readonly #rate = new RateControl();
  #transfers: Outgoing[] = [];
  readonly #flying: Flying[] = [];
  #flyingBytes = 0;
  /** Pieces sent and acked on this connection. */
  #ackedPieces = 0;
  #nextTransfer: number;
  #turn = 0;
  /** Taken back while nobody could be told: said on each new connection. */
  readonly #withdrawn: number[] = [];

  /** `firstTransfer`: random, so that a process that comes back under its id does not go on with another's numbers. */
  constructor(output: BulkOutput, firstTransfer: number) {
    this.#output = output;
    this.#nextTransfer = firstTransfer & 0xffff;
  }

  /** Something to be sent, or to be acked. */
  get isBusy(): boolean {
    return this.#transfers.some(({ isAccepted }) => isAccepted);
  }

  /** Wire bytes a second that are allowed now. */
  get rate(): number {
    return this.#rate.rate;
  }

  /** The number of the transfer; `undefined`: too many wait. Offered at once where there is a connection. */
  add(file: OutgoingFile, isConnected: boolean): number | undefined {
    if (this.#transfers.length >= OUTGOING_MAX) return undefined;
    const transfer = this.#nextTransfer;
    this.#nextTransfer = (transfer + 1) & 0xffff;
    const outgoing: Outgoing = { ...file, transfer, isAccepted: false, sentBytes: 0, ackedBytes: 0 };
    this.#transfers.push(outgoing);
    if (isConnected) this.#offer(outgoing);
    return transfer;
  }

  /** A new connection knows nothing: everything is offered again, and the answer says how much of it is there. */
  connect(nowMs: number): void {
    this.#rate.reset(nowMs);
    this.#forgetFlight();
    for (const transfer of this.#withdrawn) this.#output.say(encodeEnd(transfer, "sender", "cancelled"));
    for (const outgoing of this.#transfers) {
      outgoing.isAccepted = false;
      this.#offer(outgoing);
    }
  }

  disconnect(): void {
    this.#forgetFlight();
    for (const outgoing of this.#transfers) outgoing.isAccepted = false;
  }

  cancel(transfer: number): void {
    if (!this.#finish(transfer, "cancelled")) return;
    this.#output.say(encodeEnd(transfer, "sender", "cancelled"));
    this.#withdrawn.push(transfer);
    if (this.#withdrawn.length > WITHDRAWN_MAX) this.#withdrawn.shift();
  }

  /** The peer is gone for good. */
  close(): void {
    for (const { transfer } of this.#transfers.splice(0)) this.#output.end("out", transfer, "gone");
    this.#forgetFlight();
  }

  handleAccept(transfer: number, offset: number): void {
    const outgoing = this.#find(transfer);
    if (outgoing === undefined) return this.#output.refuse("unknown-transfer");
    if (outgoing.isAccepted) return this.#output.refuse("bad-state");
    if (offset > outgoing.bytes.length) return this.#output.refuse("bad-offset");
    outgoing.isAccepted = true;
    outgoing.sentBytes = offset;
    outgoing.ackedBytes = offset;
    this.#output.progress("out", transfer, offset);
  }

  handleEnd(transfer: number, reason: BulkEndReason): void {
    const outgoing = this.#find(transfer);
    if (outgoing === undefined) return this.#output.refuse("unknown-transfer");
    // Whole at a receiver that did not get all of it: a lie, or a bug that must not pass for success. After a reconnect nothing was sent on this connection.
    const isLie = reason === "complete" && outgoing.isAccepted && outgoing.sentBytes < outgoing.bytes.length;
    if (isLie) this.#output.refuse("bad-state");
    if (reason === "complete" && !isLie) this.#output.progress("out", transfer, outgoing.bytes.length);
    this.#finish(transfer, isLie ? "corrupt" : reason);
  }

  handleAck(nowMs: number, { pieces, delay, received }: BulkPacket & { type: "ack" }): void {
    const count = (pieces - this.#ackedPieces) & 0xffff;
    if (count === 0 || count > this.#flying.length) return this.#output.refuse("bad-ack");
    this.#ackedPieces = pieces;
    const acked = this.#flying.splice(0, count);
    let ackedBytes = 0;
    const reached = new Map<Outgoing, number>();
    for (const { outgoing, endOffset, wireBytes } of acked) {
      ackedBytes += wireBytes;
      reached.set(outgoing, endOffset);
    }
    this.#flyingBytes -= ackedBytes;
    const rttMs = nowMs - (acked.at(-1)?.sentMs ?? nowMs);
    const [delayMs, receivedMs] = [clockDistanceMs(delay, 0), clockDistanceMs(received, 0)];
    this.#rate.handleAck(nowMs, { delayMs, pieces: count, ackedBytes, receivedMs, rttMs });
    for (const [outgoing, endOffset] of reached) {
      outgoing.ackedBytes = endOffset;
      if (this.#transfers.includes(outgoing)) this.#output.progress("out", outgoing.transfer, endOffset);
    }
  }

  /** The next piece, when it may leave now. `bufferedBytes`: what waits in the channel. */
  pollPiece(nowMs: number, bufferedBytes: number): Uint8Array | undefined {
    if (this.#flying.length > 0) this.#rate.checkStall(nowMs);
    const outgoing = this.#nextOutgoing();
    if (outgoing === undefined || bufferedBytes > BUFFERED_BYTES_MAX) return undefined;
    if (this.#flyingBytes >= this.#rate.flightBytesMax || this.#flying.length >= FLYING_MAX || !this.#rate.hasCredit(nowMs))
      return undefined;
    if (this.#flying.length === 0) this.#rate.begin(nowMs);
    const offset = outgoing.sentBytes;
    const sizeBytes = Math.min(PIECE_BYTES, outgoing.bytes.length - offset);
    const wireBytes = sizeBytes + PIECE_OVERHEAD_BYTES;
    outgoing.sentBytes += sizeBytes;
    this.#rate.spend(wireBytes);
    this.#flying.push({ outgoing, endOffset: outgoing.sentBytes, wireBytes, sentMs: nowMs });
    this.#flyingBytes += wireBytes;
    this.#turn++;
    return encodePiece(outgoing.transfer, offset, bulkClock(nowMs), outgoing.bytes, sizeBytes);
  }

  /** By turns, so that a small file need not wait for a large one. */
  #nextOutgoing(): Outgoing | undefined {
    const ready = this.#transfers.filter(({ isAccepted, sentBytes, bytes }) => isAccepted && sentBytes < bytes.length);
    return ready[this.#turn % ready.length];
  }

  #offer({ transfer, bytes, checksum, about }: Outgoing): void {
    this.#output.say(encodeOffer(transfer, bytes.length, checksum, about));
  }

  #find(transfer: number): Outgoing | undefined {
    return this.#transfers.find((outgoing) => outgoing.transfer === transfer);
  }

  #finish(transfer: number, reason: BulkEndReason): boolean {
    const outgoing = this.#find(transfer);
    if (outgoing === undefined) return false;
    this.#transfers = this.#transfers.filter((other) => other !== outgoing);
    this.#output.end("out", transfer, reason);
    return true;
  }

  #forgetFlight(): void {
    this.#flying.length = 0;
    this.#flyingBytes = 0;
    this.#ackedPieces = 0;
  }
}
