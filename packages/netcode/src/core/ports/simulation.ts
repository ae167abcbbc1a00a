/** Most bytes of a serialised state: what a hostile peer can make us hold. */
export const SNAPSHOT_BYTES_MAX = 262_144;

/** Most parts of a state. */
export const STATE_PARTS_MAX = 64;

/** Receives the events of one step, in order. */
export type EmitEvent = (name: string, payload: unknown) => void;

/**
 * The game as a session sees it: a live state that can be stepped, saved, loaded and hashed. Pure: the same calls give the
 * same bytes everywhere. Saved slots hold the game's state *and* the state of its random generator; the checksum covers both.
 *
 * Implementations: `GameSimulation` (from `defineGame`, over plain or typed-array state), and any test double.
 */
export interface Simulation {
  readonly frameRateHz: number;
  readonly playerCount: number;
  /** Packed size of one player's input, 1–16 bytes. */
  readonly inputBytes: number;
  /**
   * Simulates one frame. `inputs`: `playerCount × inputBytes`, by player index. `bots[playerIndex]` is 1 when the seat is played by its bot
   * (its input bytes are then ignored). `frame` is the number of this step, from 0. Events go to `emit`.
   */
  step(frame: number, inputs: Uint8Array, bots: Uint8Array, emit: EmitEvent): void;
  /** Copies the live state into `slot` (0 … `slotCount` − 1 as given to `reserveSlots`). */
  save(slot: number): void;
  /** Makes a saved slot the live state. */
  load(slot: number): void;
  /** Called before the first save. Called again, by another session that takes the simulation over, it forgets what was saved. */
  reserveSlots(slotCount: number): void;
  /** Unsigned 32-bit hash of the live state. */
  checksum(): number;
  /** The live state as bytes of its own, for another peer or a file: at most `SNAPSHOT_BYTES_MAX`. */
  serialize(): Uint8Array;
  /** Makes what `serialize` wrote the live state. Anybody may have sent the bytes: false, and the live state as it was, where they are no state of this game. */
  deserialize(bytes: Uint8Array): boolean;
  /** The state in parts, 1–`STATE_PARTS_MAX`, so that peers can find out which part of it differs without sending it. Fixed from the start. */
  readonly partCount: number;
  /** What a person calls part `part` of the live state: the path of a field. */
  partName(part: number): string;
  /** Writes the hash of each part of the live state to `into[offset …)`. Equal hashes of all parts and equal checksums are the same. */
  partChecksums(into: Uint32Array, offset: number): void;
  /** Whether `hashSlot` may be called. Where not, a session hashes every state while it is the live one. */
  readonly hashesSlots: boolean;
  /** As `partChecksums`, of a saved slot; returns what `checksum` would of that state. The live state stays as it is. */
  hashSlot(slot: number, into: Uint32Array, offset: number): number;
  /** A copy of the live state for a report: plain data or typed arrays by name; `undefined` where the state cannot be looked into. */
  inspectLive(): unknown;
  /** The result of the match if the live state is final, else `undefined`. Plain data. */
  result(): unknown;
}
