import { assert } from "../base/assert.ts";
import { NULL_FRAME } from "../base/units.ts";
import type { Simulation } from "../ports/simulation.ts";
import type { SettledRunner } from "./settled-runner.ts";

/** States at regular frames, in the slots of a simulation, so that one can go back: the newest so many, a slot each. */
export class KeyFrames {
  readonly #simulation: Simulation;
  readonly #spacingFrames: number;
  readonly #frames: Int32Array;
  readonly #stepFrames: Int32Array;

  constructor(simulation: Simulation, count: number, spacingFrames: number) {
    this.#simulation = simulation;
    this.#spacingFrames = spacingFrames;
    this.#frames = new Int32Array(count).fill(NULL_FRAME);
    this.#stepFrames = new Int32Array(count);
    simulation.reserveSlots(count);
  }

  /** `runner` is about to run a frame: keeps its state, where it is one to keep. */
  passing({ frame, stepFrame }: SettledRunner): void {
    const slot = this.#slotOf(frame);
    // The first state of all is kept too: what comes before the next one could not be shown again.
    const isFirst = !this.#frames.some((kept) => kept !== NULL_FRAME && kept <= frame);
    if ((frame % this.#spacingFrames !== 0 && !isFirst) || this.#frames[slot] === frame) return;
    this.#frames[slot] = frame;
    this.#stepFrames[slot] = stepFrame;
    this.#simulation.save(slot);
  }

  /** The oldest state from `frame` on. */
  oldestFrom(frame: number): number | undefined {
    let oldest: number | undefined;
    for (const kept of this.#frames) if (kept !== NULL_FRAME && kept >= frame && kept < (oldest ?? Number.POSITIVE_INFINITY)) oldest = kept;
    return oldest;
  }

  /** True when there is a state after `from`, up to `to`. */
  hasBetween(from: number, to: number): boolean {
    return this.#frames.some((kept) => kept > from && kept <= to);
  }

  /** Makes the newest state at or before `frame` the live one, and `runner` stand before its frame. */
  loadBefore(frame: number, runner: SettledRunner): void {
    let slot = -1;
    for (const [index, kept] of this.#frames.entries()) {
      if (kept !== NULL_FRAME && kept <= frame && (slot < 0 || kept > (this.#frames[slot] ?? NULL_FRAME))) slot = index;
    }
    assert(slot >= 0, "a state at or before a frame that is gone back to");
    this.#simulation.load(slot);
    runner.begin(this.#frames[slot] ?? 0, this.#stepFrames[slot] ?? 0, runner.timeline);
  }

  clear(): void {
    this.#frames.fill(NULL_FRAME);
  }

  #slotOf(frame: number): number {
    return Math.floor(frame / this.#spacingFrames) % this.#frames.length;
  }
}
