import { describe, expect, it } from "vitest";
import { CorrectionSmoother } from "./correction-smoother.ts";

describe("corrections of drawn values", () => {
  it("[PR1] are drawn where they were at first, and then shrink by half in each half-life", () => {
    const smooth = new CorrectionSmoother(2, { halfLifeMs: 50 });
    smooth.before(1, 100);
    smooth.after(1, 92);
    expect(92 + smooth.offset(1)).toBe(100);
    smooth.advance(50);
    expect(smooth.offset(1)).toBeCloseTo(4, 10);
    for (let picture = 0; picture < 10; picture++) smooth.advance(5);
    expect(smooth.offset(1)).toBeCloseTo(2, 10);
    expect(smooth.offset(0)).toBe(0);
  });

  it("[PR1] add up while one is still being hidden", () => {
    const smooth = new CorrectionSmoother(1);
    smooth.before(0, 10);
    smooth.after(0, 7);
    smooth.before(0, 7);
    smooth.after(0, 9);
    expect(smooth.offset(0)).toBe(1);
  });

  it("[PR2] beyond the snap distance, and of what was not there, are shown at once", () => {
    const smooth = new CorrectionSmoother(2, { snapDistance: 20 });
    smooth.before(0, 100);
    smooth.after(0, 60);
    expect(smooth.offset(0)).toBe(0);
    smooth.after(1, 50);
    expect(smooth.offset(1)).toBe(0);
    smooth.before(1, 5);
    smooth.reset(1);
    smooth.after(1, 4);
    expect(smooth.offset(1)).toBe(0);
  });
});
