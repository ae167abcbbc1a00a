import type { TimelineEntry } from "./timeline.ts";

/**
 * A match as far as nothing about it can change any more: every current member has confirmed it, so that it is part of any history that survives. What followers, replays and
 * repairs may build on. Implemented by who plays (`RollbackSession`) and by who follows.
 */
export interface SettledSource {
  /** The newest frame that every current member confirmed; `NULL_FRAME` before the first. Never goes back. */
  readonly settledFrame: number;
  /** The oldest frame whose row is still here; above `settledFrame` when none is. */
  readonly oldestFrame: number;
  /** Copies the inputs of all players in `frame` (`oldestFrame` … `settledFrame`), in the order of players: zeros for a bot. */
  copyRow(frame: number, into: Uint8Array): void;
  /** Entries that hold from `frame` on or later and that nothing can take back, in their order. Some lie ahead of `settledFrame`: a seat changes hands some time after it was agreed. */
  entriesFrom(frame: number): readonly TimelineEntry[];
  /** Checksum of the state after `frame`; `undefined` when it is not at hand. */
  checksum(frame: number): number | undefined;
  /** The newest state at hand; may be ahead of what is settled, and counts only once `frame − 1` is. `undefined` when there is none now. */
  takeSnapshot(): SessionSnapshot | undefined;
}

/** A match at one frame: enough to go on from there. */
export interface SessionSnapshot {
  /** The state is that before this frame. */
  readonly frame: number;
  /** The game's own number of its next step: frames in which it stood still are not counted. */
  readonly stepFrame: number;
  /** `Simulation.serialize`. */
  readonly bytes: Uint8Array;
  /** Checksum of the state. */
  readonly checksum: number;
  /** All entries that are known, from the first. */
  readonly timeline: readonly TimelineEntry[];
  /** Inputs of all players in the frame before: what the next ones are predicted from. */
  readonly baseRow: Uint8Array;
}

/** Where a follower joins a match that runs. The live state of its simulation is that before `frame`. */
export interface SessionStart {
  readonly frame: number;
  readonly stepFrame: number;
  /** All entries that are known, the one that gives us our seats included. */
  readonly timeline: readonly TimelineEntry[];
  /** Inputs of all players in a frame before `frame`; `undefined` where it is too old. */
  readonly rows: (frame: number) => Uint8Array | undefined;
  /** From this frame on our seats are ours. */
  readonly joinFrame: number;
}
