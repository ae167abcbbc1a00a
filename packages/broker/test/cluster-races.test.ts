import { expect, test, vi } from "vitest";
import { LOBBY_CODE_ALPHABET, LOBBY_TIMES, type LobbyCode } from "@rollcall/netcode/lobby-protocol";
import { LobbyDeadlines } from "../src/lobby-deadlines.ts";
import { BROKER_LIMITS } from "../src/limits.ts";
import { LobbyRooms } from "../src/lobby-rooms.ts";
import { StoreUnavailable } from "../src/shared-state.ts";
import { code, peer, TestLobby } from "./lobby-fixture.ts";
import { MemoryCluster } from "./memory-cluster.ts";
import { VirtualGuest, VirtualNode } from "./virtual-node.ts";
import { useVirtualNodes } from "./virtual-nodes.ts";

const nodes = useVirtualNodes();

function openCluster(delayMs: () => number = () => 0): {
  readonly shared: MemoryCluster;
  readonly left: VirtualNode;
  readonly right: VirtualNode;
} {
  const shared = new MemoryCluster({ nowMs: Date.now, delayMs });
  const [left, right] = [new VirtualNode(shared.node()), new VirtualNode(shared.node())];
  nodes.push(left, right);
  return { shared, left, right };
}

async function opened(node: VirtualNode, options: { capacity?: number; listed?: boolean } = {}): Promise<LobbyCode> {
  const host = new VirtualGuest();
  void node.create(host, options);
  await vi.advanceTimersByTimeAsync(200);
  return host.seat.code;
}

test("[CL27] what other nodes write while a node is cut off, its members hear when it is back, although nothing happens then", async () => {
  const shared = new MemoryCluster({ nowMs: Date.now });
  const far = shared.node();
  const [left, right] = [new VirtualNode(shared.node()), new VirtualNode(far)];
  nodes.push(left, right);
  const host = new VirtualGuest();
  await left.create(host);
  const bob = new VirtualGuest();
  await right.join(bob, host.seat.code);
  await vi.advanceTimersByTimeAsync(1_000);
  const heard = (): readonly string[] => bob.texts.filter((text) => text.includes("metadata-changed"));
  const say = (metadata: number): Promise<void> => left.command(host, { type: "set-metadata", metadata });
  await say(1);
  far.isCutOff = true;
  await say(2);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(heard()).toHaveLength(1);
  far.isCutOff = false;
  await vi.advanceTimersByTimeAsync(3_000);
  expect([heard().length, bob.goodbyes]).toEqual([2, []]);
});

test("[CL90] who lost the race for a last seat may go to another lobby at once, also by quick match", async () => {
  const { left, right } = openCluster(() => 5);
  const first = await opened(left, { capacity: 2, listed: true });
  const second = await opened(left, { capacity: 2 });
  const [bob, cyd] = [new VirtualGuest(), new VirtualGuest()];
  void left.quickMatch(bob, 2);
  void right.quickMatch(cyd, 2);
  await vi.advanceTimersByTimeAsync(1_000);
  expect([bob.outcomes, cyd.outcomes]).toEqual([["in"], ["in"]]);
  expect([bob, cyd].filter(({ membership }) => membership?.code === first)).toHaveLength(1);
  const third = await opened(left, { capacity: 2 });
  const [dan, eve] = [new VirtualGuest(), new VirtualGuest()];
  void left.join(dan, third);
  void right.join(eve, third);
  await vi.advanceTimersByTimeAsync(200);
  expect(new Set([...dan.outcomes, ...eve.outcomes])).toEqual(new Set(["LOBBY_FULL", "in"]));
  const loser = [dan, eve].find(({ membership }) => membership === undefined) ?? eve;
  void right.join(loser, second);
  await vi.advanceTimersByTimeAsync(200);
  expect(loser.outcomes).toEqual(["LOBBY_FULL", "in"]);
});

test("[CL91] a seat that was written although nobody heard so is not kept for long: its socket is nowhere; who asks again has it", async () => {
  const { shared, left } = openCluster();
  const opens = await opened(left);
  const node = shared.node();
  let deaf = true;
  const lobbies = {
    ...node.lobbies,
    compareAndSet: async (...write: Parameters<typeof node.lobbies.compareAndSet>) => {
      const isWritten = await node.lobbies.compareAndSet(...write);
      if (deaf) throw new StoreUnavailable("the answer got lost");
      return isWritten;
    },
  };
  const far = new VirtualNode(node.with({ lobbies }));
  nodes.push(far);
  const [bob, cyd] = [new VirtualGuest(), new VirtualGuest()];
  const entrance = { id: "entrance-of-cyd-0123456789", attempt: 1 };
  await expect(far.join(bob, opens)).rejects.toThrow("the answer got lost");
  await expect(far.join(cyd, opens, entrance)).rejects.toThrow("the answer got lost");
  const connected = async (): Promise<unknown> =>
    (await shared.lobbies.load(opens)).record?.lobby.members.map((member) => member.connected);
  expect(await connected()).toEqual([true, true, true]);
  deaf = false;
  await far.join(cyd, opens, { ...entrance, attempt: 2 });
  await vi.advanceTimersByTimeAsync(5_000);
  expect([cyd.outcomes, cyd.goodbyes, await connected()]).toEqual([["in"], [], [true, false, true]]);
});

