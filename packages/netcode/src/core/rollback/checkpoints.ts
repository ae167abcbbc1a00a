import { NULL_FRAME } from "../base/units.ts";
import type { Simulation } from "../ports/simulation.ts";
import { CHECKSUM_INTERVAL_FRAMES } from "../wire/limits.ts";

/**
 * States kept, a power of two. Four are a second at 60 Hz: what a peer asks for has to be there when its request arrives, after three ways through
 * the network. At half, a request over a slow path comes too late; double costs memory only.
 */
const CHECKPOINT_COUNT = 4;

/** Slots of the simulation that checkpoints take. */
export const CHECKPOINT_SLOTS: number = CHECKPOINT_COUNT;

/**
 * The states after the newest frames whose checksums peers compare. They are saved whenever the simulation comes by, with predicted inputs too: should
 * these be wrong, it comes by once more.
 */
export class Checkpoints {
  readonly #simulation: Simulation;
  readonly #firstSlot: number;
  /** Holds the live state meanwhile. */
  readonly #scratchSlot: number;
  readonly #frames = new Int32Array(CHECKPOINT_COUNT).fill(NULL_FRAME);

  /** `firstSlot`: of `CHECKPOINT_SLOTS` slots that were reserved; `scratchSlot`: one more, which anybody may use. */
  constructor(simulation: Simulation, { firstSlot, scratchSlot }: { readonly firstSlot: number; readonly scratchSlot: number }) {
    this.#simulation = simulation;
    this.#firstSlot = firstSlot;
    this.#scratchSlot = scratchSlot;
  }

  /** The live state is that after `frame`. */
  passing(frame: number): void {
    if (frame < 0 || frame % CHECKSUM_INTERVAL_FRAMES !== 0) return;
    const place = placeOf(frame);
    this.#frames[place] = frame;
    this.#simulation.save(this.#firstSlot + place);
  }

  /** The newest checkpoint at or before `frame`; `NULL_FRAME` when there is none. */
  newestUpTo(frame: number): number {
    let newest = NULL_FRAME;
    for (const saved of this.#frames) if (saved <= frame) newest = Math.max(newest, saved);
    return newest;
  }

  /** The state after `frame`, as bytes of its own; `undefined` when it is not kept. It is final once `frame` is confirmed. */
  serialize(frame: number): Uint8Array | undefined {
    if (frame < 0 || this.#frames[placeOf(frame)] !== frame) return undefined;
    const simulation = this.#simulation;
    simulation.save(this.#scratchSlot);
    simulation.load(this.#firstSlot + placeOf(frame));
    const bytes = simulation.serialize();
    simulation.load(this.#scratchSlot);
    return bytes;
  }

  /** Everything that was kept is of another history. */
  clear(): void {
    this.#frames.fill(NULL_FRAME);
  }
}

function placeOf(frame: number): number {
  return (frame / CHECKSUM_INTERVAL_FRAMES) & (CHECKPOINT_COUNT - 1);
}
