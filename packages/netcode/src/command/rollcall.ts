#!/usr/bin/env node
import { parseArgs } from "node:util";
import type { CommandOutcome } from "./command-outcome.ts";
import { runReplayCommand } from "./replay-command.ts";
import { runReportCommand } from "./report-command.ts";
import { messageOf } from "./wording.ts";

const USAGE = `Usage: rollcall replay FILE --game MODULE#export
       rollcall report FILE --game MODULE#export

  replay  plays a replay again, without pictures, and fails when a checksum differs
  report  plays the frames of a desync report again: says who computed otherwise, where, and both values
          --game   the module that exports the game, and the name of the export

Exit codes: 0 all as recorded, or a report that tells who was wrong; 1 a frame came out otherwise; 2 it could not be tried.`;

const COMMANDS: Readonly<Record<string, (file: string, game: string) => Promise<CommandOutcome>>> = {
  replay: runReplayCommand,
  report: runReportCommand,
};

async function main(): Promise<CommandOutcome> {
  const usage: CommandOutcome = { exitCode: 2, message: USAGE };
  try {
    const { values, positionals } = parseArgs({
      options: { game: { type: "string" }, help: { type: "boolean" } },
      allowPositionals: true,
    });
    const [name = "", file, ...others] = positionals;
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (values.help === true) return { exitCode: 0, message: USAGE };
    if (command === undefined || file === undefined || others.length > 0 || values.game === undefined) return usage;
    return await command(file, values.game);
  } catch (error) {
    return { exitCode: 2, message: `${messageOf(error)}\n\n${USAGE}` };
  }
}

const { exitCode, message } = await main();
(exitCode === 0 ? process.stdout : process.stderr).write(`${message}\n`);
process.exitCode = exitCode;
