import type { EmitEvent, Simulation } from "../core/ports/simulation.ts";
import { SimulationWrapper } from "../core/ports/simulation-wrapper.ts";

/** Calls per figure. At half, one collection of garbage moves it; at double, a game that grew slow is noticed after seconds. */
const CALLS_PER_FIGURE = 32;
/** One call counts at most so many times the figure before: a pause of the machine is not a cost of the game. */
const OUTLIER_TIMES = 8;
/** Clocks of browsers go in steps of up to 0.1 ms: a single call below that reads as 0 or as a whole step. */
const OUTLIER_MS = 1;

/** The average of some calls, again and again. */
class CostFigure {
  #figureMs = 0;
  #sumMs = 0;
  #count = 0;
  #isWarm = false;

  /** 0 until enough was measured. */
  get ms(): number {
    return this.#figureMs;
  }

  add(ms: number): void {
    const isFirst = this.#figureMs === 0;
    this.#sumMs += isFirst ? ms : Math.min(ms, this.#figureMs * OUTLIER_TIMES + OUTLIER_MS);
    if (++this.#count < CALLS_PER_FIGURE) return;
    // The first calls run before the engine has compiled the game: they say nothing about it.
    if (this.#isWarm) this.#figureMs = this.#sumMs / this.#count;
    this.#isWarm = true;
    this.#sumMs = 0;
    this.#count = 0;
  }
}

/** A simulation that knows what it costs: each second step and save are timed. Everything else is passed on. */
export class MeteredSimulation extends SimulationWrapper {
  readonly #step = new CostFigure();
  readonly #save = new CostFigure();
  readonly nowMs: () => number;
  #steps = 0;
  #saves = 0;

  constructor(simulation: Simulation, nowMs: () => number) {
    super(simulation);
    this.nowMs = nowMs;
  }

  /** What a step costs; 0 until that is known. */
  get stepMs(): number {
    return this.#step.ms;
  }

  /** What a save costs; 0 until that is known. */
  get saveMs(): number {
    return this.#save.ms;
  }

  override step(frame: number, inputs: Uint8Array, bots: Uint8Array, emit: EmitEvent): void {
    if ((this.#steps++ & 1) !== 0) return super.step(frame, inputs, bots, emit);
    const startedMs = this.nowMs();
    super.step(frame, inputs, bots, emit);
    this.#step.add(this.nowMs() - startedMs);
  }

  override save(slot: number): void {
    if ((this.#saves++ & 1) !== 0) return super.save(slot);
    const startedMs = this.nowMs();
    super.save(slot);
    this.#save.add(this.nowMs() - startedMs);
  }
}