test("[CL95] a node that has nobody in a lobby any more remembers nothing of it, neither at once nor after it wrote what was due there later", async () => {
  const shared = new MemoryCluster({ nowMs: Date.now });
  const here = shared.node();
  const [left, right] = [new VirtualNode(here), new VirtualNode(shared.node())];
  nodes.push(left, right);
  const host = new VirtualGuest();
  await right.create(host, { listed: true });
  const { code } = host.seat;
  await vi.advanceTimersByTimeAsync(5_000);
  const memory = (): unknown => ({
    codes: left.rooms.codes,
    members: left.rooms.memberCount,
    listings: left.board.size,
    channels: here.channelCount,
    // Of both nodes: beats, deadlines, keepsakes.
    timers: vi.getTimerCount(),
  });
  const before = memory();
  const memberCount = async (): Promise<number | undefined> => (await shared.lobbies.load(code)).record?.lobby.members.length;
  // One goes away and leaves its seat behind, which its node takes back in time; the other one leaves.
  for (const isGone of [true, false]) {
    const guest = new VirtualGuest();
    await left.join(guest, code);
    const { seat } = guest;
    await vi.advanceTimersByTimeAsync(3_000);
    expect([left.rooms.codes, left.rooms.memberCount, left.board.size, here.channelCount]).toEqual([[code], 2, 1, 2]);
    if (isGone) left.service.disconnected(seat, guest.socket);
    else await left.service.command(seat, { command: { type: "leave" } }, () => left.rooms.exit(code, seat.peerId, guest.socket));
    await vi.advanceTimersByTimeAsync(3_000);
    expect([left.rooms.codes, left.rooms.memberCount, left.board.size, here.channelCount]).toEqual([[], 0, 0, 1]);
    await vi.advanceTimersByTimeAsync(isGone ? LOBBY_TIMES.seatKeptMs : 0);
    expect([await memberCount(), memory()]).toEqual([1, before]);
  }
});

test("[CL95] a node that frees the last seat of somebody who was here forgets the lobby again, which goes on elsewhere", async () => {
  const { left, right } = openCluster();
  const host = new VirtualGuest();
  await left.create(host, { listed: true });
  const bob = new VirtualGuest();
  await right.join(bob, host.seat.code);
  right.service.disconnected(bob.seat, bob.socket);
  await vi.advanceTimersByTimeAsync(3_000);
  expect([left.board.size, right.board.size, left.rooms.memberCount]).toEqual([1, 0, 2]);
  await vi.advanceTimersByTimeAsync(95_000);
  expect([left.board.size, right.board.size, left.rooms.memberCount, right.rooms.memberCount]).toEqual([1, 0, 1, 0]);
});

test("[CL95] nothing is left of a deadline that has passed, although the lobby is over", async () => {
  const due: LobbyCode[] = [];
  const deadlines = new LobbyDeadlines(Date.now, (each) => due.push(each));
  const lobby = new TestLobby();
  lobby.disconnect("ada");
  deadlines.note(lobby.record.lobby.code, lobby.record, { isFollowed: true });
  expect(deadlines.size).toBe(1);
  await vi.advanceTimersByTimeAsync(200_000);
  expect([due.length, deadlines.size]).toEqual([1, 0]);
});

test("[CL95] a node at which somebody of a lobby signals, and nobody has more, goes on knowing it until they are gone", async () => {
  const { shared, left, right } = openCluster();
  const opens = await opened(left);
  const signaling = new Set([opens]);
  vi.spyOn(right.guard, "lobbyCodes").mockImplementation(() => signaling);
  const { record } = await shared.lobbies.load(opens);
  if (record === undefined) throw new Error("no lobby");
  right.rooms.follow(record);
  await vi.advanceTimersByTimeAsync(10_000);
  expect([right.rooms.codes, right.rooms.memberCount]).toEqual([[opens], 1]);
  signaling.clear();
  await vi.advanceTimersByTimeAsync(3_000);
  expect([right.rooms.codes, right.rooms.memberCount]).toEqual([[], 0]);
});

