import type { Game } from "../core/game/game.ts";
import type { InputOf, InputSchema } from "../core/game/input-schema.ts";
import type { GoneReason } from "../core/ports/departure.ts";
import type { MessageTypes, NoMessages } from "../core/base/message-type.ts";
import type { PeerId } from "../core/base/units.ts";
import type { Ban, Json, LobbyErrorCode, LobbyState, MatchSeat, Member } from "../core/ports/lobby-protocol.ts";
import type { LeaveReason } from "../core/ports/lobby-types.ts";
import type { Verified } from "../core/ports/membership.ts";
import type { LinkFailure } from "../core/ports/link-failure.ts";
import type { BanOptions, ReserveOptions } from "./host-options.ts";
import type { LogEntry } from "./log-types.ts";
import type { PlayerOptions, ProfileOptions } from "./player-options.ts";
import type { Recordable } from "./recordable.ts";
import type { LinkPath, LinkStage, LinkStatus } from "../core/ports/link.ts";
import type { IncomingTransfer, LobbyChat, LobbyMessages, Recipients, SendOptions, SentTransfer, TransferLimits } from "./content-types.ts";
import type { DropCause, MatchRole, SessionEvent } from "../core/ports/session.ts";

/**
 * Codes of `NetcodeError`. The lobby's own codes, and:
 *
 * - `BANNED`: the host removed us, for good or for a time. `LOBBY_IDLE`: nobody did anything in the lobby for hours. `SEAT_TAKEN`: another page came back to our seat; `resumeLobby` with `takeOver` takes it back. `BROKER_UNREACHABLE`: no answer from the broker. `CLOSED`: the lobby or match was left or disposed.
 * - `BAD_ARGUMENT`: a call that can never succeed; the message names the argument.
 * - `PEER_UNREACHABLE`: the broker is fine, but no link to a member could be made (usually a NAT without TURN). Comes with `peer-unreachable`.
 * - `IDENTITY_MISMATCH`: a member could not prove that it is who the broker says it is, or the broker gave us an id that is not ours.
 * - `NOT_INVITED`: the lobby is for people with its link, and a member found that one of two ends came without it.
 * - `MISSING_PACKAGE`: a Node peer without one of the packages that it needs; the message names it.
 * - `TRANSFER_FAILED`: a file did not arrive; the message says why, and the transfer's `failure`.
 * - `PAGE_RESTORED`: the page came back out of the cache of the back button. The seat is kept: reload, or call `resumeLobby`.
 */
export type NetcodeErrorCode =
  | LobbyErrorCode
  | "BANNED"
  | "LOBBY_IDLE"
  | "SEAT_TAKEN"
  | "BROKER_UNREACHABLE"
  | "CLOSED"
  | "BAD_ARGUMENT"
  | "PEER_UNREACHABLE"
  | "IDENTITY_MISMATCH"
  | "NOT_INVITED"
  | "TRANSFER_FAILED"
  | "PAGE_RESTORED"
  | "MISSING_PACKAGE";

export interface LobbyOptions<State, Schema extends InputSchema, Messages extends MessageTypes = NoMessages> extends ProfileOptions {
  readonly game: Game<State, Schema, Messages>;
  /** The broker's address, `http:`, `https:`, `ws:` or `wss:`; default: the page's own origin. */
  readonly broker?: string | URL;
  /** Replaces the ICE servers that the broker hands out. */
  readonly iceServers?: readonly RTCIceServer[];
  /** What this page takes of others' files. */
  readonly transferLimits?: TransferLimits;
  /** Aborts joining; the promise rejects with `CLOSED`. */
  readonly signal?: AbortSignal;
  /** Told what happens to the connections, for your own reports of failures: at most 60 entries at once and 5 a second, without secrets, addresses and names. */
  readonly log?: (entry: LogEntry) => void;
}

export interface JoinOptions<State, Schema extends InputSchema, Messages extends MessageTypes = NoMessages> extends LobbyOptions<
  State,
  Schema,
  Messages
> {
  /**
   * `spectator`: to watch. `queue`: to play, and where the lobby is full, to wait for the next free seat. Default: to play, or `LOBBY_FULL`.
   */
  readonly as?: "spectator" | "queue";
  /** Of a lobby that has one; without it joining rejects with `PASSWORD_REQUIRED`. */
  readonly password?: string;
}

