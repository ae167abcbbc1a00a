import type { PeerId } from "../base/units.ts";

/** A state after a frame, as `Simulation.serialize` wrote it. */
export interface StateAfter {
  readonly frame: number;
  readonly state: Uint8Array;
}

/** All that two peers found out about where their states part. `writeDesyncReport` makes a file of it, which is played again elsewhere. */
export interface DesyncEvidence {
  /** The other one. */
  readonly peerId: PeerId;
  /** The first confirmed frame after which the states differ. */
  readonly frame: number;
  /** False: they may have differed before, too; what was before is not known any more. */
  readonly isFirst: boolean;
  readonly localChecksum: number;
  readonly remoteChecksum: number;
  /** Parts of the state that differ after `frame`, and what `Simulation.partName` calls them. */
  readonly parts: readonly number[];
  readonly paths: readonly string[];
  /** Players whose inputs differ, in `frame` or shortly before: then it is not the game, but who sent two inputs for one frame, or a broken memory. */
  readonly playerIndexes: readonly number[];
  /** A state before `frame` that both had, and the game's own number of the step after it. */
  readonly start: (StateAfter & { readonly stepFrame: number }) | undefined;
  /** What was played since: per frame after `start.frame`, bots as bits by player, 1 for a frame in which the match was paused, and the inputs of all players. */
  readonly rows: Uint8Array;
  /** Bytes of the inputs in one row. */
  readonly inputsBytes: number;
  /** Both states after one frame at or after `frame`, where both are known. */
  readonly states: { readonly frame: number; readonly local: Uint8Array; readonly remote: Uint8Array } | undefined;
}
