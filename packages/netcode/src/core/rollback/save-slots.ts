import { assert } from "../base/assert.ts";
import { NULL_FRAME } from "../base/units.ts";
import type { Simulation } from "../ports/simulation.ts";

/**
 * Which saved slot holds the state before which frame. Saves lie `spacingFrames` apart, and only where a rollback may land: a frame whose
 * inputs are all real is never gone back to, so that without predictions nothing is saved at all.
 */
export class SaveSlots {
  readonly #simulation: Simulation;
  readonly #spacingFrames: number;
  /** Frames of the saves, oldest first, in a ring. */
  readonly #frames: Int32Array;
  #first = 0;
  #count = 0;

  /** `windowFrames`: most frames that are predicted at once. */
  constructor(simulation: Simulation, windowFrames: number, spacingFrames: number) {
    this.#simulation = simulation;
    this.#spacingFrames = spacingFrames;
    // The newest save before the predicted frames, those among them, and one to write while all others are kept.
    const slotCount = Math.ceil(windowFrames / spacingFrames) + 2;
    this.#frames = new Int32Array(slotCount).fill(NULL_FRAME);
    simulation.reserveSlots(slotCount);
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
    this.#simulation.load(this.#newestSlot());
    return this.#newest();
  }

  #newestSlot(): number {
    return (this.#first + this.#count - 1) % this.#frames.length;
  }

  #newest(): number {
    return this.#frames[this.#newestSlot()] ?? NULL_FRAME;
  }
}
