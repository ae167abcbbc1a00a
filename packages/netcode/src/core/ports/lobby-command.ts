/** What a member asks of the broker. */
import type { PeerId } from "../base/units.ts";
import type { LobbyFilter } from "./lobby-list-types.ts";
import type { PasswordProof, PasswordVerifier } from "./lobby-password.ts";
import type { GameIdentity, Json, PlayerProfile, Profile } from "./lobby-types.ts";

/**
 * Names an entrance, so that a `create` or `join` whose socket was lost can be asked again without taking a second seat. The attempt with the
 * highest number has the seat: an older one that was delayed on its way is refused.
 */
export interface EntranceAttempt {
  /** 16–64 url-safe characters from a generator that nobody can guess: as good as a key to the seat. */
  readonly id: string;
  /** Counts from 1. */
  readonly attempt: number;
}

/** What says who comes in, beside its profile. The broker tells nobody. */
export interface Visit {
  /**
   * 16–64 url-safe random characters that the browser keeps: a ban holds for the device. It is no proof of anything: whoever clears the storage
   * of the browser has another one.
   */
  readonly device?: string;
}

/** `key`: the page's Ed25519 public key, base64url. The first half of its SHA-256 is the peer id, so that nobody can be another. */
export type LobbyCommand =
  | (Visit & {
      readonly type: "create";
      readonly protocol: number;
      readonly key: string;
      readonly entrance?: EntranceAttempt;
      readonly game: GameIdentity;
      readonly profile: Profile;
      readonly capacity: number;
      readonly settings: Json;
      readonly metadata: Json;
      /** Left out: false. A broker without TURN servers refuses it with `NO_TURN_SERVER`. */
      readonly relayOnly?: boolean;
      /** Left out: false. */
      readonly listed?: boolean;
      /** Left out: none. */
      readonly password?: PasswordVerifier;
      /** Left out: 0. */
      readonly audience?: number;
    })
  /** Into a listed lobby of this game that fits the filter, is not full and without a password and not in a match, the fullest first; where there is none, into a new one that is listed. */
  | (Visit & {
      readonly type: "quick-match";
      readonly protocol: number;
      readonly key: string;
      readonly entrance?: EntranceAttempt;
      readonly game: GameIdentity;
      readonly profile: Profile;
      readonly filter: LobbyFilter;
      /** Of the new lobby. */
      readonly capacity: number;
      readonly settings: Json;
      readonly metadata: Json;
    })
  /** The public list, and from then on what changes in it, until the socket enters a lobby or closes. Asked again, it takes the place of the one before. */
  | { readonly type: "list"; readonly protocol: number; readonly game: GameIdentity; readonly filter: LobbyFilter }
  | (Visit & {
      readonly type: "join";
      readonly protocol: number;
      readonly key: string;
      readonly entrance?: EntranceAttempt;
      readonly code: string;
      readonly game: GameIdentity;
      readonly profile: Profile;
      /** Of a lobby with a password. */
      readonly password?: PasswordProof;
      /** Left out: as a player, or not at all. `queue`: as a player, or waiting for a seat. */
      readonly as?: "spectator" | "queue";
      /** Takes the seat that is held for it. One that is unknown, used or over is worth nothing, and no reason to be refused. */
      readonly reservation?: string;
    })
  /** What a proof for the password of `code` is made of: the result is a `PasswordChallenge`, whatever the code is. */
  | { readonly type: "challenge"; readonly protocol: number; readonly key: string; readonly code: string }
  /**
   * Takes back a kept seat with the secret of `Admission`. `freshPage`: the page was reloaded, so the member gets a new order, and the peer id of
   * its new `key`; otherwise only the socket was lost, the id stays, and events after `lastEvent` are sent again.
   */
  | (Visit & {
      readonly type: "resume";
      readonly protocol: number;
      /** Of a fresh page, and of no other. */
      readonly key?: string;
      readonly code: string;
      readonly secret: string;
      readonly freshPage: boolean;
      readonly lastEvent: number;
      /** The newest keepsake of this lobby, for a broker that lost it. */
      readonly keepsake?: string;
    })
  | { readonly type: "leave" }
  /** Fresh ICE servers: credentials of a TURN server do not last. */
  | { readonly type: "ice-servers" }
  /** Somebody is still here: an idle lobby is not closed. */
  | { readonly type: "keep-open" }
  | { readonly type: "set-profile"; readonly profile: Profile }
  | { readonly type: "set-ready"; readonly ready: boolean }
  /** `player`: as soon as a seat is free. The host may say it of another member. */
  | { readonly type: "set-role"; readonly role: "player" | "spectator"; readonly peerId?: PeerId }
  /** The rest is the host's. */
  | { readonly type: "set-settings"; readonly settings: Json }
  | { readonly type: "set-metadata"; readonly metadata: Json }
  | { readonly type: "set-locked"; readonly locked: boolean }
  | { readonly type: "set-capacity"; readonly capacity: number }
  | { readonly type: "set-listed"; readonly listed: boolean }
  | { readonly type: "set-audience"; readonly audience: number }
  /** Holds a player's seat for whoever joins first with each of these, for so long. One that is known is not changed. */
  | { readonly type: "reserve"; readonly reservations: readonly string[]; readonly forMs: number }
  /** Gives these seats back; left out: all that are held. */
  | { readonly type: "unreserve"; readonly reservations?: readonly string[] }
  /** `null`: none any more. */
  | { readonly type: "set-password"; readonly password: PasswordVerifier | null }
  /** Out, for a moment (`kickPauseMs`). Who is gone already was wanted gone. */
  | { readonly type: "kick"; readonly peerId: PeerId }
  /**
   * Out, and not back in: by seat, key and device, and by address when nobody else of the lobby has it. `banMs`: for so long; left out, while the lobby
   * lives.
   */
  | { readonly type: "ban"; readonly peerId: PeerId; readonly banMs?: number }
  /** Who is banned: the result is a `BanList`. */
  | { readonly type: "bans" }
  /** Lets whoever a ban is of come in again. */
  | { readonly type: "unban"; readonly ban: number }
  | { readonly type: "transfer-host"; readonly peerId: PeerId }
  /** `playerCount`: seats of the match; members in seat order, each with its guests, come first, bots fill the rest. `botProfiles` name them. */
  | { readonly type: "start"; readonly playerCount: number; readonly botProfiles: readonly PlayerProfile[]; readonly countdownMs: number }
  /** Back to the room after match `matchNumber`; the same members can start again. Any member of the match may say it: the first one counts. */
  | { readonly type: "end-match"; readonly matchNumber: number };
