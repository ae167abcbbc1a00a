import { GameSimulation, Random } from "@rollcall/netcode/core";
import type { RubberbandInput, RubberbandResult, RubberbandState, rubberbandInput } from "../src/sim/index.ts";
import { PHASE, rubberband, stepRubberband } from "../src/sim/index.ts";

/** Longest match: five rounds of 45 s with what lies between them. */
const MATCH_FRAMES_MAX = 5 * 60 * 55;

export interface EmittedEvent {
  readonly name: string;
  readonly payload: never;
}

/** A match without a network, for tests: people's inputs come from `inputs`, bots play the rest. */
export class Play {
  readonly simulation: GameSimulation<RubberbandState, typeof rubberbandInput>;
  readonly events: EmittedEvent[] = [];
  readonly random: Random;
  readonly #bots: Uint8Array;
  readonly #packed: Uint8Array;
  frame = 0;

  constructor(options: {
    readonly players: number;
    readonly people?: number;
    readonly seed?: number;
    readonly rounds?: number;
    readonly botSkill?: string;
  }) {
    const { players, people = 0, seed = 1, rounds = 1, botSkill = "normal" } = options;
    const seats = Array.from({ length: players }, (_, index) => ({
      profile: { name: `P${index}`, colour: index, choices: null },
      bot: index >= people,
    }));
    this.simulation = new GameSimulation(rubberband, { seed, players: seats, settings: { rounds, botSkill } });
    this.#bots = Uint8Array.from(seats, (seat) => (seat.bot ? 1 : 0));
    this.#packed = new Uint8Array(players);
    this.random = new Random(seed, "test");
  }

  get state(): RubberbandState {
    return this.simulation.state;
  }

  get result(): RubberbandResult | undefined {
    return this.simulation.result() as RubberbandResult | undefined;
  }

  step(inputs: readonly RubberbandInput[] = []): void {
    this.#packed.fill(0);
    inputs.forEach((input, player) => this.simulation.packInput(input, this.#packed, player));
    this.simulation.step(this.frame, this.#packed, this.#bots, (name, payload) => this.events.push({ name, payload: payload as never }));
    this.frame++;
  }

  /** Until the match is over. */
  finish(inputs?: (frame: number) => readonly RubberbandInput[]): RubberbandResult {
    while (this.result === undefined && this.frame < MATCH_FRAMES_MAX) this.step(inputs?.(this.frame));
    const { result } = this;
    if (result === undefined) throw new Error(`no end after ${this.frame} frames`);
    return result;
  }
}

/** A round in progress with everybody where the test puts them, no bots, and steps without packing. */
export function stage(
  players: number,
  seed = 1,
): { readonly state: RubberbandState; readonly events: EmittedEvent[]; readonly step: (inputs?: readonly RubberbandInput[]) => void } {
  const play = new Play({ players, people: players, seed });
  while (play.state.match.phase === PHASE.intro) play.step();
  const events: EmittedEvent[] = [];
  const emit = (name: string, payload: unknown): void => void events.push({ name, payload: payload as never });
  const { state, random } = play;
  return { state, events, step: (inputs = []) => stepRubberband(state, inputs, random, emit) };
}

export const IDLE: RubberbandInput = { direction: 0, move: false, snap: false };
export const RIGHT: RubberbandInput = { direction: 0, move: true, snap: false };
export const SNAP: RubberbandInput = { direction: 0, move: false, snap: true };
