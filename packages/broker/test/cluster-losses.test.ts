/** A Redis that has lost something: a failover, a restart without a file, a hand that emptied it. */
import { expect, test, vi } from "vitest";
import type { LobbyCode } from "@rollcall/netcode/lobby-protocol";
import { lobbyChannel, NODES_CHANNEL } from "../src/node-bus.ts";
import { MemoryCluster, type MemoryNode } from "./memory-cluster.ts";
import { stepLobby } from "../src/lobby.ts";
import { VirtualGuest, VirtualNode } from "./virtual-node.ts";
import { useVirtualNodes } from "./virtual-nodes.ts";

const nodes = useVirtualNodes();

interface Pair {
  readonly shared: MemoryCluster;
  readonly states: readonly [MemoryNode, MemoryNode];
  readonly left: VirtualNode;
  readonly right: VirtualNode;
  readonly code: LobbyCode;
  readonly ada: VirtualGuest;
  readonly bob: VirtualGuest;
}

/** A lobby whose host is at one node, and whose other member is at another. */
async function pair(): Promise<Pair> {
  const shared = new MemoryCluster({ nowMs: Date.now });
  const states = [shared.node(), shared.node()] as const;
  const [left, right] = [new VirtualNode(states[0]), new VirtualNode(states[1])];
  nodes.push(left, right);
  const [ada, bob] = [new VirtualGuest(), new VirtualGuest()];
  await left.create(ada);
  const { code } = ada.seat;
  await right.join(bob, code);
  await vi.advanceTimersByTimeAsync(1_000);
  return { shared, states, left, right, code, ada, bob };
}

test("[CL116] members who heard changes that a failover lost come again, also where others have their numbers by then, and nobody else does", async () => {
  const { shared, states, left, right, code, ada, bob } = await pair();
  const before = await shared.lobbies.load(code);
  await left.command(ada, { type: "set-metadata", metadata: "lost" });
  await vi.advanceTimersByTimeAsync(100);
  states[1].isCutOff = true;
  shared.state = "down";
  await shared.rewind(code, before);
  shared.state = "up";
  await vi.advanceTimersByTimeAsync(1_000);
  expect([ada.goodbyes, bob.goodbyes]).toEqual([["SHUTTING_DOWN"], []]);
  // As many as were lost, by somebody who knows of no other.
  const cyd = new VirtualGuest();
  await left.join(cyd, code);
  expect((await shared.lobbies.load(code)).record?.lobby.event).toBe((before.record?.lobby.event ?? 0) + 1);
  states[1].isCutOff = false;
  await vi.advanceTimersByTimeAsync(2_000);
  expect([bob.goodbyes, cyd.goodbyes]).toEqual([["SHUTTING_DOWN"], []]);
  // And with an order of its own on top of the lost one.
  const dan = new VirtualGuest();
  await right.join(dan, code);
  await vi.advanceTimersByTimeAsync(100);
  expect([cyd.goodbyes, dan.outcomes, cyd.texts.some((text) => text.includes("member-joined"))]).toEqual([[], ["in"], true]);
});

test("[CL116] an order of a member who knows of lost changes brings the others of its node back, not one of them further", async () => {
  const { shared, states, left, right, code, ada, bob } = await pair();
  const before = await shared.lobbies.load(code);
  await left.command(ada, { type: "set-metadata", metadata: "lost" });
  await vi.advanceTimersByTimeAsync(100);
  // Behind a proxy that keeps connections.
  await shared.rewind(code, before);
  await left.command(ada, { type: "set-metadata", metadata: "other" });
  await right.command(bob, { type: "set-ready", ready: true });
  await vi.advanceTimersByTimeAsync(100);
  expect([ada.goodbyes, bob.goodbyes]).toEqual([["SHUTTING_DOWN"], ["SHUTTING_DOWN"]]);
  expect(states.map(({ bus }) => bus.isUp)).toEqual([true, true]);
});

test("[CL116] a node whose members go and come again follows the lobby all the same: some of them may signal there still", async () => {
  const { shared, left, right, code, ada, bob } = await pair();
  const before = await shared.lobbies.load(code);
  await right.command(bob, { type: "set-ready", ready: true });
  await shared.rewind(code, before);
  await right.command(bob, { type: "set-ready", ready: true });
  expect(bob.goodbyes).toEqual(["SHUTTING_DOWN"]);
  const cyd = new VirtualGuest();
  await left.join(cyd, code);
  expect([right.rooms.lobbyOf(ada.seat.peerId), right.rooms.lobbyOf(cyd.seat.peerId)]).toEqual([code, code]);
});

