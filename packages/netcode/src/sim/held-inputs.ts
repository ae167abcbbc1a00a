import type { Random } from "../core/base/random.ts";

/** Turns random bytes into an input that the game can have packed; does nothing for games that take any bytes. */
export type MakeLegal = (bytes: Uint8Array) => void;

/** Longest time that a key is held, in frames. */
const HELD_FRAMES_MAX = 40;

/** What one player does: random inputs, each held for a random time, as people hold keys. */
export class HeldInputs {
  readonly #random: Random;
  readonly #makeLegal: MakeLegal;
  readonly #held: Uint8Array;
  #leftFrames = 0;

  constructor(random: Random, inputBytes: number, makeLegal: MakeLegal) {
    this.#random = random;
    this.#makeLegal = makeLegal;
    this.#held = new Uint8Array(inputBytes);
  }

  /** Writes the next frame's input. */
  next(into: Uint8Array, offset: number): void {
    if (this.#leftFrames === 0) {
      for (let index = 0; index < this.#held.length; index++) this.#held[index] = this.#random.integer(256);
      this.#makeLegal(this.#held);
      this.#leftFrames = 1 + this.#random.integer(HELD_FRAMES_MAX);
    }
    this.#leftFrames--;
    into.set(this.#held, offset);
  }
}
