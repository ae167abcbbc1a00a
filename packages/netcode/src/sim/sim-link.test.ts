import { describe, expect, it } from "vitest";
import { Random } from "../core/base/random.ts";
import { CLEAN_CONDITIONS, SimLink, type LinkConditions } from "./sim-link.ts";

const PACKETS = 20_000;

function linkWith(conditions: Partial<LinkConditions>, seed = 1): SimLink {
  return new SimLink(new Random(seed, "link"), { ...CLEAN_CONDITIONS, ...conditions });
}

/** Arrival of `PACKETS` packets, one each 10 ms. */
function arrivals(link: SimLink): number[] {
  return Array.from({ length: PACKETS }, (_, index) => link.carry(index * 10, 100).arrivalMs);
}

describe("SimLink", () => {
  it("[SI3] a clean link delivers each packet after its delay", () => {
    const link = linkWith({ delayMs: 25 });
    expect(link.carry(100, 60)).toEqual({ arrivalMs: 125, duplicateMs: Infinity });
  });

  it("[SI3] random loss takes the share that was asked for", () => {
    const link = linkWith({ lossRatio: 0.2 });
    const lost = arrivals(link).filter((arrivalMs) => arrivalMs === Infinity).length;
    expect(lost / PACKETS).toBeGreaterThan(0.19);
    expect(lost / PACKETS).toBeLessThan(0.21);
    expect(link.figures.lostAtRandom).toBe(lost);
  });

  it("[SI4] losses in bursts have the share and the mean length of their Gilbert–Elliott chain", () => {
    const link = linkWith({ burst: { enterRatio: 0.01, leaveRatio: 0.2, lossRatio: 1 } });
    const lost = arrivals(link).map((arrivalMs) => arrivalMs === Infinity);
    const losses = lost.filter(Boolean).length;
    const bursts = lost.filter((isLost, index) => isLost && lost[index - 1] !== true).length;
    // Share of the bad state: enter / (enter + leave) = 4.8 %; mean burst: 1 / leave = 5 packets.
    expect(losses / PACKETS).toBeGreaterThan(0.038);
    expect(losses / PACKETS).toBeLessThan(0.058);
    expect(losses / bursts).toBeGreaterThan(4.2);
    expect(losses / bursts).toBeLessThan(5.8);
  });

  it("[SI3] jitter has the mean that was asked for, at most four times it, and keeps the order", () => {
    const link = linkWith({ jitterMs: 10 });
    const jitters = Array.from({ length: PACKETS }, (_, index) => link.carry(index * 1_000, 100).arrivalMs - index * 1_000);
    const meanMs = jitters.reduce((sum, jitterMs) => sum + jitterMs, 0) / PACKETS;
    expect(meanMs).toBeGreaterThan(9.5);
    expect(meanMs).toBeLessThan(10.5);
    expect(Math.max(...jitters)).toBeLessThanOrEqual(40);
    const dense = arrivals(linkWith({ jitterMs: 30 }));
    expect(dense.every((arrivalMs, index) => index === 0 || arrivalMs >= (dense[index - 1] ?? 0))).toBe(true);
  });

  it("[SI3] reordered packets are overtaken, duplicates arrive later than the first copy", () => {
    const link = linkWith({ reorderRatio: 0.1, duplicateRatio: 0.25 });
    let overtaken = 0;
    let newestMs = 0;
    for (let index = 0; index < PACKETS; index++) {
      const { arrivalMs, duplicateMs } = link.carry(index * 10, 100);
      if (arrivalMs < newestMs) overtaken++;
      newestMs = Math.max(newestMs, arrivalMs);
      expect(duplicateMs).toBeGreaterThanOrEqual(arrivalMs);
    }
    expect(overtaken).toBeGreaterThan(0);
    expect(link.figures.reordered / PACKETS).toBeCloseTo(0.1, 1);
    expect(link.figures.duplicated / PACKETS).toBeCloseTo(0.25, 1);
  });

  it("[SI5] a full link queues, and loses what does not fit into its queue", () => {
    const link = linkWith({ delayMs: 5, rateBytesPerSecond: 1_000, queueBytes: 250 });
    expect(link.carry(0, 100).arrivalMs).toBe(105);
    expect(link.carry(0, 100).arrivalMs).toBe(205);
    expect(link.carry(0, 100).arrivalMs).toBe(Infinity);
    expect(link.carry(100, 100).arrivalMs).toBe(305);
    expect(link.figures.lostToQueue).toBe(1);
  });

  it("[SI6] overlapping cuts need a restore each", () => {
    const link = linkWith({});
    link.cut();
    link.cut();
    link.restore();
    expect(link.carry(0, 100).arrivalMs).toBe(Infinity);
    link.restore();
    expect(link.carry(1, 100).arrivalMs).toBe(1);
    expect(link.figures.lostToCut).toBe(1);
    expect(() => link.restore()).toThrow("after a cut");
  });

  it("[SI3] conditions may change at any time and must make sense", () => {
    const link = linkWith({ delayMs: 5 });
    link.change({ delayMs: 50 });
    expect(link.carry(10, 100).arrivalMs).toBe(60);
    expect(() => link.change({ lossRatio: 1.01 })).toThrow("ratio");
    expect(() => link.change({ delayMs: -1 })).toThrow("delayMs");
    expect(() => link.change({ rateBytesPerSecond: 0 })).toThrow("rateBytesPerSecond");
  });

  it("[SI1] equal seeds give equal links", () => {
    const conditions = { lossRatio: 0.1, jitterMs: 20, duplicateRatio: 0.1, reorderRatio: 0.1 };
    expect(arrivals(linkWith(conditions, 9))).toEqual(arrivals(linkWith(conditions, 9)));
    expect(arrivals(linkWith(conditions, 9))).not.toEqual(arrivals(linkWith(conditions, 10)));
  });
});
