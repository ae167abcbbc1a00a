import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { f64, i16, i32, u8, type ArraySchema } from "../base/schema.ts";
import { STATE_PARTS_MAX } from "../ports/simulation.ts";
import { packPlain } from "../wire/payload-codec.ts";
import { defineGame } from "./define-game.ts";
import type { StateCodec } from "./game.ts";
import { GameSimulation } from "./game-simulation.ts";
import { button } from "./input-schema.ts";
import { PlainParts } from "./plain-parts.ts";
import { plainState } from "./plain-state.ts";
import { typedArrayState } from "./typed-array-state.ts";

const profile = { name: "Ada", colour: 0, choices: null };

function simulationOf<State>(state: StateCodec<State>, init: () => State): GameSimulation<State, { fire: ReturnType<typeof button> }> {
  const game = defineGame({
    id: "parts",
    version: 1,
    frameRateHz: 60,
    players: [1, 8],
    input: { fire: button() },
    state,
    init,
    step: () => {},
  });
  return new GameSimulation(game, { seed: 1, players: [{ profile, bot: false }], settings: null });
}

function partsOf(simulation: GameSimulation<never, never> | GameSimulation<unknown, never>): number[] {
  const parts = new Uint32Array(simulation.partCount);
  simulation.partChecksums(parts, 0);
  return [...parts];
}

/** Names of the parts in which two simulations differ. */
function differingNames(left: unknown, right: unknown): string[] {
  const names: string[] = [];
  const [one, other] = [left as GameSimulation<unknown, never>, right as GameSimulation<unknown, never>];
  const otherParts = partsOf(other);
  partsOf(one).forEach((hash, part) => {
    if (hash !== otherParts[part]) names.push(one.partName(part));
  });
  return names;
}

describe("a typed-array state", () => {
  const schema = { phase: u8(), flags: u8(3), heat: i16(5), x: i32(8), score: i32(), mass: f64(2) };
  const memory = typedArrayState(schema);

  test("[DS1] has a part per field, and one for the random generator; fields that share a word share a part", () => {
    const simulation = simulationOf(memory, () => memory.create());
    const names = Array.from({ length: simulation.partCount }, (_, part) => simulation.partName(part));
    expect(names).toEqual(["random", "phase … flags", "heat", "x", "score", "mass"]);
  });

  test("[DS1] any bit that differs shows in its field's part alone, and in the checksum", () => {
    for (const { name, sizeBytes } of memory.layout.fields) {
      for (let bit = 0; bit < sizeBytes * 8; bit += 7) {
        const [left, right] = [simulationOf(memory, () => memory.create()), simulationOf(memory, () => memory.create())];
        const view = right.state[name as keyof typeof schema];
        new Uint8Array(view.buffer, view.byteOffset)[bit >> 3] = 1 << (bit & 7);
        expect(differingNames(left, right)).toEqual([["phase", "flags"].includes(name) ? "phase … flags" : name]);
        expect(left.checksum()).not.toBe(right.checksum());
      }
    }
  });

  test("[DS1] more fields than parts share them with their neighbours", () => {
    const many: ArraySchema = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`field${index}`, i32()]));
    const codec = typedArrayState(many);
    const simulation = simulationOf(codec, () => codec.create());
    expect(simulation.partCount).toBe(STATE_PARTS_MAX);
    expect([1, 2, 63].map((part) => simulation.partName(part))).toEqual(["field0", "field1 … field2", "field98 … field99"]);
  });

  test("[DS1] the random generator is a part of its own", () => {
    const [left, right] = [simulationOf(memory, () => memory.create()), simulationOf(memory, () => memory.create())];
    right.random.uint32();
    expect(differingNames(left, right)).toEqual(["random"]);
  });
});

describe("a plain state", () => {
  const create = () => ({
    discs: Array.from({ length: 8 }, (_, index) => ({ x: index, y: 0.5, name: `Player ${index}` })),
    ball: { x: 1.5, y: -2 },
    score: [0, 0],
    phase: "play",
    tiles: Array.from({ length: 300 }, () => 0),
  });

  test.each<[string, string, (state: ReturnType<typeof create>) => void]>([
    ["a number", ".ball.y", (state) => (state.ball.y = 7)],
    ["a text", ".phase", (state) => (state.phase = "over")],
    ["something deep", ".discs[3].x … .y", (state) => Object.assign(state.discs[3] ?? {}, { y: 0.25 })],
    ["an element of a long list", ".tiles[277] … [299]", (state) => (state.tiles[280] = 1)],
  ])("[DS2] %s that differs is named by its path", (_, path, change) => {
    const right = simulationOf(plainState<ReturnType<typeof create>>(), create);
    change(right.state);
    const names = differingNames(simulationOf(plainState<ReturnType<typeof create>>(), create), right);
    expect(names).toEqual([path]);
  });

  test("[DS2] one key that holds everything is looked into", () => {
    const world = () => ({ world: { entities: { ada: { x: 1 }, bob: { x: 2 } } } });
    const right = simulationOf(plainState<ReturnType<typeof world>>(), world);
    right.state.world.entities.bob.x = 3;
    expect(differingNames(simulationOf(plainState<ReturnType<typeof world>>(), world), right)).toEqual([".world.entities.bob.x"]);
  });

  test("[DS2] the parts of a saved slot are those of the live state", () => {
    const simulation = simulationOf(plainState<ReturnType<typeof create>>(), create);
    const before = partsOf(simulation as never);
    simulation.reserveSlots(1);
    simulation.save(0);
    simulation.load(0);
    expect(partsOf(simulation as never)).toEqual(before);
  });

  test("[DS2] equal parts are equal data, of any shape", () => {
    const hash = (parts: PlainParts, value: unknown): string => {
      const [bytes, into] = [packPlain(value).slice(), new Uint32Array(8)];
      parts.checksums(bytes, bytes.length, into, 0);
      return into.join();
    };
    const json = fc.jsonValue({ maxDepth: 5, noUnicodeString: false });
    fc.assert(
      fc.property(json, json, fc.nat(), (left, right, seed) => {
        const parts = new PlainParts(8);
        expect(hash(parts, left) === hash(parts, right)).toBe(packPlain(left).slice().join() === packPlain(right).slice().join());
        // No byte is left out.
        const bytes = packPlain(left).slice();
        expect(typeof parts.nameOf(seed % 8, left)).toBe("string");
        const [whole, other] = [new Uint32Array(8), new Uint32Array(8)];
        parts.checksums(bytes, bytes.length, whole, 0);
        const last = bytes.length - 1;
        bytes[last] = (bytes[last] ?? 0) ^ 1;
        parts.checksums(bytes, bytes.length, other, 0);
        expect(other.join()).not.toBe(whole.join());
      }),
    );
  });
});

test("[DS3] a codec without parts is one part beside the random generator", () => {
  const codec: StateCodec<{ x: number }> = {
    open: () => ({
      save: () => {},
      load: (_slot, live) => live,
      checksum: (state) => state.x,
      serialize: (state) => Uint8Array.of(state.x),
      deserialize: (bytes) => ({ x: bytes[0] ?? 0 }),
    }),
  };
  const simulation = simulationOf(codec, () => ({ x: 5 }));
  expect([0, 1].map((part) => simulation.partName(part))).toEqual(["random", "state"]);
  expect(partsOf(simulation as never)[1]).toBe(5);
});
