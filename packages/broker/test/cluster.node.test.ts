import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LOBBY_PROTOCOL_VERSION, parseRoster, type Admission, type BrokerMessage, type Roster } from "@rollcall/netcode/lobby-protocol";
import { compactVerify } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BrokerCommand } from "./broker-command.ts";
import { admission, LobbyClient, profile, refusal } from "./lobby-client.ts";
import { RedisServer } from "./redis-server.ts";
import { SignalingClient } from "./signaling-client.ts";

/** The command, several times, as processes that share a real Redis. */
let redis: RedisServer;
let folder: string;
const nodes: BrokerCommand[] = [];

async function startNode(): Promise<BrokerCommand> {
  const node = await BrokerCommand.start(["--redis-url", redis.url, "--open", "--signing-key-file", join(folder, "key")], {
    opensPerMinute: 100_000,
    socketsPerAddress: 10_000,
    requestsPerMinute: 100_000,
    lobbiesPerMinute: 10_000,
    wrongCodesPerMinute: 10_000,
  });
  while ((await readiness(node.port)) !== "ready") await sleep(20);
  return node;
}

async function readiness(port: number): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
  return ((await answer.json()) as { status: string }).status;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "rollcall-cluster-"));
  writeFileSync(join(folder, "key"), "a-signing-key-that-all-nodes-of-this-test-share", { mode: 0o600 });
  redis = await RedisServer.start();
  nodes.push(...(await Promise.all([startNode(), startNode(), startNode()])));
}, 60_000);

afterAll(async () => {
  await Promise.all(nodes.map((node) => node.kill()));
  await redis.dispose();
  rmSync(folder, { recursive: true, force: true });
});

const port = (index: number): number => {
  const node = nodes[index];
  if (node === undefined) throw new Error(`no node ${index}`);
  return node.port;
};

interface Member {
  readonly lobby: LobbyClient;
  readonly admission: Admission;
}

type Reply = Extract<BrokerMessage, { reply: number }>;

/** As a page does: a machine that is busy for half a second makes a node say so. */
async function insist(ask: () => Promise<Reply>): Promise<Reply> {
  for (;;) {
    const reply = await ask();
    if (reply.ok || reply.error.code !== "RETRY") return reply;
    await sleep(50);
  }
}

async function host(index: number): Promise<Member> {
  const lobby = await LobbyClient.open(port(index));
  return { lobby, admission: await lobby.create() };
}

async function joined(index: number, code: string): Promise<Member> {
  const lobby = await LobbyClient.open(port(index));
  return { lobby, admission: admission(await insist(() => lobby.join(code))) };
}

test("[TK56] rosters of every node are checked with the keys that any of them named, and say the same under one number", async () => {
  const ada = await host(0);
  const bob = await joined(1, ada.admission.lobby.code);
  const kid = ada.admission.authority?.keys[0]?.kid;
  expect(bob.admission.authority?.keys).toEqual(ada.admission.authority?.keys);
  const rosters: Roster[] = [];
  for (const [member, other] of [
    [ada, bob],
    [bob, ada],
  ] as const) {
    const { roster: text } = await member.lobby.find((item): item is Extract<BrokerMessage, { roster: unknown }> => "roster" in item);
    const keys = other.admission.authority?.keys ?? [];
    const { payload, protectedHeader } = await compactVerify(text, { kty: "OKP", crv: "Ed25519", x: keys[0]?.key ?? "" });
    expect([protectedHeader.kid, payload.length > 0]).toEqual([kid, true]);
    const found = parseRoster(text, keys);
    if (typeof found === "string") throw new Error(found);
    rosters.push(found.roster);
  }
  const same = ({ number, life, members, isCertain }: Roster): unknown => ({ number, life, members, isCertain });
  expect(same(rosters[1]!)).toEqual(same(rosters[0]!));
  expect(rosters[0]?.members.map(({ peerId }) => peerId)).toEqual([ada.admission.peerId, bob.admission.peerId]);
  await ada.lobby.close();
  await bob.lobby.close();
});