export interface HostOptions<State, Schema extends InputSchema, Messages extends MessageTypes = NoMessages> extends LobbyOptions<
  State,
  Schema,
  Messages
> {
  /** Most members who play; guests come on top. Default: the game's most players. At most 64: who has no seat in a match may `watch` it. */
  readonly capacity?: number;
  readonly settings?: Json;
  readonly metadata?: Json;
  /**
   * Everybody connects through the broker's TURN servers alone, so that players do not learn each other's addresses; it costs a detour. Default: false. Rejects with
   * `NO_TURN_SERVER` where the broker has none.
   */
  readonly relayOnly?: boolean;
  /** In the public list, where anybody who plays this game finds it, and quick match, too. `metadata` has at most 512 bytes then. Default: false. */
  readonly listed?: boolean;
  /** Members beside the players that may come in to watch, or to wait for a seat. Default 8; there are never more than 64 members in all. */
  readonly audience?: number;
  /** Who joins has to know it. The lobby server never does. At most 64 units; empty: none. */
  readonly password?: string;
  /** For people with the lobby's link alone: members who came by the code are refused by the others. Default false. */
  readonly inviteOnly?: boolean;
}

/** How one other member is connected, for a lobby screen. */
export interface LobbyPeer {
  readonly peerId: PeerId;
  readonly status: LinkStatus;
  /** What exactly is being done about the link, for a log; `status` is for people. */
  readonly stage?: LinkStage;
  readonly path: LinkPath;
  /**
   * `invite`: it has the secret of our link, and the connection is the pair's own: nobody sits in between, the lobby server included. `key`: it has the key of its peer id, for which
   * we have the lobby server's word alone, or somebody forwards for the pair. Left out: not linked yet.
   */
  readonly verified?: Verified;
  readonly rttMs: number;
  readonly lossRatio: number;
}

/** What protects this visit to a lobby. */
export interface LobbySecurity {
  /** `fallback`: a page that came over plain http, or an old browser. Keys are as good, but lie in the page's memory. */
  readonly crypto: "webcrypto" | "fallback";
  /** Members without the link's secret are refused. */
  readonly inviteOnly: boolean;
}

export interface LobbyEvents<State, Schema extends InputSchema> {
  /** Anything of `lobby.state` or `lobby.peers` changed: draw again. */
  change: () => void;
  "member-joined": (member: Member) => void;
  /** The seat is free. */
  "member-left": (member: Member, reason: LeaveReason) => void;
  /** The broker does not hear it; its seat is kept. Its links may be fine. */
  "member-disconnected": (member: Member) => void;
  /**
   * A member is gone, and why: once for each departure, as soon as that is certain (0.25 s after a page was closed or went elsewhere, 2 s after a process was killed).
   * A page that is reloaded is not gone. Its seat may be kept for it: `member-left` says when it is free.
   */
  "member-gone": (member: Member, reason: GoneReason) => void;
  /** Back in its seat, after `member-disconnected` or `member-gone`. */
  "member-returned": (member: Member) => void;
  "host-changed": (member: Member) => void;
  /** A member plays, watches, or waits in the queue from now on: `member.role`. Who waited longest gets a seat as soon as one is free. */
  "role-changed": (member: Member) => void;
  /**
   * Nobody has done anything here for hours that the lobby server knows of: it closes the lobby after `closesInMs` (`LOBBY_IDLE`), unless somebody does.
   * Chat and messages do not pass it. Ask whether anybody is still there, and call `keepOpen`.
   */
  "idle-warning": (closesInMs: number) => void;
  /** A match starts, for the host and all others alike. */
  match: (match: Match<State, Schema>) => void;
  /** A member that the broker hears could not prove who it is (`IDENTITY_MISMATCH`, `NOT_INVITED`: not tried again), or cannot be reached, or no more. It is still tried, now and then; `lobby.peers` says when it is open. */
  "peer-unreachable": (member: Member, error: NetcodeErrorLike) => void;
  /** A member wants to send us a file: call `accept` or `refuse`, now or within two minutes. Where nobody listens it is refused. */
  blob: (incoming: IncomingTransfer) => void;
  /** The control socket is lost or back. A running match does not need it. */
  "broker-lost": () => void;
  "broker-back": () => void;
  /** The end of this lobby for us: kicked, banned, closed, or left. `error` is there unless we left. */
  closed: (error: NetcodeErrorLike | undefined) => void;
}

