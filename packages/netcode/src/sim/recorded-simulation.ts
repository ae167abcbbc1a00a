import { assert } from "../core/base/assert.ts";
import type { EmitEvent, Simulation } from "../core/ports/simulation.ts";

/** Hears of each step as it is about to be simulated. */
export type StepListener = (frame: number) => void;

/**
 * A simulation that remembers, for every frame, the inputs and bots that it was last stepped with, and the events that this emitted. What a session does
 * to its game cannot be hidden from it.
 */
export class RecordedSimulation implements Simulation {
  readonly frameRateHz: number;
  readonly playerCount: number;
  readonly inputBytes: number;
  /** One row per frame: inputs of all players, then bots. */
  readonly #rows: Uint8Array[] = [];
  readonly #events: string[][] = [];
  readonly #simulation: Simulation;
  readonly #onStep: StepListener;
  #current: string[] = [];
  #frame = 0;
  #emit: EmitEvent = () => {};

  constructor(simulation: Simulation, onStep: StepListener) {
    this.#simulation = simulation;
    this.#onStep = onStep;
    this.frameRateHz = simulation.frameRateHz;
    this.playerCount = simulation.playerCount;
    this.inputBytes = simulation.inputBytes;
  }

  /** Inputs of all players, then `bots`, of the last time that `frame` was simulated. */
  row(frame: number): Uint8Array {
    const row = this.#rows[frame];
    assert(row !== undefined, `frame ${frame} simulated before`);
    return row;
  }

  /** Ids (`frame:name:ordinal`) of what `frame` emitted the last time that it was simulated. */
  eventIds(frame: number): readonly string[] {
    return this.#events[frame] ?? [];
  }

  step(frame: number, inputs: Uint8Array, bots: Uint8Array, emit: EmitEvent): void {
    this.#onStep(frame);
    assert(inputs.length === this.playerCount * this.inputBytes && bots.length === this.playerCount, "inputs and bots of all players");
    let row = this.#rows[frame];
    if (row === undefined) {
      assert(frame === this.#rows.length, `frames in order: ${this.#rows.length}, not ${frame}`);
      row = new Uint8Array(inputs.length + bots.length);
      this.#rows.push(row);
      this.#events.push([]);
    }
    row.set(inputs);
    row.set(bots, inputs.length);
    this.#current = this.#events[frame] ?? [];
    this.#current.length = 0;
    this.#frame = frame;
    this.#emit = emit;
    this.#simulation.step(frame, inputs, bots, this.#record);
  }

  readonly #record: EmitEvent = (name, payload) => {
    const prefix = `${this.#frame}:${name}:`;
    let ordinal = 0;
    for (const id of this.#current) if (id.startsWith(prefix)) ordinal++;
    this.#current.push(`${prefix}${ordinal}`);
    this.#emit(name, payload);
  };

  save(slot: number): void {
    this.#simulation.save(slot);
  }

  load(slot: number): void {
    this.#simulation.load(slot);
  }

  reserveSlots(slotCount: number): void {
    this.#simulation.reserveSlots(slotCount);
  }

  checksum(): number {
    return this.#simulation.checksum();
  }

  serialize(): Uint8Array {
    return this.#simulation.serialize();
  }

  deserialize(bytes: Uint8Array): boolean {
    return this.#simulation.deserialize(bytes);
  }

  get partCount(): number {
    return this.#simulation.partCount;
  }

  partName(part: number): string {
    return this.#simulation.partName(part);
  }

  partChecksums(into: Uint32Array, offset: number): void {
    this.#simulation.partChecksums(into, offset);
  }

  inspectLive(): unknown {
    return this.#simulation.inspectLive();
  }

  result(): unknown {
    return this.#simulation.result();
  }
}
