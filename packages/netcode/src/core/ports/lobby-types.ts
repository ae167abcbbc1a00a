/**
 * The lobby protocol: what a member and the broker say to each other over the control socket `/lobby`, as JSON text frames.
 *
 *   member → broker   { "request": 7, "command": { "type": "join", … } }
 *   broker → member   { "reply": 7, "ok": true,  "result": { … } }            to the member that asked
 *                     { "reply": 7, "ok": false, "error": { "code": …, … } }
 *                     { "event": 42, "change": { "type": "member-joined", … } } to every member, numbered per lobby
 *                     { "keepsake": "…" }                                      what a member keeps for a broker that may lose the lobby
 *                     { "roster": "…" }                                        who the members are, signed by the broker
 *                     { "goodbye": "REPLACED" }                                before the broker closes a socket on purpose
 *   both ways         { "ping": 3 } / { "pong": 3 }                            liveness, either side may ask
 *
 * Every change and result is declared here, every command in `lobby-command.ts`; `parseMemberMessage` and `parseBrokerMessage` check what arrives against these types. One
 * reducer, `applyLobbyChange`, is run by the broker and by every member, so that all hold the same lobby by construction.
 */
import type { LobbyCode, PeerId } from "../base/units.ts";
import type { BanList } from "./lobby-ban.ts";
import type { LobbyCommand } from "./lobby-command.ts";
import type { RosterAuthority } from "./roster-authority.ts";

/** Raised whenever an older member could misread a newer broker, or the other way round. */
export const LOBBY_PROTOCOL_VERSION = 4;

/** Consonants without look-alikes: no vowel, so that no word can be spelled; no L, which reads as I. 20⁵ = 3.2 million codes. */
export const LOBBY_CODE_ALPHABET = "BCDFGHJKMNPQRSTVWXYZ";
/** Letters of a code where the broker is not told otherwise, and the most that it can be told. */
export const LOBBY_CODE_LENGTH = 5;
export const LOBBY_CODE_LENGTH_MAX = 8;

/** Every limit of the protocol. */
export * as LOBBY_LIMITS from "./lobby-limits.ts";

/** Times that member and broker share, in ms. */
export * as LOBBY_TIMES from "./lobby-times.ts";

/** JSON as the protocol carries it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What must be equal for two peers to play together. */
export interface GameIdentity {
  readonly id: string;
  readonly version: number;
  /** 8 lowercase hex digits: canonical hash of everything that both sides must share. */
  readonly contentHash: string;
}

/** What is told about one player. */
export interface PlayerProfile {
  readonly name: string;
  /** Index into the game's palette, 0–63. Colours may be shared; a lobby screen offers free ones first. */
  readonly colour: number;
  /** Whatever else the game lets a player choose (mode, character, …). */
  readonly choices: Json;
}

/** What a member says about itself. */
export interface Profile extends PlayerProfile {
  /** Others who play on the same device, each in a seat of its own behind the member's; at most 3. Left out: nobody. */
  readonly guests?: readonly PlayerProfile[];
}

export interface Member {
  readonly peerId: PeerId;
  /** The seat number: the smallest that was free on joining, kept over a reload. */
  readonly seat: number;
  /** Rises with each join and each return after a reload. Of two members the one with the higher order dials the other. */
  readonly order: number;
  readonly profile: Profile;
  readonly ready: boolean;
  /** False while the broker has no socket of this member; the seat is kept for `seatKeptMs`. */
  readonly connected: boolean;
  /** Left out: a player. `spectator`: only watches. `queued`: waits for a player's seat. */
  readonly role?: AudienceRole;
  /** Of who is queued: the lowest is next. */
  readonly queueNumber?: number;
}

/** Of a member that is no player. */
export type AudienceRole = "spectator" | "queued";

/** One seat of a match, by player index. A peer may hold several: its member's, and those of the guests. */
export type MatchSeat =
  | { readonly kind: "person"; readonly peerId: PeerId; readonly profile: PlayerProfile }
  | { readonly kind: "bot"; readonly profile: PlayerProfile };

