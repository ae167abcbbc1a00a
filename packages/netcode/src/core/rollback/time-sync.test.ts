import { describe, expect, it } from "vitest";
import { TimeSync, paceRatio } from "./time-sync.ts";

describe("time sync", () => {
  it("[RB14] finds the distance of two clocks whatever the round trip and the delays are", () => {
    const [early, late] = [new TimeSync(), new TimeSync()];
    // Two frames apart, five frames of way, delays of 1 and 4.
    for (let count = 0; count < 30; count++) {
      early.sampled(2 + 5 - 1 - 4);
      late.sampled(-2 + 5 - 1 - 4);
    }
    early.remoteLagArrived(late.lagUnits);
    late.remoteLagArrived(early.lagUnits);
    expect([early.frameAdvantage, late.frameAdvantage]).toEqual([2, -2]);
  });

  it("[RB14] is not moved by a burst of late datagrams", () => {
    const sync = new TimeSync();
    sync.remoteLagArrived(0);
    for (let count = 0; count < 30; count++) sync.sampled(count % 4 === 0 ? 40 : 1);
    expect(sync.frameAdvantage).toBeCloseTo(0.5, 5);
  });

  it("[RB14] claims nothing before both sides have measured", () => {
    const sync = new TimeSync();
    expect(sync.frameAdvantage).toBe(0);
    sync.sampled(5);
    expect(sync.frameAdvantage).toBe(0);
  });

  it("[RB14] slows down who is ahead and speeds up who is behind, by 1 % at most, and 5 % in the first three seconds", () => {
    expect(paceRatio(0.05, 10_000)).toBe(1);
    expect(paceRatio(9, 10_000)).toBe(0.99);
    expect(paceRatio(-9, 10_000)).toBe(1.01);
    expect(paceRatio(9, 2999)).toBe(0.95);
    expect(paceRatio(9, 3000)).toBe(0.99);
    expect(paceRatio(0.25, 10_000)).toBeCloseTo(0.995, 6);
    expect(paceRatio(-1, 0)).toBeCloseTo(1.025, 6);
  });
});
