import { describe, expect, it } from "vitest";
import { RttEstimator } from "./rtt-estimator.ts";

describe("a round trip", () => {
  it("[PE1] is the first sample, then moves an eighth of the way, and its deviation a quarter", () => {
    const rtt = new RttEstimator();
    expect([rtt.rttMs, rtt.jitterMs]).toEqual([0, 0]);
    rtt.sample(100);
    expect([rtt.rttMs, rtt.jitterMs]).toEqual([100, 50]);
    rtt.sample(180);
    expect([rtt.rttMs, rtt.jitterMs]).toEqual([110, 57.5]);
  });

  it("[PE1] of a steady path has no jitter in the end", () => {
    const rtt = new RttEstimator();
    for (let count = 0; count < 50; count++) rtt.sample(80);
    expect(rtt.rttMs).toBe(80);
    expect(rtt.jitterMs).toBeLessThan(0.001);
  });

  it("[PE1] below zero, from clocks with coarse steps, counts as zero", () => {
    const rtt = new RttEstimator();
    rtt.sample(-3);
    expect(rtt.rttMs).toBe(0);
  });
});
