import { axis, defineGame, hostLobby, joinLobby } from "@rollcall/netcode";

const game = defineGame({
  id: "squares",
  version: 1,
  frameRateHz: 60,
  players: [2, 8],
  input: { dx: axis(), dy: axis() },
  init: ({ playerCount }) => Array.from({ length: playerCount }, (_, index) => ({ x: 60 + 70 * index, y: 200 })),
  step: (squares, inputs) => inputs.forEach(({ dx, dy }, index) => ((squares[index]!.x += 4 * dx), (squares[index]!.y += 4 * dy))),
});
const code = location.hash.slice(1); // page.html hosts, page.html#KXRTM joins
const lobby = await (code === "" ? hostLobby({ game, name: "Ada" }) : joinLobby(code, { game, name: "Ben" }));
document.title = lobby.code;
const keys = new Set<string>();
addEventListener("keydown", ({ key }) => keys.add(key));
addEventListener("keyup", ({ key }) => keys.delete(key));
addEventListener("click", () => void (lobby.isHost && !lobby.state.match && lobby.start()));
const brush = document.querySelector("canvas")!.getContext("2d")!;
const axisOf = (low: string, high: string) => Number(keys.has(high)) - Number(keys.has(low));
(await lobby.nextMatch()).run({
  input: () => ({ dx: axisOf("ArrowLeft", "ArrowRight"), dy: axisOf("ArrowUp", "ArrowDown") }),
  render: ({ state }) => (brush.clearRect(0, 0, 640, 400), state.forEach(({ x, y }) => brush.fillRect(x, y, 40, 40))),
});
