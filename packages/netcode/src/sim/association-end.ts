import { unreachable } from "../core/base/assert.ts";
import type { Channel, SendOutcome } from "../core/ports/transport.ts";
import type { SimLink } from "./sim-link.ts";
import type { SimScheduler, SimTask } from "./sim-scheduler.ts";
import { StreamInbox } from "./stream-inbox.ts";

/**
 * IP 20, UDP 8, DTLS 37, SCTP common header 12 and DATA header 16 bytes around each piece (RFC 8831, RFC 9260 §3.3.1); a bare
 * acknowledgement weighs about as much.
 */
export const PIECE_OVERHEAD_BYTES = 93;
/** Payload of one SCTP packet in Chromium: longer messages travel in several pieces. */
const PIECE_BYTES_MAX = 1_150;

// Congestion control as dcSCTP, Chromium's SCTP, does it (net/dcsctp/public/dcsctp_options.h; RFC 9260 §7).
const MTU_BYTES = 1_191;
const WINDOW_INITIAL_BYTES = 10 * MTU_BYTES;
const WINDOW_AFTER_LOSS_BYTES_MIN = 4 * MTU_BYTES;
const WINDOW_BYTES_MAX = 128 * MTU_BYTES;
const RTO_INITIAL_MS = 500;
const RTO_MS_MIN = 400;
/** WebRTC caps the back-off here, so that a connection that returns is used within 3 s. */
const RTO_MS_MAX = 3_000;
const DELAYED_ACK_MS = 200;
/** A piece is lost when three acknowledgements tell of later ones only (RFC 9260 §7.2.4). */
const MISSES_UNTIL_LOST = 3;

// What a channel may hold back before it says `full`, as the adapter of real channels has it (`adapters/rtc-channels.ts`).
const RELIABLE_BUFFER_BYTES_MAX = 1_048_576;
const BULK_BUFFER_BYTES_MAX = 32_768;
/** Datagrams of its own size that may wait before one on `unreliable`: each repeats what the ones before it said. */
const DATAGRAMS_WAITING_MAX = 4;
const UNRELIABLE_BUFFER_BYTES_MIN = 128;
const UNRELIABLE_BUFFER_BYTES_MAX = 2_300;
/** One datagram passes a full buffer this often: gating alone would keep a stalled association stalled. */
const PASS_INTERVAL_MS = 125;
const CHANNELS: readonly Channel[] = ["unreliable", "control", "reliable", "bulk"];

interface Message {
  readonly channel: Channel;
  readonly bytes: Uint8Array;
  sentBytes: number;
}

/** A piece of a message on its way. */
export interface Piece {
  readonly channel: Channel;
  /** Counts the pieces of its channel; orders the reliable ones. */
  readonly number: number;
  readonly bytes: Uint8Array;
  /** Ends its message. */
  readonly isLast: boolean;
  sentMs: number;
  transmissions: number;
  /** When the other end got it; `Infinity` until then. */
  receivedMs: number;
  misses: number;
}

/** Receives whole messages. `bytes` may be kept, and must not be changed. */
export type ReceiveMessage = (channel: Channel, bytes: Uint8Array) => void;

/**
 * One end of an association: what SCTP makes of a path. All channels share one congestion window, so a stalled path stalls all of them; reliable
 * channels are ordered and resent, so a loss blocks what comes after it; an unreliable piece that is lost stays lost.
 */
