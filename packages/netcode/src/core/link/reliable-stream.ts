import { joinBytes } from "../base/bytes.ts";
import { nextSequence, sequenceDistance, sequenceOf, type Sequence } from "../base/sequence.ts";
import { encodeFragment, encodeStreamAck, FRAGMENT_BYTES_MAX, FRAGMENT_HEADER_BYTES } from "./link-codec.ts";
import * as LINK_TIMES from "./link-times.ts";

/** Most bytes of one message, and of all that wait for an ack of one peer. */
export const STREAM_BYTES_MAX = 1_048_576;
/** Unacked bytes on the wire. Below the transport's own limit, so that a fragment is never turned away; above the bandwidth-delay product of 2 Mbit/s × 250 ms. */
const WINDOW_BYTES = 65_536;
/** The same where a member forwards, out of its own uplink: two fragments. */
const RELAYED_WINDOW_BYTES = 32_768;
/** The same where the peer is silent: enough for the votes that take its seat, which it may hear though we do not hear it. At half, a game's own messages leave no room for them; at double, SCTP makes up for more when the path is back. */
const HELD_FRAGMENTS = 4;
const HELD_BYTES = 512;
/** Unacked fragments, far below half of the sequence space. */
const FRAGMENTS_MAX = 4_096;
const PART_BYTES_MAX = FRAGMENT_BYTES_MAX - FRAGMENT_HEADER_BYTES;

interface Fragment {
  readonly sequence: Sequence;
  readonly bytes: Uint8Array;
}

/** What became of a fragment that arrived. */
export type FragmentOutcome = "taken" | "known" | "gap" | "too-large";

/**
 * Messages of any size up to `STREAM_BYTES_MAX`, in order, exactly once, also across a peer connection that had to be replaced:
 * what is not acked is sent again on the next one. Over an ordered reliable channel it never resends on one connection. Who forwards may lose
 * and reorder, so that over a relay everything unacked is sent again after a while without progress.
 */
export class ReliableStream {
  readonly #outbox: Fragment[] = [];
  #outboxBytes = 0;
  /** Index in the outbox of the next fragment to send. */
  #unsentIndex = 0;
  /** Index of the first that no way has carried yet: an ack can speak of all before it. */
  #freshIndex = 0;
  #inFlightBytes = 0;
  /** Fragments acked so far, as far as an old ack could lie behind. */
  #ackedCount = 0;
  #nextSequence = sequenceOf(0);
  #expectedSequence = sequenceOf(0);
  #parts: Uint8Array[] = [];
  #partsBytes = 0;
  #isSkipping = false;
  #message: Uint8Array | undefined;
  /** When what was received must be acked; `Infinity`: nothing is owed. */
  #ackMs = Infinity;
  #isRelayed = false;
  #hasReceived = false;
  /** When the oldest fragment is sent once more over a connection, for its ack; `Infinity`: nothing waits for one. */
  #nudgeMs = Infinity;
  #nudgePauseMs: number = LINK_TIMES.streamNudgeMs;
  /** When everything unacked is sent again; `Infinity`: it need not be. */
  #resendMs = Infinity;

  /** The next sequence that we wait for. */
  get expectedSequence(): Sequence {
    return this.#expectedSequence;
  }

