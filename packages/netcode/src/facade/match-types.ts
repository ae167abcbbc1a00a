import type { InputOf, InputSchema } from "../core/game/input-schema.ts";
import type { PeerId } from "../core/base/units.ts";
import type { GoneReason } from "../core/ports/departure.ts";
import type { LinkPath } from "../core/ports/link.ts";
import type { MatchSeat } from "../core/ports/lobby-protocol.ts";
import type { DropCause, MatchRole, PeerStats, SessionEvent, SessionStats } from "../core/ports/session.ts";
import type { Recordable } from "./recordable.ts";

/** What a game gets to draw. */
export interface MatchView<State> {
  /** The newest (predicted) state. Read only. */
  readonly state: State;
  /** How far real time is from the last frame to the next, 0–1: for drawing between two frames. */
  readonly alpha: number;
  /** The match's next frame to simulate: `state` is that before it. It goes on during a pause, where `frame` of `step` stands still. */
  readonly frame: number;
  /**
   * The newest frame of which all inputs are here: nothing can change it any more. But for one case: who is cut off may have confirmed frames of which the others lack its inputs; when they go
   * on without it, it comes back into their match. −1, as is `frame` 0, until it has a state of that.
   */
  readonly confirmedFrame: number;
}

/** For `match.run`: what a game gives, and what it wants to be told. */
export interface RunOptions<State, Schema extends InputSchema> {
  /**
   * What is pressed now, asked for each local player before each frame that is tried: of who watches, never. While the match waits for somebody nothing comes of it, and it is asked
   * again: what must not be lost, a click, is given until the state has it.
   */
  readonly input: (playerIndex: number) => InputOf<Schema>;
  /** Called once per animation frame; `elapsedMs`: since the last. Leave it out to draw from a loop of your own with `match.view()`. */
  readonly render?: ((view: MatchView<State>, elapsedMs: number) => void) | undefined;
  /** Called after every frame of the match with the new state, before events: for trails and interpolation. Not for resimulated frames; who watches or catches up may simulate several frames for one call. */
  readonly frame?: ((state: State, frame: number) => void) | undefined;
  /** Events that `step` emitted, by name: each reaches you once, as soon as it is predicted. Start a sound here. */
  readonly on?: GameEventListeners | undefined;
  /** The same when it is certain that they happened, a moment later. Count points here. */
  readonly confirmed?: GameEventListeners | undefined;
  /** What `on` told and what did not happen after all: the prediction was wrong. Fade a sound here. */
  readonly cancelled?: GameEventListeners | undefined;
  /** The newest state right before a rollback corrects it, and the corrected state of the same frame: for `CorrectionSmoother`. Read only. */
  readonly beforeRollback?: ((state: State) => void) | undefined;
  /** See `beforeRollback`. */
  readonly afterRollback?: ((state: State) => void) | undefined;
  /** Draws so many frames ahead of the match, 0–8, with one's own newest input and the others' repeated: hides the input delay, at the price of more corrections. Default 0. */
  readonly runAheadFrames?: number | undefined;
}

/** By the name of the event. What it carries is yours to write down: `hit: ({ x }: { x: number }) => …`. */
export type GameEventListeners = Readonly<Record<string, (payload: never, event: GameEvent) => void>>;

/** Something that `step` emitted. */
export interface GameEvent {
  /** The same on every peer: `frame:name:ordinal`. */
  readonly id: string;
  /** First `predicted`, then once `confirmed` or `cancelled`; `confirmed` alone when it was certain from the start. */
  readonly stage: "predicted" | "confirmed" | "cancelled";
  readonly name: string;
  /** The match's frame whose step emitted it. */
  readonly frame: number;
  /** What `emit` was given: plain data. */
  readonly payload: unknown;
}

type SessionEventOf<Type extends SessionEvent["type"]> = Extract<SessionEvent, { readonly type: Type }>;

/** For `match.on`, which throws `BAD_ARGUMENT` for another name. A listener that throws is reported, and the others are still called. */
export interface MatchEvents<Result = unknown> {
  /** Everybody has been heard from: frames can be confirmed from `frame` on. */
  synchronized: (frame: number) => void;
  /** Nothing came from it for a second; its seat is kept. */
  suspect: (peerId: PeerId) => void;
  /** It is heard again, after `suspect`. */
  recovered: (peerId: PeerId) => void;
  /** Agreed by all: from `frame` on bots play these seats. */
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
  /** So many are silent that nobody may decide who is gone: the game stands until some are heard again. */
  "waiting-for-quorum": () => void;
  /** The others went on without us. */
  dropped: () => void;
  /** Every stage of every event. */
  game: (event: GameEvent) => void;
  /** The game stands still for everybody; `peerId` asked for it. */
  paused: (peerId: PeerId) => void;
  /** It goes on. */
  resumed: (peerId: PeerId) => void;
  /** A seat has a player again: who came back, or came late. */
  "seat-to-player": (seat: { readonly peerId: PeerId; readonly playerIndexes: readonly number[]; readonly frame: number }) => void;
  /** `peerId` sent two different inputs for one frame: its memory is broken, or it cheats. The first one counts. */
  "conflicting-input": (report: { readonly peerId: PeerId; readonly frame: number }) => void;
  /** `result` of the game was there on a confirmed frame: the match is over for all, at the same frame. */
  ended: (end: { readonly frame: number; readonly result: Result }) => void;
}

/** One other peer of a match, and how its packets travel. */
export interface MatchPeerStats extends PeerStats {
  readonly path: LinkPath;
}

/** Figures of a match, for an overlay or a log. */
export interface MatchStats extends Omit<SessionStats, "peers"> {
  readonly peers: readonly MatchPeerStats[];
}

/** One match as one peer has it: as a player, on the way back to its seats, or to watch. */
export interface Match<State, Schema extends InputSchema, Result = unknown> {
  /** Counts the matches of the lobby, from 1. */
  readonly matchNumber: number;
  /** Who had which seat when the match began, by player index. */
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
  /** From now on the game is asked for inputs and told what happens; frames run by themselves from the start, with nothing pressed until then. Called again, it replaces what was given before. */
  run(options: RunOptions<State, Schema>): void;
  /** Stops the game, or lets it go on, for everybody, at an agreed frame. Any player may; of who is no `player` now it does nothing. */
  pause(): void;
  /** See `pause`. */
  resume(): void;
  /** What to draw now. */
  view(): MatchView<State>;
  /** Makes objects: not for every frame. */
  stats(): MatchStats;
  /** Hash of the state after confirmed frame `frame`, 32 bits, the same on every peer; `undefined` where it is not confirmed yet, or not known any more (at least the last 120 are). */
  checksum(frame: number): number | undefined;
  /** For `new MatchRecorder(match.recordable)` of `@rollcall/netcode/replay`; of who plays and who watches. */
  readonly recordable: Recordable;
  /** Returns the way to stop listening. */
  on<Name extends keyof MatchEvents>(name: Name, listener: MatchEvents<Result>[Name]): () => void;
  /** Resolves with the result on the confirmed last frame; rejects with `CLOSED` when we leave or are dropped before. The error is a `NetcodeError`; its `cause`, where there is one, is what the game's own code threw, or the `NetcodeError` that closed the lobby. */
  readonly ended: Promise<Result>;
  /**
   * Ends the match here. If we are the host, it ends for all, and the room may start another; else our seat goes to its bot, and it ends for all when
   * nobody plays any more.
   */
  stop(): void;
}