/** The shape of `NetcodeError`. */
export interface NetcodeErrorLike extends Error {
  readonly code: NetcodeErrorCode;
  /** What the person can do about it: a sentence. */
  readonly remedy: string;
  /** Where the documentation explains it: `troubleshooting.md#lobby-not-found`, below the place at which you serve `docs/guides`. */
  readonly anchor: string;
  /** `PEER_UNREACHABLE`: why, and what it was told from. Left out while nothing is known. */
  readonly failure: LinkFailure | undefined;
}

export interface StartOptions {
  /** Seats of the match; default: the members, but at least the game's fewest. Bots fill what members do not. */
  readonly playerCount?: number;
  /** In place of "Bot 3" and the like, in the order of the bots' seats. */
  readonly botProfiles?: readonly PlayerOptions[];
  /** Time from the broker's word to frame 0, at most 60,000; default 0. */
  readonly countdownMs?: number;
}

export interface Lobby<State, Schema extends InputSchema, Messages extends MessageTypes = NoMessages> {
  readonly code: string;
  /**
   * The code with a secret that no server has: put it into a link as `#j=…`; `joinLobby` takes it, or the whole link. `undefined` for who came by the
   * code alone.
   */
  readonly invite: string | undefined;
  readonly security: LobbySecurity;
  readonly me: Member;
  readonly isHost: boolean;
  readonly state: LobbyState;
  readonly peers: readonly LobbyPeer[];
  readonly brokerConnected: boolean;
  /** The match being played; `undefined` in the room, and after `stop`. */
  readonly match: Match<State, Schema> | undefined;
  on<Name extends keyof LobbyEvents<State, Schema>>(name: Name, listener: LobbyEvents<State, Schema>[Name]): () => void;
  /** The next match to start (or the one running), for host and guests alike. Rejects with `CLOSED`. */
  nextMatch(): Promise<Match<State, Schema>>;
  /** Somebody is still here: after `idle-warning`. */
  keepOpen(): Promise<void>;
  setProfile(profile: Partial<ProfileOptions>): Promise<void>;
  setReady(ready: boolean): Promise<void>;
  /** Watches from now on, or plays as soon as a seat is free (`me.role` says `queued` until then). The host may say it of another member. Rejects with `LOBBY_FULL` where there is no room to watch. */
  setRole(role: "player" | "spectator", peerId?: PeerId): Promise<void>;
  /** The host's, as is the rest up to `start`: others get `NOT_HOST`. */
  setSettings(settings: Json): Promise<void>;
  setMetadata(metadata: Json): Promise<void>;
  setLocked(locked: boolean): Promise<void>;
  setCapacity(capacity: number): Promise<void>;
  setAudience(audience: number): Promise<void>;
  /** Shows the lobby in the public list, or no more. */
  setListed(listed: boolean): Promise<void>;
  /** From now on newcomers have to know it; `undefined` or empty: nobody has to. */
  setPassword(password: string | undefined): Promise<void>;
  /**
   * Holds players' seats for people whom you invite: strangers find them taken. Resolves with an invite for each seat, to be put into a link like `invite`; it lets one person in, once. Who
   * does not come in time leaves the seat to others. Rejects with `LOBBY_FULL` where fewer seats are free.
   */
  reserve(options?: ReserveOptions): Promise<readonly string[]>;
  /** Gives the seats of these invites back; left out: all that are held (`state.door.reserved`), whoever of the hosts held them. */
  unreserve(invites?: readonly string[]): Promise<void>;
  /** Out; after ten seconds it may come in again, by the code as before. */
  kick(peerId: PeerId): Promise<void>;
  /** Out, and not back in while the lobby lives; or for `banMs`. */
  ban(peerId: PeerId, options?: BanOptions): Promise<void>;
  /** Who was banned and may not come in, oldest first. */
  bans(): Promise<readonly Ban[]>;
  /** Whoever it is of may come in again. */
  unban(ban: Ban): Promise<void>;
  transferHost(peerId: PeerId): Promise<void>;
  start(options?: StartOptions): Promise<Match<State, Schema>>;
  /**
   * Offers a file (a map, an avatar, a replay) to other members, over the pair's own connection and at a pace that a running match does not feel. Resolves once it is offered;
   * `done` of the transfer tells when it is there. Rejects with `BAD_ARGUMENT` (another's peer id that is none, too much of a name), `TRANSFER_FAILED` or `CLOSED`.
   */
  send(to: Recipients, data: Blob | ArrayBuffer | Uint8Array, options?: SendOptions): Promise<SentTransfer>;
  /** What the game declares in `defineGame({ messages })`. */
  readonly messages: LobbyMessages<Messages>;
  readonly chat: LobbyChat;
  /** Nothing of this member's chat and messages reaches us, or something does again. It is not told. Holds until our page is closed, also when the member reloads. */
  mute(peerId: PeerId, muted?: boolean): void;
  /** The same, its files too, and for longer: this browser remembers it over a reload of ours. Who leaves and comes back is somebody else, though: a peer id is one of a visit. */
  block(peerId: PeerId, blocked?: boolean): void;
  /** True of who is blocked, too. */
  isMuted(peerId: PeerId): boolean;
  isBlocked(peerId: PeerId): boolean;
  /** Follows the running match, in which we have no seat; it becomes `match`. Throws `BAD_ARGUMENT` when none runs, or when we have a seat. */
  watch(): Match<State, Schema>;
  /** Says goodbye and frees every connection, timer and worker. */
  leave(): Promise<void>;
}

