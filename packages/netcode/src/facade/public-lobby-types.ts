import type { MessageTypes, NoMessages } from "../core/base/message-type.ts";
import type { InputSchema } from "../core/game/input-schema.ts";
import type { GameIdentity, Json, LobbyFilter, LobbyListing } from "../core/ports/lobby-protocol.ts";
import type { LobbyOptions } from "./lobby-types.ts";

/** For `quickMatch`. */
export interface QuickMatchOptions<
  State,
  Schema extends InputSchema,
  Messages extends MessageTypes = NoMessages,
  Result = unknown,
> extends LobbyOptions<State, Schema, Messages, Result> {
  /** What the lobby must have in its `metadata`; a lobby that is opened for want of one has it. At most 8 fields of texts, numbers, booleans and null. */
  readonly wanted?: NonNullable<LobbyFilter["metadata"]> | undefined;
  /** Of the lobby that is opened where none fits, as in `hostLobby`. */
  readonly capacity?: number | undefined;
  /** The same. */
  readonly settings?: Json | undefined;
}

/** For `watchLobbies`. */
export interface LobbyListOptions {
  /** Only lobbies of this game, in this version. */
  readonly game: GameIdentity;
  /** The broker's address, as in `hostLobby`. */
  readonly broker?: string | URL | undefined;
  /** Default: all. */
  readonly filter?: LobbyFilter | undefined;
  /** Closes the list. */
  readonly signal?: AbortSignal | undefined;
}

/** For `list.on`. */
export interface LobbyListEvents {
  /** Anything of the list changed: draw again. */
  change: () => void;
}

/** The public list, as it is now. */
export interface LobbyList {
  /** At most 50: those with a free seat first, of these those without a match, of these the fullest. Join by `code`. */
  readonly lobbies: readonly LobbyListing[];
  /** How many there are that fit the filter. */
  readonly total: number;
  /** False while the broker cannot be reached: the list is as it was then. It is asked again by itself. */
  readonly isLive: boolean;
  /** Returns the way to stop listening. */
  on<Name extends keyof LobbyListEvents>(name: Name, listener: LobbyListEvents[Name]): () => void;
  /** Frees socket and timer. */
  close(): void;
}
