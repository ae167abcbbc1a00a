import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FRAMES_OWED_MAX, FRAMES_PER_TICK_MAX, FixedStep } from "./fixed-step.ts";

/** Frames that run between 0 and the last of `timesMs`. */
function run(timesMs: readonly number[], frameRateHz: number, paceRatio = 1): number {
  const steps = new FixedStep(0, frameRateHz);
  let frames = 0;
  for (const nowMs of timesMs) {
    for (let due = steps.advance(nowMs, paceRatio); due > 0; due--) {
      steps.handleFrame();
      frames++;
    }
  }
  return frames;
}

function every(intervalMs: number, endMs: number): number[] {
  return Array.from({ length: Math.floor(endMs / intervalMs) + 1 }, (_, index) => index * intervalMs);
}

describe("FixedStep", () => {
  test("[DR1] the frame rate holds at any rate of calls", () => {
    const rates = fc.tuple(fc.constantFrom(30, 50, 60, 144), fc.double({ min: 4, max: 25, noNaN: true }));
    fc.assert(
      fc.property(rates, ([frameRateHz, intervalMs]) => {
        const endMs = 10_000;
        const last = Math.floor(endMs / intervalMs) * intervalMs;
        expect(Math.abs(run(every(intervalMs, endMs), frameRateHz) - (1 + (last * frameRateHz) / 1_000))).toBeLessThan(1.001);
      }),
    );
  });

  test("[DR1] the pace changes the rate by its ratio", () => {
    expect([630, 631]).toContain(run(every(5, 10_000), 60, 1.05));
    expect([570, 571]).toContain(run(every(5, 10_000), 60, 0.95));
  });

  test("[DR2] the first frame is due at the start and not before", () => {
    const steps = new FixedStep(100, 60);
    expect([steps.advance(50, 1), steps.alpha(50)]).toEqual([0, 1]);
    expect([steps.advance(99.9, 1), steps.advance(100, 1)]).toEqual([0, 1]);
  });

  test("[DR3] a tick runs few frames, and a long absence is forgotten beyond the prediction window", () => {
    const steps = new FixedStep(0, 60);
    steps.advance(0, 1);
    steps.handleFrame();
    const counts: number[] = [];
    for (let nowMs = 60_000; nowMs < 60_030; nowMs += 5) {
      const due = steps.advance(nowMs, 1);
      counts.push(due);
      for (let frame = 0; frame < due; frame++) steps.handleFrame();
    }
    expect(Math.max(...counts)).toBe(FRAMES_PER_TICK_MAX);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(FRAMES_OWED_MAX + 2);
  });

  test("[DR4] a frame that cannot be run stays due, without a burst after it", () => {
    const steps = new FixedStep(0, 60);
    for (let nowMs = 0; nowMs < 2_000; nowMs += 5) {
      expect(steps.advance(nowMs, 1)).toBe(1);
      steps.handleStall();
    }
    expect(steps.advance(2_000, 1)).toBe(1);
    steps.handleFrame();
    expect(steps.advance(2_005, 1)).toBe(0);
  });

  test("[DR5] alpha goes from 0 to 1 between two frames and never beyond", () => {
    const steps = new FixedStep(0, 50);
    steps.advance(0, 1);
    steps.handleFrame();
    expect([0, 5, 10, 20, 500].map((nowMs) => steps.alpha(nowMs))).toEqual([0, 0.25, 0.5, 1, 1]);
  });
});
