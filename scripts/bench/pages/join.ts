/** From "Join" to the first synchronised frame: the host starts as soon as the link to the guest is open. */
import { axis, defineGame, hostLobby, joinLobby, prepareLobby } from "@rollcall/netcode";

const game = defineGame({
  id: "bench",
  version: 1,
  frameRateHz: 60,
  players: [2, 2],
  input: { dx: axis() },
  init: () => ({ x: 0 }),
  step: (state, inputs) => {
    for (const { dx } of inputs) state.x += dx;
  },
});
const input = (): { dx: number } => ({ dx: 0 });
/** The broker itself, as PeerJS reaches its server: no proxy in between. */
const broker = `http://${location.hostname}:${new URLSearchParams(location.search).get("broker")}`;
const options = { game, broker, iceServers: [] };
/** By the machine's clock, which both pages have. */
const clockMs = (): number => performance.timeOrigin + performance.now();
/** Of the host's link. */
let linkedAtMs = Number.NaN;

/** Milliseconds from the call of `joinLobby`. */
export interface JoinTimes {
  /** That call, by the machine's clock. */
  readonly beganAtMs: number;
  /** The broker has admitted us. */
  readonly admittedMs: number;
  /** The link is open: who the other is was proven, and both kinds of channel carry. */
  readonly linkedMs: number;
  /** The match has begun. */
  readonly startedMs: number;
  /** The first frame that both have confirmed inputs for. */
  readonly synchronizedMs: number;
}

Object.assign(globalThis, {
  /** As a page does that shows a button "Join": PeerJS is in the yardstick's page from the start. */
  prepare: prepareLobby,
  /** Hosts a lobby that starts by itself, and returns its code. */
  host: async (): Promise<string> => {
    const lobby = await hostLobby({ ...options, name: "host" });
    let isStarted = false;
    lobby.on("change", () => {
      if (isStarted || !lobby.peers.some((peer) => peer.status === "open")) return;
      isStarted = true;
      linkedAtMs = clockMs();
      void lobby.start();
    });
    void lobby.nextMatch().then((match) => match.run({ input }));
    return lobby.code;
  },
  linkedAtMs: () => linkedAtMs,
  join: async (code: string): Promise<JoinTimes> => {
    const beganMs = performance.now();
    const beganAtMs = clockMs();
    const sinceMs = (): number => performance.now() - beganMs;
    const lobby = await joinLobby(code, { ...options, name: "guest" });
    const admittedMs = sinceMs();
    const linked = new Promise<number>((resolve) => {
      lobby.on("change", () => {
        if (lobby.peers[0]?.status === "open") resolve(sinceMs());
      });
    });
    const unreachable = new Promise<never>((_, reject) => lobby.on("peer-unreachable", (_member, error) => reject(error)));
    const match = await Promise.race([lobby.nextMatch(), unreachable]);
    const startedMs = sinceMs();
    const synchronizedMs = await new Promise<number>((resolve) => {
      match.on("synchronized", () => resolve(sinceMs()));
      match.run({ input });
    });
    const linkedMs = await linked;
    await lobby.leave();
    return { beganAtMs, admittedMs, linkedMs, startedMs, synchronizedMs };
  },
});
