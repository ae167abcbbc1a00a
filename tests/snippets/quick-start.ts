import { hostLobby, joinLobby, resumeLobby, type MatchOf } from "@rollcall/netcode";
import { game } from "./game.ts";

const options = { game, name: "Ada" };
const code = location.hash.slice("#j=".length); // page.html hosts, page.html#j=KXRTM joins
const lobby =
  (await resumeLobby(options)) ?? // this tab was reloaded: back to its seat
  (code === "" ? await hostLobby(options) : await joinLobby(code, options));

const drawRoom = () => {
  const names = lobby.state.members.map(({ profile }) => profile.name).join(", ");
  document.querySelector("#code")!.textContent = `${lobby.code}: ${names}`;
};
lobby.on("change", drawRoom);
drawRoom();
document.querySelector("#start")!.addEventListener("click", () => {
  if (lobby.isHost && lobby.state.match === undefined) void lobby.start({ countdownMs: 1_000 });
});

const keys = new Set<string>();
addEventListener("keydown", ({ key }) => keys.add(key));
addEventListener("keyup", ({ key }) => keys.delete(key));
const axisOf = (low: string, high: string) => Number(keys.has(high)) - Number(keys.has(low));
const brush = document.querySelector("canvas")!.getContext("2d")!;

function play(match: MatchOf<typeof game>) {
  match.run({
    input: () => ({ dx: axisOf("ArrowLeft", "ArrowRight"), dy: axisOf("ArrowUp", "ArrowDown"), dash: keys.has(" ") }),
    render: ({ state }) => {
      brush.clearRect(0, 0, 640, 400);
      for (const { x, y } of state.discs) brush.fillRect(x, y, 20, 20);
    },
    on: { dash: ({ index }: { index: number }) => console.log(`disc ${index} dashes`) }, // a sound, say
  });
}

lobby.on("match", play);
if (lobby.match !== undefined) play(lobby.match); // a reloaded page: its match is there already

await hostLobby({ ...options, guests: [{ name: "Ben" }] }); // or joinLobby, or lobby.setProfile({ guests })

function playBoth(match: MatchOf<typeof game>) {
  match.run({
    input: (player) => {
      const isFirst = player === match.localPlayers[0];
      return isFirst
        ? { dx: axisOf("ArrowLeft", "ArrowRight"), dy: axisOf("ArrowUp", "ArrowDown"), dash: keys.has(" ") }
        : { dx: axisOf("a", "d"), dy: axisOf("w", "s"), dash: keys.has("q") };
    },
  });
}

lobby.on("match", playBoth);

import { NetcodeError } from "@rollcall/netcode";

try {
  await joinLobby(code, options);
} catch (error) {
  if (error instanceof NetcodeError) alert(`${error.message} ${error.remedy}`);
}

import { startLocalMatch } from "@rollcall/netcode";

const match = startLocalMatch({ game, players: [{ profile: { name: "Ada" } }, { profile: { name: "Robo" }, bot: true }] });
play(match);
