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
  /** Called once, before the first save. */
  reserveSlots(slotCount: number): void;
  /** Unsigned 32-bit hash of the live state. */
  checksum(): number;
  /** The result of the match if the live state is final, else `undefined`. Plain data. */
  result(): unknown;
}
