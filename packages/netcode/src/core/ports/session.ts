import type { PeerId } from "../base/units.ts";
import type { DesyncEvidence } from "./desync-evidence.ts";
import type { Channel } from "./transport.ts";

/** Bytes that a machine wants sent. Valid until the next call of any method of that machine. */
export interface Transmit {
  readonly to: PeerId;
  readonly channel: Channel;
  readonly bytes: Uint8Array;
  /** The broker carries it: it goes over the socket of the lobby, not to the transport. */
  readonly by?: "broker" | undefined;
}

/**
 * The one shape of every state machine in core. `nowMs` is any monotonic clock and never goes back.
 * After each `handle…` or `advanceFrame`, drain `pollTransmit` and `pollEvent` until `undefined`.
 */
export interface Machine<Event> {
  /** One message that arrived. Hostile: a refusal is counted, never thrown. `bytes` are valid during the call only. */
  handlePacket(nowMs: number, from: PeerId, bytes: Uint8Array): void;
  /** Call once `nowMs >= pollTimeoutMs()`. Calling early is harmless. */
  handleTimeout(nowMs: number): void;
  pollTransmit(): Transmit | undefined;
  pollEvent(): Event | undefined;
  /** The next deadline in `nowMs` terms; `Infinity` when idle. */
  pollTimeoutMs(): number;
}

/** Why a seat went to its bot. */
export type DropCause = "left" | "lost";

/** `player`: holds seats. `returning`: follows the match, and asks for seats. `watcher`: follows it. */
export type MatchRole = "player" | "returning" | "watcher";

/** What a session tells the game. Confirmed facts are the same on every peer; who is `suspect`, and whether we wait for a quorum, is each peer's own view. */
export type SessionEvent =
  /** Every other peer has been heard from: frames can be confirmed. Once per session. */
  | { readonly type: "synchronized"; readonly frame: number }
  /** No input of `peerId` for 1 s; the seat is kept. */
  | { readonly type: "peer-suspect"; readonly peerId: PeerId }
  | { readonly type: "peer-recovered"; readonly peerId: PeerId }
  /** An agreed timeline entry: from `frame` on, the seats of `peerId` are played by their bots. */
  | {
      readonly type: "seat-to-bot";
      readonly peerId: PeerId;
      readonly playerIndexes: readonly number[];
      readonly frame: number;
      readonly cause: DropCause;
    }
  /** The others agreed to go on without us (we were silent too long): this session is over for us. */
  | { readonly type: "dropped"; readonly frame: number }
  /** What we are in the match changed: `returning` (in place of `dropped`) follows it and asks for its seats. */
  | { readonly type: "role"; readonly role: MatchRole }
  /** More than half of the peers are gone and nobody may decide: the session waits. */
  | { readonly type: "waiting-for-quorum" }
  /**
   * The states of this peer and of `peerId` differ: since confirmed frame `frame`, in the parts named by `paths` (none: not found). `playerIndexes`: players whose inputs differ,
   * so that the game is not to blame. Once for each time that they part; whoever is wrong is repaired without being asked. A follower knows the first four only.
   */
  | {
      readonly type: "desync";
      readonly peerId: PeerId;
      readonly frame: number;
      readonly localChecksum: number;
      readonly remoteChecksum: number;
      readonly paths?: readonly string[];
      readonly playerIndexes?: readonly number[];
      readonly evidence?: DesyncEvidence;
    }
  /** Both states are known now: all that a report can hold. Only at who was wrong, and at who repaired it. */
  | { readonly type: "desync-evidence"; readonly peerId: PeerId; readonly evidence: DesyncEvidence }
  /** The state of `peerId`, who was wrong and may be this peer, is right again since `frame`. */
  | { readonly type: "repaired"; readonly peerId: PeerId; readonly frame: number }
  /** Repairs of this peer do not last: the game does not compute here what it computes elsewhere. They go on, seldom. Tell the player. */
  | { readonly type: "desync-persists"; readonly frame: number; readonly repairs: number }
  /** An agreed timeline entry: from `frame` on, these seats are played by `peerId`, who came back or came late. */
  | { readonly type: "seat-to-player"; readonly peerId: PeerId; readonly playerIndexes: readonly number[]; readonly frame: number }
  /** A follower that caught up asks for seats; answer with `admit`, or not at all. Only at the member that may admit. */
  | { readonly type: "seat-request"; readonly peerId: PeerId; readonly playerIndexes: readonly number[] }
  /** Agreed: from `frame` on the game stands still, until `resumed`. `peerId` asked for it. */
  | { readonly type: "paused" | "resumed"; readonly peerId: PeerId; readonly frame: number }
  /** `peerId` sent two different inputs for a frame. The first one counts; it cheats, or its memory is broken. */
  | { readonly type: "conflicting-input"; readonly peerId: PeerId; readonly frame: number }
  /**
   * An event that the game emitted in `step`. `id` is stable across peers and resimulations: `frame:name:ordinal`.
   * `predicted`: emitted for the first time, by a frame with predicted inputs. Then either `confirmed`, once, or `cancelled`, once: it did not happen. What is first
   * emitted by a frame that is confirmed at once comes as `confirmed` alone.
   */
  | {
      readonly type: "game";
      readonly stage: "predicted" | "confirmed" | "cancelled";
      readonly id: string;
      readonly frame: number;
      readonly name: string;
      readonly payload: unknown;
    }
  /** `result` of the game was there on a confirmed frame: the match is over, everywhere at the same frame. */
  | { readonly type: "ended"; readonly frame: number; readonly result: unknown };