test("[CL20] a lobby that was opened at one node is joined at others, and everybody hears of everything in one order", async () => {
  const ada = await host(0);
  const { code } = ada.admission.lobby;
  const bob = await joined(1, code);
  const cyd = await joined(2, code);
  expect(cyd.admission.lobby.members.map(({ peerId, seat }) => [peerId, seat])).toEqual(
    [ada, bob, cyd].map((member, seat) => [member.admission.peerId, seat]),
  );
  await bob.lobby.ask({ type: "set-ready", ready: true });
  await ada.lobby.ask({ type: "set-settings", settings: { map: 3 } });
  await ada.lobby.ask({ type: "start", playerCount: 3, botProfiles: [], countdownMs: 0 });
  const matches = await Promise.all([ada, bob, cyd].map(({ lobby }) => lobby.change("match-started")));
  expect(matches[1]).toEqual(matches[0]);
  expect(matches[2]).toEqual(matches[0]);
  expect(matches[0]?.match.seats).toHaveLength(3);
  for (const { lobby } of [ada, bob, cyd]) {
    const events = lobby.messages.flatMap((message) => ("event" in message ? [message.event] : []));
    expect(events).toEqual(events.map((_, index) => (events[0] ?? 0) + index));
  }
  // The host leaves at one node: another is host at once, at its own.
  await ada.lobby.ask({ type: "leave" });
  expect(await cyd.lobby.change("host-changed")).toMatchObject({ hostId: bob.admission.peerId });
  expect(await bob.lobby.ask({ type: "ban", peerId: LobbyClient.peerId(cyd.admission.peerId) })).toMatchObject({ ok: true });
  expect(await cyd.lobby.goodbye()).toBe("BANNED");
  expect(refusal(await (await LobbyClient.open(port(0))).resume(code, { secret: cyd.admission.resumeSecret })).code).toBe(
    "LOBBY_NOT_FOUND",
  );
  await bob.lobby.ask({ type: "leave" });
  const stranger = await LobbyClient.open(port(2));
  expect(refusal(await insist(() => stranger.join(code))).code).toBe("LOBBY_NOT_FOUND");
});

test("[CL21] a member resumes at another node, which the first one hears: the older socket is replaced", async () => {
  const ada = await host(0);
  const { code } = ada.admission.lobby;
  const bob = await joined(1, code);
  const again = await LobbyClient.open(port(2));
  const back = admission(
    await insist(() => again.resume(code, { secret: bob.admission.resumeSecret, lastEvent: bob.admission.lobby.event })),
  );
  expect(back.peerId).toBe(bob.admission.peerId);
  expect(await bob.lobby.goodbye()).toBe("REPLACED");
  await bob.lobby.closed;
  await ada.lobby.ask({ type: "set-metadata", metadata: "hello" });
  expect(await again.change("metadata-changed")).toMatchObject({ metadata: "hello" });
  // Nobody missed it.
  expect(ada.lobby.messages.flatMap((message) => ("change" in message ? [message.change.type] : []))).toEqual([
    "member-joined",
    "metadata-changed",
  ]);
  again.socket.terminate();
  await ada.lobby.change("member-disconnected");
});

test("[CL22] of many who want the last seats at once, at all nodes, as many get one as there are", async () => {
  const lobby = await LobbyClient.open(port(0));
  const { code } = (await lobby.create({ capacity: 5 })).lobby;
  const clients = await Promise.all(Array.from({ length: 12 }, (_, index) => LobbyClient.open(port(index % 3))));
  const replies = await Promise.all(clients.map((client) => insist(() => client.join(code))));
  const seats = replies.flatMap((reply) => (reply.ok ? [admission(reply)] : []));
  expect(replies.flatMap((reply) => (reply.ok ? [] : [reply.error.code]))).toEqual(Array.from({ length: 8 }, () => "LOBBY_FULL"));
  expect(new Set(seats.map(({ peerId, lobby: { members } }) => members.find((member) => member.peerId === peerId)?.seat)).size).toBe(4);
});

