import { NULL_FRAME, type PeerId } from "../base/units.ts";
import { LossEstimator } from "./loss-estimator.ts";
import { RttEstimator } from "./rtt-estimator.ts";

/** Frames whose sending time is kept, a power of two above the 62 that can be unacked. */
const SENT_FRAMES = 128;

/** A receipt that waited longer is of no use for measuring. */
const HELD_MS_MAX = 255;

/** Time that passed while somebody called the session. */
export interface ObservedClock {
  readonly observedMs: number;
}

/**
 * What we know about one remote peer from the frames that go to and fro: what it acknowledged, how long that took, how much is lost, and
 * how long it has been silent or deaf. It decides nothing.
 *
 * Two clocks: `nowMs` for measuring, and `observedMs`, which stands still while nobody called the session (a frozen page), for silence.
 */
export class Endpoint {
  readonly peerId: PeerId;
  readonly rtt: RttEstimator = new RttEstimator();
  /** Share of this peer's datagrams that never arrived here. */
  readonly inboundLoss: LossEstimator = new LossEstimator();
  /** Share of our datagrams that never arrived there, as the peer tells it. */
  outboundLossRatio = 0;
  #heard = false;
  #heardObservedMs: number;
  #ackedFrame: number;
  #sentFrame: number;
  /** Since when the oldest unacked frame waits; meaningless while all is acked. */
  #unackedObservedMs: number;
  #receivedMs = Number.NEGATIVE_INFINITY;
  /** When each frame was sent first; NaN when it was sent twice, since an ack then says nothing about time (Karn's algorithm). */
  readonly #sentMs = new Float64Array(SENT_FRAMES).fill(Number.NaN);

  /** `ackedFrame`: the last of our frames that the peer has from elsewhere. */
  constructor(peerId: PeerId, observedMs: number, ackedFrame: number = NULL_FRAME) {
    this.peerId = peerId;
    this.#ackedFrame = ackedFrame;
    this.#sentFrame = ackedFrame;
    this.#heardObservedMs = observedMs;
    this.#unackedObservedMs = observedMs;
  }

  /** True once any packet came. */
  get heard(): boolean {
    return this.#heard;
  }

  /** The last of our frames that the peer has without a gap. */
  get ackedFrame(): number {
    return this.#ackedFrame;
  }

  /** Nothing came for `forMs`, a whole number. Asked with every packet, hence the clock and not its time: a fraction that is handed on costs an allocation. */
  isSilent(clock: ObservedClock, forMs: number): boolean {
    return clock.observedMs - this.#heardObservedMs >= forMs;
  }

  /** The peer has talked for `forMs` without hearing us: our oldest unacked frame waits since then. */
  isDeaf(clock: ObservedClock, forMs: number): boolean {
    return this.#sentFrame > this.#ackedFrame && clock.observedMs - this.#unackedObservedMs >= forMs;
  }

  /** Any valid packet came. */
  packetArrived(observedMs: number): void {
    this.#heard = true;
    this.#heardObservedMs = observedMs;
  }

  /** Inputs came that were missing: from now on we owe an acknowledgement. */
  inputsArrived(nowMs: number): void {
    this.#receivedMs = nowMs;
  }

  /** How long the acknowledgement was held that goes out now, in whole ms, 255 at most. */
  ackHeldMs(nowMs: number): number {
    return Math.min(HELD_MS_MAX, Math.round(nowMs - this.#receivedMs));
  }

  /** A datagram with our inputs up to `frame` leaves. */
  frameSent(frame: number, nowMs: number, observedMs: number): void {
    const slot = frame & (SENT_FRAMES - 1);
    if (frame > this.#sentFrame) {
      if (this.#sentFrame <= this.#ackedFrame) this.#unackedObservedMs = observedMs;
      this.#sentFrame = frame;
      this.#sentMs[slot] = nowMs;
    } else {
      this.#sentMs[slot] = Number.NaN;
    }
  }

  /** The peer has our frames up to `frame`, and held that news for `heldMs`. An older ack than known says nothing. */
  frameAcked(frame: number, heldMs: number, nowMs: number, observedMs: number): void {
    if (frame <= this.#ackedFrame) return;
    this.#ackedFrame = frame;
    this.#unackedObservedMs = observedMs;
    const sentMs = this.#sentMs[frame & (SENT_FRAMES - 1)] ?? Number.NaN;
    if (heldMs < HELD_MS_MAX && !Number.isNaN(sentMs)) this.rtt.sample(nowMs - sentMs - heldMs);
  }
}
