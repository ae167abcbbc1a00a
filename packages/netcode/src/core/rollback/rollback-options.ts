import { assert } from "../base/assert.ts";
import type { PeerId } from "../base/units.ts";
import type { SessionPlayer } from "../ports/session.ts";
import type { Simulation } from "../ports/simulation.ts";
import { INPUT_BYTES_MAX, INPUT_DELAY_MAX, PREDICTION_WINDOW_MAX } from "../wire/limits.ts";
import type { LoadDesyncDesk } from "./checksum-watch.ts";
import { frameRange, type FrameRange } from "./frame-range.ts";
import type { SessionStart } from "./settled-source.ts";

export interface RollbackOptions {
  readonly localPeerId: PeerId;
  readonly players: readonly SessionPlayer[];
  /** The lobby host: of two halves of a split match, the one with it goes on. */
  readonly hostId: PeerId;
  /** 0–255, in every packet: packets of another match are refused. */
  readonly matchEpoch: number;
  readonly simulation: Simulation;
  /** Frames between a local input and the frame that uses it, 0–15, or a range in which it follows how late our inputs come to the others. Default 2. Need not be equal on all peers. */
  readonly inputDelayFrames?: number | FrameRange;
  /** Most frames simulated with predicted inputs, 0–16, or a range in which it follows what this machine can afford. Default 8; 0 is lockstep, where every peer needs an input delay of at least 1. */
  readonly predictionWindowFrames?: number | FrameRange;
  /** Predicted frames between two saves, 1–32. More saves less often and resimulates more. Left out: 1, until costs are told (see `costsMeasured`). */
  readonly saveEveryFrames?: number;
  /** What searches and repairs when states differ (`createDesyncDesk`), where it is loaded by then. Without it a difference is only told. */
  readonly loadDesync?: LoadDesyncDesk;
  /** Joins a match that runs, with a simulation whose live state is that before `start.frame`. `players` are those of the match's start. */
  readonly start?: SessionStart;
}

/** Checks what a session is told before it begins. */
export function assertOptions(options: RollbackOptions): void {
  const { simulation, matchEpoch, saveEveryFrames = 1 } = options;
  assert(options.players.length === simulation.playerCount, "one seat per player of the simulation");
  assert(simulation.inputBytes >= 1 && simulation.inputBytes <= INPUT_BYTES_MAX, `inputs of 1 to ${INPUT_BYTES_MAX} bytes`);
  assert(matchEpoch >>> 0 === matchEpoch && matchEpoch <= 0xff, "a match epoch of 0 to 255");
  assert(saveEveryFrames >>> 0 === saveEveryFrames && saveEveryFrames >= 1 && saveEveryFrames <= 32, "a save every 1 to 32 frames");
}

export function delayRange(frames: number | FrameRange): FrameRange {
  return frameRange(frames, INPUT_DELAY_MAX, "an input delay");
}

export function windowRange(frames: number | FrameRange): FrameRange {
  return frameRange(frames, PREDICTION_WINDOW_MAX, "a prediction window");
}
