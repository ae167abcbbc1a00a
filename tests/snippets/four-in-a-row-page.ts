import type { MatchOf, MatchView } from "@rollcall/netcode";
import type { Board } from "./four-in-a-row-rules.ts";
import { fourInARow } from "./four-in-a-row.ts";

/** Returns what a click calls, with a column or `TAKE_BACK`. `certainDrops`: so many of `board.drops` nothing can take back. */
export function play(
  match: MatchOf<typeof fourInARow>,
  draw: (board: Board, certainDrops: number) => void,
  say: (text: string) => void,
): (choice: number) => void {
  let held = fourInARow.inputCodec.neutral();
  match.run({
    input: () => held,
    render: (view) => draw(view.state, certainDrops(view)),
    confirmed: { "taken-back": () => say("The last drop was taken back.") },
  });
  const nameOf = (player: number): string => match.seats[player]?.profile.name ?? "Nobody";
  match.on("seat-to-bot", ({ playerIndexes }) => say(`${playerIndexes.map(nameOf).join(", ")} is away: the clock runs.`));
  match.on("seat-to-player", ({ playerIndexes }) => say(`${playerIndexes.map(nameOf).join(", ")} is back.`));
  match.ended.then(
    ({ winner }) => say(`${nameOf(winner)} wins.`),
    () => say("The match was stopped."),
  );
  return (choice) => {
    held = { turn: match.view().state.turn + 1, choice };
  };
}

function certainDrops({ state, frame, confirmedFrame }: MatchView<Board>): number {
  // 0: the match began just now, or goes on without us until we are back in it.
  const certainFrame = frame === 0 ? -1 : state.frame - (frame - 1 - confirmedFrame);
  return state.drops.filter((drop) => drop.frame <= certainFrame).length;
}
