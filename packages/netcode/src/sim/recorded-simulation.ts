import { assert } from "../core/base/assert.ts";
import type { EmitEvent, Simulation } from "../core/ports/simulation.ts";
import { SimulationWrapper } from "../core/ports/simulation-wrapper.ts";

/** Hears of each step as it is about to be simulated. */
export type StepListener = (frame: number) => void;

/**
 * A simulation that remembers, for every frame, the inputs and bots that it was last stepped with, and the events that this emitted. What a session does
 * to its game cannot be hidden from it.
 */
export class RecordedSimulation extends SimulationWrapper {
  /** One row per frame: inputs of all players, then bots. Who came late lacks the first ones. */
  readonly #rows: Uint8Array[] = [];
  readonly #events: string[][] = [];
  /** By frame: whether the game had a result after it. */
  readonly #finals: boolean[] = [];
  /** The frame that each slot was saved before. */
  readonly #savedFrames: number[] = [];
  /** The frame that the live state is before; `undefined` after a snapshot, whose frame is not told. */
  #nextFrame: number | undefined = 0;
  readonly #onStep: StepListener;
  #current: string[] = [];
  #emit: EmitEvent = () => {};

  constructor(simulation: Simulation, onStep: StepListener) {
    super(simulation);
    this.#onStep = onStep;
  }

  /** Inputs of all players, then `bots`, of the last time that `frame` was simulated. */
  row(frame: number): Uint8Array {
    const row = this.#rows[frame];
    assert(row !== undefined, `frame ${frame} simulated before`);
    return row;
  }

  /** What `frame` emitted the last time that it was simulated, as `name:ordinal`. */
  eventNames(frame: number): readonly string[] {
    return this.#events[frame] ?? [];
  }

  /** True when the game had a result after `frame`, the last time that it was simulated. */
  isFinal(frame: number): boolean {
    return this.#finals[frame] === true;
  }

  override step(frame: number, inputs: Uint8Array, bots: Uint8Array, emit: EmitEvent): void {
    this.#onStep(frame);
    assert(inputs.length === this.playerCount * this.inputBytes && bots.length === this.playerCount, "inputs and bots of all players");
    assert(this.#nextFrame === undefined || frame === this.#nextFrame, `frames in order: ${this.#nextFrame}, not ${frame}`);
    this.#nextFrame = frame + 1;
    const row = (this.#rows[frame] ??= new Uint8Array(inputs.length + bots.length));
    this.#events[frame] ??= [];
    row.set(inputs);
    row.set(bots, inputs.length);
    this.#current = this.#events[frame] ?? [];
    this.#current.length = 0;
    this.#emit = emit;
    super.step(frame, inputs, bots, this.#record);
    this.#finals[frame] = this.result() !== undefined;
  }

  readonly #record: EmitEvent = (name, payload) => {
    const prefix = `${name}:`;
    let ordinal = 0;
    for (const id of this.#current) if (id.startsWith(prefix)) ordinal++;
    this.#current.push(`${prefix}${ordinal}`);
    this.#emit(name, payload);
  };

  override save(slot: number): void {
    super.save(slot);
    this.#savedFrames[slot] = this.#nextFrame ?? -1;
  }

  override load(slot: number): void {
    super.load(slot);
    const frame = this.#savedFrames[slot] ?? -1;
    this.#nextFrame = frame < 0 ? undefined : frame;
  }

  override deserialize(bytes: Uint8Array): boolean {
    const isLoaded = super.deserialize(bytes);
    if (isLoaded) this.#nextFrame = undefined;
    return isLoaded;
  }
}
