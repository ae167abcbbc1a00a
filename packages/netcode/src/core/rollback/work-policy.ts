import type { FrameRange } from "./frame-range.ts";

/** Share of a frame's time for the deepest rollback and the new frame: drawing takes the rest. At double, a rollback is a dropped picture. */
const WORK_SHARE = 0.5;
/** A window that grew again stays so long before it grows further: at half, a machine at its limit swings; at double, a moment's trouble is felt for half a minute. */
const GROW_AFTER_MS = 2000;
/** Below this a save is not worth thinking about: clocks of browsers are coarser. */
const SAVE_MS_MIN = 0.02;
const SAVE_EVERY_MAX = 8;

/**
 * What this machine can afford: how many frames it may predict, since all of them may have to be simulated again within one frame, and how far apart it
 * saves. A machine that is too slow for any rollback predicts nothing: it then runs behind the others by the way of their inputs, each frame once.
 */
export class WorkPolicy {
  readonly #frameMs: number;
  readonly #isSpacingFixed: boolean;
  #window: FrameRange = { min: 0, max: 0 };
  #windowFrames = 0;
  #saveEveryFrames: number;
  #affordable = Number.POSITIVE_INFINITY;
  #changedMs = Number.NEGATIVE_INFINITY;

  /** `saveEveryFrames` fixes the distance of saves; `undefined`: it follows the costs. */
  constructor(frameMs: number, saveEveryFrames: number | undefined) {
    this.#frameMs = frameMs;
    this.#isSpacingFixed = saveEveryFrames !== undefined;
    this.#saveEveryFrames = saveEveryFrames ?? 1;
  }

  /** The window stays within `range`, from the most that can be afforded. */
  limit(range: FrameRange): void {
    this.#window = range;
    this.#windowFrames = Math.max(range.min, Math.min(range.max, this.#affordable));
  }

  /** Most frames to predict, now. */
  get windowFrames(): number {
    return this.#windowFrames;
  }

  /** Predicted frames between two saves, now. */
  get saveEveryFrames(): number {
    return this.#saveEveryFrames;
  }

  /** What simulating one frame, and saving once, cost on the average of the last second or so. */
  costsMeasured(stepMs: number, saveMs: number): void {
    if (!this.#isSpacingFixed) {
      // Saves each k frames cost save / k a frame, and (k − 1) / 2 more steps a rollback. With a rollback of four frames in each fourth frame the sum is least at
      // k = 4 √(save ÷ step).
      const wanted = saveMs < SAVE_MS_MIN ? 1 : Math.round(4 * Math.sqrt(saveMs / Math.max(stepMs, SAVE_MS_MIN)));
      this.#saveEveryFrames = Math.max(1, Math.min(SAVE_EVERY_MAX, wanted));
    }
    const every = this.#saveEveryFrames;
    // The new frame, and what lies before the wrong one since the last save, come on top of what was predicted.
    this.#affordable = Math.floor((WORK_SHARE * this.#frameMs) / (stepMs + saveMs / every)) - every;
  }

  /** Shrinks at once, grows a frame at a time. */
  update(nowMs: number): void {
    const { min, max } = this.#window;
    const target = Math.max(min, Math.min(max, this.#affordable));
    if (target === this.#windowFrames || (target > this.#windowFrames && nowMs - this.#changedMs < GROW_AFTER_MS)) return;
    this.#windowFrames = target < this.#windowFrames ? target : this.#windowFrames + 1;
    this.#changedMs = nowMs;
  }
}
