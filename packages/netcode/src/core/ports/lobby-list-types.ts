/** The public list, and what else a socket that is in no lobby asks for. */
import type { LobbyCode } from "../base/units.ts";
import type { PasswordChallenge } from "./lobby-password.ts";
import type { GoodbyeReason, Json, LobbyError } from "./lobby-types.ts";

/** Which lobbies of the public list are wanted; they are of one's own game and version in any case. */
export interface LobbyFilter {
  /** Only those with a free seat. */
  readonly joinable?: boolean | undefined;
  /** Only those without a password. */
  readonly open?: boolean | undefined;
  /** Only those that play no match. */
  readonly idle?: boolean | undefined;
  /** Fields that `metadata` must have with these values; at most 8. */
  readonly metadata?: Readonly<Record<string, FilterValue>> | undefined;
}

export type FilterValue = string | number | boolean | null;

/** A lobby of the public list. */
export interface LobbyListing {
  readonly code: LobbyCode;
  readonly hostName: string;
  /** `null` when it is larger than `listedMetadataBytes`. */
  readonly metadata: Json;
  /** Players' seats that are taken, or held for somebody; 0 where everybody watches. */
  readonly members: number;
  readonly capacity: number;
  /** A match is being played. */
  readonly playing: boolean;
  readonly password: boolean;
  readonly relayOnly: boolean;
}

/** The result of `list`: the fullest lobbies that one can still join come first, then full ones, those in a match behind the others. */
export interface LobbyList {
  /** At most 50. */
  readonly lobbies: readonly LobbyListing[];
  /** How many fit the filter. */
  readonly total: number;
}

/** What became of the list since: `put` is new or changed, `gone` is not in it any more. */
export interface LobbyListUpdate {
  readonly put: readonly LobbyListing[];
  readonly gone: readonly LobbyCode[];
  readonly total: number;
}

/** The broker's answer to `challenge`. Whatever else it says to that socket is not waited for. */
export type ChallengeMessage =
  | { readonly reply: number; readonly ok: true; readonly result: PasswordChallenge }
  | { readonly reply: number; readonly ok: false; readonly error: LobbyError };

/** What the broker says to a socket that follows the public list. */
export type ListMessage =
  | { readonly reply: number; readonly ok: true; readonly result: LobbyList }
  | { readonly reply: number; readonly ok: false; readonly error: LobbyError }
  | { readonly list: LobbyListUpdate }
  | { readonly goodbye: GoodbyeReason }
  | { readonly ping: number }
  | { readonly pong: number };
