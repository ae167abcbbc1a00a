import { describe, expect, test } from "vitest";
import { AssertionError } from "../base/assert.ts";
import { findPlainFault } from "../base/plain-fault.ts";
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

/** Everything that a step may do: a new state, events, bots, random numbers. */
const arena = defineGame({
  id: "arena",
  version: 1,
  frameRateHz: 30,
  players: [2, 4],
  input: { dx: axis(3), fire: button() },
  init: ({ players, settings, random, playerCount }) => ({
    players,
    settings,
    playerCount,
    start: random.integer(1000),
    seen: [] as unknown[],
    log: [] as string[],
  }),
  step: (state, inputs, { frame, isBot, emit }) => {
    emit("first", frame);
    emit("second");
    return { ...state, seen: inputs.map((input, index) => ({ ...input, bot: isBot(index) })) };
  },
  bot: (state, playerIndex, { frame }) => {
    state.log.push(`${frame}:${playerIndex}`);
    return { dx: 0.4, fire: playerIndex % 2 === 1 };
  },
  result: (state) => (state.log.length >= 4 ? { log: state.log } : undefined),
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

test("[GA9] init sees players, settings and random numbers of the seed", () => {
  const state = new GameSimulation(arena, setupOf(3, 5)).state;
  expect(state.playerCount).toBe(3);
  expect(state.players[1]).toEqual({ index: 1, name: "Ada", colour: 3, choices: null, bot: false });
  expect(state.settings).toEqual({ speed: 3 });
  expect(new GameSimulation(arena, setupOf(3, 5)).state.start).toBe(state.start);
  expect(new GameSimulation(arena, setupOf(3, 6)).state.start).not.toBe(state.start);
  expect(() => new GameSimulation(arena, setupOf(1))).toThrow("2–4 players");
});

test("[GA9] names, choices and settings of other people are made plain, and are copies", () => {
  const settings: { speed: number } = JSON.parse('{"speed":-0}');
  const setup = setupOf(2);
  const hostile = { name: "\ud800x", colour: 0, choices: JSON.parse('{"__proto__":{"x":1},"a":-0}') };
  const simulation = new GameSimulation(arena, {
    ...setup,
    settings,
    players: [{ profile: hostile, bot: false }, ...setup.players.slice(1)],
  });
  expect(simulation.state.players[0]).toEqual({ index: 0, name: "\ufffdx", colour: 0, choices: { a: 0 }, bot: false });
  expect(simulation.state.settings).toEqual({ speed: 0 });
  expect(findPlainFault(simulation.state)).toBeUndefined();
  settings.speed = 9;
  expect(simulation.state.settings).toEqual({ speed: 0 });
});

test("[GA11] the checksum covers the state and the random generator", () => {
  const simulation = new GameSimulation(plain, setupOf(2));
  const before = simulation.checksum();
  expect(simulation.checksum()).toBe(before);
  simulation.reserveSlots(2);
  simulation.random.uint32();
  simulation.save(0);
  simulation.load(0);
  expect(simulation.checksum()).not.toBe(before);
  expect(new GameSimulation(plain, setupOf(2)).checksum()).toBe(before);
});

test("[GA11] the checksum is the same whether the bytes come from a slot or are made anew", () => {
  const [saved, fresh] = [new GameSimulation(plain, setupOf(4)), new GameSimulation(plain, setupOf(4))];
  saved.reserveSlots(8);
  const inputs = new Uint8Array(4 * saved.inputBytes).fill(0x25);
  for (let frame = 0; frame < 20; frame++) {
    saved.step(frame, inputs, noBots.subarray(0, 4), ignore);
    fresh.step(frame, inputs, noBots.subarray(0, 4), ignore);
    saved.save(frame % 8);
    expect(saved.checksum()).toBe(fresh.checksum());
  }
});

test("[GA12] bots are asked in player order before the step, and their inputs are quantised", () => {
  const simulation = new GameSimulation(arena, setupOf(3));
  const inputs = new Uint8Array(3).fill(0b1110);
  simulation.step(0, inputs, Uint8Array.of(1, 0, 1), ignore);
  expect(simulation.state.log).toEqual(["0:0", "0:2"]);
  expect(simulation.state.seen).toEqual([
    { dx: 1 / 3, fire: false, bot: true },
    { dx: -1 / 3, fire: true, bot: false },
    { dx: 1 / 3, fire: false, bot: true },
  ]);
});

test("[GA12] without a bot function a bot's input is neutral, whatever the bytes say", () => {
  const simulation = new GameSimulation(typed, setupOf(1));
  const other = new GameSimulation(typed, setupOf(1));
  simulation.step(0, new Uint8Array(simulation.inputBytes).fill(0xff), Uint8Array.of(1), ignore);
  other.step(0, new Uint8Array(simulation.inputBytes), Uint8Array.of(0), ignore);
  expect(simulation.checksum()).toBe(other.checksum());
});

test("[GA13] events of a step arrive in their order; outside of a step there are none", () => {
  const events: unknown[] = [];
  const simulation = new GameSimulation(arena, setupOf(2));
  simulation.step(7, new Uint8Array(2), new Uint8Array(2), (name, payload) => events.push([name, payload]));
  expect(events).toEqual([
    ["first", 7],
    ["second", undefined],
  ]);
});

test("[GA14] the result is a copy of what the game says", () => {
  const simulation = new GameSimulation(arena, setupOf(2));
  expect(simulation.result()).toBeUndefined();
  for (let frame = 0; frame < 2; frame++) simulation.step(frame, new Uint8Array(2), Uint8Array.of(1, 1), ignore);
  const result = simulation.result();
  simulation.step(2, new Uint8Array(2), Uint8Array.of(1, 1), ignore);
  expect(result).toEqual({ log: ["0:0", "0:1", "1:0", "1:1"] });
});

test("[GA14] a function is no result", () => {
  const simulation = new GameSimulation({ ...arena, result: () => () => 1 }, setupOf(2));
  expect(() => simulation.result()).toThrow("result to give plain data, got a function");
});

test("[GA18] a step may return a new state", () => {
  const simulation = new GameSimulation(arena, setupOf(2));
  const before = simulation.state;
  simulation.step(0, new Uint8Array(2), new Uint8Array(2), ignore);
  expect(simulation.state).not.toBe(before);
});

test("[GA10] slots that were not reserved, and inputs of another size, are assertions", () => {
  const simulation = new GameSimulation(plain, setupOf(2));
  expect(() => simulation.save(0)).toThrow(AssertionError);
  simulation.reserveSlots(2);
  expect(() => simulation.save(2)).toThrow(AssertionError);
  expect(() => simulation.load(1)).toThrow(AssertionError);
  simulation.reserveSlots(1);
  expect(() => simulation.save(1)).toThrow(AssertionError);
  expect(() => simulation.step(0, new Uint8Array(3), noBots, ignore)).toThrow(AssertionError);
});

test("[GA19] a state that can hold objects may keep an input: it is never written again", () => {
  const keeper = defineGame({
    id: "keeper",
    version: 1,
    frameRateHz: 60,
    players: [1, 1],
    input: { fire: button() },
    init: () => ({ previous: { fire: false }, presses: 0 }),
    step: (state, [input]) => {
      if (input === undefined) return;
      if (input.fire && !state.previous.fire) state.presses++;
      state.previous = input;
    },
  });
  const simulation = new GameSimulation(keeper, setupOf(1));
  [0, 1, 1, 0, 1].forEach((fire, frame) => simulation.step(frame, Uint8Array.of(fire), new Uint8Array(1), ignore));
  expect(simulation.state.presses).toBe(2);
});
