import { createBroker, type Broker } from "@rollcall/broker";
import { botInput, hostLobby, joinLobby } from "@rollcall/netcode/node";
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { sprint } from "./sprint-game.ts";
import { until } from "./until.ts";

const COMMAND = fileURLToPath(new URL("../packages/netcode/src/command/rollcall-bot.ts", import.meta.url));
const GAME = `${fileURLToPath(new URL("sprint-game.ts", import.meta.url))}#sprint`;

let broker: Broker;
const lobbies: { leave(): Promise<void> }[] = [];
const bots: BotProcess[] = [];

beforeAll(async () => {
  broker = await createBroker({ host: "127.0.0.1" });
});

afterEach(async () => {
  await Promise.all(lobbies.splice(0).map((lobby) => lobby.leave()));
  for (const bot of bots.splice(0)) bot.child.kill("SIGKILL");
});

afterAll(() => broker.close());

/** The command, as a shell starts it. */
class BotProcess {
  readonly child: ChildProcessWithoutNullStreams;
  readonly exit: Promise<unknown>;
  output = "";
  errors = "";

  constructor(parameters: readonly string[], game = GAME) {
    const argv = ["--conditions=@rollcall/source", "--import", "tsx", COMMAND, "--game", game, "--broker", broker.address, ...parameters];
    this.child = spawn(process.execPath, argv);
    this.child.stdout.on("data", (data: Buffer) => (this.output += data.toString()));
    this.child.stderr.on("data", (data: Buffer) => (this.errors += data.toString()));
    this.exit = once(this.child, "exit").then(([code]: unknown[]) => code);
    bots.push(this);
  }

  /** Waits for a line. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.output);
      if (match !== null) return match;
      if (this.child.exitCode !== null || this.child.signalCode !== null)
        throw new Error(`ended before it said ${String(pattern)}:\n${this.output}${this.errors}`);
      await Promise.race([once(this.child.stdout, "data"), this.exit]);
    }
  }
}

async function host() {
  const lobby = await hostLobby({ game: sprint, name: "Ada", broker: broker.address });
  lobbies.push(lobby);
  lobby.on("match", (match) => match.run({ input: botInput(sprint, match, 1) }));
  return lobby;
}

test("[ND10] rollcall-bot joins by code, gets ready, plays match after match with equal results, and says each event in a line", async () => {
  const lobby = await host();
  const bot = new BotProcess([lobby.code, "--name", "Robo"]);
  for (let round = 1; round <= 2; round++) {
    await until(() => lobby.peers[0]?.status === "open" && lobby.state.members[1]?.ready === true && lobby.state.match === undefined);
    const match = await lobby.start();
    const result = await match.ended;
    expect(match.stats().datagramsReceived).toBeGreaterThan(60);
    await bot.says(new RegExp(`Robo: plays match ${round} as player 2 of 2`));
    const over = await bot.says(new RegExp(`Robo: match ${round} is over at frame 119, after \\d+ rollbacks: (.*)`));
    expect(JSON.parse(over[1] ?? "")).toEqual(result);
  }
  await lobby.leave();
  // The lobby fell to it, and nobody is left to give it to.
  await bot.says(/Robo: Ada is gone \(left\)/);
  await bot.says(/Robo: leaves: nobody else is here/);
  expect(await bot.exit).toBe(0);
});

test.each(["SIGINT", "SIGTERM"] as const)("[ND11] on %s every bot says goodbye, and the command exits with 0", async (signal) => {
  const lobby = await host();
  const gone: string[] = [];
  lobby.on("member-left", ({ profile }, reason) => gone.push(`${profile.name} ${reason}`));
  const bot = new BotProcess([lobby.code, "--count", "2", "--name", "Robo"]);
  await until(() => lobby.peers.length === 2 && lobby.peers.every(({ status }) => status === "open"));
  const match = await lobby.start();
  const toBot: string[] = [];
  match.on("seat-to-bot", ({ cause }) => toBot.push(cause));
  await until(() => match.stats().confirmedFrame > 10);
  bot.child.kill(signal);
  expect(await bot.exit).toBe(0);
  await until(() => gone.length === 2);
  expect(gone.toSorted()).toEqual(["Robo 1 left", "Robo 2 left"]);
  await match.ended;
  expect(toBot).toEqual(["left", "left"]);
  expect(bot.output).toContain("Robo 2: left");
});

test("[ND12] a wrong code, a broker that is not there and a kick are said with code, sentence and remedy, and exit with 1", async () => {
  const lobby = await host();
  const wrong = new BotProcess([lobby.code === "BCDFG" ? "BCDFH" : "BCDFG"]);
  const nowhere = new BotProcess([lobby.code, "--broker", "http://127.0.0.1:9"]);
  const kicked = new BotProcess([lobby.code, "--name", "Robo"]);
  await until(() => lobby.state.members.length === 2);
  await lobby.kick(lobby.state.members[1]?.peerId ?? lobby.me.peerId);
  expect(await Promise.all([wrong.exit, nowhere.exit, kicked.exit])).toEqual([1, 1, 1]);
  expect(wrong.errors).toContain("rollcall-bot: LOBBY_NOT_FOUND. There is no lobby with this code. Check the code, or host a new lobby.");
  expect(nowhere.errors).toContain("rollcall-bot: BROKER_UNREACHABLE.");
  expect(kicked.errors).toContain("rollcall-bot: KICKED.");
});

test("[ND13] wrong use is refused with the usage and exit code 2", async () => {
  const refused = [new BotProcess([]), new BotProcess(["BCDFG", "--count", "0"]), new BotProcess(["BCDFG"], "./none.ts#none")];
  expect(await Promise.all(refused.map(({ exit }) => exit))).toEqual([2, 2, 2]);
  for (const { errors } of refused) expect(errors).toContain("Usage: rollcall-bot CODE --game MODULE#export");
});

test("[ND14] with --host it opens a lobby, prints the code, starts when --players are there, and starts again", async () => {
  const bot = new BotProcess(["--host", "--players", "3", "--count", "2", "--name", "Robo"]);
  const [, code = ""] = await bot.says(/lobby ([A-Z]{5}) is open at http/);
  await bot.says(/Robo 2: in lobby/);
  const lobby = await joinLobby(code, { game: sprint, name: "Ada", broker: broker.address });
  lobbies.push(lobby);
  expect(lobby.state.match).toBeUndefined();
  for (let round = 1; round <= 2; round++) {
    await until(() => lobby.match?.matchNumber === round);
    const match = lobby.match;
    match?.run({ input: botInput(sprint, match, 1) });
    expect(match?.seats.map(({ profile }) => profile.name)).toEqual(["Robo 1", "Robo 2", "Ada"]);
    const result = await match?.ended;
    const over = await bot.says(new RegExp(`Robo 2: match ${round} is over at frame 119, after \\d+ rollbacks: (.*)`));
    expect(JSON.parse(over[1] ?? "")).toEqual(result);
  }
});

test("[ND15] a lobby that falls to a bot goes to the next member, and two processes of bots do not keep one alive", async () => {
  const lobby = await host();
  const first = new BotProcess([lobby.code, "--name", "Uno"]);
  await first.says(/Uno: in lobby/);
  const person = await joinLobby(lobby.code, { game: sprint, name: "Ben", broker: broker.address });
  lobbies.push(person);
  const second = new BotProcess([lobby.code, "--name", "Due"]);
  await second.says(/Due: in lobby/);
  await lobby.leave();
  await until(() => person.isHost);
  await person.leave();
  expect(await Promise.all([first.exit, second.exit])).toEqual([0, 0]);
});
