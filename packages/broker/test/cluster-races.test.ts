import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { LobbyCode } from "@rollcall/netcode/lobby-protocol";
import { StoreUnavailable } from "../src/shared-state.ts";
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

test("[CL91] a seat that was written although nobody heard so is not kept for long: its socket is nowhere; who asks again has it", async () => {
  const { shared, left } = openCluster();
  const code = await opened(left);
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
  const { directory, once, claims, bus } = node;
  const far = new VirtualNode({ lobbies, directory, once, claims, bus, close: () => node.close() });
  nodes.push(far);
  const [bob, cyd] = [new VirtualGuest(), new VirtualGuest()];
  const entrance = { id: "entrance-of-cyd-0123456789", attempt: 1 };
  await expect(far.join(bob, code)).rejects.toThrow("the answer got lost");
  await expect(far.join(cyd, code, entrance)).rejects.toThrow("the answer got lost");
  const connected = async (): Promise<unknown> => (await shared.lobbies.load(code)).record?.lobby.members.map((member) => member.connected);
  expect(await connected()).toEqual([true, true, true]);
  deaf = false;
  await far.join(cyd, code, { ...entrance, attempt: 2 });
  await vi.advanceTimersByTimeAsync(5_000);
  expect([cyd.outcomes, cyd.goodbyes, await connected()]).toEqual([["in"], [], [true, false, true]]);
});
