import { readFile } from "node:fs/promises";
import { unreachable } from "../core/base/assert.ts";
import { verifyReplay, type ReplayVerdict } from "../core/replay/verify-replay.ts";
import type { CommandOutcome } from "./command-outcome.ts";
import { loadGame, type AnyGame } from "./load-game.ts";
import { hex, messageOf } from "./wording.ts";

/** Plays the replay in `file` again with the game that `gameText` names, `MODULE#export`, and says in a sentence what came of it. */
export async function runReplayCommand(file: string, gameText: string): Promise<CommandOutcome> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (error) {
    return { exitCode: 2, message: `${file} cannot be read: ${messageOf(error)}` };
  }
  const game = await loadGame(gameText);
  if (typeof game === "string") return { exitCode: 2, message: game };
  try {
    return describe(file, game, verifyReplay(game, bytes));
  } catch (error) {
    return { exitCode: 1, message: `${file}: the game's own code failed: ${messageOf(error)}` };
  }
}

function describe(file: string, game: AnyGame, verdict: ReplayVerdict): CommandOutcome {
  if (verdict.ok) {
    const { frameCount, checksumCount, checksum, result } = verdict;
    const ending = result === undefined ? "" : `, result ${JSON.stringify(result)}`;
    const message = `${file}: ${frameCount} frames, ${checksumCount} checksums, all as recorded; the last is ${hex(checksum)}${ending}.`;
    return { exitCode: 0, message };
  }
  switch (verdict.reason) {
    case "checksum": {
      const { frame, goodFrame, expected, actual } = verdict;
      const message = `${file}: frame ${frame} came out as ${hex(actual)}, recorded was ${hex(expected)}; frame ${goodFrame} was still right.`;
      return { exitCode: 1, message };
    }
    case "unchecked":
      return { exitCode: 1, message: `${file}: it has no checksums, so that nothing can be shown.` };
    case "not-a-replay":
      return { exitCode: 2, message: `${file}: this is no replay.` };
    case "version":
      return { exitCode: 2, message: `${file}: a replay of another version of the format.` };
    case "damaged":
      return { exitCode: 2, message: `${file}: changed or cut off since it was written.` };
    case "malformed":
    case "too-large":
      return { exitCode: 2, message: `${file}: makes no sense (${verdict.reason}).` };
    case "other-game":
    case "other-content":
    case "other-players":
    case "bad-state":
      return {
        exitCode: 2,
        message: `${file}: not of this ${game.id} version ${game.version}, content ${game.contentHash} (${verdict.reason}).`,
      };
    default:
      return unreachable(verdict);
  }
}
