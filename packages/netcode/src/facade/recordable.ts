import type { MatchSetup } from "../core/game/game.ts";
import type { GameIdentity, MatchSeat } from "../core/ports/lobby-protocol.ts";
import type { SessionPlayer } from "../core/ports/session.ts";
import type { SettledSource } from "../core/rollback/settled-source.ts";

/** What a `MatchRecorder` of `@rollcall/netcode/replay` is made from. */
export interface Recordable {
  readonly source: SettledSource;
  readonly game: GameIdentity & { readonly frameRateHz: number };
  readonly setup: MatchSetup;
  readonly players: readonly SessionPlayer[];
  readonly inputBytes: number;
}

/** The seats as a session sees them before frame 0. */
export function sessionPlayersOf(seats: readonly MatchSeat[]): readonly SessionPlayer[] {
  return seats.map((seat) => ({ peerId: seat.kind === "person" ? seat.peerId : undefined }));
}
