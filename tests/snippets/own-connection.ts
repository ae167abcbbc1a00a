import { axis, defineGame } from "@rollcall/netcode";
import { connectPeers, RtcTransport } from "@rollcall/netcode/transport";

const game = defineGame({
  id: "pong",
  version: 1,
  frameRateHz: 60,
  players: [2, 2],
  input: { dy: axis() },
  init: () => ({ bats: [0, 0] }),
  step: ({ bats }, inputs) => inputs.forEach(({ dy }, index) => (bats[index]! += Math.round(dy * 15))),
});

/** `connection` is the page's own, signaled in the page's own way. */
export async function play(me: "ada" | "ben", connection: RTCPeerConnection, readStick: () => number): Promise<void> {
  const transport = new RtcTransport({ peerId: me });
  transport.setConnection(me === "ada" ? "ben" : "ada", connection);
  const group = await connectPeers({ game, transport, peers: ["ada", "ben"] });
  const match = group.startMatch({
    seed: 7,
    seats: [
      { peer: "ada", name: "Ada" },
      { peer: "ben", name: "Ben" },
    ],
  });
  match.run({ input: () => ({ dy: readStick() }), render: ({ state }) => console.log(state.bats) });
  await match.ended;
  await group.leave();
}
