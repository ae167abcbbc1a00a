import { PIECE_BYTES } from "./bulk-limits.ts";
import { DelayBase } from "./delay-base.ts";

/** What a piece weighs on the wire beside its message: IP, UDP, DTLS, SCTP. */
export const PIECE_OVERHEAD_BYTES = 93;

/** Where a connection begins: a modem's uplink. Doubles in 0.4 s. */
const RATE_START = 30_000;
/** It never stops altogether: about six pieces a second, so that it notices when there is room again. */
const RATE_MIN = 7_200;
/** 64 Mbit/s: beyond, the main thread is the limit. */
const RATE_MAX = 8_000_000;
/**
 * What may wait on the way because of us, beside part of the time that one piece takes: a datagram behind a piece waits for that in any case, and a link that became
 * slower must not look like one with a queue. Half of it drowns in the jitter of browsers' timers; at double, datagrams at 300 kB/s come 12 ms late on the mean.
 */
const TARGET_MS = 3;
const TARGET_PIECES = 0.6;
const TARGET_MS_MAX = 30;
const PIECE_WIRE_BYTES = PIECE_BYTES + PIECE_OVERHEAD_BYTES;
/** Growth of the rate by itself each second until something first waits: at double, the first overshoot makes datagrams 30 ms late. */
const START_GROWTH_PER_S = 1.4;
/** Growth later, in parts of the rate and in bytes a second, each second. */
const GROWTH_PER_S = 0.2;
const GROWTH_BYTES_PER_S = 15_000;
/** When nothing has waited for so long, there is more room than we know of: growth itself grows, by so much again each second. */
const CALM_MS = 2_000;
/** Of what arrives while something waits: less than the bottleneck lets through, so that the queue empties. */
const BACK_OFF = 0.85;
/** The same where far too much waits. */
const BACK_OFF_HARD = 0.5;
/** A change shows after a round trip, and the time that acks wait. */
const SETTLE_MS = 60;
/** Delivery is measured over at least this time, or single acks rule. */
const DELIVERY_MS = 90;
/** Pieces may leave at once when a timer was late: this long's worth, at least two. More would be the queue that we avoid. */
const CREDIT_MS = 8;
const CREDIT_BYTES_MIN = 2_400;
const IDLE_MS = 300;
/** Without an ack for so long, and something to be acked, the way is stalled. */
const STALL_MS = 1_000;

/** Of so many pieces the one that waited least counts, or of so many acks: jitter only ever adds. At half, a radio's jitter passes for a queue; at double, a slow link overshoots. */
const FILTER_PIECES = 6;
const FILTER_ACKS_MAX = 8;
/**
 * One ack more for so much that the delay jumps from ack to ack: a queue grows and shrinks slowly, and a page whose thread is busy does not. At half, a queue is noticed
 * late; at double, a page that draws at 20 pictures a second gets a tenth of its link.
 */
const FILTER_NOISE_MS = 2;
/** Share of it that is not taken for a queue, either. */
const TARGET_NOISE = 0.5;

/** What one ack tells. */
export interface RateSample {
  /** Least delay of a piece since the last ack, on two clocks that do not agree: only its changes count. */
  readonly delayMs: number;
  readonly pieces: number;
  /** Since the last ack, headers included. */
  readonly ackedBytes: number;
  /** The receiver's clock. */
  readonly receivedMs: number;
  /** From the newest acked piece to its ack. */
  readonly rttMs: number;
}

/**
 * How fast files may be sent on one connection so that nothing else on it, and on the bottleneck that it shares, has to wait. Raises the rate until a few
 * milliseconds' worth wait on the way, then falls below what arrives until nothing does: in the spirit of LEDBAT (RFC 6817), by rate instead of by window, since a
 * window's burst is a datagram's delay. A part of `BulkSender`.
 */
export class RateControl {
  /** Wire bytes a second. */
  rate: number = RATE_START;
  rttMs = 0;
  readonly #base = new DelayBase();
  #isStarting = true;
  #credit = CREDIT_BYTES_MIN;
  #creditMs = -Infinity;
  /** Nothing is decided before this: the last change does not show yet. */
  #settledMs = -Infinity;
  #slowedMs = 0;
  #growthMs = 0;
  /** Credit ran out since the last ack: it is the rate that limits. */
  #isLimiting = false;
  /** The newest samples, as many as the filter needs; oldest first. */
  readonly #recent: { readonly waitingMs: number; readonly pieces: number }[] = [];
  /** Mean change of the delay from ack to ack. */
  #noiseMs = 0;
  #deliveredBytes = 0;
  #deliverySinceMs: number | undefined;
  #deliveryRate = Infinity;
  #ackedMs = 0;

  /** A new connection: another way, perhaps. */
  reset(nowMs: number): void {
    this.rate = Math.min(this.rate, RATE_START);
    this.#base.reset();
    this.#recent.length = 0;
    this.#isStarting = true;
    this.#credit = CREDIT_BYTES_MIN;
    this.#creditMs = nowMs;
    this.#settledMs = nowMs;
    this.#growthMs = nowMs;
    this.#deliveredBytes = 0;
    this.#deliverySinceMs = undefined;
    this.#deliveryRate = Infinity;
    this.#ackedMs = nowMs;
    this.#isLimiting = false;
  }

