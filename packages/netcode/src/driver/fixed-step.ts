/** Most frames run in one go. At one a page that missed two ticks never catches up; at eight one go may take longer than the time it makes up for. */
export const FRAMES_PER_TICK_MAX = 4;

/** Time is not owed beyond this many frames, the usual prediction window: whoever was away longer holds the others up there, so there is no more to catch up with. */
export const FRAMES_OWED_MAX = 8;

/**
 * Turns passing time into frames of equal length, whatever the rate of the calls. Pure.
 *
 * ```ts
 * for (let due = steps.advance(nowMs, paceRatio); due > 0; due--) { simulate(); steps.handleFrame(); }
 * draw(steps.alpha(nowMs));
 * ```
 */
export class FixedStep {
  readonly #frameMs: number;
  #lastMs: number;
  #paceRatio = 1;
  /** Time that passed and was not simulated yet. */
  #owedMs: number;

  /** The first frame is due at `startMs`. */
  constructor(startMs: number, frameRateHz: number) {
    this.#frameMs = 1_000 / frameRateHz;
    this.#lastMs = startMs;
    this.#owedMs = this.#frameMs;
  }

  /** Frames to run now, at most `FRAMES_PER_TICK_MAX`. `paceRatio`: speed of the game's clock, 1 is real time. */
  advance(nowMs: number, paceRatio: number): number {
    if (nowMs < this.#lastMs) return 0;
    this.#owedMs = Math.min(this.#owedMs + (nowMs - this.#lastMs) * paceRatio, FRAMES_OWED_MAX * this.#frameMs);
    this.#lastMs = nowMs;
    this.#paceRatio = paceRatio;
    return Math.min(Math.floor(this.#owedMs / this.#frameMs), FRAMES_PER_TICK_MAX);
  }

  /** One of the frames was run. */
  handleFrame(): void {
    this.#owedMs -= this.#frameMs;
  }

  /** The next frame could not be run: it stays due, and the time beyond it is forgotten, so that no burst follows. */
  handleStall(): void {
    this.#owedMs = Math.min(this.#owedMs, this.#frameMs);
  }

  /** How far time is from the last frame to the next, 0–1. */
  alpha(nowMs: number): number {
    const owedMs = this.#owedMs + Math.max(0, nowMs - this.#lastMs) * this.#paceRatio;
    return Math.min(1, Math.max(0, owedMs / this.#frameMs));
  }
}
