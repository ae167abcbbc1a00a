/** What a node does about the others, in virtual time: the same with processes and a real Redis is `cluster.node.test.ts`. */
import { expect, test, vi } from "vitest";
import type { LobbyCode } from "@rollcall/netcode/lobby-protocol";
import { StoreUnavailable, type SharedState } from "../src/shared-state.ts";
import { MemoryCluster, type MemoryNode } from "./memory-cluster.ts";
import { VirtualGuest, VirtualNode } from "./virtual-node.ts";
import { useVirtualNodes } from "./virtual-nodes.ts";

const nodes = useVirtualNodes();

class Bench {
  readonly shared = new MemoryCluster({ nowMs: Date.now });
  readonly states: MemoryNode[] = [];
  readonly left: VirtualNode = this.node();
  readonly right: VirtualNode = this.node();

  /** `change`: of what it has of the shared state. */
  node(change: (state: MemoryNode) => Partial<SharedState> = () => ({})): VirtualNode {
    const state = this.shared.node();
    this.states.push(state);
    const node = new VirtualNode(state.with(change(state)));
    nodes.push(node);
    return node;
  }

  /** A lobby of the left node, with somebody at the right one. */
  async pair(): Promise<{ readonly code: LobbyCode; readonly ada: VirtualGuest; readonly bob: VirtualGuest }> {
    const [ada, bob] = [new VirtualGuest(), new VirtualGuest()];
    const code = await this.open(ada);
    await this.right.join(bob, code);
    return { code, ada, bob };
  }

  async open(host: VirtualGuest = new VirtualGuest()): Promise<LobbyCode> {
    await this.left.create(host);
    return host.seat.code;
  }

  async connected(code: LobbyCode): Promise<readonly boolean[]> {
    return (await this.shared.lobbies.load(code)).record?.lobby.members.map((member) => member.connected) ?? [];
  }

  async lock(guest: VirtualGuest, locked: boolean): Promise<void> {
    await this.left.command(guest, { type: "set-locked", locked });
  }
}

test("[CL7] a node keeps the lobbies of whom it has, each minute", async () => {
  const bench = new Bench();
  const kept: LobbyCode[] = [];
  const far = bench.node(({ lobbies }) => ({ lobbies: { ...lobbies, keep: (code) => Promise.resolve(kept.push(code) > 0) } }));
  const code = await bench.open();
  await far.join(new VirtualGuest(), code);
  await vi.advanceTimersByTimeAsync(125_000);
  expect(kept).toEqual([code, code]);
});

test("[CL20] a node that was cut off catches up when it is back; who missed more than is remembered comes again", async () => {
  const bench = new Bench();
  const { code, ada, bob } = await bench.pair();
  const [, right] = bench.states;
  if (right === undefined) throw new Error("no node");
  right.isCutOff = true;
  await bench.lock(ada, true);
  right.isCutOff = false;
  await vi.advanceTimersByTimeAsync(2_000);
  expect([bench.right.rooms.versionOf(code), bob.goodbyes]).toEqual([(await bench.shared.lobbies.load(code)).version, []]);
  right.isCutOff = true;
  for (let change = 0; change < 40; change++) await bench.lock(ada, change % 2 === 0);
  right.isCutOff = false;
  await vi.advanceTimersByTimeAsync(2_000);
  expect([ada.goodbyes, bob.goodbyes]).toEqual([[], ["SHUTTING_DOWN"]]);
});

test("[CL21] the older socket of a seat that is taken at another node is replaced there", async () => {
  const bench = new Bench();
  const code = await bench.open();
  const bob = new VirtualGuest();
  const again = new VirtualGuest(bob.key);
  const entrance = { id: "entrance-of-bob-0123456789", attempt: 1 };
  await bench.left.join(bob, code, entrance);
  await bench.right.join(again, code, { ...entrance, attempt: 2 });
  await vi.advanceTimersByTimeAsync(100);
  expect([bob.goodbyes, again.outcomes, again.goodbyes]).toEqual([["REPLACED"], ["in"], []]);
});

