import { axis, defineGame, hostLobby, joinLobby, resumeLobby, type Lobby, type Match, type NetcodeErrorLike } from "@rollcall/netcode";
import { afterEach, describe, expect, inject, test, vi } from "vitest";
import { until } from "./until.ts";

const game = defineGame({
  id: "walk",
  version: 1,
  frameRateHz: 60,
  players: [2, 4],
  input: { dx: axis() },
  init: ({ playerCount }) => ({ places: Array.from({ length: playerCount }, () => 0), luck: 0 }),
  step: (state, inputs, { random }) => {
    for (const [index, input] of inputs.entries()) state.places[index] = (state.places[index] ?? 0) + Math.round(input.dx * 15);
    state.luck = random.integer(1_000);
  },
});

type WalkLobby = Lobby<{ places: number[]; luck: number }, typeof game.input>;
type WalkMatch = Match<{ places: number[]; luck: number }, typeof game.input>;

const RealConnection = globalThis.RTCPeerConnection;
const connections: RTCPeerConnection[] = [];
globalThis.RTCPeerConnection = class extends RealConnection {
  constructor(configuration?: RTCConfiguration) {
    super(configuration);
    connections.push(this);
  }
};

const lobbies: WalkLobby[] = [];

afterEach(async () => {
  await Promise.all(lobbies.splice(0).map((lobby) => lobby.leave()));
});

async function pair(): Promise<[WalkLobby, WalkLobby]> {
  const broker = inject("brokerUrl");
  const host = await hostLobby({ game, name: "Ada", broker });
  lobbies.push(host);
  const guest = await joinLobby(` ${host.code.toLowerCase()} `, { game, name: "Bob", broker });
  lobbies.push(guest);
  await until(() => [host, guest].every(({ peers }) => peers.length === 1 && peers[0]?.status === "open"));
  return [host, guest];
}

function walk(match: WalkMatch, seed: number): void {
  let asked = seed;
  match.run({ input: () => ({ dx: ((asked++ * 7) % 30) / 15 - 1 }) });
}

describe("[FA30] two pages of one browser, WebRTC and a real broker", () => {
  test("host, join, play, agree on every frame, and play again", async () => {
    const [host, guest] = await pair();
    for (let round = 1; round <= 2; round++) {
      const [ours, theirs] = await Promise.all([host.start({ countdownMs: 100 }), guest.nextMatch()]);
      expect([ours.matchNumber, ours.localPlayers, theirs.localPlayers]).toEqual([round, [0], [1]]);
      walk(ours, 1);
      walk(theirs, 5);
      await until(() => Math.min(ours.stats().confirmedFrame, theirs.stats().confirmedFrame) >= 150);
      const checksums = Array.from({ length: 60 }, (_, index) => [ours.checksum(90 + index), theirs.checksum(90 + index)]);
      for (const [our, their] of checksums) expect(our).toBe(their);
      expect(checksums[0]?.[0]).toBeDefined();
      expect(ours.stats().datagramsReceived).toBeGreaterThan(100);
      ours.stop();
      await until(() => guest.state.match === undefined && host.state.match === undefined);
    }
    await until(() => host.peers[0]?.path === "direct");
  });

  test("who leaves frees every peer connection, and is gone for the other", async () => {
    const [host, guest] = await pair();
    expect(connections.some(({ connectionState }) => connectionState === "connected")).toBe(true);
    await guest.leave();
    await until(() => host.state.members.length === 1);
    await host.leave();
    lobbies.length = 0;
    expect(connections.map(({ signalingState }) => signalingState).filter((state) => state !== "closed")).toEqual([]);
  });

  test("[FA60] a browser that forbids storage, and channels between pages, hosts and joins all the same", async () => {
    function forbid(): never {
      throw new DOMException("The operation is insecure.", "SecurityError");
    }
    vi.stubGlobal("BroadcastChannel", forbid);
    const spies = (["sessionStorage", "localStorage"] as const).map((name) => vi.spyOn(globalThis, name, "get").mockImplementation(forbid));
    try {
      const [host] = await pair();
      expect(host.state.members).toHaveLength(2);
      expect(await resumeLobby({ game, name: "Ada", broker: inject("brokerUrl") })).toBeUndefined();
    } finally {
      vi.unstubAllGlobals();
      for (const spy of spies) spy.mockRestore();
    }
  });

  test("a wrong code, a locked lobby and another version of the game each have their code", async () => {
    const [host] = await pair();
    const broker = inject("brokerUrl");
    const refusal = (code: string, version = 1): Promise<unknown> =>
      joinLobby(code, { game: defineGame({ ...game, version }), name: "Eve", broker }).then(
        () => undefined,
        (error: NetcodeErrorLike) => error.code,
      );
    expect(await refusal(host.code === "BCDFG" ? "BCDFH" : "BCDFG")).toBe("LOBBY_NOT_FOUND");
    expect(await refusal(host.code, 2)).toBe("VERSION_MISMATCH");
    await host.setLocked(true);
    expect(await refusal(host.code)).toBe("LOBBY_LOCKED");
  });
});
