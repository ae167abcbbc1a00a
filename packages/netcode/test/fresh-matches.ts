import { beforeAll, expect, it } from "vitest";
import { describeFailure, drawPlayers } from "../scripts/sim-command.ts";
import { FAULT_KINDS, simulateBatch } from "../src/sim/index.ts";

/** All of them and both files together: what one run of `pnpm test` plays. */
const SEEDS = 2_000;
const HALVES = 2;
/** A part fails early, and says so early. */
const PARTS = 4;
const SECONDS = 10;
/** Fifteen seconds of one core, many times over: a hang is what this is for. */
const PART_TIMEOUT_MS = 900_000;

/**
 * Other matches in every run: 2–8 players, every kind of fault switched on or off by the seed. `ROLLCALL_SEED=N` plays those of another run again, a seed that failed says how
 * it is played alone. Each of two files plays its half, so that two cores are busy.
 */
export function testFreshMatches(half: 0 | 1): void {
  const given = process.env["ROLLCALL_SEED"];
  const baseSeed = given === undefined ? Math.floor(Math.random() * 4_000_000_000) : Number(given);
  const seedCount = SEEDS / HALVES / PARTS;
  const unexercised: (readonly string[])[] = [];

  beforeAll(() => {
    console.info(`fresh matches, base seed ${baseSeed}: ROLLCALL_SEED=${baseSeed} plays them again`);
  });

  for (let part = 0; part < PARTS; part++) {
    it(
      `part ${half * PARTS + part + 1} of ${HALVES * PARTS}`,
      () => {
        const report = simulateBatch({
          firstSeed: baseSeed + (half * PARTS + part) * seedCount,
          seedCount,
          matchOf: (seed) => ({ seed, players: drawPlayers([2, 8], seed), seconds: SECONDS, faults: FAULT_KINDS }),
        });
        unexercised.push(report.unexercised);
        expect(
          report.failed.flatMap((failed) => describeFailure(failed, { seconds: SECONDS, faults: FAULT_KINDS, network: undefined })),
        ).toEqual([]);
      },
      PART_TIMEOUT_MS,
    );
  }

  it("and what the faults were meant to bring about did happen", () => {
    expect(unexercised).toHaveLength(PARTS);
    const [first = [], ...others] = unexercised;
    expect(first.filter((name) => others.every((names) => names.includes(name)))).toEqual([]);
  });
}