/** What every peer of a match agrees on before frame 0. */
export interface MatchAgreement {
  /** Counts the matches of the lobby, from 1; the low byte is the match epoch on the wire. */
  readonly matchNumber: number;
  /** 32 random bits from the broker: all randomness of the match. */
  readonly seed: number;
  readonly seats: readonly MatchSeat[];
  readonly settings: Json;
  /** The lobby host of that moment: decides at exactly half. */
  readonly hostId: PeerId;
  /** Frame 0 runs this long after the event is received. */
  readonly countdownMs: number;
}

/** What the host decides about who comes in, beside `locked` and `capacity`. */
export interface LobbyDoor {
  /** Shown in the public list, and found by quick match. */
  readonly listed: boolean;
  /** Newcomers show that they know its password. */
  readonly password: boolean;
  /** Members beside the players that there may be: spectators, and who waits in the queue. */
  readonly audience: number;
  /** Players' seats that are held for who comes with a reservation. */
  readonly reserved: number;
}

export interface LobbyState {
  readonly code: LobbyCode;
  readonly game: GameIdentity;
  readonly capacity: number;
  readonly locked: boolean;
  readonly door: LobbyDoor;
  /** Members connect through TURN servers alone, so that nobody learns another's address. For the life of the lobby. */
  readonly relayOnly: boolean;
  readonly hostId: PeerId;
  /** Rises with every change of host: a command of an older host is refused. */
  readonly hostEpoch: number;
  /** Match settings that the host edits. */
  readonly settings: Json;
  /** What the host tells about the lobby (title, map, …). */
  readonly metadata: Json;
  /** By seat. */
  readonly members: readonly Member[];
  /** The match that is being played; `undefined` between matches. Who joins now waits for the next one. */
  readonly match: MatchAgreement | undefined;
  readonly matchCount: number;
  /** Nobody has done anything here for hours: unless somebody does, the lobby is closed within `idleWarningMs`. */
  readonly idle: boolean;
  /** Number of the last event that is included here. */
  readonly event: number;
}

/** Why a member is gone. */
export type LeaveReason = "left" | "kicked" | "banned" | "expired";

export type LobbyChange =
  | { readonly type: "member-joined"; readonly member: Member }
  | { readonly type: "member-left"; readonly peerId: PeerId; readonly reason: LeaveReason }
  /** The broker saw the socket close (or went silent); the seat is kept. */
  | { readonly type: "member-disconnected"; readonly peerId: PeerId }
  /** Back in the same seat; `peerId` is what it was, `member.peerId` what it is now (another one after a reload), also in the seats of a running match. */
  | { readonly type: "member-returned"; readonly peerId: PeerId; readonly member: Member }
  | { readonly type: "member-changed"; readonly peerId: PeerId; readonly profile: Profile; readonly ready: boolean }
  /** `role` and `queueNumber` as in `Member`. */
  | { readonly type: "role-changed"; readonly peerId: PeerId; readonly role?: AudienceRole; readonly queueNumber?: number }
  | { readonly type: "host-changed"; readonly hostId: PeerId; readonly hostEpoch: number }
  | { readonly type: "settings-changed"; readonly settings: Json }
  | { readonly type: "metadata-changed"; readonly metadata: Json }
  | { readonly type: "locked-changed"; readonly locked: boolean }
  | { readonly type: "capacity-changed"; readonly capacity: number }
  | { readonly type: "door-changed"; readonly door: LobbyDoor }
  | { readonly type: "idle-changed"; readonly idle: boolean }
  | { readonly type: "match-started"; readonly match: MatchAgreement }
  | { readonly type: "match-ended"; readonly matchNumber: number };

/** An ICE server as `RTCConfiguration` wants it. */
export interface IceServer {
  readonly urls: readonly string[];
  readonly username?: string;
  readonly credential?: string;
}

/** What a member may connect with, and for how long; the result of `ice-servers`. */
export interface IceGrant {
  readonly iceServers: readonly IceServer[];
  /** Life of the credentials among them, in ms from now: what begins later needs fresh ones. Left out: they do not expire. */
  readonly iceLifeMs?: number;
}

/** What a command brings, if it brings something. */
export type CommandResult = IceGrant | BanList;

