import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { recordLocally, setupFor } from "../../test/replay-world.ts";
import { tagGame } from "../../test/tag-game.ts";
import { encodeReplay } from "../core/replay/index.ts";
import { loadFailure } from "./load-game.ts";
import { runReplayCommand } from "./replay-command.ts";

const folder = mkdtempSync(join(tmpdir(), "rollcall-replay-"));
const game = `${fileURLToPath(new URL("../../test/tag-game.ts", import.meta.url))}#tagGame`;
const command = fileURLToPath(new URL("rollcall.ts", import.meta.url));

afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the command as a shell does. */
async function run(...parameters: readonly string[]): Promise<{ exitCode: number; text: string }> {
  return new Promise((resolve) => {
    const argv = ["--conditions=@rollcall/source", "--import", "tsx", command, ...parameters];
    execFile(process.execPath, argv, (error, stdout, stderr) =>
      resolve({ exitCode: error === null ? 0 : Number(error.code), text: stdout + stderr }),
    );
  });
}

it("[RE12] the command plays a replay again: 0 when all is as recorded, 1 and a sentence when a frame is not, 2 when it cannot be tried", async () => {
  const { replay } = recordLocally(tagGame, setupFor(2), 400, (player, frame) => [frame % 40 < 20 ? player : 0]);
  const good = join(folder, "good.rcr");
  const wrong = join(folder, "wrong.rcr");
  writeFileSync(good, encodeReplay(replay));
  writeFileSync(wrong, encodeReplay({ ...replay, checksums: replay.checksums.map(({ frame }) => ({ frame, checksum: 7 })) }));
  const outcomes = await Promise.all([run("replay", good, "--game", game), run("replay", wrong, "--game", game), run("play")]);
  expect(outcomes.map(({ exitCode }) => exitCode)).toEqual([0, 1, 2]);
  expect(outcomes[0]?.text).toContain("400 frames, 2 checksums, all as recorded");
  expect(outcomes[1]?.text).toContain("frame 300 came out as");
  expect(await runReplayCommand(join(folder, "none.rcr"), game)).toMatchObject({ exitCode: 2 });
  const { exitCode, message } = await runReplayCommand(good, game.replace("tagGame", "none"));
  expect([exitCode, message]).toEqual([2, expect.stringContaining('no game by the name "none"')]);
});

it("[RE16] who names a TypeScript module to a Node that reads none is told what does", () => {
  const error = Object.assign(new TypeError('Unknown file extension ".ts" for game.ts'), { code: "ERR_UNKNOWN_FILE_EXTENSION" });
  expect(loadFailure("game.ts", error)).toContain("npx tsx node_modules/.bin/rollcall");
  expect(loadFailure("game.ts", new Error("boom"))).toBe("game.ts cannot be loaded: boom");
});
