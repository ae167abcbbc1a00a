#!/usr/bin/env node
import { parseArgs } from "node:util";
import { runReplayCommand, type CommandOutcome } from "./replay-command.ts";

const USAGE = `Usage: rollcall replay FILE --game MODULE#export

  replay  plays a replay again, without pictures, and fails when a checksum differs
          --game   the module that exports the game, and the name of the export

Exit codes: 0 all as recorded, 1 a frame came out otherwise, 2 it could not be tried.`;

async function main(): Promise<CommandOutcome> {
  const usage: CommandOutcome = { exitCode: 2, message: USAGE };
  try {
    const { values, positionals } = parseArgs({
      options: { game: { type: "string" }, help: { type: "boolean" } },
      allowPositionals: true,
    });
    const [command, file, ...others] = positionals;
    if (values.help === true) return { exitCode: 0, message: USAGE };
    if (command !== "replay" || file === undefined || others.length > 0 || values.game === undefined) return usage;
    return await runReplayCommand(file, values.game);
  } catch (error) {
    return { exitCode: 2, message: `${error instanceof Error ? error.message : String(error)}\n\n${USAGE}` };
  }
}

const { exitCode, message } = await main();
(exitCode === 0 ? process.stdout : process.stderr).write(`${message}\n`);
process.exitCode = exitCode;
