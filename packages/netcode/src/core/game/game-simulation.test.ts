import { describe, expect, test } from "vitest";
import { i32 } from "../base/schema.ts";
import type { MatchSetup } from "./game.ts";
import { defineGame } from "./define-game.ts";
import { GameSimulation } from "./game-simulation.ts";
import { axis, button, integer } from "./input-schema.ts";
import { typedArrayState } from "./typed-array-state.ts";

const profile = { name: "Ada", colour: 3, choices: null };
function setupOf(playerCount: number, seed = 1): MatchSetup {
  return { seed, players: Array.from({ length: playerCount }, () => ({ profile, bot: false })), settings: { speed: 3 } };
}

const plain = defineGame({
  id: "plain",
  version: 1,
  frameRateHz: 60,
  players: [1, 8],
  input: { dx: axis(), fire: button(), slot: integer(-3, 4) },
  init: ({ players }) => ({ discs: players.map(({ name }) => ({ name, x: 0, luck: 0 })) }),
  step: (state, inputs, { random, emit, frame }) => {
    state.discs.forEach((disc, index) => {
      disc.x += (inputs[index]?.dx ?? 0) + (inputs[index]?.slot ?? 0);
      disc.luck = random.integer(100);
      if (inputs[index]?.fire === true) emit("fire", { index, frame });
    });
  },
});

const memory = typedArrayState({ x: i32(8), hits: i32(8) });
const typed = defineGame({
  id: "typed",
  version: 1,
  frameRateHz: 60,
  players: [1, 8],
  input: { dx: axis(), fire: button(), slot: integer(-3, 4) },
  state: memory,
  init: () => memory.create(),
  step: (state, inputs, { random }) => {
    for (let index = 0; index < inputs.length; index++) {
      state.x[index] = (state.x[index] ?? 0) + Math.trunc((inputs[index]?.dx ?? 0) * 15) + random.integer(4);
    }
  },
});

const noBots = new Uint8Array(8);
const ignore = (): void => {};

describe.each([
  ["plain", (setup: MatchSetup) => new GameSimulation(plain, setup)],
  ["typed-array", (setup: MatchSetup) => new GameSimulation(typed, setup)],
])("a %s state", (_, create) => {
  test("[GA10] a loaded slot goes on exactly as the first time, random numbers included", () => {
    const simulation = create(setupOf(2));
    simulation.reserveSlots(4);
    const inputs = new Uint8Array(2 * simulation.inputBytes).fill(0b0000_0011);
    simulation.step(0, inputs, noBots, ignore);
    simulation.save(1);
    const saved = simulation.checksum();
    for (let frame = 1; frame < 5; frame++) simulation.step(frame, inputs, noBots, ignore);
    const first = simulation.checksum();
    expect(first).not.toBe(saved);
    simulation.load(1);
    expect(simulation.checksum()).toBe(saved);
    for (let frame = 1; frame < 5; frame++) simulation.step(frame, inputs, noBots, ignore);
    expect(simulation.checksum()).toBe(first);
  });
});
