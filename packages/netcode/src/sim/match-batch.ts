import type { InputSchema } from "../core/game/input-schema.ts";
import { simulateMatch, type MatchFigures, type MatchOptions, type MatchReport } from "./simulate-match.ts";

/** What a batch with all faults must have exercised, or it proved less than it says. */
const CLAIMS: readonly (keyof MatchFigures)[] = [
  "rollbacks",
  "resimulatedFrames",
  "stalledFrames",
  "lostAtRandom",
  "lostInBursts",
  "lostToQueue",
  "lostToCut",
  "duplicated",
  "reordered",
  "sendsRefused",
  "kills",
  "freezes",
  "cuts",
  "suspects",
  "recoveries",
  "seatsToBots",
  "drops",
  "waits",
  "pauses",
  "seatsToPlayers",
  "returns",
  "eventsPredicted",
  "eventsConfirmed",
  "eventsCancelled",
  "ends",
];

/** Many matches. */
export interface BatchReport {
  readonly matches: number;
  /** Reports of the matches that failed. */
  readonly failed: readonly MatchReport[];
  /** By the names of `MatchFigures`: sums over all matches, and of `…Max` the largest. */
  readonly figures: Readonly<Record<string, number>>;
  /** Figures that stayed 0 although a batch with all faults claims to exercise them. */
  readonly unexercised: readonly string[];
}

export interface BatchOptions<State, Schema extends InputSchema> {
  readonly firstSeed: number;
  /** Seeds `firstSeed`, `firstSeed` + 1, … */
  readonly seedCount: number;
  readonly matchOf: (seed: number) => MatchOptions<State, Schema>;
  /** Hears of each report as it comes. */
  readonly onMatch?: (report: MatchReport) => void;
}

/**
 * Plays a match for each seed. A batch that is small, or whose faults are limited, leaves something `unexercised`: whoever claims full coverage
 * checks that it is empty.
 */
export function simulateBatch<State, Schema extends InputSchema>(options: BatchOptions<State, Schema>): BatchReport {
  const { firstSeed, seedCount, matchOf, onMatch } = options;
  const failed: MatchReport[] = [];
  const figures: Record<string, number> = {};
  for (let seed = firstSeed; seed < firstSeed + seedCount; seed++) {
    const report = simulateMatch(matchOf(seed));
    for (const [name, value] of Object.entries(report.figures)) {
      const before = figures[name] ?? 0;
      figures[name] = name.endsWith("Max") ? Math.max(before, value) : before + value;
    }
    if (!report.ok) failed.push(report);
    onMatch?.(report);
  }
  return { matches: seedCount, failed, figures, unexercised: CLAIMS.filter((name) => (figures[name] ?? 0) === 0) };
}