/** What a game gets to draw. */
export interface MatchView<State> {
  /** The newest (predicted) state. Read only. */
  readonly state: State;
  /** How far real time is from the last frame to the next, 0–1: for drawing between two frames. */
  readonly alpha: number;
  /** The match's next frame to simulate: `state` is that before it. */
  readonly frame: number;
  /** The newest frame that nothing can change any more. */
  readonly confirmedFrame: number;
}

export interface RunOptions<State, Schema extends InputSchema> {
  /** Asked once a frame for each local player. */
  readonly input: (playerIndex: number) => InputOf<Schema>;
  /** Called once per animation frame; `elapsedMs`: since the last. Leave it out to draw from a loop of your own with `match.view()`. */
  readonly render?: (view: MatchView<State>, elapsedMs: number) => void;
  /** Called after every frame of the match with the new state, before events: for trails and interpolation. Not for resimulated frames; who watches or catches up may simulate several frames for one call. */
  readonly frame?: (state: State, frame: number) => void;
  /** Events that `step` emitted, by name: each reaches you once, as soon as it is predicted. Start a sound here. */
  readonly on?: GameEventListeners;
  /** The same when it is certain that they happened, a moment later. Count points here. */
  readonly confirmed?: GameEventListeners;
  /** What `on` told and what did not happen after all: the prediction was wrong. Fade a sound here. */
  readonly cancelled?: GameEventListeners;
  /** The newest state right before a rollback corrects it, and the corrected state of the same frame: for `CorrectionSmoother`. Read only. */
  readonly beforeRollback?: (state: State) => void;
  readonly afterRollback?: (state: State) => void;
  /** Draws so many frames ahead of the match, 0–8, with one's own newest input and the others' repeated: hides the input delay, at the price of more corrections. Default 0. */
  readonly runAheadFrames?: number;
}

/** By the name of the event. What it carries is yours to write down: `hit: ({ x }: { x: number }) => …`. */
export type GameEventListeners = Readonly<Record<string, (payload: never, event: GameEvent) => void>>;

export interface GameEvent {
  /** The same on every peer: `frame:name:ordinal`. */
  readonly id: string;
  /** First `predicted`, then once `confirmed` or `cancelled`; `confirmed` alone when it was certain from the start. */
  readonly stage: "predicted" | "confirmed" | "cancelled";
  readonly name: string;
  readonly frame: number;
  readonly payload: unknown;
}

type SessionEventOf<Type extends SessionEvent["type"]> = Extract<SessionEvent, { readonly type: Type }>;

