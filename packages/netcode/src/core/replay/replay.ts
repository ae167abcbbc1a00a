import type { MatchSetup } from "../game/game.ts";
import type { SessionPlayer } from "../ports/session.ts";
import type { TimelineEntry } from "../rollback/timeline.ts";
import type { InputRows } from "./input-coding.ts";

/** Checksums of a replay lie so many frames apart: at half, an hour costs 6 kB more; at double, a difference is found within 10 s of where it began. */
export const REPLAY_CHECKSUM_INTERVAL_FRAMES = 300;

/** Most bytes of inputs that a replay may unfold to: 19 hours of eight players with one byte at 60 Hz; what a hostile file can make us hold. */
export const REPLAY_INPUT_BYTES_MAX = 33_554_432;

/** The game that was played, as peers compare it before they play. */
export interface ReplayGame {
  readonly id: string;
  readonly version: number;
  readonly contentHash: string;
  readonly frameRateHz: number;
}

/** Where a replay begins, when that is not the start of the match. */
export interface ReplayStart {
  readonly frame: number;
  readonly stepFrame: number;
  /** `Simulation.serialize`. */
  readonly bytes: Uint8Array;
}

/** Checksum of the state after a frame. */
export interface ReplayChecksum {
  readonly frame: number;
  readonly checksum: number;
}

/** A match as it was played: enough to play it again, bit by bit. */
export interface Replay {
  readonly game: ReplayGame;
  readonly setup: MatchSetup;
  /** The seats as they were before frame 0. In a file, peers have no ids of their own but `peer-0`, `peer-1`, … */
  readonly players: readonly SessionPlayer[];
  readonly start: ReplayStart | undefined;
  /** From frame `start.frame`, or 0, on. */
  readonly inputs: InputRows;
  readonly timeline: readonly TimelineEntry[];
  /** By rising frame. */
  readonly checksums: readonly ReplayChecksum[];
  /** The result, where the match ended. */
  readonly result: unknown;
}

/** The first frame that can be played. */
export function firstFrameOf(replay: Replay): number {
  return replay.start?.frame ?? 0;
}

/** The frame after the last one. */
export function endFrameOf(replay: Replay): number {
  return firstFrameOf(replay) + replay.inputs.frameCount;
}
