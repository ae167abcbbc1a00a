import { createBroker, type Broker } from "@rollcall/broker";
import { rubberband } from "@rollcall/game-demo/sim";
import type { Game, InputSchema, Lobby, Match } from "@rollcall/netcode";
import { botInput, hostLobby, joinLobby, quickMatch, startLocalMatch, watchLobbies } from "@rollcall/netcode/node";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { sprint } from "./sprint-game.ts";
import { until } from "./until.ts";

let broker: Broker;
const lobbies: { leave(): Promise<void> }[] = [];

beforeAll(async () => {
  broker = await createBroker({ host: "127.0.0.1" });
});

afterEach(async () => {
  await Promise.all(lobbies.splice(0).map((lobby) => lobby.leave()));
});

afterAll(() => broker.close());

/** A host and guests, each linked with all others. */
async function meet<State, Schema extends InputSchema>(game: Game<State, Schema>, peerCount: number): Promise<Lobby<State, Schema>[]> {
  const host = await hostLobby({ game, name: "Ada", broker: broker.address });
  const guests = await Promise.all(
    Array.from({ length: peerCount - 1 }, (_, index) => joinLobby(host.code, { game, name: `Bob ${index}`, broker: broker.address })),
  );
  const all = [host, ...guests];
  lobbies.push(...all);
  await until(() => all.every(({ peers }) => peers.length === peerCount - 1 && peers.every(({ status }) => status === "open")));
  return all;
}

async function startAll<State, Schema extends InputSchema>(all: readonly Lobby<State, Schema>[]): Promise<Match<State, Schema>[]> {
  const [host, ...guests] = all;
  if (host === undefined) throw new Error("no host");
  return Promise.all([host.start(), ...guests.map((guest) => guest.nextMatch())]);
}

/** Compares what all hold of the last second. */
function expectEqualHistories(matches: readonly Pick<Match<unknown, InputSchema>, "stats" | "checksum">[]): number {
  const newest = Math.min(...matches.map((match) => match.stats().confirmedFrame));
  let compared = 0;
  for (let frame = newest - 60; frame <= newest; frame++) {
    const sums = matches.map((match) => match.checksum(frame));
    if (sums.includes(undefined)) continue;
    expect(new Set(sums).size, `frame ${frame}`).toBe(1);
    compared++;
  }
  return compared;
}

/** Busy for `durationMs`, as a garbage collection is: frames then run before the others' packets are read. */
function standStill(durationMs: number): void {
  for (const endMs = performance.now() + durationMs; performance.now() < endMs;);
}

test("[ND1] two Node peers meet in a lobby of a real broker and play Rubberband with equal histories and rollbacks", async () => {
  const all = await meet(rubberband, 2);
  const matches = await startAll(all);
  const rollbacks = (): number => matches.reduce((sum, match) => sum + match.stats().rollbacks, 0);
  matches.forEach((match, index) => {
    const input = botInput(rubberband, match, index);
    match.run({ input, frame: (_state, frame) => frame % 20 === 0 && standStill(50) });
  });
  await until(() => matches.every((match) => match.stats().confirmedFrame >= 300) && rollbacks() > 0);
  expect(expectEqualHistories(matches)).toBeGreaterThan(30);
  for (const match of matches) {
    expect(match.stats().datagramsReceived).toBeGreaterThan(200);
    expect(match.stats().peers).toHaveLength(1);
  }
  await until(() => all.every(({ peers }) => peers[0]?.path === "direct"));
});

test("[ND17] Node peers find each other by a quick match, and the public list shows their lobby", async () => {
  const options = { game: sprint, broker: broker.address, wanted: { map: "hill" } };
  const opened = await quickMatch({ ...options, name: "Ada" });
  lobbies.push(opened);
  const found = await quickMatch({ ...options, name: "Bob" });
  lobbies.push(found);
  expect([opened.isHost, found.isHost, found.code]).toEqual([true, false, opened.code]);
  const list = await watchLobbies({ ...options, filter: { metadata: { map: "hill" } } });
  expect(list.lobbies).toMatchObject([{ code: opened.code, members: 2 }]);
  list.close();
});

