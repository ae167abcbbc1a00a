import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LATE_FRAMES_MAX, LATE_FRAMES_UNKNOWN, Lateness, latenessSlice } from "./lateness.ts";

describe("lateness", () => {
  it("[PA6] is the second-worst quarter of a second of the last four", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(40), fc.integer({ min: -5, max: 60 })), { minLength: 1, maxLength: 100 }), (arrivals) => {
        const lateness = new Lateness();
        const sorted = arrivals.toSorted(([left], [right]) => left - right);
        const now = sorted.at(-1)?.[0] ?? 0;
        const worst = new Map<number, number>();
        for (const [slice, late] of sorted) {
          lateness.arrived(slice, late);
          if (slice > now - 16) worst.set(slice, Math.max(worst.get(slice) ?? 0, Math.min(LATE_FRAMES_MAX, late)));
        }
        const [, second = LATE_FRAMES_UNKNOWN] = [...worst.values()].toSorted((left, right) => right - left);
        expect(lateness.told(now)).toBe(second);
      }),
    );
  });

  it("[PA6] forgets what is four seconds old, and knows nothing of a peer that sent nothing", () => {
    const lateness = new Lateness();
    expect(lateness.told(latenessSlice(9000))).toBe(LATE_FRAMES_UNKNOWN);
    lateness.arrived(latenessSlice(10_000), 7);
    lateness.arrived(latenessSlice(10_250), 9);
    expect(lateness.told(latenessSlice(13_999))).toBe(7);
    expect(lateness.told(latenessSlice(14_000))).toBe(LATE_FRAMES_UNKNOWN);
  });
});
