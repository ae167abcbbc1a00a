/** From "Join" to the first synchronised frame: the host starts as soon as the link to the guest is open. */
import { axis, defineGame, hostLobby, joinLobby } from "@rollcall/netcode";

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

Object.assign(globalThis, {
  /** Hosts a lobby that starts by itself, and returns its code. */
  host: async (): Promise<string> => {
    const lobby = await hostLobby({ game, name: "host", iceServers: [] });
    let isStarted = false;
    lobby.on("change", () => {
      if (isStarted || !lobby.peers.some((peer) => peer.status === "open")) return;
      isStarted = true;
      void lobby.start();
    });
    void lobby.nextMatch().then((match) => match.run({ input }));
    return lobby.code;
  },
  /** Milliseconds from the call to the first frame that both have confirmed inputs for. */
  join: async (code: string): Promise<number> => {
    const startedMs = performance.now();
    const lobby = await joinLobby(code, { game, name: "guest", iceServers: [] });
    const match = await lobby.nextMatch();
    const elapsedMs = await new Promise<number>((resolve) => {
      match.on("synchronized", () => resolve(performance.now() - startedMs));
      match.run({ input });
    });
    await lobby.leave();
    return elapsedMs;
  },
});