export interface MatchEvents {
  /** Everybody has been heard from. */
  synchronized: (frame: number) => void;
  suspect: (peerId: PeerId) => void;
  recovered: (peerId: PeerId) => void;
  "seat-to-bot": (seat: {
    readonly peerId: PeerId;
    readonly playerIndexes: readonly number[];
    readonly frame: number;
    readonly cause: DropCause;
    /** Why the member is gone, as far as it is known here; not there when it has only stopped the match, or is about to be back. */
    readonly reason?: GoneReason;
  }) => void;
  /** Our state and that of `peerId` differ since a confirmed frame, in the named parts. Whoever is wrong is repaired without being asked. */
  desync: (report: SessionEventOf<"desync">) => void;
  /** Both states of a desync are known: for a report (`@rollcall/netcode/replay`). */
  "desync-evidence": (report: SessionEventOf<"desync-evidence">) => void;
  /** The state of `peerId`, who may be we, is right again. */
  repaired: (repair: SessionEventOf<"repaired">) => void;
  /** Repairs do not last: this machine computes the game otherwise than the others. */
  "desync-persists": (report: SessionEventOf<"desync-persists">) => void;
  /** We became something else in this match. The others went on without us when a player is suddenly `returning`. */
  role: (role: MatchRole) => void;
  "waiting-for-quorum": () => void;
  /** The others went on without us. */
  dropped: () => void;
  /** Every stage of every event. */
  game: (event: GameEvent) => void;
  /** The game stands still, or goes on, for everybody. */
  paused: (peerId: PeerId) => void;
  resumed: (peerId: PeerId) => void;
  /** A seat has a player again: who came back, or came late. */
  "seat-to-player": (seat: { readonly peerId: PeerId; readonly playerIndexes: readonly number[]; readonly frame: number }) => void;
  /** `peerId` sent two different inputs for one frame: its memory is broken, or it cheats. The first one counts. */
  "conflicting-input": (report: { readonly peerId: PeerId; readonly frame: number }) => void;
  ended: (end: { readonly frame: number; readonly result: unknown }) => void;
}

export interface MatchStats {
  readonly frame: number;
  readonly confirmedFrame: number;
  readonly rollbacks: number;
  readonly resimulatedFrames: number;
  readonly stalledFrames: number;
  /** Frames between our inputs and the frames that use them, now. */
  readonly inputDelayFrames: number;
  /** Most frames simulated with predicted inputs, now. */
  readonly predictionWindowFrames: number;
  readonly datagramsSent: number;
  readonly datagramBytesSent: number;
  readonly datagramsReceived: number;
  readonly refusals: Readonly<Record<string, number>>;
  readonly peers: readonly {
    readonly id: PeerId;
    readonly rttMs: number;
    readonly jitterMs: number;
    readonly lossRatio: number;
    readonly frameAdvantage: number;
    readonly path: LinkPath;
  }[];
}

export interface Match<State, Schema extends InputSchema> {
  readonly matchNumber: number;
  readonly seats: readonly MatchSeat[];
  /** What we are in it: `returning` while we follow it on the way back into our seats, or to seats that we asked for. */
  readonly role: MatchRole;
  /** Players of this peer, by index; none while we are no `player`. */
  readonly localPlayers: readonly number[];
  /**
   * Asks for the seat of a bot, or for all seats of somebody who is gone, in place of any asked for before: ours when `role` says `player`. It waits while somebody
   * plays there. Only who follows the match can ask; a player need not. Other seats are a `BAD_ARGUMENT`.
   */
  takeSeats(playerIndexes: readonly number[]): void;
  /** `countdown` until frame 0, then `running`; `ended`, `dropped` and `closed` are final. */
  readonly phase: "countdown" | "running" | "ended" | "dropped" | "closed";
  /** Left of the countdown, in ms. */
  readonly countdownMs: number;
  /** True while the game stands still for everybody, after `pause`. */
  readonly paused: boolean;
  run(options: RunOptions<State, Schema>): void;
  /** Stops the game, or lets it go on, for everybody, at an agreed frame. Any player may; of who is no `player` now it does nothing. */
  pause(): void;
  resume(): void;
  view(): MatchView<State>;
  stats(): MatchStats;
  checksum(frame: number): number | undefined;
  /** For `new MatchRecorder(match.recordable)` of `@rollcall/netcode/replay`; of who plays and who watches. */
  readonly recordable: Recordable;
  on<Name extends keyof MatchEvents>(name: Name, listener: MatchEvents[Name]): () => void;
  /** Resolves with the result on the confirmed last frame; rejects with `CLOSED` when we leave or are dropped before. */
  readonly ended: Promise<unknown>;
  /**
   * Ends the match here. If we are the host, it ends for all, and the room may start another; else our seat goes to its bot, and it ends for all when
   * nobody plays any more.
   */
  stop(): void;
}