test("[CL23] an id is a member's of one lobby, whichever nodes are asked at once", async () => {
  const [ada, bob] = [await host(0), await host(1)];
  const clients = await Promise.all([0, 1, 2, 0, 1, 2].map((index) => LobbyClient.open(port(index))));
  const [first] = clients;
  for (const client of clients) client.pageKey = first?.pageKey ?? client.pageKey;
  const codes = [ada, bob, ada, bob, ada, bob].map((member) => member.admission.lobby.code);
  const replies = await Promise.all(clients.map((client, index) => insist(() => client.join(codes[index] ?? ""))));
  expect(replies.filter(({ ok }) => ok)).toHaveLength(1);
  expect(replies.flatMap((reply) => (reply.ok ? [] : [reply.error.code]))).toEqual(Array.from({ length: 5 }, () => "BAD_REQUEST"));
  // And once it has left, it may be another's.
  const inside = replies.findIndex(({ ok }) => ok);
  await clients[inside]?.ask({ type: "leave" });
  const elsewhere = await LobbyClient.open(port(2));
  elsewhere.pageKey = first?.pageKey ?? elsewhere.pageKey;
  let reply = await elsewhere.join(codes[(inside + 1) % 2] ?? "");
  for (let attempt = 0; attempt < 50 && !reply.ok; attempt++) {
    await sleep(20);
    reply = await elsewhere.join(codes[(inside + 1) % 2] ?? "");
  }
  expect(reply.ok).toBe(true);
});

test("[CL24] members signal to each other wherever their sockets are, also before the other one is there; strangers do not", async () => {
  const ada = await host(0);
  const bob = await joined(1, ada.admission.lobby.code);
  // Each signals at another node than it has its lobby.
  const adas = await SignalingClient.open(port(2), ada.admission.peerId, ada.admission.signalingToken);
  adas.offer(bob.admission.peerId, "before");
  await adas.settled();
  const bobs = await SignalingClient.open(port(0), bob.admission.peerId, bob.admission.signalingToken);
  expect(await bobs.signal("OFFER")).toMatchObject({ src: ada.admission.peerId, payload: { sdp: { sdp: "before" } } });
  bobs.send({
    type: "ANSWER",
    dst: ada.admission.peerId,
    payload: { sdp: { type: "answer", sdp: "v=0" }, type: "data", connectionId: "dc_1" },
  });
  expect(await adas.signal("ANSWER")).toMatchObject({ src: bob.admission.peerId, dst: ada.admission.peerId });
  const candidates = Array.from({ length: 30 }, (_, index) => `candidate:${index}`);
  for (const candidate of candidates) {
    adas.send({ type: "CANDIDATE", dst: bob.admission.peerId, payload: { candidate: { candidate }, type: "data", connectionId: "dc_1" } });
  }
  while (bobs.signals.filter(({ type }) => type === "CANDIDATE").length < 30) await sleep(5);
  expect(
    bobs.signals
      .filter(({ type }) => type === "CANDIDATE")
      .map(({ payload }) => (payload as { candidate: { candidate: string } }).candidate.candidate),
  ).toEqual(candidates);
  const stranger = await host(1);
  const theirs = await SignalingClient.open(port(1), stranger.admission.peerId, stranger.admission.signalingToken);
  theirs.offer(bob.admission.peerId, "foreign");
  await theirs.signal("EXPIRE");
  // A newer socket at another node replaces the one before.
  const newer = await SignalingClient.open(port(1), ada.admission.peerId, ada.admission.signalingToken);
  expect(await adas.closed).toBe(1000);
  bobs.offer(ada.admission.peerId, "newest");
  expect(await newer.signal("OFFER")).toMatchObject({ payload: { sdp: { sdp: "newest" } } });
  expect(bobs.signals.some(({ payload }) => JSON.stringify(payload)?.includes("foreign"))).toBe(false);
  // Kicked at one node, out at the other.
  await ada.lobby.ask({ type: "kick", peerId: LobbyClient.peerId(bob.admission.peerId) });
  expect(await bobs.closed).toBe(1008);
});

