/** Who asks the lobby service for something, and what it hears. */
import type { Admission, CommandResult, LobbyCode } from "@rollcall/netcode/lobby-protocol";
import type { LobbyRefusal } from "./lobby-draft.ts";
import type { NumberedChange } from "./lobby-record.ts";
import type { MemberSocket } from "./lobby-rooms.ts";
import type { Entrance, RoomCommand } from "./lobby.ts";

/** A socket's place in a lobby. */
export interface Membership extends Entrance {
  readonly code: LobbyCode;
}

/** What came of a request. Handed over in the same breath as the events around it, so that their order on the socket is the order they happened in. */
export type Outcome =
  | { readonly ok: true; readonly membership: Membership; readonly admission: Admission; readonly missed: readonly NumberedChange[] }
  | { readonly ok: true; readonly membership: undefined; readonly result: CommandResult | null }
  | { readonly ok: false; readonly refusal: LobbyRefusal };

export type HandleOutcome = (outcome: Outcome) => void;

/** Whoever asks to come in. */
export interface Visitor {
  readonly socket: MemberSocket;
  readonly address: string;
  /** Counts a lobby that it brings back like one that it opens; false: too many. */
  readonly takeLobby: () => boolean;
  readonly handleOutcome: HandleOutcome;
  /** False: it was told to come again, and what it asked for need not be done any more. */
  readonly isWaiting?: () => boolean;
}

/** A command, and in which host epoch it was given, if its sender says so. */
export interface Order {
  readonly command: RoomCommand;
  readonly hostEpoch?: number | undefined;
  readonly isWaiting?: () => boolean;
}
