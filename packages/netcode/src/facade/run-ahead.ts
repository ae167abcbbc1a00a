import { assert } from "../core/base/assert.ts";
import type { Game, MatchSetup } from "../core/game/game.ts";
import { GameSimulation } from "../core/game/game-simulation.ts";
import type { InputSchema } from "../core/game/input-schema.ts";
import type { WatchedSimulation } from "./watched-simulation.ts";

/** Samples of the local players that are kept: as many as the longest input delay. */
const SAMPLES_MAX = 16;

/**
 * Shows a match some frames ahead of the session, with the local inputs that wait for their frame and the others' repeated: so an input delay is not felt on one's own
 * screen. A second copy of the game is played forward for each new frame, which costs a copy of the state and so many steps.
 */
export class RunAhead<State, Schema extends InputSchema> {
  readonly #simulation: GameSimulation<State, Schema>;
  readonly #inputs: Uint8Array;
  /** The newest samples, the last one newest. */
  readonly #samples: Uint8Array[] = [];
  /** The frame that the copy was made before. */
  #copiedFrame = -1;

  constructor(game: Game<State, Schema>, setup: MatchSetup) {
    this.#simulation = new GameSimulation(game, setup);
    this.#inputs = new Uint8Array(this.#simulation.playerCount * this.#simulation.inputBytes);
  }

  /** The session took these inputs of the local players. */
  sampled(inputs: Uint8Array): void {
    if (this.#samples.length === SAMPLES_MAX) this.#samples.shift();
    this.#samples.push(inputs.slice());
  }

  /** The state `frames` frames ahead of `newest`. The session delays local inputs by `delayFrames`. */
  predict(newest: WatchedSimulation, localPlayers: readonly number[], frames: number, delayFrames: number): State {
    const { nextFrame } = newest;
    if (this.#copiedFrame === nextFrame) return this.#simulation.state;
    this.#copiedFrame = nextFrame;
    assert(this.#simulation.deserialize(newest.serialize()), "a state of the same game");
    const { inputBytes } = this.#simulation;
    this.#inputs.set(newest.lastInputs);
    for (let ahead = 0; ahead < frames; ahead++) {
      // What was sampled for frame `nextFrame + ahead`, or the newest for those beyond.
      const age = Math.max(0, delayFrames - 1 - ahead);
      const sample = this.#samples[this.#samples.length - 1 - age];
      for (const [place, player] of localPlayers.entries())
        if (sample !== undefined) this.#inputs.set(sample.subarray(place * inputBytes, (place + 1) * inputBytes), player * inputBytes);
      this.#simulation.step(nextFrame + ahead, this.#inputs, newest.lastBots, ignoreEvent);
    }
    return this.#simulation.state;
  }
}

function ignoreEvent(): void {}
