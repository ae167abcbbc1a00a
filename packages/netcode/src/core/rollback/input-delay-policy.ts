import type { FrameRange } from "./frame-range.ts";
import { LATE_FRAMES_UNKNOWN } from "./lateness.ts";

/** So much of the way is covered by delay rather than by prediction: 33 ms at 60 Hz are hardly felt, and most of a nation is then played without rollbacks. */
const COVERED_FRAMES = 2;
/** A delay comes down once less was enough for so long, then frame by frame: at half it follows every lull of a bad path; at double a hiccup is felt for long. */
const FALL_AFTER_MS = 5000;
const FALL_EVERY_MS = 1000;

/**
 * Our input delay, from how late our inputs would come to the others without one: at least the least; then as much as covers the way, up to two frames; what lies
 * beyond is left to the others' prediction; and what their windows cannot hold becomes delay again. It rises at once, since somebody stands still
 * else, and comes down slowly.
 */
export class InputDelayPolicy {
  #range: FrameRange = { min: 0, max: 0 };
  #frames = 0;
  /** Since when less would do; NaN: it would not. */
  #lowerMs = Number.NaN;

  /** The delay stays within `range`, at once; `window`: the limits of the prediction window. */
  limit(range: FrameRange, window: FrameRange): void {
    this.#range = range;
    this.#frames = Math.max(range.min, Math.min(range.max, Math.max(this.#frames, window.max === 0 ? 1 : 0)));
    this.#lowerMs = Number.NaN;
  }

  /** The delay to use from the next input on. */
  get frames(): number {
    return this.#frames;
  }

  /**
   * `lateFrames`: the most that any other peer tells, `LATE_FRAMES_UNKNOWN` if nobody has yet; `beyondFrames`: the most that is left of that beyond a window. `isLockstep`: we
   * predict nothing now.
   */
  update(nowMs: number, lateFrames: number, beyondFrames: number, isLockstep: boolean): void {
    const { min, max } = this.#range;
    if (min === max) return;
    // In lockstep everybody would wait for an input that is only sampled once theirs is there.
    const least = isLockstep ? 1 : 0;
    if (lateFrames === LATE_FRAMES_UNKNOWN) {
      this.#frames = Math.max(this.#frames, Math.min(max, least));
      return;
    }
    const wanted = Math.max(beyondFrames, Math.min(lateFrames, COVERED_FRAMES), least);
    const target = Math.max(min, Math.min(max, wanted));
    if (target >= this.#frames) {
      this.#frames = target;
      this.#lowerMs = Number.NaN;
    } else if (Number.isNaN(this.#lowerMs)) {
      this.#lowerMs = nowMs;
    } else if (nowMs - this.#lowerMs >= FALL_AFTER_MS) {
      this.#frames--;
      this.#lowerMs += FALL_EVERY_MS;
    }
  }
}
