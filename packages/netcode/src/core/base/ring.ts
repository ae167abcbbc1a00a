import { assert } from "./assert.ts";
import { NULL_FRAME } from "./units.ts";

/**
 * The newest `size` frames of something, in slots made once. A slot is looked up by frame and remembers whose it is: the value of
 * an older or newer frame in the same slot is never taken for the one asked for.
 */
export class FrameRing<Value> {
  readonly #frames: Int32Array;
  readonly #values: readonly Value[];
  readonly #mask: number;

  /** `size`: a power of two. `create` makes the value of each slot, once; `claim` hands it out again for another frame. */
  constructor(size: number, create: (slot: number) => Value) {
    assert(size > 0 && (size & (size - 1)) === 0, "a ring size that is a power of two");
    this.#frames = new Int32Array(size).fill(NULL_FRAME);
    this.#values = Array.from({ length: size }, (_, slot) => create(slot));
    this.#mask = size - 1;
  }

  get size(): number {
    return this.#frames.length;
  }

  /** The slot number of `frame`, whether or not it holds it. */
  slotOf(frame: number): number {
    return frame & this.#mask;
  }

  has(frame: number): boolean {
    return frame >= 0 && this.#frames[frame & this.#mask] === frame;
  }

  /** The value of `frame`; `undefined` when its slot holds another frame or none. */
  get(frame: number): Value | undefined {
    return this.has(frame) ? this.#values[frame & this.#mask] : undefined;
  }

  /** Gives the slot to `frame` and returns its value, which still has the contents of its last owner. */
  claim(frame: number): Value {
    assert(frame >= 0, "a frame from 0");
    const slot = frame & this.#mask;
    this.#frames[slot] = frame;
    const value = this.#values[slot];
    assert(slot < this.#values.length, "a value for each slot");
    return value as Value;
  }

  /** Forgets `frame` when it is there. */
  release(frame: number): void {
    if (this.has(frame)) this.#frames[frame & this.#mask] = NULL_FRAME;
  }

  clear(): void {
    this.#frames.fill(NULL_FRAME);
  }
}