  /** Copies `bytes`. False: too much waits already, nothing was queued. */
  send(bytes: Uint8Array): boolean {
    const count = Math.ceil(bytes.length / PART_BYTES_MAX);
    if (this.#outboxBytes + bytes.length > STREAM_BYTES_MAX || this.#outbox.length + count > FRAGMENTS_MAX) return false;
    for (let index = 0; index < count; index++) {
      const part = bytes.subarray(index * PART_BYTES_MAX, (index + 1) * PART_BYTES_MAX);
      this.#outbox.push({ sequence: this.#nextSequence, bytes: encodeFragment(this.#nextSequence, index === count - 1, part) });
      this.#nextSequence = nextSequence(this.#nextSequence);
      this.#outboxBytes += part.length;
    }
    return true;
  }

  /** When an ack is due, or a repetition; `Infinity` for neither. */
  get timeoutMs(): number {
    return Math.min(this.#ackMs, this.#resendMs, this.#nudgeMs);
  }

  /** Another way to the same process: what is unacked goes over it at once, and what came twice is told by its sequence. */
  changeWay(isRelayed: boolean): void {
    this.#isRelayed = isRelayed;
    this.#rewind();
    // The last ack may have been lost on the way before, and over a connection nobody asks for it again.
    if (this.#hasReceived) this.#ackMs = -Infinity;
  }

  /** The next ack or fragment that may leave now. Drain until `undefined`. `isHeld`: nobody may hear it. */
  pollTransmit(nowMs: number, isHeld = false): Uint8Array | undefined {
    if (nowMs >= this.#ackMs) {
      this.#ackMs = Infinity;
      return encodeStreamAck(this.#expectedSequence);
    }
    if (isHeld && this.#unsentIndex >= HELD_FRAGMENTS) return undefined;
    if (nowMs >= this.#resendMs) this.#rewind();
    if (this.#isNudgeDue(nowMs)) return this.#outbox[0]?.bytes;
    const fragment = this.#outbox[this.#unsentIndex];
    const windowBytes = isHeld ? HELD_BYTES : this.#isRelayed ? RELAYED_WINDOW_BYTES : WINDOW_BYTES;
    if (fragment === undefined || this.#inFlightBytes + fragment.bytes.length > windowBytes) return undefined;
    this.#unsentIndex++;
    this.#freshIndex = Math.max(this.#freshIndex, this.#unsentIndex);
    this.#inFlightBytes += fragment.bytes.length;
    if (this.#isRelayed) this.#resendMs = nowMs + LINK_TIMES.streamResendMs;
    return fragment.bytes;
  }

  /** The other end has everything before `expectedSequence`. False: it cannot have. */
  handleAck(expectedSequence: Sequence): boolean {
    const first = this.#outbox[0];
    const acked =
      first === undefined ? sequenceDistance(expectedSequence, this.#nextSequence) : sequenceDistance(expectedSequence, first.sequence);
    // An older one that took the longer way.
    if (acked <= 0) return -acked <= this.#ackedCount;
    if (acked > this.#freshIndex) return false;
    this.#ackedCount = Math.min(FRAGMENTS_MAX, this.#ackedCount + acked);
    this.#nudgeMs = Infinity;
    this.#nudgePauseMs = LINK_TIMES.streamNudgeMs;
    for (const [index, fragment] of this.#outbox.splice(0, acked).entries()) {
      this.#outboxBytes -= fragment.bytes.length - FRAGMENT_HEADER_BYTES;
      if (index < this.#unsentIndex) this.#inFlightBytes -= fragment.bytes.length;
    }
    this.#unsentIndex = Math.max(0, this.#unsentIndex - acked);
    this.#freshIndex -= acked;
    if (this.#unsentIndex === 0) this.#resendMs = Infinity;
    return true;
  }

  /** A new connection to the same process: what it has not acked is sent again. `undefined`: it knows nothing of ours. False: it cannot wait for that. */
  replay(expectedSequence: Sequence | undefined): boolean {
    const isKnown = expectedSequence === undefined || this.handleAck(expectedSequence);
    this.#rewind();
    this.#ackMs = Infinity;
    return isKnown;
  }

  /** Another process took the peer's place: nothing of the old one counts. */
  reset(): void {
    this.#outbox.length = 0;
    this.#outboxBytes = 0;
    this.#rewind();
    this.#freshIndex = 0;
    this.#ackedCount = 0;
    this.#nextSequence = sequenceOf(0);
    this.#expectedSequence = sequenceOf(0);
    this.#parts = [];
    this.#partsBytes = 0;
    this.#isSkipping = false;
    this.#hasReceived = false;
    this.#message = undefined;
    this.#ackMs = Infinity;
  }

  /** A fragment arrived; a message that it completes is there for `takeMessage`. */
  handleFragment(nowMs: number, sequence: Sequence, isLast: boolean, part: Uint8Array): FragmentOutcome {
    const distance = sequenceDistance(sequence, this.#expectedSequence);
    if (distance < 0) {
      this.#ackMs = nowMs;
      return "known";
    }
    if (distance > 0) return "gap";
    this.#expectedSequence = nextSequence(sequence);
    this.#hasReceived = true;
    let outcome: FragmentOutcome = "taken";
    if (this.#partsBytes + part.length > STREAM_BYTES_MAX) {
      this.#isSkipping = true;
      this.#parts = [];
      outcome = "too-large";
    }
    if (!this.#isSkipping) {
      this.#parts.push(part.slice());
      this.#partsBytes += part.length;
    }
    // A message of several parts needs its acks to keep the window moving; a single one can wait for company.
    this.#ackMs = isLast ? Math.min(this.#ackMs, nowMs + LINK_TIMES.streamAckMs) : nowMs;
    if (isLast) this.#finish();
    return outcome;
  }

  /** The message that the last fragment completed. The caller owns it. */
  takeMessage(): Uint8Array | undefined {
    const message = this.#message;
    this.#message = undefined;
    return message;
  }

  /** A connection loses no fragment; but the ack may have come by a way that lost it, and the window would stay closed for ever. */
  #isNudgeDue(nowMs: number): boolean {
    const isWaiting = !this.#isRelayed && this.#unsentIndex > 0;
    const isDue = isWaiting && nowMs >= this.#nudgeMs;
    if (isDue) this.#nudgePauseMs = Math.min(2 * this.#nudgePauseMs, LINK_TIMES.streamNudgeMsMax);
    if (!isWaiting) this.#nudgeMs = Infinity;
    else if (isDue || this.#nudgeMs === Infinity) this.#nudgeMs = nowMs + this.#nudgePauseMs;
    return isDue;
  }

  #rewind(): void {
    this.#unsentIndex = 0;
    this.#inFlightBytes = 0;
    this.#resendMs = Infinity;
  }

  #finish(): void {
    if (!this.#isSkipping) this.#message = joinBytes(this.#parts);
    this.#parts = [];
    this.#partsBytes = 0;
    this.#isSkipping = false;
  }
}