  /** True when a piece may leave now. */
  hasCredit(nowMs: number): boolean {
    const elapsedMs = nowMs - this.#creditMs;
    if (elapsedMs > 0) {
      this.#creditMs = nowMs;
      const most = Math.max(CREDIT_BYTES_MIN, (this.rate * CREDIT_MS) / 1_000);
      this.#credit = Math.min(most, this.#credit + (this.rate * Math.min(elapsedMs, STALL_MS)) / 1_000);
    }
    if (this.#credit <= 0) this.#isLimiting = true;
    return this.#credit > 0;
  }

  /** A piece left; headers included. */
  spend(sizeBytes: number): void {
    this.#credit -= sizeBytes;
  }

  /** Bytes that may be on the way: what the rate needs, acks included, and some. */
  get flightBytesMax(): number {
    return Math.max(16_000, (this.rate * (this.rttMs + 250)) / 1_000);
  }

  handleAck(nowMs: number, { delayMs, pieces, ackedBytes, receivedMs, rttMs }: RateSample): void {
    this.#ackedMs = nowMs;
    this.rttMs = this.rttMs === 0 ? rttMs : 0.8 * this.rttMs + 0.2 * rttMs;
    this.#measureDelivery(receivedMs, ackedBytes);
    const waitingMs = this.#filter(this.#base.excess(nowMs, delayMs), pieces);
    const isLimiting = this.#isLimiting;
    this.#isLimiting = false;
    const elapsedS = Math.min(0.2, (nowMs - this.#growthMs) / 1_000);
    this.#growthMs = nowMs;
    if (nowMs < this.#settledMs) return;
    const targetMs = this.#targetMs();
    if (waitingMs > targetMs) this.#slowDown(nowMs, waitingMs > 4 * targetMs ? BACK_OFF_HARD : BACK_OFF);
    else if (isLimiting) this.#speedUp(nowMs, elapsedS);
  }

  /** Nothing was acked although something waits: true once per stall. */
  checkStall(nowMs: number): boolean {
    if (nowMs - this.#ackedMs < STALL_MS + this.rttMs) return false;
    this.#ackedMs = nowMs;
    this.#slowDown(nowMs, BACK_OFF_HARD);
    return true;
  }

  /** Something leaves after nothing was on the way: acks are missed from now on. */
  begin(nowMs: number): void {
    // A pause is no slow delivery.
    if (nowMs - this.#ackedMs > IDLE_MS) this.#deliverySinceMs = undefined;
    this.#ackedMs = nowMs;
  }

  #targetMs(): number {
    const pieceMs = (PIECE_WIRE_BYTES * 1_000) / Math.min(this.rate, this.#deliveryRate);
    return Math.min(TARGET_MS_MAX, TARGET_MS + TARGET_PIECES * pieceMs + TARGET_NOISE * this.#noiseMs);
  }

  /** The least of the newest samples. */
  #filter(waitingMs: number, pieces: number): number {
    const before = this.#recent.at(-1);
    if (before !== undefined) this.#noiseMs += (Math.abs(waitingMs - before.waitingMs) - this.#noiseMs) / 8;
    this.#recent.push({ waitingMs, pieces });
    let count = 0;
    let leastMs = Infinity;
    let used = 0;
    const acksMin = this.#noiseMs / FILTER_NOISE_MS;
    while (used < FILTER_ACKS_MAX && (used < acksMin || count < FILTER_PIECES)) {
      const sample = this.#recent.at(-1 - used);
      if (sample === undefined) break;
      used++;
      count += sample.pieces;
      leastMs = Math.min(leastMs, sample.waitingMs);
    }
    this.#recent.splice(0, this.#recent.length - used);
    return leastMs;
  }

  #speedUp(nowMs: number, elapsedS: number): void {
    const calmS = Math.max(0, (nowMs - this.#slowedMs - CALM_MS) / 1_000);
    const growth = this.#isStarting ? this.rate * START_GROWTH_PER_S : (this.rate * GROWTH_PER_S + GROWTH_BYTES_PER_S) * (1 + calmS);
    this.rate = Math.min(RATE_MAX, this.rate + growth * elapsedS);
  }

  #slowDown(nowMs: number, factor: number): void {
    this.#isStarting = false;
    this.#slowedMs = nowMs;
    this.rate = Math.max(RATE_MIN, Math.min(this.rate, this.#deliveryRate) * factor);
    this.#settledMs = nowMs + this.rttMs + SETTLE_MS;
  }

  /** By the receiver's clock: what comes out of the bottleneck, whatever happens to acks. */
  #measureDelivery(receivedMs: number, ackedBytes: number): void {
    if (this.#deliverySinceMs === undefined) {
      this.#deliverySinceMs = receivedMs;
      this.#deliveredBytes = 0;
      return;
    }
    this.#deliveredBytes += ackedBytes;
    const elapsedMs = receivedMs - this.#deliverySinceMs;
    if (elapsedMs < DELIVERY_MS) return;
    this.#deliveryRate = (this.#deliveredBytes * 1_000) / elapsedMs;
    this.#deliverySinceMs = receivedMs;
    this.#deliveredBytes = 0;
  }
}
