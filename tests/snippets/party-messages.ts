import { axis, defineGame, f32, joinLobby, message, text, u8 } from "@rollcall/netcode";

const game = defineGame({
  id: "party",
  version: 1,
  frameRateHz: 60,
  players: [2, 8],
  input: { dx: axis() },
  init: ({ playerCount }) => ({ x: Array.from({ length: playerCount }, () => 0) }),
  step: (state, inputs) => inputs.forEach(({ dx }, index) => (state.x[index] = (state.x[index] ?? 0) + dx)),
  messages: {
    emote: message({ kind: u8(), note: text(40) }, { rateHz: 2 }),
    cursor: message({ at: f32(2) }, { delivery: "latest", rateHz: 30 }),
  },
});
const lobby = await joinLobby("KXRTM", { game, name: "Ada" });

lobby.messages.on("emote", ({ kind, note }, from) => console.log(from.profile.name, kind, note));
lobby.messages.on("cursor", ({ at: [x = 0, y = 0] }, from) => console.log(from.seat, x, y));

const outcome = lobby.messages.send("emote", { kind: 3, note: "nice one" }); // to everybody else
if (outcome === "rate-limited") console.log("not so fast");
lobby.messages.send("cursor", { at: [120, 80] }, { to: lobby.state.hostId });
