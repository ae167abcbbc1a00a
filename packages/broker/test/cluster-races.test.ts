import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { LobbyCode } from "@rollcall/netcode/lobby-protocol";
import { MemoryCluster } from "./memory-cluster.ts";
import { VirtualGuest, VirtualNode } from "./virtual-node.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] });
});

const nodes: VirtualNode[] = [];

afterEach(async () => {
  const closing = Promise.all(nodes.splice(0).map((node) => node.close()));
  await vi.advanceTimersByTimeAsync(1_000);
  await closing;
  vi.useRealTimers();
});

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
  if (host.membership === undefined) throw new Error("no lobby");
  return host.membership.code;
}

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