test("[CL25] stock clients of an open cluster have their id at one node, and reach each other from any", async () => {
  const ada = await SignalingClient.open(port(0), "ada-stock", "token-a");
  const bob = await SignalingClient.open(port(1), "bob-stock", "token-b");
  ada.offer("bob-stock", "across");
  expect(await bob.signal("OFFER")).toMatchObject({ src: "ada-stock", payload: { sdp: { sdp: "across" } } });
  const thief = SignalingClient.connect(port(2), "ada-stock", "token-x");
  await thief.signal("ID-TAKEN");
  await thief.closed;
  ada.offer("nobody-stock");
  expect(await ada.signal("EXPIRE")).toMatchObject({ src: "nobody-stock" });
  // The same client comes back at another node, and is there alone.
  const again = await SignalingClient.open(port(2), "ada-stock", "token-a");
  expect(await ada.closed).toBe(1000);
  bob.offer("ada-stock", "again");
  await again.signal("OFFER");
  again.socket.close();
  await again.closed;
  while (!bob.signals.some(({ type }) => type === "EXPIRE")) {
    bob.offer("ada-stock");
    await sleep(20);
  }
});

test("[CL31] a lobby that is listed at one node is in the list of all, is followed live there and found by quick match, whose lost answer is found again at another node", async () => {
  const watcher = await LobbyClient.open(port(2));
  const game = { id: "listed", version: 1, contentHash: "0123abcd" };
  expect(await watcher.list({}, game)).toEqual({ lobbies: [], total: 0 });
  const seek = (client: LobbyClient, attempt: number): ReturnType<LobbyClient["ask"]> =>
    client.ask({
      type: "quick-match",
      protocol: LOBBY_PROTOCOL_VERSION,
      key: client.pageKey.key,
      game,
      profile: profile("Ada"),
      capacity: 2,
      settings: null,
      metadata: null,
      filter: {},
      entrance: { id: `entrance-of-${client.pageKey.key.slice(0, 12)}`, attempt },
    });
  const ada = await LobbyClient.open(port(0));
  const { code } = admission(await seek(ada, 1)).lobby;
  expect((await watcher.update()).put).toMatchObject([{ code, members: 1 }]);
  const bob = await LobbyClient.open(port(1));
  expect(admission(await seek(bob, 1)).lobby.code).toBe(code);
  // It never heard that.
  bob.socket.terminate();
  const again = await LobbyClient.open(port(2));
  again.pageKey = bob.pageKey;
  expect(admission(await seek(again, 2)).lobby).toMatchObject({ code, members: [{ seat: 0 }, { seat: 1 }] });
  // Another writes that it is gone than wrote that it is there.
  await ada.ask({ type: "leave" });
  await again.ask({ type: "leave" });
  for (let gone: readonly string[] = []; !gone.includes(code);) ({ gone } = await watcher.update());
});

test("[CL26] after kill -9 of a node its members are back in their seats at others, whoever does not come back is missed, and a host that was there is followed", async () => {
  const doomed = await startNode();
  const at = nodes.push(doomed) - 1;
  const ada = await host(at);
  const { code } = ada.admission.lobby;
  const bob = await joined(0, code);
  const others = await Promise.all([at, at, 1, 2].map((index) => joined(index, code)));
  await doomed.kill();
  const back = await Promise.all(
    [bob, ...others.slice(0, 2)].slice(1).map(async ({ admission: before }, index) => {
      const client = await LobbyClient.open(port(index % 2));
      return {
        before,
        client,
        after: admission(await insist(() => client.resume(code, { secret: before.resumeSecret, lastEvent: before.lobby.event }))),
      };
    }),
  );
  const seatOf = ({ peerId, lobby }: Admission): number | undefined => lobby.members.find((member) => member.peerId === peerId)?.seat;
  for (const { before, after } of back) expect([after.peerId, seatOf(after)]).toEqual([before.peerId, seatOf(before)]);
  // The host does not come back. Its node said nothing, so the others find out by themselves.
  expect(await bob.lobby.change("member-disconnected")).toMatchObject({ peerId: ada.admission.peerId });
  const changed = await bob.lobby.change("host-changed");
  expect(changed.hostId).toBe(bob.admission.peerId);
  for (const { client } of back) expect(await client.change("host-changed")).toEqual(changed);
  expect(await bob.lobby.ask({ type: "set-settings", settings: 1 })).toMatchObject({ ok: true });
  for (const { client } of back) await client.change("settings-changed");
  // Nobody who came back was missed in between.
  const missed = bob.lobby.messages.flatMap((message) =>
    "change" in message && message.change.type === "member-disconnected" ? [message.change.peerId] : [],
  );
  expect(missed).toEqual([ada.admission.peerId]);
});

