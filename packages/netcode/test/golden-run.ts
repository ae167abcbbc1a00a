import { checksumWords } from "../src/core/base/checksum.ts";
import { Random } from "../src/core/base/random.ts";
import type { Game } from "../src/core/game/game.ts";
import { GameSimulation } from "../src/core/game/game-simulation.ts";
import { randomInput, type InputSchema } from "../src/core/game/input-schema.ts";
import { plainGolden, typedGolden, type MathFunctions } from "./golden-game.ts";
import { EXACT } from "./math-samples.ts";

const PLAYERS = 4;
const HISTORY = 16;
const ROLLBACK_FRAMES = 7;
const ROLLBACK_EACH = 61;
const DIGEST_EACH = 50;

/** One game, played with random inputs and rolled back now and then. */
class GoldenMatch<State, Schema extends InputSchema> {
  readonly #game: Game<State, Schema>;
  readonly #simulation: GameSimulation<State, Schema>;
  readonly #random = new Random(20_261_120, "golden inputs");
  readonly #history: readonly Uint8Array[];
  readonly #bots = new Uint8Array(PLAYERS);

  constructor(game: Game<State, Schema>) {
    this.#game = game;
    const players = Array.from({ length: PLAYERS }, (_, index) => ({
      profile: { name: `P${index}`, colour: index, choices: null },
      bot: false,
    }));
    this.#simulation = new GameSimulation(game, { seed: 3, players, settings: null });
    this.#simulation.reserveSlots(HISTORY);
    this.#history = Array.from({ length: HISTORY }, () => new Uint8Array(PLAYERS * game.inputBytes));
  }

  advance(frame: number): void {
    const inputs = this.#history[frame % HISTORY]!;
    for (let player = 0; player < PLAYERS; player++) {
      const drawn = randomInput(this.#game.input, this.#random);
      // Held for some frames, as people hold keys.
      if (this.#random.chance(0.2)) this.#simulation.packInput(drawn, inputs, player * this.#game.inputBytes);
    }
    this.#step(frame);
    if (frame % ROLLBACK_EACH !== ROLLBACK_EACH - 1) return;
    const from = frame - ROLLBACK_FRAMES + 1;
    this.#simulation.load(from % HISTORY);
    for (let again = from; again <= frame; again++) this.#step(again);
  }

  checksum(): number {
    return this.#simulation.checksum();
  }

  #step(frame: number): void {
    // Only what a rollback comes back to has to be saved.
    if ((frame + ROLLBACK_FRAMES) % ROLLBACK_EACH === 0) this.#simulation.save(frame % HISTORY);
    this.#simulation.step(frame, this.#history[frame % HISTORY]!, this.#bots, ignore);
  }
}

/** Two games that use everything that a deterministic game may use, and a digest of all that they were. */
export class GoldenRun {
  readonly #matches: readonly { advance(frame: number): void; checksum(): number }[];
  readonly #words = new Uint32Array(2);
  #frame = 0;
  #digest = 0;

  /** `math`: what the games calculate with. */
  constructor(math: MathFunctions = EXACT) {
    this.#matches = [new GoldenMatch(typedGolden(math)), new GoldenMatch(plainGolden(math))];
  }

  /** Plays on to frame `frames`, and returns the digest there. */
  playTo(frames: number): number {
    for (; this.#frame < frames; this.#frame++) {
      this.#matches.forEach((match) => match.advance(this.#frame));
      if (this.#frame % DIGEST_EACH === DIGEST_EACH - 1) {
        this.#matches.forEach((match, index) => (this.#words[index] = match.checksum()));
        this.#digest = checksumWords(this.#words, this.#digest);
      }
    }
    return this.#digest;
  }
}

function ignore(): void {}
