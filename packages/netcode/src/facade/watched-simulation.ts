import type { EmitEvent, Simulation } from "../core/ports/simulation.ts";

/** `before`: the newest state is about to be corrected by a rollback. `after`: it was, and is that before the same frame. */
export type CorrectionMoment = "before" | "after";

/** Passes everything on to a simulation, and sees from the calls when a rollback corrects what is drawn. */
export class WatchedSimulation implements Simulation {
  readonly frameRateHz: number;
  readonly playerCount: number;
  readonly inputBytes: number;
  readonly partCount: number;
  /** What the newest step was played with. */
  readonly lastInputs: Uint8Array;
  readonly lastBots: Uint8Array;
  readonly #simulation: Simulation;
  readonly #onCorrection: (moment: CorrectionMoment) => void;
  /** The frame that the live state is before; `undefined` when it came from elsewhere. */
  #nextFrame: number | undefined = 0;
  /** The frame that the newest state so far was before. */
  #newestFrame = 0;
  #isCorrecting = false;

  constructor(simulation: Simulation, onCorrection: (moment: CorrectionMoment) => void) {
    this.#simulation = simulation;
    this.#onCorrection = onCorrection;
    this.frameRateHz = simulation.frameRateHz;
    this.playerCount = simulation.playerCount;
    this.inputBytes = simulation.inputBytes;
    this.partCount = simulation.partCount;
    this.lastInputs = new Uint8Array(simulation.playerCount * simulation.inputBytes);
    this.lastBots = new Uint8Array(simulation.playerCount);
  }

  /** The frame that the live state is before. */
  get nextFrame(): number {
    return this.#nextFrame ?? this.#newestFrame;
  }

  step(frame: number, inputs: Uint8Array, bots: Uint8Array, emit: EmitEvent): void {
    this.#nextFrame = frame;
    this.settle();
    this.lastInputs.set(inputs);
    this.lastBots.set(bots);
    this.#simulation.step(frame, inputs, bots, emit);
    this.#nextFrame = frame + 1;
    this.#newestFrame = this.#isCorrecting ? this.#newestFrame : frame + 1;
  }

  load(slot: number): void {
    if (!this.#isCorrecting && this.#nextFrame !== undefined) {
      this.#isCorrecting = true;
      this.#onCorrection("before");
    }
    this.#simulation.load(slot);
    this.#nextFrame = undefined;
  }

  /** Tells a correction that has come to its end. Before anything is drawn. */
  settle(): void {
    if (!this.#isCorrecting || this.#nextFrame !== this.#newestFrame) return;
    this.#isCorrecting = false;
    this.#onCorrection("after");
  }

  save(slot: number): void {
    this.#simulation.save(slot);
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

  /** A state from elsewhere: what was drawn before has nothing to do with it. */
  deserialize(bytes: Uint8Array): boolean {
    this.#isCorrecting = false;
    this.#nextFrame = undefined;
    return this.#simulation.deserialize(bytes);
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
