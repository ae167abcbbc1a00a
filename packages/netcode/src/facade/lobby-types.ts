import type { MessageTypes, NoMessages } from "../core/base/message-type.ts";
import type { PeerId } from "../core/base/units.ts";
import type { Game } from "../core/game/game.ts";
import type { InputSchema } from "../core/game/input-schema.ts";
import type { GoneReason } from "../core/ports/departure.ts";
import type { LinkPath, LinkStage, LinkStatus } from "../core/ports/link.ts";
import type { Ban, Json, LeaveReason, LobbyState, Member } from "../core/ports/lobby-protocol.ts";
import type { Verified } from "../core/ports/membership.ts";
import type { IncomingTransfer, LobbyChat, LobbyMessages, Recipients, SendOptions, SentTransfer, TransferLimits } from "./content-types.ts";
import type { NetcodeErrorLike } from "./error-types.ts";
import type { BanOptions, ReserveOptions } from "./host-options.ts";
import type { LogEntry } from "./log-types.ts";
import type { Match } from "./match-types.ts";
import type { PlayerOptions, ProfileOptions } from "./player-options.ts";

/** What entering a lobby takes, by whatever way. */
export interface LobbyOptions<
  State,
  Schema extends InputSchema,
  Messages extends MessageTypes = NoMessages,
  Result = unknown,
> extends ProfileOptions {
  /** What `defineGame` returned. Members need an equal one: else joining rejects with `VERSION_MISMATCH`. */
  readonly game: Game<State, Schema, Messages, Result>;
  /** The broker's address, `http:`, `https:`, `ws:` or `wss:`; default: the page's own origin. */
  readonly broker?: string | URL | undefined;
  /** Replaces the ICE servers that the broker hands out. */
  readonly iceServers?: readonly RTCIceServer[] | undefined;
  /** What this page takes of others' files. */
  readonly transferLimits?: TransferLimits | undefined;
  /** Aborts joining; the promise rejects with `CLOSED`. */
  readonly signal?: AbortSignal | undefined;
  /** Told what happens to the connections, for your own reports of failures: at most 60 entries at once and 5 a second, without secrets, addresses and names. */
  readonly log?: ((entry: LogEntry) => void) | undefined;
}

/** For `resumeLobby`. */
export interface ResumeOptions<
  State,
  Schema extends InputSchema,
  Messages extends MessageTypes = NoMessages,
  Result = unknown,
> extends LobbyOptions<State, Schema, Messages, Result> {
  /** Takes the seat back from another tab that has it, which gets `closed` with `SEAT_TAKEN`. Ask the person first. */
  readonly takeOver?: boolean | undefined;
}

/** For `joinLobby`. */
export interface JoinOptions<
  State,
  Schema extends InputSchema,
  Messages extends MessageTypes = NoMessages,
  Result = unknown,
> extends LobbyOptions<State, Schema, Messages, Result> {
  /**
   * `spectator`: to watch. `queue`: to play, and where the lobby is full, to wait for the next free seat. Default: to play, or `LOBBY_FULL`.
   */
  readonly as?: "spectator" | "queue" | undefined;
  /** Of a lobby that has one; without it joining rejects with `PASSWORD_REQUIRED`. */
  readonly password?: string | undefined;
}

/** For `hostLobby`. */
export interface HostOptions<
  State,
  Schema extends InputSchema,
  Messages extends MessageTypes = NoMessages,
  Result = unknown,
> extends LobbyOptions<State, Schema, Messages, Result> {
  /** Most members who play; guests come on top. Default: the game's most players. At most 64: who has no seat in a match may `watch` it. */
  readonly capacity?: number | undefined;
  /** What matches are played by: `settings` of `init`. Plain data of at most 4,096 bytes of JSON; default `null`. The host may change it (`setSettings`). */
  readonly settings?: Json | undefined;
  /** What is told about the lobby: a title, a map. Plain data of at most 4,096 bytes of JSON; default `null`. */
  readonly metadata?: Json | undefined;
  /**
   * Everybody connects through the broker's TURN servers alone, so that players do not learn each other's addresses; it costs a detour. Default: false. Rejects with
   * `NO_TURN_SERVER` where the broker has none.
   */
  readonly relayOnly?: boolean | undefined;
  /** In the public list, where anybody who plays this game finds it, and quick match, too. `metadata` has at most 512 bytes then. Default: false. */
  readonly listed?: boolean | undefined;
  /** Members beside the players that may come in to watch, or to wait for a seat. Default 8; there are never more than 64 members in all. */
  readonly audience?: number | undefined;
  /** Who joins has to know it. The lobby server never does. At most 64 units; empty: none. */
  readonly password?: string | undefined;
  /** For people with the lobby's link alone: members who came by the code are refused by the others. Default false. */
  readonly inviteOnly?: boolean | undefined;
}

