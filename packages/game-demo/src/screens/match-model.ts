import type { PeerId } from "@rollcall/netcode";
import type { RubberbandMatch } from "../net/gateway.ts";
import { assignLooks } from "../sim/index.ts";
import { cleanName } from "./player-name.ts";

/** One player of a match as the screens name it. */
export interface MatchSeatModel {
  readonly name: string;
  /** The look that the arena gave this player: of two with one colour the second got another. */
  readonly colour: number;
  readonly isLocal: boolean;
  readonly isBot: boolean;
  readonly peerId: PeerId | undefined;
}

/** One line of the standings. */
export interface Standing {
  readonly seat: MatchSeatModel;
  /** 1 for the winner; players with equal scores share a place. */
  readonly place: number;
  readonly wins: number;
  readonly points: number;
  readonly knockOffs: number;
}

/** The players of a match, by index. */
export function matchSeats(match: RubberbandMatch): MatchSeatModel[] {
  const looks = assignLooks(match.seats.map((seat) => seat.profile.colour));
  return match.seats.map((seat, index) => {
    const name = cleanName(seat.profile.name);
    return {
      name: name === "" ? `Player ${index + 1}` : name,
      colour: looks[index] ?? 0,
      isLocal: match.localPlayers.includes(index),
      isBot: seat.kind === "bot",
      peerId: seat.kind === "person" ? seat.peerId : undefined,
    };
  });
}

/** What a match ended with; anything that is not a result of Rubberband counts as zeros. */
export function standings(seats: readonly MatchSeatModel[], result: unknown): Standing[] {
  const winner = winnerOf(seats, result);
  const lines = seats.map((seat, index): Standing => ({
    seat,
    place: seat === winner ? 1 : 2,
    wins: listField(result, "wins", index),
    points: listField(result, "points", index),
    knockOffs: listField(result, "knockouts", index),
  }));
  // The winner first, whatever the figures say: equal ones are decided by the game.
  const compare = (a: Standing, b: Standing): number =>
    a.place - b.place || b.wins - a.wins || b.points - a.points || b.knockOffs - a.knockOffs;
  const sorted = lines.toSorted(compare);
  return sorted.map((line) => ({
    seat: line.seat,
    place: sorted.findIndex((other) => compare(other, line) === 0) + 1,
    wins: line.wins,
    points: line.points,
    knockOffs: line.knockOffs,
  }));
}

/** The winner; `undefined` when nobody won. */
export function winnerOf(seats: readonly MatchSeatModel[], result: unknown): MatchSeatModel | undefined {
  return seats[numberField(result, "winner") ?? -1];
}

function numberField(value: unknown, name: string): number | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const field: unknown = Reflect.get(value, name);
  return typeof field === "number" ? field : undefined;
}

function listField(value: unknown, name: string, index: number): number {
  if (typeof value !== "object" || value === null) return 0;
  const list: unknown = Reflect.get(value, name);
  const entry: unknown = Array.isArray(list) ? list[index] : undefined;
  return typeof entry === "number" ? entry : 0;
}
