import { describe, expect, test } from "vitest";
import { AssertionError } from "../base/assert.ts";
import { f32, i32, u8 } from "../base/schema.ts";
import type { StateCodec } from "./game.ts";
import { memoryState } from "./memory-state.ts";
import { plainState } from "./plain-state.ts";
import { snapshotState } from "./snapshot-state.ts";
import { typedArrayState } from "./typed-array-state.ts";
import { verifiedState } from "./verified-state.ts";

interface Tree {
  discs: { x: number; name: string }[];
  [key: string]: unknown;
}
const tree = (): Tree => ({
  discs: [
    { x: 1.5, name: "é" },
    { x: -3, name: "b".repeat(100) },
  ],
  round: 1,
  over: false,
});

describe("plain state", () => {
  test("[GA15] a slot gives back an equal state of its own, keys in their order", () => {
    const slots = plainState<Tree>().open(2);
    const state = tree();
    slots.save(0, state);
    slots.save(1, { ...state, discs: [] });
    const loaded = slots.load(0, state);
    expect(loaded).toEqual(tree());
    expect(Object.keys(loaded)).toEqual(["discs", "round", "over"]);
    expect(loaded.discs).not.toBe(state.discs);
    expect(slots.load(0, state)).not.toBe(loaded);
  });

  test("[GA15] a slot grows with its state and may shrink again", () => {
    const slots = plainState<{ list: number[] }>().open(1);
    for (const length of [1, 5000, 3, 100_000, 0]) {
      const list = Array.from({ length }, (_, index) => index * 7);
      slots.save(0, { list });
      expect(slots.load(0, { list: [] }).list).toEqual(list);
      expect(slots.checksum({ list }, 0)).toBe(slots.checksum({ list }));
    }
  });

  test("[GA15] the checksum is that of the state, before and after a load", () => {
    const slots = plainState<Tree>().open(1);
    const state = tree();
    const checksum = slots.checksum(state);
    slots.save(0, state);
    expect(slots.checksum(slots.load(0, state))).toBe(checksum);
    state.discs[1] = { x: -3, name: "c" };
    expect(slots.checksum(state)).not.toBe(checksum);
  });

  test("[GA15] what a slot holds can be looked into without changing anything", () => {
    const slots = plainState<Tree>().open(1);
    slots.save(0, tree());
    expect(slots.inspect?.(0)).toEqual(tree());
    expect(slots.inspect?.(0)).not.toBe(slots.inspect?.(0));
  });

  test("[GA15] a slot that was never saved cannot be loaded", () => {
    expect(() => plainState<Tree>().open(1).load(0, tree())).toThrow(AssertionError);
  });
});

