import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { code, peer, TestLobby } from "../test/lobby-fixture.ts";
import { MemoryCluster } from "../test/memory-cluster.ts";
import { NODE_SILENCE_MS, NodeWatch } from "./node-watch.ts";
import { SeatClaims } from "./seat-claims.ts";

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
