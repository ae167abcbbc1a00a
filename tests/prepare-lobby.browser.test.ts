import { axis, defineGame, hostLobby, prepareLobby } from "@rollcall/netcode";
import { expect, inject, test } from "vitest";

const game = defineGame({
  id: "idle",
  version: 1,
  frameRateHz: 60,
  players: [1, 2],
  input: { dx: axis() },
  init: () => ({ frames: 0 }),
  step: (state) => void state.frames++,
});

/** Modules that this page has fetched. A clock's worker is started, not loaded. */
function modules(): string[] {
  const names = performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname);
  return [...new Set(names)].filter((name) => /\.[jt]s$/.test(name) && !name.includes("ticker-worker")).toSorted();
}

/** Those that this page has made since. */
function watchConnections(): { readonly made: RTCPeerConnection[]; restore(): void } {
  const original = globalThis.RTCPeerConnection;
  const made: RTCPeerConnection[] = [];
  globalThis.RTCPeerConnection = class extends original {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      made.push(this);
    }
  };
  return { made, restore: () => void (globalThis.RTCPeerConnection = original) };
}

test("[FA95] after prepareLobby, a lobby is entered without loading anything", async () => {
  const first = modules();
  const connections = watchConnections();
  await prepareLobby();
  connections.restore();
  const prepared = modules();
  expect(prepared.filter((name) => !first.includes(name)).some((name) => name.includes("lobby-room"))).toBe(true);
  // PeerJS makes one as well, to see what the browser can do.
  expect(connections.made.length).toBeGreaterThanOrEqual(2);
  expect(connections.made.map(({ signalingState, iceGatheringState }) => [signalingState, iceGatheringState])).toEqual(
    connections.made.map(() => ["closed", "new"]),
  );
  const lobby = await hostLobby({ game, name: "Ada", broker: inject("brokerUrl") });
  expect(modules()).toEqual(prepared);
  await lobby.leave();
});