/** The result of `create`, `quick-match`, `join` and `resume`. */
export interface Admission extends IceGrant {
  readonly lobby: LobbyState;
  readonly peerId: PeerId;
  /** Takes the seat back after a reload or a lost socket. Never leaves this member. */
  readonly resumeSecret: string;
  /** Says at the door of the signaling socket (`/peerjs`) that somebody comes for `peerId`; the key opens it. */
  readonly signalingToken: string;
  /** The broker carries packets between members that have no other way, as binary frames (`broker-frame.ts`). Left out: it does not. */
  readonly relaysFrames?: boolean;
  /** Who signs the lobby's rosters. A member holds to what its first admission says; what comes later is told by rosters alone. Left out: nobody does. */
  readonly authority?: RosterAuthority;
}

/**
 * Stable codes of refusals.
 *
 * - `LOBBY_NOT_FOUND`: no such code; also what a banned member sees.
 * - `LOBBY_FULL`, `LOBBY_LOCKED`: told to whoever knows the code, under the rate limit.
 * - `PASSWORD_REQUIRED`: the lobby has one, and no proof came that is still good. `WRONG_PASSWORD`: the proof is of another.
 * - `VERSION_MISMATCH`: another game, version, content or protocol; `expected` says what the lobby runs.
 * - `KICKED`: the host has just removed you; `retryAfterMs` says when you may come again. Who is banned sees `LOBBY_NOT_FOUND`.
 * - `NOT_HOST`: only the lobby host may do this. `SEAT_EXPIRED`: nothing left to resume. `NOT_MEMBER`: join first.
 * - `MATCH_RUNNING`, `NO_MATCH`: the command does not fit the phase.
 * - `RATE_LIMITED`: too much, too fast; `retryAfterMs` says when. `BAD_REQUEST`: not of the protocol.
 * - `SERVER_FULL`: the broker is at a limit of its own. `RETRY`: it cannot reach what it shares with other brokers; nothing is wrong with the request. `NO_TURN_SERVER`: a relay-only lobby needs one, and the broker has none to give.
 */
export const LOBBY_ERROR_CODES = [
  "LOBBY_NOT_FOUND",
  "LOBBY_FULL",
  "LOBBY_LOCKED",
  "PASSWORD_REQUIRED",
  "WRONG_PASSWORD",
  "VERSION_MISMATCH",
  "KICKED",
  "NOT_HOST",
  "NOT_MEMBER",
  "SEAT_EXPIRED",
  "MATCH_RUNNING",
  "NO_MATCH",
  "RATE_LIMITED",
  "SERVER_FULL",
  "RETRY",
  "NO_TURN_SERVER",
  "BAD_REQUEST",
] as const;
export type LobbyErrorCode = (typeof LOBBY_ERROR_CODES)[number];

export interface LobbyError {
  readonly code: LobbyErrorCode;
  /** A sentence for the person. */
  readonly message: string;
  /** `RATE_LIMITED`, `RETRY`, `KICKED`: earliest sensible retry. */
  readonly retryAfterMs?: number;
  /** `VERSION_MISMATCH`: what the lobby runs. */
  readonly expected?: GameIdentity;
}

/** Why the broker closes a socket on purpose. */
export type GoodbyeReason =
  | "REPLACED"
  | "KICKED"
  | "BANNED"
  | "RATE_LIMITED"
  | "BAD_REQUEST"
  | "SHUTTING_DOWN"
  | "LOBBY_CLOSED"
  | "LOBBY_IDLE";

export type MemberMessage =
  /** `hostEpoch`: in which the sender takes itself for the host. A host's command of another epoch is refused. */
  | { readonly request: number; readonly command: LobbyCommand; readonly hostEpoch?: number }
  | { readonly ping: number }
  | { readonly pong: number };

export type BrokerMessage =
  | { readonly reply: number; readonly ok: true; readonly result: Admission | CommandResult | null }
  | { readonly reply: number; readonly ok: false; readonly error: LobbyError }
  | { readonly event: number; readonly change: LobbyChange }
  /** The lobby, sealed: only the broker can read it. The member keeps the newest, and gives it back when it resumes. */
  | { readonly keepsake: string }
  /** Who the members are, signed: to show to the others (roster.ts). */
  | { readonly roster: string }
  | { readonly goodbye: GoodbyeReason }
  | { readonly ping: number }
  | { readonly pong: number };
