import { findPlainFault } from "../core/base/plain-fault.ts";
import { toPlain, type Plain } from "../core/base/plain.ts";
import type { EmitEvent, Simulation } from "../core/ports/simulation.ts";
import { SimulationWrapper } from "../core/ports/simulation-wrapper.ts";

/** `before`: the newest state is about to be corrected by a rollback. `after`: it was, and is that before the same frame. */
export type CorrectionMoment = "before" | "after";

/** Passes everything on to a simulation, sees from the calls when a rollback corrects what is drawn, and copies what events carry: a part of the state would go on changing, or be changed by who hears it. */
export class WatchedSimulation extends SimulationWrapper {
  /** What the newest step was played with. */
  readonly lastInputs: Uint8Array;
  readonly lastBots: Uint8Array;
  readonly #onCorrection: (moment: CorrectionMoment) => void;
  /** The frame that the live state is before; `undefined` when it came from elsewhere. */
  #nextFrame: number | undefined = 0;
  /** The frame that the newest state so far was before. */
  #newestFrame = 0;
  #isCorrecting = false;
  #emit: EmitEvent = () => {};
  /** Made once: steps allocate nothing. */
  readonly #emitCopy: EmitEvent = (name, payload) => this.#emit(name, copyOf(payload));

  constructor(simulation: Simulation, onCorrection: (moment: CorrectionMoment) => void) {
    super(simulation);
    this.#onCorrection = onCorrection;
    this.lastInputs = new Uint8Array(simulation.playerCount * simulation.inputBytes);
    this.lastBots = new Uint8Array(simulation.playerCount);
  }

  /** The frame that the live state is before. */
  get nextFrame(): number {
    return this.#nextFrame ?? this.#newestFrame;
  }

  override step(frame: number, inputs: Uint8Array, bots: Uint8Array, emit: EmitEvent): void {
    this.#nextFrame = frame;
    this.settle();
    this.lastInputs.set(inputs);
    this.lastBots.set(bots);
    this.#emit = emit;
    super.step(frame, inputs, bots, this.#emitCopy);
    this.#nextFrame = frame + 1;
    this.#newestFrame = this.#isCorrecting ? this.#newestFrame : frame + 1;
  }

  override load(slot: number): void {
    if (!this.#isCorrecting && this.#nextFrame !== undefined) {
      this.#isCorrecting = true;
      this.#onCorrection("before");
    }
    super.load(slot);
    this.#nextFrame = undefined;
  }

  /** Tells a correction that has come to its end. Before anything is drawn. */
  settle(): void {
    if (!this.#isCorrecting || this.#nextFrame !== this.#newestFrame) return;
    this.#isCorrecting = false;
    this.#onCorrection("after");
  }

  /** A state from elsewhere: what was drawn before has nothing to do with it. */
  override deserialize(bytes: Uint8Array): boolean {
    this.#isCorrecting = false;
    this.#nextFrame = undefined;
    return super.deserialize(bytes);
  }
}

function copyOf(payload: unknown): unknown {
  return typeof payload === "object" && isPlain(payload) ? toPlain(payload) : payload;
}

function isPlain(value: unknown): value is Plain {
  return findPlainFault(value) === undefined;
}