test("[CL23] who left goes to another lobby at once, at any node", async () => {
  const bench = new Bench();
  const { bob } = await bench.pair();
  const other = await bench.open();
  const again = new VirtualGuest(bob.key);
  await bench.right.command(bob, { type: "leave" });
  await vi.advanceTimersByTimeAsync(10);
  await bench.left.join(again, other);
  expect(again.outcomes).toEqual(["in"]);
});

test("[CL26] a node that stood still itself takes nobody for dead, and who was taken for dead comes again", async () => {
  const bench = new Bench();
  const { code, ada, bob } = await bench.pair();
  await vi.advanceTimersByTimeAsync(1_000);
  vi.setSystemTime(Date.now() + 10_000);
  await vi.advanceTimersByTimeAsync(1_500);
  expect([await bench.connected(code), ada.goodbyes, bob.goodbyes]).toEqual([[true, true], [], []]);
  await bench.left.service.lost(code, bob.seat);
  await vi.advanceTimersByTimeAsync(100);
  expect([ada.goodbyes, bob.goodbyes]).toEqual([[], ["SHUTTING_DOWN"]]);
});

test("[CL29] the seats of a node that says that it stops are let go at once", async () => {
  const bench = new Bench();
  const { code } = await bench.pair();
  const gone = nodes.splice(nodes.indexOf(bench.right), 1);
  for (const node of gone) await node.close();
  await vi.advanceTimersByTimeAsync(1_100);
  expect(await bench.connected(code)).toEqual([true, false]);
});

test("[CL91] a seat that was written unheard is looked after by a node that has nobody else there, not before the second beat", async () => {
  const bench = new Bench();
  const code = await bench.open();
  const deaf = bench.node(({ lobbies }) => ({
    lobbies: {
      ...lobbies,
      compareAndSet: async (...write) => {
        await lobbies.compareAndSet(...write);
        throw new StoreUnavailable("the answer got lost");
      },
    },
  }));
  await expect(deaf.join(new VirtualGuest(), code)).rejects.toThrow("the answer got lost");
  await vi.advanceTimersByTimeAsync(1_050);
  expect(await bench.connected(code)).toEqual([true, true]);
  await vi.advanceTimersByTimeAsync(1_050);
  expect(await bench.connected(code)).toEqual([true, false]);
});

test("[CL97] a seat that expires in one lobby does not free the id that its owner has in another one by now", async () => {
  const bench = new Bench();
  const { bob } = await bench.pair();
  const [other, third] = [await bench.open(), await bench.open()];
  bench.right.service.disconnected(bob.seat, bob.socket);
  await vi.advanceTimersByTimeAsync(10_000);
  // Redis lost its memory.
  const key = `seat:{${bob.seat.peerId}}`;
  await bench.shared.claims.release(key, (await bench.shared.claims.find(key))?.token ?? 0);
  const [again, elsewhere] = [new VirtualGuest(bob.key), new VirtualGuest(bob.key)];
  await bench.node().join(again, other);
  await vi.advanceTimersByTimeAsync(100_000);
  await bench.node().join(elsewhere, third);
  expect([again.outcomes, elsewhere.outcomes]).toEqual([["in"], ["BAD_REQUEST"]]);
});

test("[LS19] who asks a node for a quick match while it opens the lobby of another one comes into that, however slow the store is", async () => {
  const node = new VirtualNode(new MemoryCluster({ nowMs: Date.now, delayMs: () => 5 }).node());
  nodes.push(node);
  const guests = Array.from({ length: 3 }, () => new VirtualGuest());
  for (const guest of guests) void node.quickMatch(guest);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(guests.map(({ outcomes }) => outcomes)).toEqual([["in"], ["in"], ["in"]]);
  expect(new Set(guests.map(({ membership }) => membership?.code)).size).toBe(1);
});
