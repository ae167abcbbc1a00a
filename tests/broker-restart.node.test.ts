/** The broker as it is installed, killed and started again under a match of real peers. */
import type { Lobby, Match } from "@rollcall/netcode";
import { botInput, hostLobby, joinLobby } from "@rollcall/netcode/node";
import { execFileSync, spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { sprint } from "./sprint-game.ts";
import { until } from "./until.ts";

type SprintLobby = Lobby<ReturnType<typeof sprint.init>, typeof sprint.input>;
type SprintMatch = Match<ReturnType<typeof sprint.init>, typeof sprint.input>;

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const COMMAND = join(ROOT, "packages/broker/dist/main.js");
const folder = mkdtempSync(join(tmpdir(), "rollcall-restart-"));
const lobbies: SprintLobby[] = [];
let broker: ChildProcessWithoutNullStreams | undefined;

beforeAll(() => {
  // Costs a moment when nothing has changed.
  execFileSync("npx", ["tsc", "-b", "packages/broker"], { cwd: ROOT });
});

afterEach(async () => {
  await Promise.all(lobbies.splice(0).map((lobby) => lobby.leave()));
  broker?.kill("SIGKILL");
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Resolves with its address once it listens. */
async function startBroker(port: number): Promise<string> {
  const args = [COMMAND, "--host", "127.0.0.1", "--port", String(port), "--signing-key-file", join(folder, "key")];
  const child = spawn(process.execPath, args);
  broker = child;
  child.stderr.pipe(process.stderr);
  let output = "";
  for (;;) {
    const [data] = (await once(child.stdout, "data")) as [Buffer];
    output += data.toString();
    const address = /listening on ([^"\s]+)/.exec(output)?.[1];
    if (address !== undefined) return address;
  }
}

async function endBroker(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
  const child = broker;
  if (child === undefined) throw new Error("no broker");
  const exit = once(child, "exit");
  child.kill(signal);
  expect(await exit).toEqual(signal === "SIGKILL" ? [null, "SIGKILL"] : [0, null]);
}

const seats = ({ state }: SprintLobby): unknown =>
  state.members.map(({ peerId, seat, connected, profile }) => [seat, profile.name, peerId, connected]);

function isLinked({ peers }: SprintLobby, count: number): boolean {
  return peers.length === count && peers.every(({ status }) => status === "open");
}

test("[BR95] the command is killed with -9, then stopped, in the middle of a match: the match goes on, everybody is back in the same seat, and late joins go on", async () => {
  const address = await startBroker(0);
  const port = Number(new URL(address).port);
  const host = await hostLobby({ game: sprint, name: "Ada", broker: address, settings: 100_000 });
  const guests = await Promise.all(["Bob", "Cyd"].map((name) => joinLobby(host.code, { game: sprint, name, broker: address })));
  const all = [host, ...guests];
  lobbies.push(...all);
  await until(() => all.every((lobby) => isLinked(lobby, 2)));
  const matches: SprintMatch[] = await Promise.all([host.start(), ...guests.map((guest) => guest.nextMatch())]);
  const told: string[] = [];
  matches.forEach((match, index) => {
    for (const name of ["suspect", "seat-to-bot", "waiting-for-quorum", "dropped", "desync", "role"] as const)
      match.on(name, () => told.push(name));
    match.run({ input: botInput(sprint, match, index) });
  });
  for (const lobby of all) lobby.on("closed", () => told.push("closed"));
  await until(() => matches.every((match) => match.stats().confirmedFrame > 60));
  const before = all.map(seats);

  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    await endBroker(signal);
    await until(() => all.every(({ brokerConnected }) => !brokerConnected));
    const confirmed = Math.max(...matches.map((match) => match.stats().confirmedFrame));
    // It is played on without a broker.
    await until(() => matches.every((match) => match.stats().confirmedFrame > confirmed + 60));
    expect(await startBroker(port)).toBe(address);
    await until(() => all.every(({ brokerConnected }) => brokerConnected));
    await until(() => all.every(({ state }) => state.members.every(({ connected }) => connected)));
    expect({ signal, seats: all.map(seats) }).toEqual({ signal, seats: before });
    expect(new Set(all.map(({ state }) => `${state.hostId} ${state.hostEpoch} ${state.event}`)).size).toBe(1);
    expect(told.filter((name) => name !== "suspect")).toEqual([]);
  }

  // Who comes now signals with peers whose tokens are from before.
  const dan = await joinLobby(host.code, { game: sprint, name: "Dan", broker: address });
  lobbies.push(dan);
  expect(dan.state.match?.matchNumber).toBe(1);
  expect(dan.state.members).toHaveLength(4);
  await until(() => [...all, dan].every((lobby) => isLinked(lobby, 3)));
  const newest = Math.min(...matches.map((match) => match.stats().confirmedFrame));
  let compared = 0;
  for (let frame = newest - 60; frame <= newest; frame++) {
    const sums = matches.map((match) => match.checksum(frame));
    if (sums.includes(undefined)) continue;
    expect(new Set(sums).size, `frame ${frame}`).toBe(1);
    compared++;
  }
  expect(compared).toBeGreaterThan(0);
});
