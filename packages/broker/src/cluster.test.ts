import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { PeerId } from "@rollcall/netcode/lobby-protocol";
import { code, peer, TestLobby } from "../test/lobby-fixture.ts";
import { MemoryCluster } from "../test/memory-cluster.ts";
import { ClusterSignaling } from "./cluster-signaling.ts";
import { NODE_SILENCE_MS, NodeWatch } from "./node-watch.ts";
import { SeatClaims } from "./seat-claims.ts";
import { StoreUnavailable, type SharedState } from "./shared-state.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test("[CL23] an id that is claimed for a lobby is another one's after 5 s, unless it is a member there", async () => {
  const { lobbies, claims } = new MemoryCluster({ nowMs: Date.now }).node();
  const failures: unknown[] = [];
  const seats = new SeatClaims({ claims, lobbies, nodeId: "node", handleFailure: (error) => failures.push(error) });
  const [KXRTM, other] = [code("KXRTM"), code("BBBBB")];
  await lobbies.compareAndSet(KXRTM, 0, new TestLobby().record);
  const [ada, bob] = [peer("ada"), peer("bob")];
  expect([await seats.take(ada, KXRTM), await seats.take(bob, KXRTM)]).toMatchObject([{ isNew: true }, { isNew: true }]);
  expect(await seats.take(bob, KXRTM)).toMatchObject({ isNew: false });
  expect([await seats.take(ada, other), await seats.take(bob, other)]).toEqual([false, false]);
  await vi.advanceTimersByTimeAsync(5_001);
  expect(await seats.take(ada, other)).toBe(false);
  const taken = await seats.take(bob, other);
  if (taken === false) throw new Error("not taken");
  // Given back with the newest token, and with no other one.
  await seats.withdraw({ ...taken, token: taken.token - 1 });
  expect(await seats.take(bob, KXRTM)).toBe(false);
  await seats.withdraw(taken);
  expect(await seats.take(bob, KXRTM)).toMatchObject({ isNew: true });
  expect([await seats.find(ada), await seats.find(bob), await seats.find(peer("cyd"))]).toMatchObject([
    { code: KXRTM },
    undefined,
    undefined,
  ]);
  expect(failures).toEqual([]);
});

test("[CL26] a node is dead after 5 s of silence, or when it says that it stops; who heard nothing itself says nothing of others", () => {
  const watch = new NodeWatch(0);
  watch.hear(1_000, "a");
  expect([watch.isDead(NODE_SILENCE_MS + 999, "a"), watch.isDead(NODE_SILENCE_MS + 1_000, "a")]).toEqual([false, true]);
  // Never heard of: since this node listens.
  expect([watch.isDead(NODE_SILENCE_MS - 1, "b"), watch.isDead(NODE_SILENCE_MS, "b")]).toEqual([false, true]);
  watch.startOver(20_000);
  expect(watch.isDead(24_999, "a")).toBe(false);
  watch.leave("a");
  expect(watch.isDead(20_000, "a")).toBe(true);
  watch.hear(20_000, "c");
  expect(watch.count(21_000)).toBe(1);
  watch.sweep(1_000_000);
  expect(watch.count(1_000_000)).toBe(0);
});

/** The signaling of one node, and the ids that it lost to others. */
function signalingOf(shared: SharedState): { readonly signaling: ClusterSignaling; readonly lost: PeerId[] } {
  const { claims, lobbies } = shared;
  const lost: PeerId[] = [];
  const seats = new SeatClaims({ claims, lobbies, nodeId: "node", handleFailure: () => undefined });
  const handlers = { deliver: () => undefined, handleLost: (peerId: PeerId) => void lost.push(peerId), handleUp: () => undefined };
  return { signaling: new ClusterSignaling({ shared, seats, ...handlers }), lost };
}

test("[CL24] a socket that closed before its id was claimed takes it from nobody who came after", async () => {
  let delayMs = 100;
  const shared = new MemoryCluster({ nowMs: Date.now, delayMs: () => delayMs });
  const [left, right] = [signalingOf(shared.node()), signalingOf(shared.node())];
  const [ada, KXRTM] = [peer("ada"), code("KXRTM")];
  left.signaling.release(left.signaling.takeMember(ada, KXRTM));
  delayMs = 0;
  const held = right.signaling.takeMember(ada, KXRTM);
  await vi.advanceTimersByTimeAsync(25_000);
  expect([right.lost, held.token]).toEqual([[], expect.any(Number)]);
  expect(await left.signaling.send(ada, { lobby: KXRTM, src: peer("bob"), text: "{}" })).toBe(true);
  for (const { signaling } of [left, right]) signaling.close();
});

test("[CL25] an id that a stock client could not be served with is free; its older socket keeps it", async () => {
  const shared = new MemoryCluster({ nowMs: Date.now, delayMs: () => 1 });
  const [node, right] = [shared.node(), signalingOf(shared.node())];
  let deaf = true;
  const subscribe: SharedState["bus"]["subscribe"] = (...wish) =>
    deaf ? Promise.reject(new StoreUnavailable("away")) : node.bus.subscribe(...wish);
  const left = signalingOf(node.with({ bus: { ...node.bus, isUp: true, subscribe } }));
  const [ada, bob] = [peer("ada"), peer("bob")];
  const take = async ({ signaling }: typeof left, peerId: PeerId, token: string): Promise<unknown> => {
    const taken = signaling.takeStranger(peerId, token).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(25_000);
    return taken;
  };
  expect(await take(left, ada, "token")).toBeInstanceOf(StoreUnavailable);
  expect(await take(right, ada, "other")).toMatchObject({ peerId: ada });
  deaf = false;
  expect(await take(left, bob, "token")).toMatchObject({ peerId: bob });
  deaf = true;
  expect(await take(left, bob, "token")).toBeInstanceOf(StoreUnavailable);
  deaf = false;
  await vi.advanceTimersByTimeAsync(25_000);
  expect([await take(right, bob, "other"), left.lost]).toEqual([undefined, []]);
  for (const { signaling } of [left, right]) signaling.close();
});
