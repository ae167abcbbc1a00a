import { STAMP_BYTES, type Channel } from "../ports/transport.ts";

/** Every datagram of a session, and every ping, ends with the time at which it was handed to the transport: 2 bytes, little-endian, in units of 4 ms, wrapping after 262 s. */
const UNIT_MS = 4;
const SPAN = 0x1_0000;

/** Later than the path's own least delay by more than this is stale. At half, a burst of jitter costs datagrams that were still of use; at double, a player is drawn where it was a quarter of a second ago. */
const STALE_UNITS = 250 / UNIT_MS;
/** A datagram may seem earlier than any before by so much: clocks drift, paths get shorter. All that is more is late: what waited in a queue of SCTP for four minutes still shows as that. */
const EARLY_UNITS = 8_000 / UNIT_MS;
/** The least delay is that of the last 5 s in which datagrams came, so that drift (500 ppm: 2.5 ms) does not add up; an outage does not count, or what it held back would seem normal. */
const WINDOW_MS = 5_000;
const GAP_MS_MAX = 100;
/**
 * Where nothing came in time for half a second, and all of at least eight were late by about the same, the path has become slower, or a clock was set: believed at once. What
 * an outage held back comes in a burst in which each is less late than the one before, by the 125 ms in which transports let one pass: eight are 875 ms apart.
 */
const STEADY_MS = 500;
const STEADY_COUNT = 8;
const STEADY_UNITS = 250 / UNIT_MS;

/** The stamp of what is sent now. */
export function stampOf(nowMs: number): number {
  return Math.floor(nowMs / UNIT_MS) % SPAN;
}

/** The stamp at the end of `bytes`. */
export function readStamp(bytes: Uint8Array): number {
  return (bytes[bytes.length - 2] ?? 0) | ((bytes[bytes.length - 1] ?? 0) << 8);
}

/** A packet as its sender gave it to the link. */
export function withoutStamp(channel: Channel, bytes: Uint8Array): Uint8Array {
  return channel === "unreliable" ? bytes.subarray(0, bytes.length - STAMP_BYTES) : bytes;
}

/**
 * Judges how late datagrams are on one path. Both clocks run by themselves, so that only differences count: the least of (arrival − stamp) that was seen lately is the path's
 * own delay, whatever the clocks say.
 */
export class LeastDelay {
  /** Least of (arrival − stamp); below 0: nothing came yet. */
  #base = -1;
  #seenMs = -Infinity;
  #observedMs = 0;
  /** Least lateness in this window. */
  #windowLate = Infinity;
  /** Since when, how often, and by what all was stale. */
  #staleMs = 0;
  #staleCount = 0;
  #staleLeast = 0;
  #staleMost = 0;

  /** True: it waited somewhere, and is to be dropped. */
  isStale(nowMs: number, stamp: number): boolean {
    const transit = (stampOf(nowMs) - stamp + SPAN) % SPAN;
    if (this.#base < 0) this.#base = transit;
    let late = (transit - this.#base + SPAN) % SPAN;
    if (late >= SPAN - EARLY_UNITS) {
      this.#base = transit;
      this.#windowLate = 0;
      late = 0;
    }
    late = this.#observe(nowMs, late);
    if (late <= STALE_UNITS) {
      this.#staleCount = 0;
      return false;
    }
    return !this.#isSteady(nowMs, late);
  }

  /** Moves the window on; the lateness as it is after that. */
  #observe(nowMs: number, late: number): number {
    this.#observedMs += Math.min(GAP_MS_MAX, nowMs - this.#seenMs);
    this.#seenMs = nowMs;
    this.#windowLate = Math.min(this.#windowLate, late);
    if (this.#observedMs < WINDOW_MS) return late;
    const rise = this.#windowLate;
    this.#observedMs = 0;
    this.#windowLate = Infinity;
    this.#base = (this.#base + rise) % SPAN;
    return late - rise;
  }

  #isSteady(nowMs: number, late: number): boolean {
    if (this.#staleCount === 0 || nowMs - this.#staleMs > 2 * STEADY_MS) {
      this.#staleMs = nowMs;
      this.#staleCount = 0;
      this.#staleLeast = late;
      this.#staleMost = late;
    }
    this.#staleCount++;
    this.#staleLeast = Math.min(this.#staleLeast, late);
    this.#staleMost = Math.max(this.#staleMost, late);
    if (nowMs - this.#staleMs < STEADY_MS || this.#staleCount < STEADY_COUNT) return false;
    const isSteady = this.#staleMost - this.#staleLeast <= STEADY_UNITS;
    this.#staleCount = 0;
    if (!isSteady) return false;
    this.#base = (this.#base + this.#staleLeast) % SPAN;
    this.#windowLate = 0;
    return true;
  }
}
