import { decodeHex } from "../base/hex.ts";
import type { PlainDifference } from "../base/plain-differences.ts";
import { differencesOf, type DesyncReport } from "./desync-report.ts";
import type { Game } from "./game.ts";
import { GameSimulation } from "./game-simulation.ts";
import type { InputSchema } from "./input-schema.ts";

/**
 * What playing a report again showed.
 *
 * - `inputs`: the two peers played with different inputs. A network or a memory at fault, or somebody who cheats; not the game.
 * - `not-deterministic`: two runs here came to different states. The game uses something besides state, inputs and `random`.
 * - `remote-differs`, `local-differs`: here it comes out as at the one, so that the other computed, or kept, something else: another engine or build, a memory at fault, or
 *   a state that was changed outside of `step`.
 * - `neither`: here it comes out as at neither of them. Another build of the game, or one that is not the same on every engine.
 * - `incomplete`: the report has no state to start from.
 */
export type DesyncVerdict = "inputs" | "not-deterministic" | "remote-differs" | "local-differs" | "neither" | "incomplete";

export interface DesyncReplay {
  readonly verdict: DesyncVerdict;
  /** The game given here is the one of the report. */
  readonly isSameGame: boolean;
  /** Checksum after `report.frame` here; `undefined` when the report is incomplete. */
  readonly checksum: number | undefined;
  /** The values in which the two peers differ, and after which frame. */
  readonly differences: readonly PlainDifference[];
  readonly differencesFrame: number | undefined;
}

/** Plays the frames of a report again, twice, from the state that both peers had. */
export function replayDesyncReport<State, Schema extends InputSchema>(report: DesyncReport, game: Game<State, Schema>): DesyncReplay {
  const isSameGame = report.game.id === game.id && report.game.contentHash === game.contentHash;
  const [first, second] = [play(report, game), play(report, game)];
  const [local, remote] = [decodeHex(report.states?.local ?? ""), decodeHex(report.states?.remote ?? "")];
  const hasStates = local !== undefined && remote !== undefined && report.states !== null;
  const differences = hasStates ? differencesOf(new GameSimulation(game, report.setup), local, remote) : [];
  return {
    verdict: verdictOf(report, first, second),
    isSameGame,
    checksum: first,
    differences,
    differencesFrame: report.states?.frame,
  };
}

function verdictOf(report: DesyncReport, first: number | undefined, second: number | undefined): DesyncVerdict {
  if (report.playerIndexes.length > 0) return "inputs";
  if (first === undefined) return "incomplete";
  if (first !== second) return "not-deterministic";
  if (first === report.localChecksum) return "remote-differs";
  return first === report.remoteChecksum ? "local-differs" : "neither";
}

/** The checksum after `report.frame`; `undefined` when the report does not reach there. */
function play<State, Schema extends InputSchema>(report: DesyncReport, game: Game<State, Schema>): number | undefined {
  const { start, frame, inputsBytes } = report;
  const [state, rows] = [decodeHex(start?.state ?? ""), decodeHex(report.rows)];
  const simulation = new GameSimulation(game, report.setup);
  if (start === null || state === undefined || rows === undefined || !simulation.deserialize(state)) return undefined;
  if (inputsBytes !== simulation.playerCount * simulation.inputBytes) return undefined;
  const rowBytes = 2 + inputsBytes;
  let { stepFrame } = start;
  for (let next = start.frame + 1; next <= frame; next++) {
    const row = rows.subarray((next - start.frame - 1) * rowBytes, (next - start.frame) * rowBytes);
    if (row.length < rowBytes) return undefined;
    if (row[1] === 1) continue;
    const bots = Uint8Array.from({ length: simulation.playerCount }, (_, player) => ((row[0] ?? 0) >>> player) & 1);
    simulation.step(stepFrame++, row.subarray(2), bots, () => {});
  }
  return simulation.checksum();
}
