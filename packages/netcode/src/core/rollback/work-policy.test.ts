import { describe, expect, it } from "vitest";
import { WorkPolicy } from "./work-policy.ts";

const FRAME_MS = 1000 / 60;

function policy(stepMs: number, saveMs: number, saveEveryFrames?: number): WorkPolicy {
  const made = new WorkPolicy(FRAME_MS, saveEveryFrames);
  made.limit({ min: 0, max: 8 });
  made.costsMeasured(stepMs, saveMs);
  made.update(0);
  return made;
}

describe("what a machine can afford", () => {
  it("[PA8] is so many predicted frames that half a frame's time simulates them all again", () => {
    const windows = [0.1, 0.5, 1, 2, 4, 20].map((stepMs) => policy(stepMs, 0).windowFrames);
    expect(windows).toEqual([8, 8, 7, 3, 1, 0]);
    expect(policy(1, 1, 1).windowFrames).toBe(3);
  });

  it("[PA8] shrinks at once and grows a frame each two seconds, within the limits", () => {
    const made = policy(20, 0);
    expect(made.windowFrames).toBe(0);
    made.costsMeasured(0.1, 0);
    const seen: number[] = [];
    for (let nowMs = 0; nowMs <= 20_000; nowMs += 1000) {
      made.update(nowMs);
      if (nowMs % 4000 === 0) seen.push(made.windowFrames);
    }
    expect(seen).toEqual([0, 2, 4, 6, 8, 8]);
    made.limit({ min: 2, max: 5 });
    expect(made.windowFrames).toBe(5);
    made.costsMeasured(20, 0);
    made.update(30_000);
    expect(made.windowFrames).toBe(2);
  });

  it("[PA8] saves more rarely the more a save costs beside a step, unless that is fixed", () => {
    const every = [
      [1, 0.01],
      [1, 0.06],
      [1, 0.25],
      [0.5, 0.5],
      [0.1, 2],
    ].map(([stepMs = 0, saveMs = 0]) => policy(stepMs, saveMs).saveEveryFrames);
    expect(every).toEqual([1, 1, 2, 4, 8]);
    expect(policy(0.1, 2, 3).saveEveryFrames).toBe(3);
    expect(new WorkPolicy(FRAME_MS, undefined).saveEveryFrames).toBe(1);
  });
});
