import { describe, expect, it } from "vitest";
import { simulateBatch } from "./match-batch.ts";
import { ScrambleSimulation } from "./scramble-simulation.ts";

describe("simulateBatch", () => {
  it("[SI19] sums figures, and names what was not exercised", () => {
    const seen: number[] = [];
    const calm = simulateBatch({
      firstSeed: 5,
      seedCount: 3,
      matchOf: (seed) => ({ seed, players: 2, seconds: 1, faults: [] }),
      onMatch: (report) => seen.push(report.seed),
    });
    expect(seen).toEqual([5, 6, 7]);
    expect(calm.failed).toEqual([]);
    expect(calm.figures["synchronized"]).toBe(6);
    expect(calm.unexercised).toContain("kills");
    expect(calm.unexercised).not.toContain("eventsConfirmed");
  });

  it("[SI19] keeps the reports of failed matches", () => {
    let made = 0;
    const report = simulateBatch({
      firstSeed: 1,
      seedCount: 2,
      matchOf: (seed) => ({
        seed,
        players: 2,
        seconds: 1,
        faults: [],
        createSimulation: () => new ScrambleSimulation({ seed: made++, playerCount: 2, endAfterFrames: undefined }),
      }),
    });
    expect(report.failed.map((failed) => failed.seed)).toEqual([1, 2]);
  });
});
