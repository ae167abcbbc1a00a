import type { PeerId } from "../base/units.ts";
import type { DropCause } from "../ports/session.ts";

/** From `frame` on, the seats of a peer are played by their bots. */
export interface SeatToBotEntry {
  readonly type: "seat-to-bot";
  readonly frame: number;
  readonly peerId: PeerId;
  readonly playerIndexes: readonly number[];
  readonly cause: DropCause;
}

/** From `frame` on, the seats are played by `peerId`: who came back, or came late into a bot's seat. */
export interface SeatToPlayerEntry {
  readonly type: "seat-to-player";
  readonly frame: number;
  readonly peerId: PeerId;
  readonly playerIndexes: readonly number[];
}

/** From `frame` on the game is not stepped (`pause`), or stepped again (`resume`). `peerId` asked for it. */
export interface PauseEntry {
  readonly type: "pause" | "resume";
  readonly frame: number;
  readonly peerId: PeerId;
}

/** From `frame` on the inputs of `peerId` take effect `frames` frames after they were sampled. Changes no state: for overlays and replays. */
export interface InputDelayEntry {
  readonly type: "input-delay";
  readonly frame: number;
  readonly peerId: PeerId;
  readonly frames: number;
}

/** A change of the match that all peers apply before the same frame. */
export type TimelineEntry = SeatToBotEntry | SeatToPlayerEntry | PauseEntry | InputDelayEntry;

/**
 * Everything that was agreed during a match besides inputs, in the order of agreement. Together with the seed, the players and the inputs it makes the
 * match again: a replay records it.
 */
export class Timeline {
  readonly #entries: TimelineEntry[] = [];

  /** In the order of agreement, which is the same on every peer for entries of one decision. */
  get entries(): readonly TimelineEntry[] {
    return this.#entries;
  }

  /** Bounded by the players of a match: each seat goes to its bot once. */
  add(entry: TimelineEntry): void {
    this.#entries.push(entry);
  }
}
