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
 * The clock rate that keeps a peer in step: a PI controller. The proportional part closes a distance, the lasting part takes over what the clocks
 * differ by, so that nothing of a drift remains. Pure: time comes in as the length of a step.
 */
export class ClockControl {
  /** What was learnt of the difference of the clocks: above 0 ours is fast. */
  #lasting = 0;

  /** What was learnt so far, as a ratio. */
  get learntRatio(): number {
    return this.#lasting;
  }

  /**
   * The rate for the next step. `aheadFrames`: distance to the mean of the others; `others`: how many they are; `runningMs`: since our first frame; `stepSeconds`: time since
   * the last call.
   */
  update(aheadFrames: number, others: number, runningMs: number, stepSeconds: number): number {
    // Measured against the mean of the others the distance to the mean of all is stretched, most so for two: evened out, any number of peers settles alike.
    const gain = (2 * GAIN_PER_FRAME * others) / (others + 1);
    const isStarting = runningMs < START_MS;
    const limit = isStarting ? CORRECTION_MAX_AT_START : CORRECTION_MAX;
    const far = isStarting ? aheadFrames - clamp(aheadFrames, FAR_FRAMES) : 0;
    const wanted = gain * (aheadFrames + (FAR_GAIN - 1) * far) + this.#lasting;
    const correction = clamp(wanted, limit);
    // While the clock cannot follow, nothing more is learnt in that direction: else it would swing as far to the other side (anti-windup).
    if (correction === wanted || aheadFrames > 0 !== wanted > 0) this.#lasting += gain * LEARNING_PER_SECOND * aheadFrames * stepSeconds;
    this.#lasting = clamp(this.#lasting - (this.#lasting * stepSeconds) / FADING_SECONDS, CORRECTION_MAX);
    return 1 - correction;
  }
}

function clamp(value: number, limit: number): number {
  return Math.max(-limit, Math.min(limit, value));
}
