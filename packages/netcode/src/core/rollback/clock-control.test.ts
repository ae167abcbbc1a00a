import { describe, expect, it } from "vitest";
import { ClockControl } from "./clock-control.ts";
import { ADVANTAGE_UNITS_PER_FRAME } from "./time-sync.ts";

const FRAME_MS = 1000 / 60;

function started(): ClockControl {
  const control = new ClockControl();
  control.start(0);
  return control;
}

/** The rate after one look at so many others, all as far away. */
function steer(control: ClockControl, nowMs: number, aheadFrames: number): number {
  control.see(Math.round(aheadFrames * ADVANTAGE_UNITS_PER_FRAME));
  control.steer(nowMs);
  return control.rate;
}

/** Two clocks that drift apart by `driftRatio`, both corrected, and each sees the distance `ageFrames` late. Returns the distances, frame by frame. */
function run(options: {
  readonly driftRatio: number;
  readonly aheadFrames: number;
  readonly ageFrames: number;
  readonly frames: number;
}): number[] {
  const controls = [started(), started()];
  const distances: number[] = [];
  let distance = options.aheadFrames;
  for (let frame = 0; frame < options.frames; frame++) {
    const seen = distances[frame - options.ageFrames] ?? 0;
    const [early = 1, late = 1] = controls.map((control, place) => steer(control, frame * FRAME_MS, place === 0 ? seen : -seen));
    distance += early * (1 + options.driftRatio / 2) - late * (1 - options.driftRatio / 2);
    distances.push(distance);
  }
  return distances;
}

describe("the clock rate", () => {
  it("[PA2] is 5 % off at most in the first three seconds, and 1 % afterwards", () => {
    const rate = (aheadFrames: number, runningMs: number) => steer(started(), runningMs, aheadFrames);
    expect([rate(9, 2999), rate(-9, 2999), rate(9, 3000), rate(-9, 3000)]).toEqual([0.95, 1.05, 0.99, 1.01]);
    expect(rate(2, 0)).toBeCloseTo(0.9625, 6);
    expect(rate(0, 10_000)).toBe(1);
  });

  it("[PA2] leaves nothing of a drift of 1 %, however late it is measured up to 0.4 s", () => {
    for (const ageFrames of [1, 8, 16, 24]) {
      for (const driftRatio of [-0.01, 0.01]) {
        for (const aheadFrames of [-6, 0, 6]) {
          const distances = run({ driftRatio, aheadFrames, ageFrames, frames: 60 * 60 });
          for (const distance of distances.slice(6 * 60)) expect(Math.abs(distance)).toBeLessThan(0.25);
          expect(Math.abs(distances.at(-1) ?? 1)).toBeLessThan(0.12);
        }
      }
    }
  });

  it("[PA2] does not swing to the other side after a distance that took long to close", () => {
    const control = started();
    for (let frame = 0; frame < 1200; frame++) steer(control, 10_000 + frame * FRAME_MS, 20);
    // Only what the limit left room for was learnt.
    expect(Math.abs(control.learntRatio)).toBeLessThan(0.001);
  });

  it("[PA2] learns nothing of one that is more than a frame away, and goes by the others meanwhile", () => {
    const control = started();
    const look = (frame: number, lateFrames: number): void => {
      for (const aheadFrames of [0, 0, lateFrames]) control.see(Math.round(aheadFrames * ADVANTAGE_UNITS_PER_FRAME));
      control.steer(frame * FRAME_MS);
    };
    for (let frame = 0; frame < 120; frame++) look(frame, 6);
    expect(control.rate).toBeLessThan(0.97);
    expect(control.learntRatio).toBe(0);
    look(120, 0.9);
    expect(control.learntRatio).toBeGreaterThan(0);
  });

  it("[PA2] forgets what it learnt once there is no distance any more", () => {
    const control = started();
    for (let frame = 0; frame < 600; frame++) steer(control, 10_000 + frame * FRAME_MS, 0.2);
    const learnt = control.learntRatio;
    expect(learnt).toBeGreaterThan(0.005);
    for (let frame = 600; frame < 600 + 30 * 60; frame++) steer(control, 10_000 + frame * FRAME_MS, 0);
    expect(control.learntRatio / learnt).toBeCloseTo(Math.exp(-1), 1);
  });
});