test("[CL125] where the lost change was of the host, and another takes its epoch, only the one in the store acts: the other is told to come again", async () => {
  const { shared, left, right, code, ada, bob } = await pair();
  const cyd = new VirtualGuest();
  await left.join(cyd, code);
  const before = await shared.lobbies.load(code);
  await left.command(ada, { type: "transfer-host", peerId: bob.seat.peerId });
  await vi.advanceTimersByTimeAsync(100);
  expect(cyd.texts.join("")).toContain(`"hostId":"${bob.seat.peerId}","hostEpoch":2`);
  await shared.rewind(code, before);
  // A node that heard nothing of it writes another host, in the same epoch.
  if (before.record === undefined) throw new Error("expected: a lobby");
  const { peerId, connection } = ada.seat;
  const command = { type: "transfer-host", peerId: cyd.seat.peerId } as const;
  const step = stepLobby(before.record, { type: "command", peerId, connection, command, hostEpoch: 1, seed: 0 }, Date.now());
  await shared.lobbies.compareAndSet(code, before.version, step.record);
  const outcomes: unknown[] = [];
  const order = { command: { type: "set-metadata", metadata: "of a host of old" }, hostEpoch: 2 } as const;
  await right.service.command(bob.seat, order, (outcome) => outcomes.push(outcome));
  await vi.advanceTimersByTimeAsync(1_000);
  expect([outcomes, bob.goodbyes]).toEqual([[{ ok: false, refusal: { code: "NOT_HOST" } }], ["SHUTTING_DOWN"]]);
  expect((await shared.lobbies.load(code)).record?.lobby).toMatchObject({ hostId: cyd.seat.peerId, hostEpoch: 2, metadata: null });
});

test("[CL117] a store that was emptied in use is found so with the next order, or within a minute, and members bring their lobby back", async () => {
  const { shared, left, code, ada, bob } = await pair();
  shared.forget();
  await left.command(ada, { type: "set-metadata", metadata: "lost" });
  expect([ada.goodbyes, bob.goodbyes]).toEqual([["SHUTTING_DOWN"], []]);
  await vi.advanceTimersByTimeAsync(61_000);
  expect([bob.goodbyes, left.rooms.versionOf(code)]).toEqual([["SHUTTING_DOWN"], undefined]);
});

test("[CL117] a lobby that was brought back through another node is read by those who have the lost one still", async () => {
  const { shared, states, right, code, bob } = await pair();
  const { record } = await shared.lobbies.load(code);
  shared.forget();
  expect(right.rooms.versionOf(code)).toBeGreaterThan(1);
  // As a restoration writes it.
  await states[0].lobbies.compareAndSet(code, 0, record && { ...record, lobby: { ...record.lobby, event: 1_000_000 }, recent: [] });
  await vi.advanceTimersByTimeAsync(100);
  expect(bob.goodbyes).toEqual(["SHUTTING_DOWN"]);
});

test("[CL118] ids that Redis forgot are their members' again when it is back: no other lobby takes them, and other nodes know where they belong", async () => {
  const { shared, left, code, bob } = await pair();
  const elsewhere = new VirtualGuest();
  await left.create(elsewhere);
  shared.state = "down";
  const { record } = await shared.lobbies.load(code);
  const other = await shared.lobbies.load(elsewhere.seat.code);
  shared.forget();
  for (const each of [record, other.record]) if (each !== undefined) await shared.lobbies.compareAndSet(each.lobby.code, 0, each);
  shared.state = "up";
  await vi.advanceTimersByTimeAsync(7_000);
  expect(await left.cluster.lobbyOf(bob.seat.peerId)).toBe(code);
  const again = new VirtualGuest(bob.key);
  await left.join(again, elsewhere.seat.code);
  expect(again.outcomes).toEqual(["BAD_REQUEST"]);
});

test("[CL119] while brokers of two versions run side by side each keeps what it does not know of a record, and passes over texts that it does not know", async () => {
  const { shared, states, left, right, code, ada, bob } = await pair();
  const { version, record } = await shared.lobbies.load(code);
  const [seat, ...seats] = record?.seats ?? [];
  const newer = { ...record, newer: { field: 1 }, seats: [{ ...seat, newer: true }, ...seats], lobby: { ...record?.lobby, newer: [2] } };
  await states[0].lobbies.compareAndSet(code, version, newer as typeof record);
  for (const text of ['{"newer":1}', '{"written":"soon"}', "[]", "newer words", '{"here":7}'])
    await states[0].bus.publish(lobbyChannel(code), text);
  for (const text of ['{"node":"z","newer":1,"leaves":"soon"}', '{"newer":1}', "null"]) await states[0].bus.publish(NODES_CHANNEL, text);
  await vi.advanceTimersByTimeAsync(100);
  await right.command(bob, { type: "set-ready", ready: true });
  await vi.advanceTimersByTimeAsync(100);
  const after = (await shared.lobbies.load(code)).record;
  expect(after).toMatchObject({ newer: { field: 1 }, seats: [{ newer: true }, {}], lobby: { newer: [2] } });
  expect(ada.texts.at(-1)).toContain("ready");
  expect([ada.goodbyes, bob.goodbyes, left.failures, right.failures]).toEqual([[], [], [], []]);
});
