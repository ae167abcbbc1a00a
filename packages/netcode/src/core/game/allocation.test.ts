import { expect, test } from "vitest";
import { i32, u8 } from "../base/schema.ts";
import { defineGame } from "./define-game.ts";
import { GameSimulation } from "./game-simulation.ts";
import { axis, button, integer } from "./input-schema.ts";
import { typedArrayState } from "./typed-array-state.ts";

const memory = typedArrayState({ x: i32(200), y: i32(200), hits: u8(200) });
const game = defineGame({
  id: "allocation",
  version: 1,
  frameRateHz: 60,
  players: [1, 8],
  input: { dx: axis(), dy: axis(8), fire: button(), slot: integer(-4, 400) },
  state: memory,
  init: () => memory.create(),
  step: (state, inputs, { random, isBot }) => {
    for (let index = 0; index < inputs.length; index++) {
      const input = inputs[index];
      if (input === undefined || isBot(index)) continue;
      state.x[index] = (state.x[index] ?? 0) + input.dx * 15;
      state.y[index] = (state.y[index] ?? 0) + input.dy * 127 + input.slot;
      if (input.fire) state.hits[random.integer(200)] = 1;
    }
  },
});

const players = Array.from({ length: 8 }, () => ({ profile: { name: "Ada", colour: 0, choices: null }, bot: false }));
const ignore = (): void => {};

const WARM_UP_FRAMES = 30_000;
const CHUNK_FRAMES = 1000;
const CHUNKS = 35;
const ROUNDS = 3;

/** Bytes allocated by each call of `frame`, over about 100,000 calls. */
function measureBytesPerFrame(frame: (frame: number) => void): number {
  let next = 0;
  const run = (count: number): void => {
    for (let index = 0; index < count; index++) frame(next++);
  };
  run(WARM_UP_FRAMES);
  // In chunks: a collection spoils the chunk that it falls into, and the median does not see it. The best of three rounds: on a busy machine the
  // optimising compiler comes late, and unoptimised code boxes numbers.
  const medians = Array.from({ length: ROUNDS }, () => {
    const growths = Array.from({ length: CHUNKS }, () => {
      const before = process.memoryUsage().heapUsed;
      run(CHUNK_FRAMES);
      return process.memoryUsage().heapUsed - before;
    }).toSorted((left, right) => left - right);
    return growths[CHUNKS >>> 1] ?? Infinity;
  });
  return Math.min(...medians) / CHUNK_FRAMES;
}

function openMatch(): {
  readonly simulation: GameSimulation<ReturnType<typeof memory.create>, typeof game.input>;
  readonly advance: (frame: number) => void;
} {
  const simulation = new GameSimulation(game, { seed: 1, players, settings: null });
  simulation.reserveSlots(16);
  const inputs = new Uint8Array(8 * game.inputBytes);
  const bots = new Uint8Array(8);
  const advance = (frame: number): void => {
    inputs[frame % inputs.length] = frame;
    bots[frame & 7] = (frame >>> 5) & 1;
    simulation.step(frame, inputs, bots, ignore);
    simulation.save(frame & 15);
    if (frame % 8 === 7) simulation.load((frame - 3) & 15);
  };
  return { simulation, advance };
}

test("[GA24] a frame of a typed-array state (inputs, step, save, load) allocates nothing", () => {
  // The measurement finds what there is: one small object per frame.
  const kept: unknown[] = [{}];
  expect(measureBytesPerFrame((frame) => (kept[0] = { frame }))).toBeGreaterThan(15);

  const { simulation, advance } = openMatch();
  const before = simulation.checksum();
  // Node's smallest object or boxed number is 16 B. The step draws random numbers in about half of the frames, and whether the engine inlines
  // that (0 B) or boxes the number drawn (9 B in the mean) changes from run to run.
  expect(measureBytesPerFrame(advance)).toBeLessThan(12);
  expect(simulation.checksum()).not.toBe(before);
});

test("[GA24] a checksum allocates a few boxed numbers at most, whatever the state's size", () => {
  const { simulation, advance } = openMatch();
  let mixed = 0;
  const bytesPerFrame = measureBytesPerFrame((frame) => {
    advance(frame);
    mixed ^= simulation.checksum();
  });
  // Numbers of 32 bits are boxed on their way out of a function that was not inlined, 16 B each. A copy of the state would be 1,800 B.
  expect(bytesPerFrame).toBeLessThan(200);
  expect(mixed).not.toBe(0);
});
