import { describe, expect, test } from "vitest";
import { programEnd, startProgram, wasmGame, WASM_START_BYTES, type WasmState } from "../../../test/wasm-game.ts";
import { simulateMatch } from "../../sim/simulate-match.ts";
import { SNAPSHOT_BYTES_MAX } from "../ports/simulation.ts";
import { GameSimulation } from "./game-simulation.ts";
import { memoryState, type GameMemory } from "./memory-state.ts";
import { syncTest } from "./sync-test.ts";

const codec = wasmGame.state;

function play(state: WasmState, steps: number, input = 3): void {
  for (let count = 0; count < steps; count++) state.program.step(input, count & 7);
}

function bytesOf(state: WasmState): Uint8Array {
  return new Uint8Array(state.program.memory.buffer).slice();
}

describe("[GA30] a state in memory comes back from a slot in place", () => {
  test("memory and globals, whatever the program did since", () => {
    const slots = codec.open(2);
    const state = startProgram();
    play(state, 40);
    const [memory, ticks, checksum] = [bytesOf(state), state.program.ticks.value, slots.checksum(state)];
    slots.save(1, state);
    play(state, 30);
    expect(state.program.ticks.value).toBe(70);
    expect(slots.checksum(state)).not.toBe(checksum);
    expect(slots.load(1, state)).toBe(state);
    expect(bytesOf(state)).toEqual(memory);
    expect(state.program.ticks.value).toBe(ticks);
    expect(slots.checksum(state)).toBe(checksum);
  });

  test("a page that a mispredicted frame added stays, is zeros again, and counts for nothing", () => {
    const slots = codec.open(1);
    const state = startProgram();
    play(state, 20);
    slots.save(0, state);
    const pagesBefore = state.program.memory.buffer.byteLength / 65_536;
    play(state, 600);
    const straight = slots.checksum(state);
    const pagesAfter = state.program.memory.buffer.byteLength / 65_536;
    expect([pagesBefore, pagesAfter]).toEqual([1, 3]);
    slots.load(0, state);
    expect(
      bytesOf(state)
        .subarray(programEnd(state))
        .every((byte) => byte === 0),
    ).toBe(true);
    play(state, 600);
    expect(slots.checksum(state)).toBe(straight);
  });

  test("every byte of the range and every global counts in the checksum, nothing else does", () => {
    const slots = codec.open(0);
    const state = startProgram();
    play(state, 20);
    const checksum = slots.checksum(state);
    const memory = new Uint8Array(state.program.memory.buffer);
    for (let at = WASM_START_BYTES + 4; at < programEnd(state); at += 97) {
      memory[at] = memory[at]! ^ 1;
      expect(slots.checksum(state), `byte ${at}`).not.toBe(checksum);
      memory[at] = memory[at]! ^ 1;
    }
    memory[WASM_START_BYTES - 1] = 1;
    memory[programEnd(state)] = 1;
    expect(slots.checksum(state)).toBe(checksum);
    state.program.ticks.value = 99;
    expect(slots.checksum(state)).not.toBe(checksum);
  });

  test("a byte shows in the part that its place names, a global in its own", () => {
    const memory: GameMemory = { buffer: new ArrayBuffer(300_002) };
    const globals = [{ value: 7 }];
    const { parts } = memoryState<GameMemory>({ memory: (state) => state, startBytes: 4, globals: () => globals }).open(0);
    const hashes = (): number[] => {
      const into = new Uint32Array(1 + parts!.partCount);
      parts!.partChecksums(memory, into, 1);
      return Array.from(into.subarray(1));
    };
    const before = hashes();
    const changed = (): string[] => {
      const now = hashes();
      return now.flatMap((hash, part) => (hash === before[part] ? [] : [parts!.partName(part, memory)]));
    };
    const bytes = new Uint8Array(memory.buffer);
    const places: readonly (readonly [number, string])[] = [
      [4, "memory[0…8191]"],
      [4 + 8_191, "memory[0…8191]"],
      [4 + 8_192, "memory[8192…16383]"],
      [299_999, "memory[253952…]"],
      [300_001, "globals"],
    ];
    for (const [at, name] of places) {
      bytes[at] = 1;
      expect(changed(), `byte ${at}`).toEqual([name]);
      bytes[at] = 0;
    }
    bytes[3] = 1;
    expect(changed()).toEqual([]);
    globals[0]!.value = 8;
    expect(changed()).toEqual(["globals"]);
  });

  test("a 64-bit global keeps all its bits", () => {
    const global = { value: -(2n ** 63n) + 5n };
    const memory: GameMemory = { buffer: new ArrayBuffer(10) };
    const slots = memoryState({ memory: () => memory, globals: () => [global] }).open(1);
    const state = {};
    slots.save(0, state);
    const bytes = slots.serialize(state);
    global.value = 7n;
    slots.load(0, state);
    expect(global.value).toBe(-(2n ** 63n) + 5n);
    global.value = 7n;
    expect(slots.deserialize(bytes, state)).toBe(state);
    expect(global.value).toBe(-(2n ** 63n) + 5n);
  });
});

