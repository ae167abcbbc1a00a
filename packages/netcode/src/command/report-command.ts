import { readFile } from "node:fs/promises";
import { unreachable } from "../core/base/assert.ts";
import { replayDesyncReport, type DesyncReplay } from "../core/game/desync-replay.ts";
import { parseDesyncReport, type DesyncReport } from "../core/game/desync-report.ts";
import type { CommandOutcome } from "./command-outcome.ts";
import { loadGame } from "./load-game.ts";
import { hex, messageOf } from "./wording.ts";

/** Differences printed; a report holds a few more. */
const DIFFERENCES_SHOWN = 12;

/** Plays the frames of the desync report in `file` again with the game that `gameText` names, `MODULE#export`, and says what that shows. */
export async function runReportCommand(file: string, gameText: string): Promise<CommandOutcome> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    return { exitCode: 2, message: `${file} cannot be read: ${messageOf(error)}` };
  }
  const report = parseDesyncReport(text);
  if (report === undefined) return { exitCode: 2, message: `${file}: this is no desync report.` };
  const game = await loadGame(gameText);
  if (typeof game === "string") return { exitCode: 2, message: game };
  if (game.id !== report.game.id) return { exitCode: 2, message: `${file}: of the game "${report.game.id}", not of "${game.id}".` };
  try {
    return describe(file, report, replayDesyncReport(report, game));
  } catch (error) {
    return { exitCode: 2, message: `${file}: the game's own code failed: ${messageOf(error)}` };
  }
}

function describe(file: string, report: DesyncReport, replay: DesyncReplay): CommandOutcome {
  const { frame, isFirst, paths, localChecksum, remoteChecksum, remotePeerId, game } = report;
  const since = isFirst ? "first differ" : "differ at the latest";
  const lines = [
    `${file}: ${game.id} version ${game.version}, content ${game.contentHash}${report.environment === "" ? "" : `, ${report.environment}`}`,
    `The states ${since} after frame ${frame}: ${hex(localChecksum)} here, ${hex(remoteChecksum)} at ${remotePeerId}${paths.length === 0 ? "" : `, in ${paths.join(", ")}`}.`,
  ];
  if (replay.differencesFrame !== undefined) {
    lines.push(`After frame ${replay.differencesFrame}, here and there:`);
    for (const { path, local, remote } of replay.differences.slice(0, DIFFERENCES_SHOWN)) {
      lines.push(`  ${path.replace(/^\./, "")}: ${JSON.stringify(local)} and ${JSON.stringify(remote)}`);
    }
    if (replay.differences.length > DIFFERENCES_SHOWN)
      lines.push(`  and ${replay.differences.length - DIFFERENCES_SHOWN} more, or more than that`);
  }
  if (!replay.isSameGame) lines.push("The game given here is another one, or another build of it: what follows may not hold.");
  lines.push(sentenceOf(report, replay));
  const isExplained = replay.verdict === "inputs" || replay.verdict === "remote-differs" || replay.verdict === "local-differs";
  return { exitCode: isExplained ? 0 : replay.verdict === "incomplete" ? 2 : 1, message: lines.join("\n") };
}

function sentenceOf({ playerIndexes, frame }: DesyncReport, { verdict, checksum = 0 }: DesyncReplay): string {
  switch (verdict) {
    case "inputs":
      return `The inputs of player ${playerIndexes.join(", ")} differed: not the game, but who sent two inputs for one frame, or a broken memory.`;
    case "not-deterministic":
      return "Played twice here, it came out in two ways: step uses something besides state, inputs and random.";
    case "remote-differs":
      return `Played again, frame ${frame} comes out as here: the other computed, or kept, something else (its engine, its build, its memory, or a state changed outside of step).`;
    case "local-differs":
      return `Played again, frame ${frame} comes out as there: this peer computed, or kept, something else (its engine, its build, its memory, or a state changed outside of step).`;
    case "neither":
      return `Played again, frame ${frame} comes out as ${hex(checksum)}, as at neither of them: another build, or arithmetic that differs between engines.`;
    case "incomplete":
      return "The report has no state and inputs to play again from.";
    default:
      return unreachable(verdict);
  }
}