export class AssociationEnd {
  /** Messages that were refused because a buffer was full. */
  refusedFull = 0;
  /** Most bytes that a channel ever held back. */
  bufferedBytesMax = 0;
  readonly #scheduler: SimScheduler;
  readonly #link: SimLink;
  readonly #receiveMessage: ReceiveMessage;
  readonly #isPathAlive: () => boolean;
  readonly #queues: Readonly<Record<Channel, Message[]>> = { unreliable: [], reliable: [], control: [], bulk: [] };
  readonly #queuedBytes: Record<Channel, number> = { unreliable: 0, reliable: 0, control: 0, bulk: 0 };
  readonly #pieceCounts: Record<Channel, number> = { unreliable: 0, reliable: 0, control: 0, bulk: 0 };
  readonly #inboxes: Readonly<Record<Exclude<Channel, "unreliable">, StreamInbox>> = {
    reliable: new StreamInbox(),
    control: new StreamInbox(),
    bulk: new StreamInbox(),
  };
  readonly #inFlight: Piece[] = [];
  readonly #resend: Piece[] = [];
  #inFlightBytes = 0;
  #windowBytes = WINDOW_INITIAL_BYTES;
  #recoveryUntilMs = 0;
  #current: Message | undefined;
  #turn = 0;
  #smoothedRttMs = 0;
  #rttVarianceMs = 0;
  #rtoMs = RTO_INITIAL_MS;
  #retransmitAtMs = Infinity;
  #retransmitScheduled = false;
  #unackedArrivals = 0;
  #ackScheduled = false;
  #remote: AssociationEnd | undefined;
  #passedMs = -Infinity;
  #closed = false;

  /** `isPathAlive`: the addresses that this association uses are still those of its ends. */
  constructor(scheduler: SimScheduler, link: SimLink, receiveMessage: ReceiveMessage, isPathAlive: () => boolean) {
    this.#scheduler = scheduler;
    this.#link = link;
    this.#receiveMessage = receiveMessage;
    this.#isPathAlive = isPathAlive;
  }

  /** Ties both ends together, once. */
  connect(remote: AssociationEnd): void {
    this.#remote = remote;
  }

  /** Nothing is sent or delivered from now on. */
  close(): void {
    this.#closed = true;
  }

  get closed(): boolean {
    return this.#closed;
  }

  bufferedBytes(channel: Channel): number {
    return this.#queuedBytes[channel];
  }

  send(channel: Channel, bytes: Uint8Array): SendOutcome {
    if (this.#closed) return "closed";
    if (this.#queuedBytes[channel] + bytes.length > bufferLimit(channel, bytes.length) && !this.#mayPass(channel)) {
      this.refusedFull++;
      return "full";
    }
    this.#queuedBytes[channel] += bytes.length;
    this.#queues[channel].push({ channel, bytes: bytes.slice(), sentBytes: 0 });
    this.#pump(this.#scheduler.nowMs);
    this.bufferedBytesMax = Math.max(this.bufferedBytesMax, this.#queuedBytes[channel]);
    return "sent";
  }

  #mayPass(channel: Channel): boolean {
    const { nowMs } = this.#scheduler;
    if (channel !== "unreliable" || nowMs < this.#passedMs + PASS_INTERVAL_MS) return false;
    this.#passedMs = nowMs;
    return true;
  }

  /** Sends what the congestion window lets through: lost pieces first, then the channels by turns, each message to its end. */
  #pump(nowMs: number): void {
    while (this.#inFlightBytes === 0 || this.#inFlightBytes < this.#windowBytes) {
      const piece = this.#resend.shift() ?? this.#nextPiece();
      if (piece === undefined) return;
      this.#transmit(nowMs, piece);
    }
  }

  #nextPiece(): Piece | undefined {
    const message = this.#current ?? this.#nextMessage();
    if (message === undefined) return undefined;
    const { channel, bytes } = message;
    const end = Math.min(message.sentBytes + PIECE_BYTES_MAX, bytes.length);
    const isLast = end === bytes.length;
    const part = message.sentBytes === 0 && isLast ? bytes : bytes.subarray(message.sentBytes, end);
    this.#queuedBytes[channel] -= end - message.sentBytes;
    message.sentBytes = end;
    this.#current = isLast ? undefined : message;
    return {
      channel,
      number: this.#pieceCounts[channel]++,
      bytes: part,
      isLast,
      sentMs: 0,
      transmissions: 0,
      receivedMs: Infinity,
      misses: 0,
    };
  }

  #nextMessage(): Message | undefined {
    for (let step = 0; step < CHANNELS.length; step++) {
      this.#turn = (this.#turn + 1) % CHANNELS.length;
      const message = this.#queues[CHANNELS[this.#turn] ?? "unreliable"].shift();
      if (message !== undefined) return message;
    }
    return undefined;
  }

  #transmit(nowMs: number, piece: Piece): void {
    piece.sentMs = nowMs;
    piece.transmissions++;
    piece.misses = 0;
    this.#inFlight.push(piece);
    this.#inFlightBytes += piece.bytes.length + 16;
    if (this.#retransmitAtMs === Infinity) this.#startRetransmitTimer(nowMs);
    this.#carry(nowMs, piece.bytes.length + PIECE_OVERHEAD_BYTES, piece);
  }

  /** Puts a packet on the link: a piece, or a bare acknowledgement. Each packet acknowledges all that arrived here before it. */
  #carry(nowMs: number, sizeBytes: number, piece: Piece | undefined): void {
    this.#unackedArrivals = 0;
    const remote = this.#remote;
    const { arrivalMs, duplicateMs } = this.#link.carry(nowMs, sizeBytes);
    if (remote === undefined || arrivalMs === Infinity || !this.#isPathAlive()) return;
    this.#scheduler.schedule(arrivalMs, (arrivedMs) => remote.#handleArrival(arrivedMs, nowMs, piece));
    if (duplicateMs !== Infinity) this.#scheduler.schedule(duplicateMs, (arrivedMs) => remote.#handleArrival(arrivedMs, nowMs, piece));
  }

  #handleArrival(nowMs: number, ackedMs: number, piece: Piece | undefined): void {
    if (this.#closed) return;
    this.#handleAck(nowMs, ackedMs);
    if (piece === undefined) return;
    const isRepeat = piece.receivedMs !== Infinity;
    if (!isRepeat) piece.receivedMs = nowMs;
    this.#unackedArrivals++;
    if (this.#unackedArrivals >= 2) this.#carry(nowMs, PIECE_OVERHEAD_BYTES, undefined);
    else this.#startAckTimer(nowMs);
    this.#deliver(piece, isRepeat);
    this.#pump(nowMs);
  }

  #deliver(piece: Piece, isRepeat: boolean): void {
    switch (piece.channel) {
      case "unreliable":
        // SCTP drops copies; a relay may make new ones. The harsher of the two is delivered.
        this.#receiveMessage("unreliable", piece.bytes);
        return;
      case "reliable":
      case "control":
      case "bulk": {
        if (isRepeat) return;
        const inbox = this.#inboxes[piece.channel];
        inbox.add(piece);
        for (let bytes = inbox.take(); bytes !== undefined && !this.#closed; bytes = inbox.take())
          this.#receiveMessage(piece.channel, bytes);
        return;
      }
      default:
        return unreachable(piece.channel);
    }
  }

  /** Takes note that the other end had, at `ackedMs`, everything whose `receivedMs` is not later. */
  #handleAck(nowMs: number, ackedMs: number): void {
    let newestAcked = this.#inFlight.length - 1;
    while (newestAcked >= 0 && (this.#inFlight[newestAcked]?.receivedMs ?? 0) > ackedMs) newestAcked--;
    if (newestAcked < 0) return;
    const wasFull = this.#inFlightBytes >= this.#windowBytes;
    let kept = 0;
    for (let index = 0; index < this.#inFlight.length; index++) {
      const piece = this.#inFlight[index];
      if (piece === undefined) break;
      if (piece.receivedMs <= ackedMs) this.#handleAcked(nowMs, piece, wasFull);
      else if (index < newestAcked && ++piece.misses >= MISSES_UNTIL_LOST) this.#handleLost(nowMs, piece);
      else this.#inFlight[kept++] = piece;
    }
    this.#inFlight.length = kept;
    this.#retransmitAtMs = Infinity;
    if (kept > 0) this.#startRetransmitTimer(nowMs);
    this.#pump(nowMs);
  }

  #handleAcked(nowMs: number, piece: Piece, wasFull: boolean): void {
    this.#inFlightBytes -= piece.bytes.length + 16;
    if (piece.transmissions === 1) this.#measureRtt(nowMs - piece.sentMs);
    if (wasFull) this.#windowBytes = Math.min(this.#windowBytes + piece.bytes.length + 16, WINDOW_BYTES_MAX);
  }

  /** One loss halves the window once a round trip (RFC 9260 §7.2.3); a reliable piece goes again, an unreliable one is given up. */
  #handleLost(nowMs: number, piece: Piece): void {
    this.#inFlightBytes -= piece.bytes.length + 16;
    if (piece.channel !== "unreliable") this.#resend.push(piece);
    if (nowMs < this.#recoveryUntilMs) return;
    this.#recoveryUntilMs = nowMs + this.#smoothedRttMs;
    this.#windowBytes = Math.max(this.#windowBytes / 2, WINDOW_AFTER_LOSS_BYTES_MIN);
  }

  /** RFC 9260 §6.3.1, which is RFC 6298 with other bounds. */
  #measureRtt(rttMs: number): void {
    if (this.#smoothedRttMs === 0) {
      this.#smoothedRttMs = rttMs;
      this.#rttVarianceMs = rttMs / 2;
    } else {
      this.#rttVarianceMs = 0.75 * this.#rttVarianceMs + 0.25 * Math.abs(this.#smoothedRttMs - rttMs);
      this.#smoothedRttMs = 0.875 * this.#smoothedRttMs + 0.125 * rttMs;
    }
    this.#rtoMs = Math.min(Math.max(this.#smoothedRttMs + 4 * this.#rttVarianceMs, RTO_MS_MIN), RTO_MS_MAX);
  }

  #startRetransmitTimer(nowMs: number): void {
    this.#retransmitAtMs = nowMs + this.#rtoMs;
    if (this.#retransmitScheduled) return;
    this.#retransmitScheduled = true;
    this.#scheduler.schedule(this.#retransmitAtMs, this.#handleRetransmitTimer);
  }

  readonly #handleRetransmitTimer: SimTask = (nowMs) => {
    this.#retransmitScheduled = false;
    if (this.#closed || this.#retransmitAtMs === Infinity) return;
    if (nowMs < this.#retransmitAtMs) {
      this.#retransmitScheduled = true;
      this.#scheduler.schedule(this.#retransmitAtMs, this.#handleRetransmitTimer);
      return;
    }
    // Nothing acknowledged for a whole timeout: all in flight counts as lost, the window closes to one packet, the timeout doubles.
    for (const piece of this.#inFlight) if (piece.channel !== "unreliable") this.#resend.push(piece);
    this.#inFlight.length = 0;
    this.#inFlightBytes = 0;
    this.#windowBytes = MTU_BYTES;
    this.#rtoMs = Math.min(this.#rtoMs * 2, RTO_MS_MAX);
    this.#retransmitAtMs = Infinity;
    this.#pump(nowMs);
  };

  #startAckTimer(nowMs: number): void {
    if (this.#ackScheduled) return;
    this.#ackScheduled = true;
    this.#scheduler.schedule(nowMs + DELAYED_ACK_MS, this.#handleAckTimer);
  }

  readonly #handleAckTimer: SimTask = (nowMs) => {
    this.#ackScheduled = false;
    if (!this.#closed && this.#unackedArrivals > 0) this.#carry(nowMs, PIECE_OVERHEAD_BYTES, undefined);
  };
}

function bufferLimit(channel: Channel, sizeBytes: number): number {
  if (channel === "bulk") return BULK_BUFFER_BYTES_MAX;
  if (channel !== "unreliable") return RELIABLE_BUFFER_BYTES_MAX;
  return Math.min(UNRELIABLE_BUFFER_BYTES_MAX, Math.max(UNRELIABLE_BUFFER_BYTES_MIN, (DATAGRAMS_WAITING_MAX + 1) * sizeBytes));
}
