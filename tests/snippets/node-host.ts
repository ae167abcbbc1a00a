import { axis, defineGame } from "@rollcall/netcode";
import { botInput, hostLobby } from "@rollcall/netcode/node";

const game = defineGame({
  id: "drift",
  version: 1,
  frameRateHz: 60,
  players: [2, 8],
  input: { dx: axis() },
  init: ({ playerCount }) => Array.from({ length: playerCount }, () => 0),
  step: (places, inputs) => inputs.forEach(({ dx }, index) => (places[index]! += Math.round(dx * 15))),
  bot: (places, player) => ({ dx: places[player]! > 0 ? -1 : 1 }),
});
const lobby = await hostLobby({ game, name: "Robo", broker: "http://localhost:9000" });
console.log(lobby.code);
lobby.on("match", (match) => {
  match.run({ input: botInput(game, match, 1) });
  match.on("ended", ({ result }) => console.log(result));
});