test("[GA30] saving, loading and hashing memory of one size allocates nothing to speak of", () => {
  const memory: GameMemory = { buffer: new ArrayBuffer(4_096) };
  const globals = [{ value: 7 }];
  const slots = memoryState<GameMemory>({ memory: (state) => state, endBytes: () => 4_000, globals: () => globals }).open(2);
  const hashes = new Uint32Array(64);
  let sum = 0;
  const run = (count: number): void => {
    for (let index = 0; index < count; index++) {
      slots.save(index & 1, memory);
      sum ^= slots.checksum(memory);
      slots.parts?.partChecksums(memory, hashes, 0);
      slots.load(index & 1, memory);
    }
  };
  run(20_000);
  // In chunks: a collection spoils the chunk that it falls into, and the median does not see it.
  const growths = Array.from({ length: 21 }, () => {
    const before = process.memoryUsage().heapUsed;
    run(500);
    return (process.memoryUsage().heapUsed - before) / 500;
  });
  expect(sum).toBe(0);
  // Up to two boxed numbers, of the checksum and its seed.
  expect(growths.toSorted((left, right) => left - right)[10]).toBeLessThan(64);
});

describe("[GA31] a state in memory is serialised whole", () => {
  test("into a program that uses less memory, which takes more", () => {
    const from = startProgram();
    play(from, 600);
    const bytes = codec.open(0).serialize(from);
    const to = startProgram();
    const slots = codec.open(0);
    expect(to.program.memory.buffer.byteLength).toBe(65_536);
    expect(slots.deserialize(bytes, to)).toBe(to);
    expect(to.program.memory.buffer.byteLength).toBe(3 * 65_536);
    play(from, 50);
    play(to, 50);
    expect(slots.checksum(to)).toBe(codec.open(0).checksum(from));
  });

  test("bytes that are no state are refused, and the live state stays", () => {
    const state = startProgram();
    play(state, 100);
    const slots = codec.open(0);
    const checksum = slots.checksum(state);
    const bytes = slots.serialize(state);
    const otherEnd = bytes.slice();
    otherEnd[8]! += 4;
    const hostile = [
      bytes.subarray(0, 0),
      bytes.subarray(0, 8),
      bytes.subarray(0, bytes.length - 1),
      otherEnd,
      new Uint8Array(SNAPSHOT_BYTES_MAX + 1),
    ];
    for (const wrong of hostile) {
      expect(slots.deserialize(wrong, state), `${wrong.length} bytes`).toBeUndefined();
      expect(slots.checksum(state)).toBe(checksum);
    }
    expect(slots.deserialize(bytes, state)).toBe(state);
  });

  test("memory that cannot grow so far refuses", () => {
    const memory: GameMemory = { buffer: new ArrayBuffer(64) };
    const slots = memoryState({ memory: () => memory, endBytes: () => 64 }).open(0);
    expect(slots.deserialize(new Uint8Array(65), {})).toBeUndefined();
    expect(slots.deserialize(new Uint8Array(64).fill(3), {})).toBeDefined();
    expect(new Uint8Array(memory.buffer)[63]).toBe(3);
  });
});

describe("[GA32] a wrong range is an assertion", () => {
  test.each([
    ["no multiple of 4", { startBytes: 3 }, "a multiple of 4"],
    ["an end behind the memory", { endBytes: () => 129 }, "within its memory"],
    ["an empty range", { startBytes: 128 }, "within its memory"],
  ])("%s", (_name, options, message) => {
    const memory = { buffer: new ArrayBuffer(128) };
    expect(() =>
      memoryState({ memory: () => memory, ...options })
        .open(1)
        .save(0, {}),
    ).toThrow(message);
  });

  test("memory that grows without an end of its own", () => {
    let buffer = new ArrayBuffer(64);
    const slots = memoryState({ memory: () => ({ buffer }) }).open(1);
    slots.save(0, {});
    buffer = new ArrayBuffer(128);
    expect(() => slots.save(0, {})).toThrow("keeps its size");
  });
});

describe("[GA33] a game in WebAssembly memory plays like every other", () => {
  test("in the sync test, over pages that it adds", () => {
    const report = syncTest(wasmGame, { frames: 700 });
    expect(report).toMatchObject({ ok: true, frames: 700 });
    expect(report.ok && report.resimulatedFrames).toBeGreaterThan(2_000);
  });

  test("in a match with rollbacks, with the same state at every peer", () => {
    const report = simulateMatch({ game: wasmGame, seed: 5, players: 2, seconds: 12, network: "transatlantic", faults: [] });
    expect(report.failures).toEqual([]);
    expect(report.figures.rollbacks).toBeGreaterThan(20);
  });

  test("over a snapshot into another simulation", () => {
    const setup = {
      seed: 3,
      players: [0, 1].map((colour) => ({ profile: { name: "P", colour, choices: null }, bot: false })),
      settings: null,
    };
    const [from, to] = [new GameSimulation(wasmGame, setup), new GameSimulation(wasmGame, setup)];
    const inputs = new Uint8Array(2 * wasmGame.inputBytes);
    const run = (simulation: typeof from, start: number, end: number): void => {
      for (let frame = start; frame < end; frame++) {
        inputs.fill(frame & 31);
        simulation.step(frame, inputs, new Uint8Array(2), () => {});
      }
    };
    run(from, 0, 400);
    expect(to.deserialize(from.serialize())).toBe(true);
    run(from, 400, 450);
    run(to, 400, 450);
    expect(to.checksum()).toBe(from.checksum());
  });
});
