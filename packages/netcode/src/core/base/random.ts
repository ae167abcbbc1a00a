/**
 * A seeded generator whose whole state is four 32-bit words, so that a saved frame can hold it.
 *
 * sfc32 by Chris Doty-Humphrey (PractRand): passes BigCrush, needs only additions, shifts and xors, which are exact in
 * every engine. Not for secrets.
 */
export class Random {
  /** The whole state. Copy it to save, write it back to restore. */
  readonly words: Uint32Array;

  /** `seed`: any number, of which the low 32 bits count; equal seeds give equal sequences. `label` makes an independent stream of one seed. */
  constructor(seed: number, label = "") {
    let mixed = 0x811c9dc5;
    for (let index = 0; index < label.length; index++) mixed = Math.imul(mixed ^ label.charCodeAt(index), 0x01000193);
    this.words = Uint32Array.of(seed >>> 0, mixed >>> 0, 0x9e3779b9, 1);
    // The author's own advice: twelve rounds spread the seed over the whole state.
    for (let round = 0; round < 12; round++) this.uint32();
  }

  /** An integer in 0 … 2³² − 1. */
  uint32(): number {
    const words = this.words;
    const a = words[0] ?? 0;
    const b = words[1] ?? 0;
    const c = words[2] ?? 0;
    const counter = words[3] ?? 0;
    const result = (a + b + counter) >>> 0;
    words[3] = counter + 1;
    words[0] = b ^ (b >>> 9);
    words[1] = c + (c << 3);
    words[2] = ((c << 21) | (c >>> 11)) + result;
    return result;
  }

  /** An integer in 0 … `limit` − 1. `limit`: 1 … 2³². Bias below one in 2³² / limit. */
  integer(limit: number): number {
    // A product below 2⁶⁴ is not exact in a double; the quotient by a power of two is, up to the final rounding, the same in every engine.
    return Math.floor((this.uint32() / 0x1_0000_0000) * limit);
  }

  /** A number in 0 ≤ x < 1 with 32 random bits. */
  float(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  /** True with probability `ratio` (0–1). */
  chance(ratio: number): boolean {
    return this.float() < ratio;
  }
}
