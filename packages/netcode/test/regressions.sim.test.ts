import { describe, expect, it } from "vitest";
import { describeFailure } from "../scripts/sim-command.ts";
import { FAULT_KINDS, simulateMatch } from "../src/sim/index.ts";

/**
 * Seeds that failed once. What a seed does follows the drawing of plans (`fault-plan.ts`): when that changes, a seed here plays another match and stays as
 * one more seed; the rule that it broke has a test of its own beside the session.
 */
const REGRESSIONS: readonly { readonly name: string; readonly players: number; readonly seed: number }[] = [
  { name: "a goodbye that overtakes the last datagrams is not forgotten", players: 2, seed: 1 },
  { name: "the same after an outage", players: 2, seed: 5 },
  { name: "the broker's word outlives packets that were on their way", players: 2, seed: 75 },
  { name: "a pair that hears each other again is not dropped for the silence before", players: 3, seed: 67 },
  { name: "a vote that can no longer be decided is taken back", players: 3, seed: 72 },
  { name: "a vote that can no longer be decided is taken back, by two", players: 3, seed: 95 },
  { name: "a vote that can no longer be decided is taken back, never heard", players: 3, seed: 184 },
  { name: "a vote that can no longer be decided is taken back, after a freeze", players: 3, seed: 266 },
  { name: "a vote that can no longer be decided is taken back, after a kill", players: 3, seed: 312 },
  { name: "the checksum of a peer that was dropped is no desync", players: 3, seed: 68 },
  { name: "a connected majority goes on after crossed votes", players: 4, seed: 130 },
  { name: "a connected majority goes on after crossed votes, again", players: 4, seed: 321 },
  { name: "nobody is killed and nobody stands still after a partition", players: 4, seed: 5_410 },
  { name: "two survivors of four go on with the broker's word", players: 4, seed: 5_315 },
  { name: "the last of four goes on with the broker's word for all others", players: 4, seed: 5_509 },
  { name: "a match that ended just before a partition keeps its result", players: 4, seed: 102_137 },
  { name: "who joins counts before another who joins knows it", players: 4, seed: 9_101 },
  {
    name: "nobody is told of two that they are gone who have just gone on by themselves, one of whom lives",
    players: 3,
    seed: 2_405_652_613,
  },
  { name: "rows of who was followed before are only late", players: 7, seed: 30_355 },
  {
    name: "who finds out by its own frame that it was dropped follows at once; two states after a freeze are one too many",
    players: 4,
    seed: 20_373,
  },
  { name: "a state that was asked for twice is only late", players: 5, seed: 1_200_032 },
  { name: "of two casts that exclude each other the one is followed that can still be decided", players: 5, seed: 10_010_265 },
  { name: "a voter dies in the moment of the vote: who may not go on waits, who is voted out is told", players: 3, seed: 1_100_112 },
  { name: "who dies just before the end of a match keeps it from nobody who follows", players: 5, seed: 10_043_613 },
  {
    name: "two go on only where it is certain that the third counted the one of them who had just come back",
    players: 3,
    seed: 10_067_274,
  },
  { name: "who begins with a state from after its seat was given refuses nothing of what came before", players: 2, seed: 10_072_829 },
  { name: "nobody resigns to one who is cast out itself", players: 7, seed: 10_085_114 },
  { name: "a vote that counts somebody whose entry is not confirmed yet is left aside, not refused", players: 8, seed: 20_004_148 },
  { name: "three of eight who come back at once count each other, and refuse no vote", players: 8, seed: 20_011_475 },
  { name: "who hears that it is dropped tells all others, since who decided it may have died", players: 3, seed: 20_001_825 },
  { name: "a new state leaves in force what was told with rows from after it", players: 6, seed: 10_076_315 },
  { name: "who ended finds nobody deaf to whom nothing is repeated any more", players: 5, seed: 80_016_250 },
  {
    name: "who lacks the last input before the end of one who is gone waits, where nobody may decide without that one",
    players: 4,
    seed: 80_016_363,
  },
  { name: "the end is kept from who follows where nobody lives who was told that it is another one's, too", players: 4, seed: 100_022_931 },
  { name: "from whom nothing ever came is waited for five seconds, whatever is asked of the last one", players: 2, seed: 110_002_918 },
  {
    name: "who lacks the last inputs of one who lives, and ended, may give its seat to a bot after the end",
    players: 8,
    seed: 120_001_212,
  },
];

describe("seeds that failed once", () => {
  for (const { name, players, seed } of REGRESSIONS) {
    it(`[SI21] ${name} (${players} players, seed ${seed})`, () => {
      const report = simulateMatch({ seed, players, seconds: 10 });
      const lines = report.ok ? [] : describeFailure(report, { seconds: 10, faults: FAULT_KINDS, network: undefined });
      expect(lines).toEqual([]);
    });
  }
});