/** What one call of `advanceFrame` did. The session reuses the object: read it before the next call. */
export interface AdvanceResult {
  /**
   * `advanced`: one frame was simulated (and any rollback before it). `stalled`: the prediction window is full, the inputs were not taken.
   * `over`: the match ended or we were dropped.
   */
  readonly outcome: "advanced" | "stalled" | "over";
  /** Clock rate that brings this peer in step with the others: 1 is even, below 1 slower, above 1 faster. The driver multiplies its clock. */
  readonly paceRatio: number;
  /** Frames resimulated by this call. */
  readonly resimulatedFrames: number;
}

/** Figures about one remote peer, as `match.stats().peers` shows them. */
export interface PeerStats {
  readonly id: PeerId;
  readonly rttMs: number;
  readonly jitterMs: number;
  /** Datagrams sent and never acked, 0–1, over the last seconds. */
  readonly lossRatio: number;
  /** Frames by which we run ahead of this peer; negative when behind. */
  readonly frameAdvantage: number;
}

export interface SessionStats {
  /** The next frame to simulate. */
  readonly frame: number;
  /** The last frame with every player's real input; `NULL_FRAME` before the first. */
  readonly confirmedFrame: number;
  /** Rollbacks so far: how often a wrong prediction was repaired. */
  readonly rollbacks: number;
  readonly resimulatedFrames: number;
  /** Calls of `advanceFrame` that the full prediction window turned away. */
  readonly stalledFrames: number;
  /** Frames between our inputs and the frames that use them, now. */
  readonly inputDelayFrames: number;
  /** Most frames simulated with predicted inputs, now. */
  readonly predictionWindowFrames: number;
  readonly datagramsSent: number;
  readonly datagramBytesSent: number;
  readonly datagramsReceived: number;
  /** Packets refused, by reason. Never throws, always counted. */
  readonly refusals: Readonly<Record<string, number>>;
  readonly peers: readonly PeerStats[];
}

/** One player's seat at the start of a match. */
export interface SessionPlayer {
  /** Who plays it; `undefined` for a bot. Several players may name the same peer (couch play). */
  readonly peerId: PeerId | undefined;
}

/** A match in progress, as the driver sees it. */
export interface Session extends Machine<SessionEvent> {
  /**
   * Simulates the next frame. `localInputs`: packed inputs of the local players, in player order, `inputBytes` each; copied.
   * `resimulationBudgetFrames`: most frames to resimulate in this call (`Infinity`: no limit).
   */
  advanceFrame(nowMs: number, localInputs: Uint8Array, resimulationBudgetFrames: number): AdvanceResult;
  /** The broker (or a goodbye) says that `peerId` is gone for good or for now: the drop agreement may start without the 2.5 s of silence. */
  handlePeerGone(nowMs: number, peerId: PeerId, cause: DropCause): void;
  /** We go for good: the others are told, with our last inputs, so that they need not wait for us. Drain `pollTransmit` once more. */
  leave(nowMs: number): void;
  /** The next frame to simulate, and the last one with every player's real input; `NULL_FRAME` before the first. */
  readonly frame: number;
  readonly confirmedFrame: number;
  /** Makes objects: not for every frame. */
  stats(): SessionStats;
  /** What one step and one save of the simulation cost on this machine, in ms: the session, which knows no clock, finds out what it can afford. */
  costsMeasured(stepMs: number, saveMs: number): void;
  /** Asks that the game stand still, or go on, for everybody; takes effect at an agreed frame. Nothing to do for a match that is so already. */
  pause(): void;
  resume(): void;
  /** Gives the seats of bots to a follower, at an agreed frame. False when we are not the one who may, or the seats are not free. */
  admit(peerId: PeerId, playerIndexes: readonly number[]): boolean;
  /** Checksum (unsigned 32 bits) of the state after confirmed frame `frame`; `undefined` when not confirmed or older than the ring (at least 120 kept). */
  checksum(frame: number): number | undefined;
}
