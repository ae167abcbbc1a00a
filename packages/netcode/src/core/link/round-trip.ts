import { nextSequence, sequenceDistance, sequenceOf, type Sequence } from "../base/sequence.ts";
import { RttEstimator } from "../peer/rtt-estimator.ts";

/** Pings remembered: 3.2 s at 20 a second, longer than any round trip that a link survives. */
const SENT_SIZE = 64;
/** Datagrams over which loss is a mean. At half, two losses in a burst look like a bad path; at double a path that went bad is noticed 2 s late. */
const LOSS_SPAN = 64;
/** Longest hold that a ping can tell, in tenths of ms of 14 bits: more is told as this. */
export const HOLD_MS_MAX = 1_638.3;
/** The count of what was received wraps. */
const RECEIVED_SPAN = 0x1_0000;
/** Before the first ping of the other end: the sequence before its first, which acks nothing. */
const NOTHING_RECEIVED = sequenceOf(-1);

/** What a ping carries. */
export interface Ping {
  readonly sequence: Sequence;
  /** The newest ping of the other end that arrived. */
  readonly ack: Sequence;
  /** Datagrams of any kind that had arrived with it, modulo 2¹⁶. */
  readonly received: number;
  /** How long the acked ping waited for this one. */
  readonly holdMs: number;
  /** The sender has a use for this path, and for answers on it. */
  readonly isWanted: boolean;
  /** On the pair's own connection: the sender's packets may come another way. */
  readonly isDetoured: boolean;
}

/**
 * Measures a path by the pings of both ends: each ping acks the newest of the other, so that no separate answer is needed, and tells how many
 * datagrams arrived until then, so that every datagram counts for the loss and not the pings alone.
 */
export class RoundTrip {
  readonly #sentMs = new Float64Array(SENT_SIZE);
  readonly #sentCounts = new Float64Array(SENT_SIZE);
  #sentCount = 0;
  #nextSequence = sequenceOf(0);
  #ackedSequence = NOTHING_RECEIVED;
  /** Datagrams sent and received at the newest ack; below 0: none yet. */
  #sentAtAck = -1;
  #receivedAtAck = 0;
  #receivedCount = 0;
  #receivedSequence = NOTHING_RECEIVED;
  #receivedAtPing = 0;
  #receivedMs = 0;
  readonly #rtt = new RttEstimator();
  #lossRatio = 0;

  /** Smoothed round trip; 0 until measured. */
  get rttMs(): number {
    return this.#rtt.rttMs;
  }

  /** Mean deviation of the round trip. */
  get jitterMs(): number {
    return this.#rtt.jitterMs;
  }

  /** When the newest ping that was acked had left. */
  get ackedSentMs(): number {
    return this.#sentMs[this.#ackedSequence % SENT_SIZE] ?? 0;
  }

  /** Our datagrams that never arrived, 0–1, over about the last 64. */
  get lossRatio(): number {
    return Math.max(0, this.#lossRatio);
  }

  /** A datagram left on this path. */
  countSent(): void {
    this.#sentCount++;
  }

  /** A datagram arrived on this path. */
  countReceived(): void {
    this.#receivedCount++;
  }

  /** The fields of the next ping, which is counted when it leaves like any datagram. */
  nextPing(nowMs: number, isWanted: boolean, isDetoured: boolean): Ping {
    const sequence = this.#nextSequence;
    this.#nextSequence = nextSequence(sequence);
    this.#sentMs[sequence % SENT_SIZE] = nowMs;
    this.#sentCounts[sequence % SENT_SIZE] = this.#sentCount + 1;
    const received = this.#receivedAtPing % RECEIVED_SPAN;
    return { sequence, ack: this.#receivedSequence, received, holdMs: nowMs - this.#receivedMs, isWanted, isDetoured };
  }

  /** A ping arrived, and was counted. `undefined`: it acks what was never sent. True: it acks a ping that was not acked yet. */
  handlePing(nowMs: number, ping: Ping): boolean | undefined {
    if (sequenceDistance(ping.ack, this.#nextSequence) >= 0 && ping.ack !== NOTHING_RECEIVED) return undefined;
    if (sequenceDistance(ping.sequence, this.#receivedSequence) > 0) {
      this.#receivedSequence = ping.sequence;
      this.#receivedMs = nowMs;
      this.#receivedAtPing = this.#receivedCount;
    }
    if (sequenceDistance(ping.ack, this.#ackedSequence) <= 0) return false;
    this.#ackedSequence = ping.ack;
    // So old that its place in the ring is another's: nothing to be learned.
    if (sequenceDistance(this.#nextSequence, ping.ack) > SENT_SIZE) this.#sentAtAck = -1;
    else this.#measure(nowMs, ping);
    return true;
  }

  #measure(nowMs: number, ping: Ping): void {
    const place = ping.ack % SENT_SIZE;
    // Held for longer than can be told, where no ping was needed for a while: nobody knows how long.
    if (ping.holdMs < HOLD_MS_MAX) this.#rtt.sample(nowMs - (this.#sentMs[place] ?? nowMs) - ping.holdMs);
    const sentCount = this.#sentCounts[place] ?? 0;
    const sent = sentCount - this.#sentAtAck;
    // After more than the other end's count can tell (a session that needed no ping for minutes) nothing is known of the loss.
    if (this.#sentAtAck >= 0 && sent > 0 && sent < RECEIVED_SPAN / 2) {
      const received = (ping.received - this.#receivedAtAck) & (RECEIVED_SPAN - 1);
      // Below 0: late ones that were taken for lost the time before.
      const lossRatio = Math.max(-1, (sent - received) / sent);
      this.#lossRatio += ((lossRatio - this.#lossRatio) * sent) / (sent + LOSS_SPAN);
    }
    this.#sentAtAck = sentCount;
    this.#receivedAtAck = ping.received;
  }
}
