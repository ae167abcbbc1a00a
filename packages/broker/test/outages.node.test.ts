/**
 * Three nodes of the command on a real Redis, behind the proxy of `deploy/`, and members as the library has them, while a node is killed, stands still, and
 * Redis is killed. In full size with `ROLLCALL_DEEP=1`.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { encodeBrokerFrame, type Admission, type LobbyCode, type LobbyState } from "@rollcall/netcode/lobby-protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { IS_DEEP } from "../../../scripts/deep.ts";
import { monotonicMs } from "../src/monotonic-ms.ts";
import { connectRedis } from "../src/redis-state.ts";
import type { SharedState } from "../src/shared-state.ts";
import { BrokerCommand } from "./broker-command.ts";
import { CaddyServer } from "./caddy-server.ts";
import { freePort } from "./free-port.ts";
import { admission, LobbyClient } from "./lobby-client.ts";
import { PageKey } from "./page-key.ts";
import { RealMember } from "./real-member.ts";
import { RedisServer } from "./redis-server.ts";
import { SeatHistory } from "./seat-history.ts";
import { SignalingClient } from "./signaling-client.ts";

const JOINS_PER_SECOND = IS_DEEP ? 50 : 20;
/** Before a node is killed or stands still, and after. */
const JOINING_MS = IS_DEEP ? 5_000 : 600;
const STILL_MS = 7_000;
const REDIS_AWAY_MS = IS_DEEP ? 60_000 : 1_000;
/** Of each lobby: all that one may have. */
const CAPACITY = 64;
/** Who lost its node is back in its seat. In full size it is what is measured; in small, other tests have the processor. */
const BACK_MS_MAX = IS_DEEP ? 2_000 : 6_000;
/** A join is answered. */
const ANSWER_MS_MAX = IS_DEEP ? 1_000 : 5_000;
/** A node keeps some buffers while Redis is away, and nothing that grows with it. */
const GROWTH_BYTES_MAX = 64 * 1_024 * 1_024;
const LIMITS = {
  opensPerMinute: 1_000_000,
  socketsPerAddress: 20_000,
  requestsPerMinute: 1_000_000,
  lobbiesPerMinute: 10_000,
  wrongCodesPerMinute: 1_000_000,
};

const folder = mkdtempSync(join(tmpdir(), "rollcall-outages-"));
const nodes: BrokerCommand[] = [];
const members: RealMember[] = [];
const history = new SeatHistory();
let redis: RedisServer;
let stored: SharedState;
let proxy: CaddyServer;
let ports: readonly number[] = [];

beforeAll(async () => {
  writeFileSync(join(folder, "key"), "a-signing-key-that-all-nodes-of-this-test-share", { mode: 0o600 });
  redis = await RedisServer.start();
  const times = { codeRestMs: 600_000, keptMs: 300_000, steadyMs: monotonicMs, handleDown: () => undefined };
  stored = connectRedis({ url: redis.url, prefix: "rollcall", ...times });
  ports = await Promise.all([0, 1, 2].map(freePort));
  await Promise.all(ports.map((_, index) => startNode(index)));
  proxy = await CaddyServer.start(ports.map((port) => `127.0.0.1:${port}`));
}, 120_000);

afterAll(async () => {
  for (const member of members) member.dispose();
  stored.close();
  await proxy.dispose();
  for (const node of nodes) await node.kill();
  await redis.dispose();
  rmSync(folder, { recursive: true, force: true });
});

async function startNode(index: number): Promise<void> {
  const args = ["--redis-url", redis.url, "--signing-key-file", join(folder, "key"), "--relay-frames", "--port", String(ports[index])];
  nodes[index] = await BrokerCommand.start(args, LIMITS);
  while ((await readiness(index)) !== "ready") await sleep(20);
}