/** How one other member is connected, for a lobby screen. */
export interface LobbyPeer {
  readonly peerId: PeerId;
  /** What people may see of it. */
  readonly status: LinkStatus;
  /** What exactly is being done about the link, for a log; `status` is for people. */
  readonly stage?: LinkStage;
  /** How packets travel: directly, or by whom they are forwarded. */
  readonly path: LinkPath;
  /**
   * `invite`: it has the secret of our link, and the connection is the pair's own: nobody sits in between, the lobby server included. `key`: it has the key of its peer id, for which
   * we have the lobby server's word alone, or somebody forwards for the pair. Left out: not linked yet.
   */
  readonly verified?: Verified;
  /** Smoothed round trip; 0 until measured. */
  readonly rttMs: number;
  /** Our datagrams that did not arrive, 0–1, over about the last 64. */
  readonly lossRatio: number;
}

/** What protects this visit to a lobby. */
export interface LobbySecurity {
  /** `fallback`: a page that came over plain http, or an old browser. Keys are as good, but lie in the page's memory. */
  readonly crypto: "webcrypto" | "fallback";
  /** Members without the link's secret are refused. */
  readonly inviteOnly: boolean;
}

/** For `lobby.on`, which throws `BAD_ARGUMENT` for another name. Listeners are called after `lobby.state` has changed; one that throws is reported, and the others are still called. */
export interface LobbyEvents<State, Schema extends InputSchema, Result = unknown> {
  /** Anything of `lobby.state` or `lobby.peers` changed: draw again. */
  change: () => void;
  /** Another member is there. `peer-unreachable` or `lobby.peers` says whether it can be reached. */
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
  /** Who is the host now: the one before left, was away for a second, or gave it away. */
  "host-changed": (member: Member) => void;
  /** A member plays, watches, or waits in the queue from now on: `member.role`. Who waited longest gets a seat as soon as one is free. */
  "role-changed": (member: Member) => void;
  /**
   * Nobody has done anything here for hours that the lobby server knows of: it closes the lobby after `closesInMs` (`LOBBY_IDLE`), unless somebody does.
   * Chat and messages do not pass it. Ask whether anybody is still there, and call `keepOpen`.
   */
  "idle-warning": (closesInMs: number) => void;
  /** A match starts in which we have a seat, for the host and all others alike. Who has none is told by `change`: `state.match` is there, and may be watched. */
  match: (match: Match<State, Schema, Result>) => void;
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

/** For `lobby.start`. */
export interface StartOptions {
  /** Seats of the match, within the game's `players`; default: players and their guests, but at least the game's fewest. Bots fill what they do not. */
  readonly playerCount?: number | undefined;
  /** In place of "Bot 3" and the like, in the order of the bots' seats. */
  readonly botProfiles?: readonly PlayerOptions[] | undefined;
  /** Time from the broker's word to frame 0, 0–60,000 ms; default 0. */
  readonly countdownMs?: number | undefined;
}

/**
 * A lobby as one of its members has it, until `leave` or `closed`. What is asked of the broker resolves once it is done, and rejects with a `NetcodeError`: with
 * `NOT_HOST` where it is the host's, `BAD_ARGUMENT` or `BAD_REQUEST` for what cannot be, `RATE_LIMITED`, `BROKER_UNREACHABLE` without an answer in 10 s, `CLOSED` after the end.
 */
export interface Lobby<State, Schema extends InputSchema, Messages extends MessageTypes = NoMessages, Result = unknown> {
  /** What people type to join. */
  readonly code: string;
  /**
   * The code with a secret that no server has: put it into a link as `#j=…`; `joinLobby` takes it, or the whole link. `undefined` for who came by the
   * code alone.
   */
  readonly invite: string | undefined;
  readonly security: LobbySecurity;
  /** We: the member of `state` that this page is. */
  readonly me: Member;
  readonly isHost: boolean;
  /** What all members see alike: another object after each change, never changed itself. Names, choices and metadata in it are others' words: show them as text, never as HTML. */
  readonly state: LobbyState;
  /** How each other member is connected, as it is now. */
  readonly peers: readonly LobbyPeer[];
  /** False while the control socket is lost: links and a running match go on, and what is asked of the broker waits for it, up to 10 s. */
  readonly brokerConnected: boolean;
  /** The match being played; `undefined` in the room, and after `stop`. */
  readonly match: Match<State, Schema, Result> | undefined;
  /** Returns the way to stop listening. */
  on<Name extends keyof LobbyEvents<State, Schema>>(name: Name, listener: LobbyEvents<State, Schema, Result>[Name]): () => void;
  /** The next match in which we have a seat (or the one running), for host and guests alike: who only watches waits for `state.match`, and calls `watch`. Rejects with `CLOSED`. */
  nextMatch(): Promise<Match<State, Schema, Result>>;
  /** Somebody is still here: after `idle-warning`. */
  keepOpen(): Promise<void>;
  /** Changes what is given of our name, colour, choices and guests. A running match keeps the profiles that it began with. */
  setProfile(profile: Partial<ProfileOptions>): Promise<void>;
  /** For a lobby screen: nothing waits for it by itself. False for everybody again once a match starts. */
  setReady(ready: boolean): Promise<void>;
  /** Watches from now on, or plays as soon as a seat is free (`me.role` says `queued` until then). The host may say it of another member. Rejects with `LOBBY_FULL` where there is no room to watch. */
  setRole(role: "player" | "spectator", peerId?: PeerId): Promise<void>;
  /** The host's, as is the rest up to `start`: others get `NOT_HOST`. */
  setSettings(settings: Json): Promise<void>;
  /** Of a listed lobby at most 512 bytes of JSON, else 4,096. */
  setMetadata(metadata: Json): Promise<void>;
  /** Nobody new comes in while it is locked (`LOBBY_LOCKED`), with a reservation or without. */
  setLocked(locked: boolean): Promise<void>;
  /** 1–64 players, and no fewer than there are, held seats included. */
  setCapacity(capacity: number): Promise<void>;
  /** 0–64 members who watch or wait; who is there stays. */
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
  /** Makes a connected member the host. */
  transferHost(peerId: PeerId): Promise<void>;
  /**
   * Starts a match for all, with the connected players in the order of their seats. Resolves with it once it is there; a host that only watches gets it as a watcher. Rejects with
   * `MATCH_RUNNING`, too, and with `CLOSED` where the game's `init` throws here.
   */
  start(options?: StartOptions): Promise<Match<State, Schema, Result>>;
  /**
   * Offers a file (a map, an avatar, a replay) to other members, over the pair's own connection and at a pace that a running match does not feel. Resolves once it is offered;
   * `done` of the transfer tells when it is there. Rejects with `BAD_ARGUMENT` (another's peer id that is none, too much of a name), `TRANSFER_FAILED` or `CLOSED`.
   */
  send(to: Recipients, data: Blob | ArrayBuffer | Uint8Array, options?: SendOptions): Promise<SentTransfer>;
  /** What the game declares in `defineGame({ messages })`. */
  readonly messages: LobbyMessages<Messages>;
  /** Text between members, over the links. */
  readonly chat: LobbyChat;
  /** Nothing of this member's chat and messages reaches us, or something does again. It is not told. Holds until our page is closed, also when the member reloads. */
  mute(peerId: PeerId, muted?: boolean): void;
  /** The same, its files too, and for longer: this browser remembers it over a reload of ours. Who leaves and comes back is somebody else, though: a peer id is one of a visit. */
  block(peerId: PeerId, blocked?: boolean): void;
  /** True of who is blocked, too. */
  isMuted(peerId: PeerId): boolean;
  /** Of `block` alone. */
  isBlocked(peerId: PeerId): boolean;
  /** Follows the running match, in which we have no seat, or which we have stopped; it becomes `match`. Throws `BAD_ARGUMENT` when none runs, or when it is our `match` already, and `CLOSED`. */
  watch(): Match<State, Schema, Result>;
  /** Says goodbye and frees every connection, timer and worker. */
  leave(): Promise<void>;
}