test("[ND2] when it has left, nothing keeps a process alive", async () => {
  const program = `
    import { hostLobby, joinLobby } from "@rollcall/netcode/node";
    import { sprint } from "./sprint-game.ts";
    const [broker] = process.argv.slice(1);
    const meet = async () => {
      const host = await hostLobby({ game: sprint, name: "Ada", broker });
      return [host, await joinLobby(host.code, { game: sprint, name: "Bob", broker })];
    };
    // While they are still about to connect, too.
    await Promise.all((await meet()).map((lobby) => lobby.leave()));
    const [host, guest] = await meet();
    while (host.peers[0]?.status !== "open" || guest.peers[0]?.status !== "open") await new Promise((resolve) => setTimeout(resolve, 10));
    await Promise.all([host.leave(), guest.leave()]);
    console.log("left");
  `;
  const child = spawn(
    process.execPath,
    ["--conditions=@rollcall/source", "--import", "tsx", "--input-type=module", "--eval", program, broker.address],
    { cwd: fileURLToPath(new URL(".", import.meta.url)), stdio: ["ignore", "pipe", "inherit"] },
  );
  let output = "";
  child.stdout.on("data", (data: Buffer) => (output += data.toString()));
  const [code] = await once(child, "exit");
  expect({ code, output }).toEqual({ code: 0, output: "left\n" });
});

test("[ND4] the game's own bot plays a seat as a player: it sees the newest state, and the others see its inputs", async () => {
  const all = await meet(sprint, 3);
  const matches = await startAll(all);
  matches.forEach((match, index) => match.run({ input: botInput(sprint, match, index) }));
  const results = await Promise.all(matches.map((match) => match.ended));
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
  const places = results[0] as number[];
  expect(places.every((place) => place !== 0)).toBe(true);
  expect(matches[0]?.seats.map(({ kind }) => kind)).toEqual(["person", "person", "person"]);
});

test("[ND5] a game without a bot presses nothing; a bot's draws leave the match's own generator alone", async () => {
  const profile = { name: "Ada", colour: 0, choices: null };
  const players = [
    { profile, bot: false },
    { profile, bot: false },
  ];
  const { bot: _bot, ...withoutBot } = sprint;
  const still = startLocalMatch({ game: withoutBot, players, seed: 1 });
  still.run({ input: botInput(withoutBot, still, 1) });
  expect(await still.ended).toEqual([0, 0]);
  const first = startLocalMatch({ game: sprint, players, seed: 1 });
  first.run({ input: botInput(sprint, first, 1) });
  const second = startLocalMatch({ game: sprint, players, seed: 1 });
  second.run({ input: () => ({ dx: 0, jump: false }) });
  await Promise.all([first.ended, second.ended]);
  expect(await second.ended).toEqual([0, 0]);
  expect(await first.ended).not.toEqual([0, 0]);
});

test("[ND7] eight Node peers in one mesh, each linked with each, play a match with equal results", async () => {
  const all = await meet(sprint, 8);
  const matches = await startAll(all);
  matches.forEach((match, index) => match.run({ input: botInput(sprint, match, index) }));
  const results = await Promise.all(matches.map((match) => match.ended));
  expect(new Set(results.map((result) => JSON.stringify(result))).size).toBe(1);
  for (const match of matches) {
    const { peers, datagramsReceived } = match.stats();
    expect(peers.map(({ path }) => path)).toEqual(Array.from({ length: 7 }, () => "direct"));
    expect(datagramsReceived).toBeGreaterThan(7 * 60);
  }
});

test("[ND16] the sample of the guide is a file that is compiled", () => {
  const guide = readFileSync(new URL("../docs/guides/node-peers.md", import.meta.url), "utf8");
  const samples = [...guide.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => match[1]);
  expect(samples).toEqual([readFileSync(new URL("snippets/node-host.ts", import.meta.url), "utf8")]);
});
