/** A game as a portal embeds it: from an origin of its own, its broker elsewhere. Tells the page around it what became of it. */
import { axis, defineGame, hostLobby, joinLobby, NetcodeError } from "@rollcall/netcode";

const game = defineGame({
  id: "framed",
  version: 1,
  frameRateHz: 60,
  players: [2, 2],
  input: { dx: axis() },
  init: () => ({ sum: 0 }),
  step: (state, [left, right]) => {
    state.sum += Math.round((left?.dx ?? 0) * 7) + Math.round((right?.dx ?? 0) * 3);
  },
});

function tell(news: Readonly<Record<string, unknown>>): void {
  parent.postMessage({ origin: globalThis.origin, ...news }, "*");
}

async function play(): Promise<void> {
  const query = new URLSearchParams(location.search);
  const broker = query.get("broker") ?? "";
  const code = query.get("code");
  const lobby =
    code === null
      ? await hostLobby({ game, name: "Ada", broker, relayOnly: query.has("relay-only") })
      : await joinLobby(code, { game, name: "Bob", broker });
  tell({ code: lobby.code });
  const startWhenLinked = (): void => {
    if (lobby.isHost && lobby.match === undefined && lobby.peers[0]?.status === "open") void lobby.start();
  };
  lobby.on("change", startWhenLinked);
  const match = await lobby.nextMatch();
  let frames = 0;
  match.run({
    input: () => ({ dx: Math.sin(frames / 20) }),
    frame: () => {
      frames++;
      const { confirmedFrame } = match.stats();
      if (confirmedFrame === 90) tell({ checksum: match.checksum(60), path: lobby.peers[0]?.path });
    },
  });
}

play().catch((error: unknown) => tell({ error: error instanceof NetcodeError ? error.code : String(error) }));
