import { describe, expect, it } from "vitest";
import { TimeSync } from "./time-sync.ts";

describe("time sync", () => {
  it("[PA1] finds the distance of two clocks whatever the round trip", () => {
    const [early, late] = [new TimeSync(), new TimeSync()];
    // Two frames and a hundredth apart, five frames of way.
    for (let count = 0; count < 30; count++) {
      early.sampled(2.01 + 5);
      late.sampled(-2.01 + 5);
    }
    early.remoteLagArrived(late.lagUnits(0));
    late.remoteLagArrived(early.lagUnits(0));
    expect(early.frameAdvantage).toBeCloseTo(2.01, 2);
    expect(late.frameAdvantage).toBeCloseTo(-2.01, 2);
  });

  it("[PA1] is not moved by a burst of late datagrams", () => {
    const sync = new TimeSync();
    sync.remoteLagArrived(0);
    for (let count = 0; count < 30; count++) sync.sampled(count % 4 === 0 ? 40 : 1);
    expect(sync.frameAdvantage).toBeCloseTo(0.5, 5);
  });

  it("[PA1] claims nothing before both sides have measured", () => {
    const sync = new TimeSync();
    expect([sync.known, sync.frameAdvantage]).toEqual([false, 0]);
    sync.sampled(5);
    expect([sync.known, sync.frameAdvantage]).toEqual([false, 0]);
    sync.remoteLagArrived(0);
    expect([sync.known, sync.frameAdvantage]).toEqual([true, 2.5]);
  });
});
