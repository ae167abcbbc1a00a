import { ADVANTAGE_UNITS_PER_FRAME } from "./time-sync.ts";

/** The clock may run this much fast or slow: 1 % cannot be seen or heard; at the start, when nobody has an eye for it, 5 %. */
export const CORRECTION_MAX = 0.01;
export const CORRECTION_MAX_AT_START = 0.05;
const START_MS = 3000;
/** What lies beyond a frame is closed faster at the start, so that two frames take the full correction: a newcomer's late inputs hold everybody up. */
const FAR_FRAMES = 1;
const FAR_GAIN = 2;

/**
 * Correction per frame of distance. Two peers that both correct close 1.5 of their distance a second. What is measured is up to 0.4 s old (half the samples and a
 * way of 250 ms): at double the distance swings there, at half a late start takes longer than five seconds to make up for.
 */
const GAIN_PER_FRAME = 0.0125;
/** Of the distance that stays, so much a second goes into the lasting correction: at half, a drift of 1 % is not learnt within five seconds; at double the clock swings. */
const LEARNING_PER_SECOND = 0.6;
/** The lasting correction fades, lest errors of measurement that all peers share carry the whole match off. At half, a drift of 1 % leaves a tenth of a frame. */
const FADING_SECONDS = 30;
/**
 * Nothing is learnt of somebody further away: it started late or was held up, and its clock says nothing. At half, what 1 % of drift itself brings about is not learnt; at double,
 * one late start teaches all others to run slow, and it takes ten seconds to forget.
 */
const LEARNING_FRAMES_MAX = 1;
/** A clock that stood still longer than this did not drift meanwhile: nobody called. */
const STEP_SECONDS_MAX = 0.1;

/**
 * The clock rate that keeps a peer in step: a PI controller. The proportional part closes the distance to the mean of the others, the lasting part takes over what the clocks
 * differ by, so that nothing of a drift remains. `start` at the first frame; then, once per frame, `see` each other peer and `steer`.
 *
 * Distances come in whole units, and the rate is read apart: a double that is handed on may cost a box.
 */
export class ClockControl {
  /** What was learnt of the difference of the clocks: above 0 ours is fast. */
  #lasting = 0;
  readonly #rate = new Float64Array(1).fill(1);
  #startMs = Number.NaN;
  #steeredMs = Number.NaN;
  #aheadUnits = 0;
  #nearUnits = 0;
  #others = 0;

  /** What was learnt so far, as a ratio. */
  get learntRatio(): number {
    return this.#lasting;
  }

  /** Speed of our clock from now on; 1 is real time. */
  get rate(): number {
    return this.#rate[0] ?? 1;
  }

  /** Our first frame ran. */
  start(nowMs: number): void {
    this.#startMs = nowMs;
  }

  /** So far are we ahead of one of the others, in `1 / ADVANTAGE_UNITS_PER_FRAME` frames. */
  see(aheadUnits: number): void {
    this.#others++;
    this.#aheadUnits += aheadUnits;
    if (Math.abs(aheadUnits) <= LEARNING_FRAMES_MAX * ADVANTAGE_UNITS_PER_FRAME) this.#nearUnits += aheadUnits;
  }

  /** Sets the rate by what was seen since the last call. */
  steer(nowMs: number): void {
    const stepSeconds = Number.isNaN(this.#steeredMs) ? 0 : Math.min(STEP_SECONDS_MAX, (nowMs - this.#steeredMs) / 1000);
    this.#steeredMs = nowMs;
    const others = this.#others;
    const perOther = others * ADVANTAGE_UNITS_PER_FRAME;
    const [aheadUnits, nearUnits] = [this.#aheadUnits, this.#nearUnits];
    this.#others = 0;
    this.#aheadUnits = 0;
    this.#nearUnits = 0;
    if (others === 0 || Number.isNaN(this.#startMs)) {
      this.#rate[0] = 1;
      return;
    }
    const aheadFrames = aheadUnits / perOther;
    const nearFrames = nearUnits / perOther;
    // Measured against the mean of the others the distance to the mean of all is stretched, most so for two: evened out, any number of peers settles alike.
    const gain = (2 * GAIN_PER_FRAME * others) / (others + 1);
    const isStarting = nowMs - this.#startMs < START_MS;
    const limit = isStarting ? CORRECTION_MAX_AT_START : CORRECTION_MAX;
    const far = isStarting ? aheadFrames - clamp(aheadFrames, FAR_FRAMES) : 0;
    const wanted = gain * (aheadFrames + (FAR_GAIN - 1) * far) + this.#lasting;
    const correction = clamp(wanted, limit);
    // While the clock cannot follow, nothing more is learnt in that direction: else it would swing as far to the other side (anti-windup).
    if (correction === wanted || nearFrames > 0 !== wanted > 0) this.#lasting += gain * LEARNING_PER_SECOND * nearFrames * stepSeconds;
    this.#lasting = clamp(this.#lasting - (this.#lasting * stepSeconds) / FADING_SECONDS, CORRECTION_MAX);
    this.#rate[0] = 1 - correction;
  }
}

function clamp(value: number, limit: number): number {
  return Math.max(-limit, Math.min(limit, value));
}