test("[CL95] thousands of lobbies are let go at once without a stall", () => {
  const rooms = new LobbyRooms(() => undefined, "node");
  const { record } = new TestLobby();
  const [host] = record.lobby.members;
  if (host === undefined) throw new Error("no host");
  const memberOf = (name: string): typeof host => ({ ...host, peerId: peer(name) });
  const letters = LOBBY_CODE_ALPHABET.split("").slice(0, 10);
  const codes = letters.flatMap((a) => letters.flatMap((b) => letters.flatMap((c) => letters.map((d) => code(`B${a}${b}${c}${d}`)))));
  for (const [index, each] of codes.entries()) {
    const members = [memberOf(`a${index}`), memberOf(`b${index}`)];
    rooms.follow({ ...record, lobby: { ...record.lobby, code: each, members } });
  }
  expect(rooms.memberCount).toBe(20_000);
  const startedMs = performance.now();
  for (const each of codes) rooms.lose(each, "SHUTTING_DOWN");
  // 2.3 s when each looks through all members, some ms when it does not.
  expect(performance.now() - startedMs).toBeLessThan(500);
  expect(rooms.memberCount).toBe(0);
  // Of two lobbies that a node has heard of, the one that it has let go is not come back to.
  const [first, second] = [code("KXRTM"), code("BBBBB")];
  for (const each of [first, second]) rooms.follow({ ...record, lobby: { ...record.lobby, code: each } });
  rooms.lose(first, "SHUTTING_DOWN");
  expect(rooms.lobbyOf(host.peerId)).toBe(second);
  rooms.lose(second, "SHUTTING_DOWN");
  expect(rooms.lobbyOf(host.peerId)).toBeUndefined();
});

test("[CL96] who was told to come again while Redis was slow opens no lobby behind its own back, and may open one then", async () => {
  let delayMs = 0;
  const { shared, left } = openCluster(() => delayMs);
  const host = new VirtualGuest();
  let isWaiting = true;
  const opening = left.create(host, {}, () => isWaiting);
  delayMs = 200;
  await vi.advanceTimersByTimeAsync(100);
  isWaiting = false;
  await vi.advanceTimersByTimeAsync(2_000);
  await opening;
  expect([host.outcomes, await shared.lobbies.count()]).toEqual([[], 0]);
  delayMs = 0;
  await left.create(host);
  expect([host.outcomes, await shared.lobbies.count()]).toEqual([["in"], 1]);
});

test("[CL97] an attempt that lost against another one of the same page does not give back what that one is seated with", async () => {
  const { shared, left, right } = openCluster(() => 5);
  const [first, second] = [await opened(left), await opened(left)];
  const bob = new VirtualGuest();
  const [again, elsewhere] = [new VirtualGuest(bob.key), new VirtualGuest(bob.key)];
  void left.join(bob, first);
  void right.join(again, first);
  await vi.advanceTimersByTimeAsync(100);
  expect([...bob.outcomes, ...again.outcomes].map(String).toSorted()).toEqual(["BAD_REQUEST", "in"]);
  const third = new VirtualNode(shared.node());
  nodes.push(third);
  void third.join(elsewhere, second);
  await vi.advanceTimersByTimeAsync(100);
  expect(elsewhere.outcomes).toEqual(["BAD_REQUEST"]);
});

test("[CL97] who leaves and comes back at once keeps its id, although the leaving is not yet done with it", async () => {
  let delayMs = 0;
  const { shared, left, right } = openCluster(() => delayMs);
  const [first, second] = [await opened(left), await opened(left)];
  const bob = new VirtualGuest();
  const [again, elsewhere] = [new VirtualGuest(bob.key), new VirtualGuest(bob.key)];
  await left.join(bob, first);
  const memberCount = async (): Promise<number | undefined> => (await shared.lobbies.load(first)).record?.lobby.members.length;
  delayMs = 5;
  void left.command(bob, { type: "leave" });
  while ((await memberCount()) === 2) await vi.advanceTimersByTimeAsync(1);
  delayMs = 0;
  await right.join(again, first);
  delayMs = 5;
  await vi.advanceTimersByTimeAsync(100);
  expect([again.outcomes, await memberCount()]).toEqual([["in"], 2]);
  const third = new VirtualNode(shared.node());
  nodes.push(third);
  void third.join(elsewhere, second);
  await vi.advanceTimersByTimeAsync(100);
  expect(elsewhere.outcomes).toEqual(["BAD_REQUEST"]);
});

test("[CL97] an attempt to open a lobby that came too late does not give back what the next one opened it with", async () => {
  let delayMs = 0;
  const { left, right } = openCluster(() => delayMs);
  const other = await opened(right);
  const host = new VirtualGuest();
  const [again, elsewhere] = [new VirtualGuest(host.key), new VirtualGuest(host.key)];
  const entrance = { id: "entrance-of-host-0123456789", attempt: 1 };
  let isWaiting = true;
  delayMs = 50;
  void left.create(host, { entrance }, () => isWaiting);
  await vi.advanceTimersByTimeAsync(160);
  isWaiting = false;
  // The second attempt takes the id after the first one, and before that one hears that it has it.
  delayMs = 0;
  void right.create(again, { entrance: { ...entrance, attempt: 2 } });
  await vi.advanceTimersByTimeAsync(500);
  expect([host.outcomes, again.outcomes]).toEqual([[], ["in"]]);
  await left.join(elsewhere, other);
  expect(elsewhere.outcomes).toEqual(["BAD_REQUEST"]);
});