describe("typed-array state", () => {
  const memory = typedArrayState({ x: i32(4), flags: u8(3), heat: f32(2) });

  test("[GA16] all fields lie in one buffer, and start at zero", () => {
    const state = memory.create();
    expect(state.x.buffer).toBe(state.flags.buffer);
    expect([...state.x, ...state.flags, ...state.heat]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(memory.schema.x).toEqual({ element: "i32", count: 4 });
  });

  test("[GA16] a load overwrites the live state in place", () => {
    const slots = memory.open(2);
    const state = memory.create();
    state.x.set([1, -2, 3, 4]);
    state.flags[2] = 255;
    state.heat[1] = 0.5;
    slots.save(0, state);
    const checksum = slots.checksum(state);
    state.x.fill(9);
    state.heat.fill(9);
    expect(slots.checksum(state)).not.toBe(checksum);
    expect(slots.load(0, state)).toBe(state);
    expect([...state.x, ...state.flags, ...state.heat]).toEqual([1, -2, 3, 4, 0, 0, 255, 0, 0.5]);
    expect(slots.checksum(state)).toBe(checksum);
  });

  test("[GA16] every element counts in the checksum", () => {
    const slots = memory.open(0);
    const state = memory.create();
    const seen = new Set([slots.checksum(state)]);
    for (const view of [state.x, state.flags, state.heat]) {
      for (let index = 0; index < view.length; index++) {
        view[index] = 1;
        seen.add(slots.checksum(state));
      }
    }
    expect(seen.size).toBe(10);
  });

  test("[GA16] a step may put another state of the same schema in place of the live one", () => {
    const slots = memory.open(1);
    const [first, second] = [memory.create(), memory.create()];
    slots.save(0, first);
    second.x[0] = 7;
    expect(slots.checksum(second)).not.toBe(slots.checksum(first));
    slots.save(0, second);
    slots.load(0, first);
    expect(first.x[0]).toBe(7);
  });

  test("[GA16] what a slot holds can be looked into without changing anything", () => {
    const slots = memory.open(1);
    const state = memory.create();
    state.flags[1] = 4;
    slots.save(0, state);
    state.flags[1] = 5;
    const shown = slots.inspect?.(0);
    expect(shown).toMatchObject({ flags: Uint8Array.of(0, 4, 0) });
    expect(state.flags[1]).toBe(5);
  });

  test("[GA16] an object that create() did not make is an assertion", () => {
    const foreign = typedArrayState({ x: i32(5), flags: u8(3), heat: f32(2) }).create();
    expect(() => memory.open(1).save(0, foreign)).toThrow(AssertionError);
    expect(() => memory.open(1).save(0, { x: new Int32Array(4), flags: new Uint8Array(3), heat: new Float32Array(2) })).toThrow(
      AssertionError,
    );
  });
});

describe("a slot", () => {
  /** The hash of the slot and of its parts, beside that of the state when it was saved. */
  function hashesOf<State>(codec: StateCodec<State>, state: State, change: (state: State) => void): readonly (readonly number[])[] {
    const slots = codec.open(2);
    const count = slots.parts?.partCount ?? 0;
    const [live, saved] = [new Uint32Array(count), new Uint32Array(count)];
    slots.parts?.partChecksums(state, live, 0);
    const checksum = slots.checksum(state);
    slots.save(1, state);
    change(state);
    const changed = slots.checksum(state);
    slots.parts?.slotPartChecksums?.(1, saved, 0);
    const hashes = [slots.slotChecksum?.(1) ?? 0, ...saved];
    expect(slots.checksum(state)).toBe(changed);
    expect(changed).not.toBe(checksum);
    return [[checksum, ...live], hashes];
  }

  test("[GA36] hashes as the state that was saved in it, in every kind of state, and the live one stays", () => {
    const memory = typedArrayState({ x: i32(3), flags: u8(6), y: f32(5) });
    const arrays = memory.create();
    arrays.x[1] = -7;
    const room = { memory: { buffer: new ArrayBuffer(70_001) }, count: { value: 7 } };
    new Uint8Array(room.memory.buffer).fill(3, 60_000);
    const inMemory = memoryState<typeof room>({ memory: (state) => state.memory, startBytes: 4, globals: (state) => [state.count] });
    const bytes = snapshotState<{ count: number }>({ save: ({ count }) => Uint8Array.of(count), load: ([count = 0]) => ({ count }) });
    for (const [was, is] of [
      hashesOf(memory, arrays, ({ x }) => void (x[2] = 1)),
      hashesOf(verifiedState(memory), memory.create(), ({ x }) => void (x[2] = 1)),
      hashesOf(plainState<Tree>(), tree(), (state) => void (state["round"] = 2)),
      hashesOf(inMemory, room, (state) => {
        state.count.value = 8;
        new Uint8Array(state.memory.buffer)[70_000] = 1;
      }),
      hashesOf(bytes, { count: 4 }, (state) => void (state.count = 5)),
    ]) {
      expect(is).toEqual(was);
    }
  });
});

describe("a verified state", () => {
  test("[GA17] what a save would lose is an assertion that names its path", () => {
    const slots = verifiedState(plainState<Tree>()).open(1);
    slots.save(0, tree());
    expect(slots.load(0, tree())).toEqual(tree());
    expect(() => slots.save(0, { discs: [{ x: -0, name: "" }] })).toThrow(AssertionError);
    expect(() => slots.save(0, { discs: [{ x: -0, name: "" }] })).toThrow("state.discs[0].x: −0");
    expect(() => slots.save(0, { discs: [], born: new Date(0) })).toThrow("state.born: an instance of Date");
  });

  test("[GA17] NaN in a typed array is one, too", () => {
    const memory = typedArrayState({ heat: f32(2) });
    const verified = verifiedState(memory);
    const slots = verified.open(1);
    const state = memory.create();
    slots.save(0, state);
    expect(verified.schema).toBe(memory.schema);
    state.heat[1] = Number.NaN;
    expect(() => slots.save(0, state)).toThrow("state.heat[1]: NaN");
  });

  test("[GA17] checksums and loads are those of the codec inside", () => {
    const [verified, bare] = [verifiedState(plainState<Tree>()).open(1), plainState<Tree>().open(1)];
    verified.save(0, tree());
    expect(verified.checksum(tree(), 0)).toBe(bare.checksum(tree()));
  });
});
