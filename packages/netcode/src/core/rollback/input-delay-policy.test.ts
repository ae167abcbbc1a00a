import { describe, expect, it } from "vitest";
import { InputDelayPolicy } from "./input-delay-policy.ts";
import { LATE_FRAMES_UNKNOWN } from "./lateness.ts";

const WINDOW = { min: 0, max: 8 };

function policy(min: number, max: number): InputDelayPolicy {
  const made = new InputDelayPolicy();
  made.limit({ min, max }, WINDOW);
  return made;
}

describe("the input delay", () => {
  it("[PA6] covers up to two frames of the way, and what lies beyond the windows", () => {
    const at = (late: number, beyond: number): number => {
      const made = policy(0, 10);
      made.update(0, late, beyond, false);
      return made.frames;
    };
    expect([at(0, -7), at(1, -6), at(2, -5), at(7, 0), at(9, 2), at(10, 3), at(31, 24)]).toEqual([0, 1, 2, 2, 2, 3, 10]);
  });

  it("[PA6] stays within its limits, and where they are one number, there", () => {
    for (const [min, max, late, frames] of [
      [3, 6, 0, 3],
      [3, 6, 31, 6],
      [4, 4, 31, 4],
    ] as const) {
      const made = policy(min, max);
      made.update(0, late, late - 7, false);
      expect(made.frames).toBe(frames);
    }
    const made = policy(0, 10);
    made.update(0, LATE_FRAMES_UNKNOWN, 0, false);
    expect(made.frames).toBe(0);
    made.limit({ min: 5, max: 9 }, WINDOW);
    expect(made.frames).toBe(5);
  });

  it("[PA6] rises at once, and falls a frame a second once less was enough for five", () => {
    const made = policy(0, 10);
    made.update(0, 14, 7, false);
    expect(made.frames).toBe(7);
    const seen = new Map<number, number>();
    for (let nowMs = 1000; nowMs <= 12_000; nowMs += 100) {
      made.update(nowMs, 3, -4, false);
      if (nowMs % 1000 === 0) seen.set(nowMs, made.frames);
    }
    expect([...seen.values()]).toEqual([7, 7, 7, 7, 7, 6, 5, 4, 3, 2, 2, 2]);
  });

  it("[PA6] counts the five seconds anew after any moment in which it was needed", () => {
    const made = policy(0, 10);
    made.update(0, 14, 7, false);
    for (let nowMs = 1000; nowMs <= 60_000; nowMs += 1000) made.update(nowMs, 14, nowMs % 4000 === 0 ? 7 : 0, false);
    expect(made.frames).toBe(7);
  });

  it("[PA7] is one frame or more in lockstep", () => {
    const made = policy(0, 10);
    made.update(0, LATE_FRAMES_UNKNOWN, 0, true);
    expect(made.frames).toBe(1);
    made.update(0, 0, -1, true);
    expect(made.frames).toBe(1);
  });
});
