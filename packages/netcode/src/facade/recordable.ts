import type { MatchSetup } from "../core/game/game.ts";
import type { GameIdentity, MatchSeat } from "../core/ports/lobby-protocol.ts";
import type { SessionPlayer } from "../core/ports/session.ts";
import type { SettledSource } from "../core/rollback/settled-source.ts";

/** What a `MatchRecorder` of `@rollcall/netcode/replay` is made from. */
export interface Recordable {
  /** Gives the frames of the match as they settle. */
  readonly source: SettledSource;
  readonly game: GameIdentity & { readonly frameRateHz: number };
  /** What `init` was given. */
  readonly setup: MatchSetup;
  /** Who had which seat before frame 0, by player index. */
  readonly players: readonly SessionPlayer[];
  /** Packed size of one player's input. */
  readonly inputBytes: number;
}

/** The seats as a session sees them before frame 0. */
export function sessionPlayersOf(seats: readonly MatchSeat[]): readonly SessionPlayer[] {
  return seats.map((seat) => ({ peerId: seat.kind === "person" ? seat.peerId : undefined }));
}
