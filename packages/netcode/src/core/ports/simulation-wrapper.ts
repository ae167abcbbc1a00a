import type { EmitEvent, Simulation } from "./simulation.ts";

/** Passes everything on to a simulation. Whoever wants to see some of the calls extends it. */
export class SimulationWrapper implements Simulation {
  readonly frameRateHz: number;
  readonly playerCount: number;
  readonly inputBytes: number;
  readonly partCount: number;
  readonly hashesSlots: boolean;
  readonly #simulation: Simulation;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    this.frameRateHz = simulation.frameRateHz;
    this.playerCount = simulation.playerCount;
    this.inputBytes = simulation.inputBytes;
    this.partCount = simulation.partCount;
    this.hashesSlots = simulation.hashesSlots;
  }

  step(frame: number, inputs: Uint8Array, bots: Uint8Array, emit: EmitEvent): void {
    this.#simulation.step(frame, inputs, bots, emit);
  }

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

  partName(part: number): string {
    return this.#simulation.partName(part);
  }

  partChecksums(into: Uint32Array, offset: number): void {
    this.#simulation.partChecksums(into, offset);
  }

  hashSlot(slot: number, into: Uint32Array, offset: number): number {
    return this.#simulation.hashSlot(slot, into, offset);
  }

  inspectLive(): unknown {
    return this.#simulation.inspectLive();
  }

  result(): unknown {
    return this.#simulation.result();
  }
}
