import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LAG_UNITS_PER_FRAME } from "../wire/limits.ts";
import { TimeSync } from "./time-sync.ts";

/** In units of the wire. */
function frames(count: number): number {
  return Math.round(count * LAG_UNITS_PER_FRAME);
}

describe("time sync", () => {
  it("[PA1] finds the distance of two clocks whatever the round trip", () => {
    const [early, late] = [new TimeSync(), new TimeSync()];
    // Two frames and a hundredth apart, five frames of way.
    for (let count = 0; count < 30; count++) {
      early.sampled(frames(2.01 + 5));
      late.sampled(frames(-2.01 + 5));
    }
    early.remoteLagArrived(late.lagUnits(0));
    late.remoteLagArrived(early.lagUnits(0));
    expect(early.frameAdvantage).toBeCloseTo(2.01, 2);
    expect(late.frameAdvantage).toBeCloseTo(-2.01, 2);
  });

  it("[PA1] is not moved by a burst of late datagrams", () => {
    const sync = new TimeSync();
    sync.remoteLagArrived(0);
    for (let count = 0; count < 30; count++) sync.sampled(frames(count % 4 === 0 ? 40 : 1));
    expect(sync.frameAdvantage).toBeCloseTo(0.5, 5);
  });

  it("[PA1] takes the mean of the middle third of the last 30 samples, whatever their order", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -9000, max: 9000 }), { minLength: 1, maxLength: 100 }), (lags) => {
        const sync = new TimeSync();
        for (const lag of lags) sync.sampled(lag);
        const sorted = lags.slice(-30).toSorted((left, right) => left - right);
        const skipped = Math.floor(sorted.length / 3);
        const middle = sorted.slice(skipped, sorted.length - skipped);
        // 0 and -0 are the same lag.
        expect(Math.abs(sync.lagUnits(0) - Math.round(middle.reduce((sum, lag) => sum + lag, 0) / middle.length))).toBe(0);
      }),
    );
  });

  it("[PA1] claims nothing before both sides have measured", () => {
    const sync = new TimeSync();
    expect([sync.known, sync.frameAdvantage]).toEqual([false, 0]);
    sync.sampled(frames(5));
    expect([sync.known, sync.frameAdvantage]).toEqual([false, 0]);
    sync.remoteLagArrived(new TimeSync().lagUnits(3));
    expect([sync.known, sync.frameAdvantage]).toEqual([false, 0]);
    sync.remoteLagArrived(0);
    expect([sync.known, sync.frameAdvantage]).toEqual([true, 2.5]);
  });
});
