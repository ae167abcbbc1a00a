import type { Random } from "../base/random.ts";
import * as LINK_TIMES from "./link-times.ts";

/** When a dialer tries and for how long: attempts grow, pauses grow, and all of it is spread by ± 15 %, so that pairs that failed together do not try together. */
export class AttemptSchedule {
  readonly #random: Random;
  #attempts = 0;
  #pauseMs: number = LINK_TIMES.retryPauseMs;

  constructor(random: Random) {
    this.#random = random;
  }

  /** How long the attempt that starts now may take. */
  nextAttemptMs(): number {
    return this.#spread(LINK_TIMES.attemptsMs[this.#attempts++] ?? LINK_TIMES.attemptsMsRest);
  }

  /** The pause after an attempt that failed before its time. */
  nextPauseMs(): number {
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(pauseMs * 2, LINK_TIMES.retryPauseMsMax);
    return this.#spread(pauseMs);
  }

  /** The pause between attempts to reach who could not be reached. */
  slowPauseMs(): number {
    return this.#spread(LINK_TIMES.slowRetryMs);
  }

  /** An attempt succeeded. */
  reset(): void {
    this.#attempts = 0;
    this.#pauseMs = LINK_TIMES.retryPauseMs;
  }

  #spread(lengthMs: number): number {
    return lengthMs * (0.85 + 0.3 * this.#random.float());
  }
}

/** `attemptMs` is that of somebody who has time. `Infinity` is of an end that waits for the other's dial. */
export function isSlow(nowMs: number, attemptMs: number): boolean {
  return attemptMs < Infinity && attemptMs - nowMs > 2 * LINK_TIMES.retryPauseMsMax;
}
