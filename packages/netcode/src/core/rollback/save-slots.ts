import { assert } from "../base/assert.ts";
import { NULL_FRAME } from "../base/units.ts";
import type { Simulation } from "../ports/simulation.ts";

/**
 * Which saved slot holds the state before which frame. Saves lie `spacingFrames` apart, and only where a rollback may land: a frame whose
 * inputs are all real is never gone back to, so that without predictions nothing is saved at all.
 */
export class SaveSlots {
  readonly #simulation: Simulation;
  #spacingFrames: number;
  /** Frames of the saves, oldest first, in a ring. */
  readonly #frames: Int32Array;
  #first = 0;
  #count = 0;

  /** `windowFrames`: most frames that are ever predicted at once. `extraSlots` more are reserved behind ours, for others to use. */
  constructor(simulation: Simulation, windowFrames: number, spacingFrames: number, extraSlots: number) {
    this.#simulation = simulation;
    this.#spacingFrames = spacingFrames;
    // The newest save before the predicted frames, those among them, and one to write while all others are kept.
    this.#frames = new Int32Array(windowFrames + 2).fill(NULL_FRAME);
    simulation.reserveSlots(this.slotCount + extraSlots);
  }

  /** Slots of the simulation in use here, from 0. */
  get slotCount(): number {
    return this.#frames.length;
  }

  /** Predicted frames between two saves, from now on. */
  setSpacing(frames: number): void {
    this.#spacingFrames = frames;
  }

  /** The newest save at or before `frame`; `NULL_FRAME` when there is none. */
  newestBefore(frame: number): number {
    for (let back = 0; back < this.#count; back++) {
      const saved = this.#frames[this.#slotBack(back)] ?? NULL_FRAME;
      if (saved <= frame) return saved;
    }
    return NULL_FRAME;
  }

  /** The slot of the save before exactly `frame`; -1 when there is none. */
  slotBefore(frame: number): number {
    for (let back = 0; back < this.#count; back++) {
      const slot = this.#slotBack(back);
      if (this.#frames[slot] === frame) return slot;
    }
    return -1;
  }

  /** Makes the save before `frame` the live state, and keeps all saves. */
  peek(frame: number): void {
    const slot = this.slotBefore(frame);
    assert(slot >= 0, "a save before that frame");
    this.#simulation.load(slot);
  }

  /** Forgets all saves. */
  clear(): void {
    this.#count = 0;
  }

  /** The live state is the one before `frame`, which is about to be simulated with a prediction: saves it, unless a save is near enough. */
  saveBefore(frame: number): void {
    if (this.#count > 0 && frame - this.#newest() < this.#spacingFrames) return;
    const size = this.#frames.length;
    if (this.#count === size) this.#first = (this.#first + 1) % size;
    else this.#count++;
    const slot = (this.#first + this.#count - 1) % size;
    this.#frames[slot] = frame;
    this.#simulation.save(slot);
  }

  /** Makes the newest state at or before `frame` the live one, forgets later saves, and returns the frame that it is before. */
  loadBefore(frame: number): number {
    while (this.#count > 0 && this.#newest() > frame) this.#count--;
    assert(this.#count > 0, "a save at or before every frame that may be rolled back to");
    this.#simulation.load(this.#slotBack(0));
    return this.#newest();
  }

  #slotBack(back: number): number {
    return (this.#first + this.#count - 1 - back) % this.#frames.length;
  }

  #newest(): number {
    return this.#frames[this.#slotBack(0)] ?? NULL_FRAME;
  }
}
