import { LAG_UNITS_PER_FRAME } from "../wire/limits.ts";

/** Half a second at 60 Hz: at half, jitter moves the clock; at double, the correction comes so late that it swings. */
const SAMPLES = 30;

/**
 * How far we run ahead of one peer, in frames, without clocks that agree.
 *
 * Each side measures its *lag*: its own frame when a datagram arrives, minus the newest input in it, minus its own input delay. The lag is
 * the distance of the two clocks plus the way of the datagram, minus both delays; on the other side the distance has the other
 * sign and all else is the same. Both tell each other, and half the difference is the distance: the round trip falls out.
 * (A way that is longer in one direction cannot be told from a clock that is ahead. What is evened out then is how deep both predict.)
 */
export class TimeSync {
  readonly #samples = new Float64Array(SAMPLES);
  readonly #sorted = new Float64Array(SAMPLES);
  #count = 0;
  #next = 0;
  #lag = 0;
  #remoteLag: number | undefined;

  /** A datagram with a newer input arrived: our lag at that moment, in frames. */
  sampled(lagFrames: number): void {
    this.#samples[this.#next] = lagFrames;
    this.#next = (this.#next + 1) % SAMPLES;
    if (this.#count < SAMPLES) this.#count++;
    this.#lag = this.#middleThirdMean();
  }

  /** The peer told its own lag. */
  remoteLagArrived(units: number): void {
    this.#remoteLag = units / LAG_UNITS_PER_FRAME;
  }

  /** Our lag as it is told to the peer. */
  get lagUnits(): number {
    return Math.round(this.#lag * LAG_UNITS_PER_FRAME);
  }

  /** Frames by which we are ahead of the peer; 0 until both sides have measured. */
  get frameAdvantage(): number {
    return this.#count === 0 || this.#remoteLag === undefined ? 0 : (this.#lag - this.#remoteLag) / 2;
  }

  /** The mean without the third on either side: a burst after an outage, or one early datagram, moves nothing (Slippi's estimate). */
  #middleThirdMean(): number {
    const count = this.#count;
    const sorted = this.#sorted;
    for (let index = 0; index < count; index++) {
      const value = this.#samples[index] ?? 0;
      let place = index;
      for (; place > 0 && (sorted[place - 1] ?? 0) > value; place--) sorted[place] = sorted[place - 1] ?? 0;
      sorted[place] = value;
    }
    const skipped = Math.floor(count / 3);
    let sum = 0;
    for (let index = skipped; index < count - skipped; index++) sum += sorted[index] ?? 0;
    return sum / (count - 2 * skipped);
  }
}

/** The clock may run this much fast or slow: 1 % cannot be seen or heard; at the start, when nobody has an eye for it, 5 %. */
const CORRECTION_MAX = 0.01;
const CORRECTION_MAX_AT_START = 0.05;
const START_MS = 3000;
/** Smaller distances are noise of the measurement. */
const DEAD_BAND_FRAMES = 0.1;
/** Full correction at half a frame (at the start two); at a quarter, the correction, which comes half a second late, swings; at one, a clock that is 1 % fast stays half a frame ahead. */
const FULL_AT_FRAMES = 0.5;
const FULL_AT_FRAMES_AT_START = 2;

/** Clock rate for a peer that is `advanceFrames` ahead of the others (negative: behind), `runningMs` after its first frame. */
export function paceRatio(advanceFrames: number, runningMs: number): number {
  if (Math.abs(advanceFrames) < DEAD_BAND_FRAMES) return 1;
  const starting = runningMs < START_MS;
  const limit = starting ? CORRECTION_MAX_AT_START : CORRECTION_MAX;
  const share = advanceFrames / (starting ? FULL_AT_FRAMES_AT_START : FULL_AT_FRAMES);
  return 1 - limit * Math.max(-1, Math.min(1, share));
}
