#!/usr/bin/env node
import { parseArgs } from "node:util";
import { runBots, type BotCommandOptions } from "./bot-command.ts";
import { loadGame } from "./load-game.ts";
import { messageOf } from "./wording.ts";

const BROKER = "http://localhost:9000";
const COUNT_MAX = 64;

const USAGE = `Usage: rollcall-bot CODE --game MODULE#export [--broker URL] [--name NAME] [--count N]
       rollcall-bot --host --players N --game MODULE#export [--broker URL] [--name NAME] [--count N]

  Joins the lobby of a code (a link will do) and plays its seats with the game's own bot, match after match, until the lobby closes.

  --game     the module that exports the game, and the name of the export
  --broker   address of the broker; default: that of the link, else ${BROKER}
  --name     what the bot is called; several are numbered. Default: Bot
  --count    bots in this process, 1 to ${COUNT_MAX}, each a peer of its own. Default: 1
  --host     opens a lobby in place of joining one, and prints its code
  --players  members that a match of this lobby waits for, bots included. Default: the game's fewest

Exit codes: 0 the lobby closed, or SIGINT or SIGTERM; 1 a typed error, which is printed; 2 wrong use.`;

class UsageError extends Error {}

type Reading = Omit<BotCommandOptions, "signal" | "say" | "complain"> | "help";

async function read(): Promise<Reading> {
  const { values, positionals } = parse();
  if (values.help === true) return "help";
  const [code, ...others] = positionals;
  const isHost = values.host === true;
  if (others.length > 0 || (code === undefined) !== isHost) throw new UsageError("Either a CODE, or --host.");
  if (values.players !== undefined && !isHost) throw new UsageError("--players is the host's.");
  if (values.game === undefined) throw new UsageError("--game is missing.");
  const game = await loadGame(values.game);
  if (typeof game === "string") throw new UsageError(game);
  return {
    game,
    code,
    broker: values.broker ?? originOf(code) ?? BROKER,
    name: values.name ?? "Bot",
    count: readCount("--count", values.count ?? "1"),
    players: readCount("--players", values.players ?? String(game.players[0])),
  };
}

function parse() {
  try {
    return parseArgs({
      options: {
        game: { type: "string" },
        broker: { type: "string" },
        name: { type: "string" },
        count: { type: "string" },
        players: { type: "string" },
        host: { type: "boolean" },
        help: { type: "boolean" },
      },
      allowPositionals: true,
    });
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}

/** Of a link: the page's broker is at the page's own origin. */
function originOf(code: string | undefined): string | undefined {
  return code !== undefined && /^https?:/.test(code) && URL.canParse(code) ? new URL(code).origin : undefined;
}

function readCount(name: string, text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > COUNT_MAX) throw new UsageError(`${name} takes a number from 1 to ${COUNT_MAX}.`);
  return count;
}

async function main(): Promise<number> {
  const stop = new AbortController();
  let reading: Reading;
  try {
    reading = await read();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`rollcall-bot: ${error.message}\n\n${USAGE}\n`);
    return 2;
  }
  if (reading === "help") {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort());
  return runBots({
    ...reading,
    signal: stop.signal,
    say: (line) => process.stdout.write(`${line}\n`),
    complain: (line) => process.stderr.write(`rollcall-bot: ${line}\n`),
  });
}

// Native threads of `node-datachannel` may outlast the last connection; there is nothing left to wait for.
process.exit(await main());
