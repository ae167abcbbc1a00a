import { describe, expect, it } from "vitest";
import { describeFailure } from "../scripts/sim-command.ts";
import { FAULT_KINDS, simulateBatch, type BatchReport, type FaultKind, type LinkProfile } from "../src/sim/index.ts";
import { tagGame } from "./tag-game.ts";

/**
 * The same matches in every run, each batch about one thing. Every fault at once, in other matches each time, is in fresh-matches.ts; each failure that was
 * found stays in regressions.sim.test.ts.
 */
const BASE_SEED = 1;
/** Seeds are 32 bits; batches lie apart so that no two play the same seeds. */
const BATCH_DISTANCE = 100_000;

interface Batch {
  readonly index: number;
  readonly players: number;
  readonly seeds: number;
  readonly seconds?: number;
  readonly faults?: readonly FaultKind[];
  readonly network?: LinkProfile;
}

function play({ index, players, seeds, seconds = 10, faults = FAULT_KINDS, network }: Batch): BatchReport {
  return simulateBatch({
    firstSeed: BASE_SEED + index * BATCH_DISTANCE,
    seedCount: seeds,
    matchOf: (seed) => ({ seed, players, seconds, faults, ...(network === undefined ? {} : { network }) }),
  });
}

/** Fails with seed, frame, peer and the command that plays the seed again. */
function expectClean(report: BatchReport, { seconds = 10, faults = FAULT_KINDS, network }: Batch): void {
  const lines = report.failed.flatMap((failed) => describeFailure(failed, { seconds, faults, network }));
  expect(lines).toEqual([]);
}

/** What the faults of a batch were meant to bring about did happen. */
function expectHappened(report: BatchReport, names: readonly string[]): void {
  expect(names.filter((name) => (report.figures[name] ?? 0) === 0)).toEqual([]);
}

const without = (...kinds: FaultKind[]): FaultKind[] => FAULT_KINDS.filter((kind) => !kinds.includes(kind));

describe("rollback under simulated faults", () => {
  it("[SI21] survivors of kills agree on the frame from which bots play, and go on", () => {
    const batch: Batch = { index: 20, players: 4, seeds: 100, faults: ["kill", "loss", "bursts", "jitter", "hiccups"] };
    const report = play(batch);
    expectClean(report, batch);
    expectHappened(report, ["kills", "seatsToBots", "lostAtRandom", "rollbacks"]);
  });

  it("[SI21] nobody is suspected or dropped for 20 % loss and jitter alone", () => {
    const batch: Batch = { index: 21, players: 4, seeds: 60, faults: ["loss", "jitter", "duplicates", "reordering", "clocks"] };
    const report = play(batch);
    expectClean(report, batch);
    expectHappened(report, ["lostAtRandom", "rollbacks", "duplicated", "reordered"]);
    expect([report.figures["suspects"], report.figures["seatsToBots"]]).toEqual([0, 0]);
  });

  it("[SI21] pages that stand still for a moment are not dropped", () => {
    const batch: Batch = { index: 22, players: 3, seeds: 60, faults: ["hiccups", "clocks", "render-rates"] };
    const report = play(batch);
    expectClean(report, batch);
    expectHappened(report, ["freezes", "rollbacks", "stalledFrames"]);
    expect(report.figures["seatsToBots"]).toBe(0);
  });

  it("[SI21] constant paths without faults neither stall nor drop", () => {
    const batch: Batch = { index: 23, players: 4, seeds: 20, faults: [], network: "transatlantic" };
    const report = play(batch);
    expectClean(report, batch);
    expectHappened(report, ["rollbacks", "synchronized"]);
    expect(report.figures["seatsToBots"]).toBe(0);
  });

  it("[SI21] every profile of a network plays", () => {
    for (const [place, network] of (["perfect", "lan", "wifi", "wifi-lossy", "mobile-4g", "bad-hotel"] as const).entries()) {
      const batch: Batch = { index: 24 + place, players: 3, seeds: 8, faults: without("kill", "leave", "partition"), network };
      expectClean(play(batch), batch);
    }
  });

  it("[SI22] a game of one's own can be fuzzed like the library", () => {
    const report = simulateBatch({
      firstSeed: BASE_SEED,
      seedCount: 20,
      matchOf: (seed) => ({ seed, players: 3, seconds: 6, game: tagGame }),
    });
    const lines = report.failed.flatMap((failed) => [`seed ${failed.seed}`, ...failed.failures.map((failure) => JSON.stringify(failure))]);
    expect(lines).toEqual([]);
    expectHappened(report, ["rollbacks", "eventsConfirmed"]);
  });
});