async function readiness(index: number): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${ports[index]}/readyz`);
  return ((await answer.json()) as { status: string }).status;
}

function nodeAt(index: number): BrokerCommand {
  const node = nodes[index];
  if (node === undefined) throw new Error(`no node ${index}`);
  return node;
}

function follow<Member extends RealMember>(member: Member): Member {
  members.push(member);
  return member;
}

/** Lobbies with room for all who join in so much time. */
async function openLobbies(joiningMs: number): Promise<readonly LobbyCode[]> {
  const joinCount = 1.1 * (joiningMs / 1_000) * JOINS_PER_SECOND;
  const hosts = Array.from({ length: Math.ceil(joinCount / (CAPACITY - 4)) + 1 }, (_, index) =>
    follow(RealMember.host({ name: `host ${index}`, port: proxy.port, history }, CAPACITY)),
  );
  for (const host of hosts) expect(await host.admitted).toBe(true);
  return hosts.flatMap(({ lobby }) => (lobby === undefined ? [] : [lobby.code]));
}

/** Joins at an even rate until `over`; each tenth page asks two lobbies at once, of which one lets it in. */
async function joinUntil(
  over: Promise<unknown>,
  codes: readonly LobbyCode[],
): Promise<{ readonly joined: RealMember[]; readonly twins: RealMember[] }> {
  const joined: RealMember[] = [];
  const twins: RealMember[] = [];
  const ended = over.then(() => true);
  const startedMs = performance.now();
  let asked = 0;
  const nextCode = (): LobbyCode => codes[asked++ % codes.length] ?? ("" as LobbyCode);
  for (let count = 0; ; count++) {
    const waitMs = startedMs + (count * 1_000) / JOINS_PER_SECOND - performance.now();
    if (await Promise.race([ended, sleep(Math.max(0, waitMs), false)])) return { joined, twins };
    const options = { name: `member ${members.length}`, port: proxy.port, history, pageKey: new PageKey() };
    if (count % 10 < 9) joined.push(follow(RealMember.join(options, nextCode())));
    else twins.push(follow(RealMember.join(options, nextCode())), follow(RealMember.join(options, nextCode())));
  }
}

async function until(what: string, isSo: () => boolean, mostMs = 60_000): Promise<number> {
  const startedMs = performance.now();
  while (!isSo()) {
    if (performance.now() - startedMs > mostMs) throw new Error(`not within ${mostMs} ms: ${what}`);
    await sleep(20);
  }
  return performance.now() - startedMs;
}

const living = (): RealMember[] => members.filter(({ end }) => end === undefined);

/** Everybody is back, and sees what is stored; who was told a seat has it. */
async function assertHealed(): Promise<void> {
  await until("everybody is connected", () => living().every(({ connected }) => connected));
  const codes = new Set(history.ids.values());
  for (const code of codes) {
    const mine = living().filter(({ lobby }) => lobby?.code === code);
    let text: string | undefined;
    const seen = async (): Promise<boolean> => {
      const { record } = await stored.lobbies.load(code);
      if (record === undefined) return false;
      text = JSON.stringify(record.lobby);
      return mine.every(({ lobby }) => isDeepStrictEqual(plain(lobby), record.lobby));
    };
    for (const startedMs = performance.now(); !(await seen());) {
      if (performance.now() - startedMs > 10_000) throw new Error(`not all see the same of ${code}: ${text}`);
      await sleep(100);
    }
    const { record } = await stored.lobbies.load(code);
    if (record !== undefined) history.checkStored(record.lobby);
    const shown = record?.lobby.members.filter(({ connected }) => connected).map(({ peerId }) => peerId) ?? [];
    expect(new Set<unknown>(shown)).toEqual(new Set(mine.map(({ peerId }) => peerId)));
  }
  expect(history.violations).toEqual([]);
}

/** As it is stored. */
function plain(lobby: LobbyState | undefined): unknown {
  return lobby && JSON.parse(JSON.stringify(lobby));
}

/** Who was without the broker from some moment on, and for how long. */
function absencesSince(fromMs: number): readonly (number | undefined)[] {
  return members.flatMap(({ absences }) =>
    absences.filter((absence) => absence.fromMs >= fromMs).map(({ untilMs }) => untilMs && untilMs - fromMs),
  );
}

function describe(times: readonly number[]): string {
  const ranked = times.toSorted((left, right) => left - right);
  const at = (share: number): string => `${Math.round(ranked[Math.min(ranked.length - 1, Math.floor(share * ranked.length))] ?? 0)}`;
  return `${ranked.length}, p50 ${at(0.5)}, p90 ${at(0.9)}, p99 ${at(0.99)}, most ${at(1)} ms`;
}

function tell(line: string): void {
  process.stdout.write(`DEEP outages: ${line}\n`);
}

/** How those ended that did not get in, by reason. */
async function failuresOf(joined: readonly RealMember[]): Promise<Readonly<Record<string, number>>> {
  await Promise.all(joined.map(({ admitted }) => admitted));
  const ends = joined.flatMap(({ end }) => (end === undefined ? [] : [end]));
  return Object.fromEntries([...new Set(ends)].map((end) => [end, ends.filter((each) => each === end).length]));
}

test(`[CL102] kill -9 of one of three nodes under ${JOINS_PER_SECOND} joins a second: who was there is back in its seat at another node within ${BACK_MS_MAX / 1_000} s, no join is lost, and nothing is owned twice`, async () => {
  const codes = await openLobbies(2 * JOINING_MS + (IS_DEEP ? STILL_MS + 1_000 : 0));
  const before = (async () => {
    await sleep(JOINING_MS);
    const killedMs = performance.now();
    await nodeAt(0).kill();
    await sleep(JOINING_MS);
    return killedMs;
  })();
  const { joined, twins } = await joinUntil(before, codes);
  const killedMs = await before;
  const failures = await failuresOf(joined);
  await until("everybody is connected", () => living().every(({ connected }) => connected), 10_000);
  const back = absencesSince(killedMs).flatMap((ms) => (ms === undefined ? [] : [ms]));
  tell(`kill -9 under ${JOINS_PER_SECOND} joins/s: ${joined.length} joined, failed ${JSON.stringify(failures)}; back of ${describe(back)}`);
  expect(back.length).toBeGreaterThan(IS_DEEP ? 50 : 1);
  expect(failures).toEqual({});
  expect(Math.max(...back)).toBeLessThan(BACK_MS_MAX);
  const twinsIn = (await Promise.all(twins.map(({ admitted }) => admitted))).filter((isIn) => isIn).length;
  expect(twinsIn).toBeGreaterThan(0);
  await startNode(0);
  await assertHealed();
  if (IS_DEEP) await standStill(codes);
}, 120_000);

/** A node stands still for longer than the others wait for it, under joins, and goes on. */
async function standStill(codes: readonly LobbyCode[]): Promise<void> {
  const node = nodeAt(1);
  const still = (async () => {
    await sleep(500);
    node.freeze();
    await sleep(STILL_MS);
    node.thaw();
    await sleep(500);
  })();
  const stillMs = performance.now() + 500;
  const { joined } = await joinUntil(still, codes);
  const failures = await failuresOf(joined);
  await assertHealed();
  const back = absencesSince(stillMs).flatMap((ms) => (ms === undefined ? [] : [ms]));
  tell(`a node stands still for ${STILL_MS} ms: ${joined.length} joined, failed ${JSON.stringify(failures)}; back of ${describe(back)}`);
  expect(back.length).toBeGreaterThan(10);
  expect(failures).toEqual({});
}

interface Pair {
  readonly ada: LobbyClient;
  readonly bob: LobbyClient;
  readonly seats: readonly [Admission, Admission];
  readonly adas: SignalingClient;
  readonly bobs: SignalingClient;
}

/** Two who play, at one node. */
async function openPair(port: number): Promise<Pair> {
  const [ada, bob] = [await LobbyClient.open(port), await LobbyClient.open(port)];
  const host = await ada.create();
  const guest = admission(await bob.join(host.lobby.code));
  const [adas, bobs] = [
    await SignalingClient.open(port, host.peerId, host.signalingToken),
    await SignalingClient.open(port, guest.peerId, guest.signalingToken),
  ];
  await ada.ask({ type: "start", playerCount: 2, botProfiles: [], countdownMs: 0 });
  await bob.change("match-started");
  return { ada, bob, seats: [host, guest], adas, bobs };
}

/** Both ways, by signals and by frames that the broker carries, until `over`; how many of each were sent. */
async function play({ ada, seats, adas }: Pair, over: Promise<unknown>): Promise<number> {
  const ended = over.then(() => true);
  const [, guest] = seats;
  for (let count = 0; ; count++) {
    if (await Promise.race([ended, sleep(250, false)])) return count;
    adas.offer(guest.peerId, `offer ${count}`);
    const frame = encodeBrokerFrame({ channel: "unreliable", peerId: guest.peerId, packet: Uint8Array.of(count & 255) });
    if (frame !== undefined) ada.socket.send(frame);
  }
}

/** Joins at all nodes at an even rate until `over`: how long each waited, and for what. */
async function probe(
  code: LobbyCode,
  over: Promise<unknown>,
): Promise<{ readonly times: number[]; readonly answers: Record<string, number> }> {
  const ended = over.then(() => true);
  const times: number[] = [];
  const answers: Record<string, number> = {};
  const asking: Promise<void>[] = [];
  const ask = async (port: number): Promise<void> => {
    const client = await LobbyClient.open(port);
    const askedMs = performance.now();
    const reply = await client.join(code);
    times.push(performance.now() - askedMs);
    const answer = reply.ok ? "ok" : reply.error.code;
    answers[answer] = (answers[answer] ?? 0) + 1;
    await client.close();
  };
  for (let count = 0; !(await Promise.race([ended, sleep(1_000 / JOINS_PER_SECOND, false)])); count++)
    asking.push(ask(ports[count % 3] ?? 0));
  await Promise.all(asking);
  return { times, answers };
}

test(`[CL103] Redis killed for ${REDIS_AWAY_MS} ms under ${JOINS_PER_SECOND} joins a second: matches and signals at one node go on, joins are told to come again within ${ANSWER_MS_MAX / 1_000} s, memory stays, all of it heals, and nothing is owned twice`, async () => {
  const pairs = await Promise.all(ports.map(openPair));
  const codes = await openLobbies(2 * JOINING_MS);
  const rssBytes = (): number[] => nodes.map((node) => node.rssBytes);
  const killing = sleep(JOINING_MS).then(() => redis.kill());
  const { joined: caught } = await joinUntil(killing, codes);
  const goneMs = performance.now();
  const [rssBefore, rssMost] = [rssBytes(), rssBytes()];
  const away = (async () => {
    const cut = living().filter((_, index) => index % 10 === 0);
    for (let second = 1; second * 1_000 <= REDIS_AWAY_MS; second++) {
      await sleep(1_000);
      if (second === 1) for (const member of cut) member.cut();
      for (const [index, bytes] of rssBytes().entries()) rssMost[index] = Math.max(rssMost[index] ?? 0, bytes);
    }
    return new Set(cut);
  })();
  const [cut, probed, ...played] = await Promise.all([
    away,
    probe(pairs[0]?.seats[0].lobby.code ?? ("" as LobbyCode), away),
    ...pairs.map((pair) => play(pair, away)),
  ]);
  expect(await Promise.all([0, 1, 2].map(readiness))).toEqual(["store", "store", "store"]);
  await redis.start();
  const startedMs = performance.now();
  for (const index of [0, 1, 2]) while ((await readiness(index)) !== "ready") await sleep(20);
  const readyMs = performance.now() - startedMs;
  const healedMs = await until("everybody is connected", () => living().every(({ connected }) => connected));
  const failed = await failuresOf(caught);
  const { joined } = await joinUntil(sleep(JOINING_MS), codes);
  const failures = await failuresOf(joined);
  await assertHealed();
  const growth = rssMost.map((bytes, index) => bytes - (rssBefore[index] ?? 0));
  tell(
    `Redis away for ${REDIS_AWAY_MS} ms under ${JOINS_PER_SECOND} joins/s: answers ${JSON.stringify(probed.answers)} after ${describe(probed.times)}`,
  );
  tell(`  memory of the nodes grew by ${growth.map((bytes) => `${(bytes / 1_048_576).toFixed(1)} MiB`).join(", ")} at most`);
  tell(`  ${played.join(", ")} signals and as many frames at one node, all arrived; ${cut.size} members were cut off meanwhile`);
  tell(`  ready ${Math.round(readyMs)} ms after Redis was there, everybody back ${Math.round(healedMs)} ms later`);
  tell(
    `  of ${caught.length} that joined before and in that moment failed ${JSON.stringify(failed)}; of ${joined.length} after it ${JSON.stringify(failures)}`,
  );
  tell(`  ${history.ids.size} ids, ${history.eventCount} events, 0 violations`);
  for (const [index, { bob, bobs }] of pairs.entries()) {
    const offers = new Set(bobs.signals.flatMap(({ type, payload }) => (type === "OFFER" ? [JSON.stringify(payload)] : [])));
    expect([offers.size, bob.frames.length]).toEqual([played[index], played[index]]);
  }
  expect(Object.keys(probed.answers)).toEqual(["RETRY"]);
  expect(Math.max(...probed.times)).toBeLessThan(ANSWER_MS_MAX);
  expect(Math.max(...growth)).toBeLessThan(GROWTH_BYTES_MAX);
  const others = members.filter((member) => !cut.has(member) && member.end === undefined && !caught.includes(member));
  expect(others.flatMap(({ absences }) => absences.filter(({ fromMs }) => fromMs > goneMs && fromMs < startedMs))).toEqual([]);
  expect(failures).toEqual({});
  // Through all nodes again.
  for (const { ada, bob } of pairs) {
    await ada.ask({ type: "set-metadata", metadata: "back" });
    await bob.change("metadata-changed");
  }
}, 240_000);

test("[CL117] Redis killed, and empty when it is there again: members bring their lobbies back and have their seats, and whoever asks by a code finds them", async () => {
  const codes = new Set(living().flatMap(({ lobby }) => lobby?.code ?? []));
  const seatsOf = (): readonly string[] => living().map(({ name, lobby }) => `${name} ${lobby?.code}`);
  const before = seatsOf();
  await redis.ask("FLUSHALL");
  await redis.kill();
  for (const index of [0, 1, 2]) while ((await readiness(index)) !== "store") await sleep(20);
  await redis.start();
  const emptyMs = performance.now();
  for (const index of [0, 1, 2]) while ((await readiness(index)) !== "ready") await sleep(20);
  await until("the test reads again", () => stored.bus.isUp);
  // Numbers of a lobby that was brought back are counted on from the clock.
  await until("every lobby was brought back", () => living().every(({ connected, lobby }) => connected && (lobby?.event ?? 0) > 1_000_000));
  await assertHealed();
  tell(`Redis emptied: ${before.length} members of ${codes.size} lobbies back after ${Math.round(performance.now() - emptyMs)} ms`);
  expect(seatsOf()).toEqual(before);
  for (const code of codes) {
    const late = follow(RealMember.join({ name: "late", port: proxy.port, history }, code));
    expect(await late.admitted).toBe(true);
  }
}, 120_000);
