import { describe, expect, it } from "vitest";
import { ClockControl } from "./clock-control.ts";

const STEP_SECONDS = 1 / 60;

/** Two clocks that drift apart by `driftRatio`, both corrected, and each sees the distance `ageFrames` late. Returns the distances, frame by frame. */
function run(options: {
  readonly driftRatio: number;
  readonly aheadFrames: number;
  readonly ageFrames: number;
  readonly frames: number;
}): number[] {
  const controls = [new ClockControl(), new ClockControl()];
  const distances: number[] = [];
  let distance = options.aheadFrames;
  for (let frame = 0; frame < options.frames; frame++) {
    const seen = distances[frame - options.ageFrames] ?? 0;
    const [early = 1, late = 1] = controls.map((control, place) =>
      control.update(place === 0 ? seen : -seen, 1, frame * 1000 * STEP_SECONDS, STEP_SECONDS),
    );
    distance += early * (1 + options.driftRatio / 2) - late * (1 - options.driftRatio / 2);
    distances.push(distance);
  }
  return distances;
}

describe("the clock rate", () => {
  it("[PA2] is 5 % off at most in the first three seconds, and 1 % afterwards", () => {
    const rate = (aheadFrames: number, runningMs: number) => new ClockControl().update(aheadFrames, 1, runningMs, STEP_SECONDS);
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
    const control = new ClockControl();
    for (let frame = 0; frame < 1200; frame++) control.update(20, 1, 10_000, STEP_SECONDS);
    // Only what the limit left room for was learnt.
    expect(Math.abs(control.learntRatio)).toBeLessThan(0.001);
  });

  it("[PA2] forgets what it learnt once there is no distance any more", () => {
    const control = new ClockControl();
    for (let frame = 0; frame < 600; frame++) control.update(0.2, 1, 10_000, STEP_SECONDS);
    const learnt = control.learntRatio;
    expect(learnt).toBeGreaterThan(0.005);
    for (let frame = 0; frame < 30 * 60; frame++) control.update(0, 1, 10_000, STEP_SECONDS);
    expect(control.learntRatio / learnt).toBeCloseTo(Math.exp(-1), 1);
  });
});
