import { nextSequence, sequenceDistance, sequenceOf, type Sequence } from "../base/sequence.ts";
import { RttEstimator } from "../peer/rtt-estimator.ts";

/** Pings remembered: 3.2 s at 20 a second, twice what `ackBits` can still report on. */
const SENT_SIZE = 64;
/** Pings that one ack covers: itself and the 32 before. A ping older than that and not acked is lost. */
const ACK_BITS = 32;
/** Before the first ping of the other end: the sequence before its first, which acks nothing. */
const NOTHING_RECEIVED = sequenceOf(-1);

/** What a ping carries. */
export interface Ping {
  readonly sequence: Sequence;
  /** The newest ping of the other end that arrived, and which of the 32 before it did (bit 0: the one just before). */
  readonly ack: Sequence;
  readonly ackBits: number;
  /** How long the acked ping waited for this one. */
  readonly holdMs: number;
}

/** Measures a path by the pings of both ends: each ping acks those of the other, so that no separate answer is needed. */
export class RoundTrip {
  readonly #sentMs = new Float64Array(SENT_SIZE);
  readonly #isAcked = new Uint8Array(SENT_SIZE);
  #nextSequence = sequenceOf(0);
  /** Newest of our pings that the other end has acked, and how many we had sent before it. */
  #ackedSequence = NOTHING_RECEIVED;
  #ackedIndex = -1;
  #receivedSequence = NOTHING_RECEIVED;
  #receivedBits = 0;
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

  /** Our pings that never arrived, 0–1, over about the last 64. */
  get lossRatio(): number {
    return this.#lossRatio;
  }

  /** The fields of the next ping, as it leaves. */
  nextPing(nowMs: number): Ping {
    const sequence = this.#nextSequence;
    this.#nextSequence = nextSequence(sequence);
    this.#sentMs[sequence % SENT_SIZE] = nowMs;
    this.#isAcked[sequence % SENT_SIZE] = 0;
    return { sequence, ack: this.#receivedSequence, ackBits: this.#receivedBits, holdMs: nowMs - this.#receivedMs };
  }

  /** A ping arrived. False: it acks what was never sent. */
  handlePing(nowMs: number, ping: Ping): boolean {
    const progress = sequenceDistance(ping.ack, this.#ackedSequence);
    if (sequenceDistance(ping.ack, this.#nextSequence) >= 0 && ping.ack !== NOTHING_RECEIVED) return false;
    this.#noteReceived(nowMs, ping.sequence);
    if (progress <= 0) return true;
    // More than the ring at once: nobody pinged for long (a session's inputs were the heartbeat) or we lost track; start over.
    if (progress < SENT_SIZE - ACK_BITS) this.#judge(ping.ack, progress, ping.ackBits);
    this.#ackedSequence = ping.ack;
    this.#ackedIndex += progress;
    this.#rtt.sample(nowMs - (this.#sentMs[ping.ack % SENT_SIZE] ?? nowMs) - ping.holdMs);
    return true;
  }

  #noteReceived(nowMs: number, sequence: Sequence): void {
    const ahead = sequenceDistance(sequence, this.#receivedSequence);
    if (ahead > 0) {
      // `<<` takes its count modulo 32.
      this.#receivedBits = ahead >= ACK_BITS ? 0 : (this.#receivedBits << ahead) >>> 0;
      if (ahead <= ACK_BITS && this.#receivedSequence !== NOTHING_RECEIVED)
        this.#receivedBits = (this.#receivedBits | (1 << (ahead - 1))) >>> 0;
      this.#receivedSequence = sequence;
      this.#receivedMs = nowMs;
    } else if (ahead < 0 && ahead >= -ACK_BITS) {
      this.#receivedBits = (this.#receivedBits | (1 << (-ahead - 1))) >>> 0;
    }
  }

  /** Marks what is acked, then decides about the pings that leave the window. */
  #judge(ack: Sequence, progress: number, ackBits: number): void {
    this.#isAcked[ack % SENT_SIZE] = 1;
    for (let bit = 0; bit < ACK_BITS; bit++) {
      if ((ackBits & (1 << bit)) !== 0) this.#isAcked[sequenceOf(ack - bit - 1) % SENT_SIZE] = 1;
    }
    const judgedIndexMax = this.#ackedIndex + progress - ACK_BITS;
    for (let index = Math.max(0, judgedIndexMax - progress + 1); index <= judgedIndexMax; index++) {
      // The ring's size divides 2¹⁶, so that an index and its sequence share a place.
      const isLost = this.#isAcked[index % SENT_SIZE] === 0;
      this.#lossRatio += ((isLost ? 1 : 0) - this.#lossRatio) / SENT_SIZE;
    }
  }
}