test("[LS76] an idle lobby is closed once, whichever node comes first: members hear why at each of them, their ids are free, and a node without members stays out of it", async () => {
  const shared = new MemoryCluster({ nowMs: Date.now, delayMs: () => 5 });
  const limits = { ...BROKER_LIMITS, lobbyIdleMs: 60_000 };
  const open = (): VirtualNode => new VirtualNode(shared.node(), limits);
  const [left, right, other, far] = [open(), open(), open(), open()];
  nodes.push(left, right, other, far);
  const code = await opened(left);
  const [bob, cyd, dan] = [new VirtualGuest(), new VirtualGuest(), new VirtualGuest()];
  void right.join(bob, code);
  void far.join(cyd, code);
  void other.join(dan, code);
  await vi.advanceTimersByTimeAsync(200);
  void far.command(cyd, { type: "leave" });
  await vi.advanceTimersByTimeAsync(2_000);
  let writes = 0;
  const compareAndSet = shared.lobbies.compareAndSet.bind(shared.lobbies);
  shared.lobbies.compareAndSet = async (...write) => {
    const isWritten = await compareAndSet(...write);
    if (isWritten) writes++;
    return isWritten;
  };
  await vi.advanceTimersByTimeAsync(61_000);
  expect((await shared.lobbies.load(code)).record?.lobby.idle).toBe(true);
  // The one that warned stops: another one decides.
  expect(writes).toBe(1);
  void left.close();
  await vi.advanceTimersByTimeAsync(LOBBY_TIMES.idleWarningMs);
  expect((await shared.lobbies.load(code)).record).toBeUndefined();
  // One of the two decided, and the other found it done.
  expect([bob.goodbyes, dan.goodbyes]).toEqual([["LOBBY_IDLE"], ["LOBBY_IDLE"]]);
  expect(cyd.goodbyes).toEqual([]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect([right, other].map(({ rooms }) => rooms.memberCount)).toEqual([0, 0]);
  expect(shared.claims.size).toBe(0);
});

test("[LS76] a node that turns somebody away sets no clock for a lobby that is elsewhere", async () => {
  const { left, right } = openCluster();
  const code = await opened(left, { capacity: 1 });
  await vi.advanceTimersByTimeAsync(2_000);
  const before = vi.getTimerCount();
  const bob = new VirtualGuest();
  void right.join(bob, code);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(bob.outcomes).toEqual(["LOBBY_FULL"]);
  expect(vi.getTimerCount()).toBe(before);
});

test("[CL100] a node that stood still between its claim of an id and its write, until the id went into another lobby, writes nothing any more", async () => {
  const { shared, left, right } = openCluster();
  const [first, second] = [await opened(left), await opened(left)];
  const [bob, dan] = [new VirtualGuest(), new VirtualGuest()];
  const [bobAgain, danAgain] = [new VirtualGuest(bob.key), new VirtualGuest(dan.key)];
  let stillMs = 6_000;
  shared.stillMs = (key) => (key.startsWith("seat:") ? stillMs : 0);
  const late = [left.join(bob, first), left.create(dan)].map((answer) => expect(answer).rejects.toThrow(StoreUnavailable));
  await vi.advanceTimersByTimeAsync(5_001);
  stillMs = 0;
  for (const again of [bobAgain, danAgain]) await right.join(again, second);
  await vi.advanceTimersByTimeAsync(1_000);
  await Promise.all(late);
  const { lobbies } = shared;
  const countOf = async (code: LobbyCode): Promise<number | undefined> => (await lobbies.load(code)).record?.lobby.members.length;
  expect([bob, dan, bobAgain, danAgain].map(({ outcomes }) => outcomes)).toEqual([[], [], ["in"], ["in"]]);
  expect([await lobbies.count(), await countOf(first), await countOf(second)]).toEqual([2, 1, 3]);
});

test("[CL100] a node that stood still for less than that goes on", async () => {
  const { shared, left } = openCluster();
  const first = await opened(left);
  shared.stillMs = (key) => (key.startsWith("seat:") ? 3_500 : 0);
  const bob = new VirtualGuest();
  const joining = left.join(bob, first);
  await vi.advanceTimersByTimeAsync(3_500);
  await joining;
  expect(bob.outcomes).toEqual(["in"]);
});