test("[CL27] while Redis stands still, what is at one node goes on, joins are told to come again within a second, and nodes say that they are not ready; then all goes on", async () => {
  const ada = await host(0);
  const { code } = ada.admission.lobby;
  const [bob, cyd] = [await joined(0, code), await joined(1, code)];
  const adas = await SignalingClient.open(port(0), ada.admission.peerId, ada.admission.signalingToken);
  const bobs = await SignalingClient.open(port(0), bob.admission.peerId, bob.admission.signalingToken);
  const late = await LobbyClient.open(port(1));
  redis.freeze();
  expect(refusal(await late.join(code))).toMatchObject({ code: "RETRY", retryAfterMs: 1_000 });
  adas.offer(bob.admission.peerId, "same node");
  expect(await bobs.signal("OFFER")).toMatchObject({ payload: { sdp: { sdp: "same node" } } });
  while ((await readiness(port(0))) !== "store" || (await readiness(port(1))) !== "store") await sleep(20);
  // Found away: nobody waits.
  const replies = await Promise.all(Array.from({ length: 20 }, async () => (await LobbyClient.open(port(0))).join(code)));
  expect(replies.map((reply) => refusal(reply).code)).toEqual(replies.map(() => "RETRY"));
  // It goes away while nobody can write that.
  cyd.lobby.socket.terminate();
  bobs.offer(ada.admission.peerId, "still");
  await adas.signal("OFFER");
  redis.thaw();
  while ((await readiness(port(0))) !== "ready" || (await readiness(port(1))) !== "ready") await sleep(20);
  expect(await ada.lobby.change("member-disconnected")).toMatchObject({ peerId: cyd.admission.peerId });
  // None of the joins that were answered so was done behind our back.
  const seated = admission(await insist(() => late.join(code)));
  expect(seated.lobby.members).toHaveLength(4);
  expect(await bob.lobby.change("member-joined")).toMatchObject({ member: { peerId: cyd.admission.peerId } });
  expect(await bob.lobby.change("member-joined")).toMatchObject({ member: { peerId: seated.peerId } });
});

test("[CL28] after Redis was killed and came back, lobbies, ids and signals across nodes are there again", async () => {
  const ada = await host(0);
  const { code } = ada.admission.lobby;
  const bob = await joined(1, code);
  const adas = await SignalingClient.open(port(0), ada.admission.peerId, ada.admission.signalingToken);
  const bobs = await SignalingClient.open(port(1), bob.admission.peerId, bob.admission.signalingToken);
  // What it answered is on its disk within a second.
  await sleep(1_100);
  await redis.kill();
  while ((await readiness(port(0))) !== "store" || (await readiness(port(1))) !== "store") await sleep(20);
  // Sent while nothing gets through: it arrives when it does.
  adas.offer(bob.admission.peerId, "kept");
  await adas.settled();
  await redis.start();
  expect(await bobs.signal("OFFER")).toMatchObject({ payload: { sdp: { sdp: "kept" } } });
  while ((await readiness(port(0))) !== "ready" || (await readiness(port(1))) !== "ready") await sleep(20);
  await ada.lobby.ask({ type: "set-metadata", metadata: "back" });
  await bob.lobby.change("metadata-changed");
  expect((await joined(2, code)).admission.lobby.members).toHaveLength(3);
});

test("[CL29] a node that stops says goodbye, and its members are back at another one before anybody takes them for lost", async () => {
  const stopping = await startNode();
  const at = nodes.push(stopping) - 1;
  const ada = await host(0);
  const bob = await joined(at, ada.admission.lobby.code);
  const stopped = stopping.close();
  expect(await bob.lobby.goodbye()).toBe("SHUTTING_DOWN");
  const again = await LobbyClient.open(port(1));
  const back = admission(
    await insist(() =>
      again.resume(ada.admission.lobby.code, { secret: bob.admission.resumeSecret, lastEvent: bob.admission.lobby.event }),
    ),
  );
  expect(back.peerId).toBe(bob.admission.peerId);
  expect(await stopped).toBe(0);
  await ada.lobby.ask({ type: "set-metadata", metadata: "on" });
  await again.change("metadata-changed");
});
