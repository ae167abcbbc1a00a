import { expect, test } from "vitest";
import { checksumBytes } from "../base/checksum.ts";
import { snapshotState } from "./snapshot-state.ts";

interface Counter {
  count: number;
}

/** A writer and reader of somebody else's: one byte, odd ones are refused, above 100 it throws. */
const codec = snapshotState<Counter>({
  save: ({ count }) => Uint8Array.of(count),
  load: ([count = 1]) => {
    if (count > 100) throw new Error("not a snapshot");
    return count % 2 === 0 ? { count } : undefined;
  },
});

test("[GA34] a slot gives back what was saved, whatever became of the live state", () => {
  const slots = codec.open(2);
  const state = { count: 4 };
  slots.save(0, state);
  state.count = 6;
  slots.save(1, state);
  expect(slots.load(0, state)).toEqual({ count: 4 });
  expect(slots.load(1, state)).toEqual({ count: 6 });
  expect(slots.inspect?.(0)).toEqual({ bytes: Uint8Array.of(4) });
  expect(slots.inspectLive?.(state)).toEqual({ bytes: Uint8Array.of(6) });
});

test("[GA34] the checksum is that of the bytes, saved or not", () => {
  const slots = codec.open(1);
  slots.save(0, { count: 8 });
  expect(slots.checksum({ count: 8 })).toBe(checksumBytes(Uint8Array.of(8)));
  expect(slots.checksum({ count: 8 }, 0)).toBe(slots.checksum({ count: 8 }));
});

test("[GA34] bytes that the reader refuses or chokes on are no state", () => {
  const slots = codec.open(0);
  expect(slots.deserialize(Uint8Array.of(12), { count: 0 })).toEqual({ count: 12 });
  expect(slots.deserialize(Uint8Array.of(13), { count: 0 })).toBeUndefined();
  expect(slots.deserialize(Uint8Array.of(200), { count: 0 })).toBeUndefined();
});

test("[GA34] a slot that was never saved is an assertion", () => {
  expect(() => codec.open(1).load(0, { count: 0 })).toThrow("saved before");
  expect(() => codec.open(1).save(1, { count: 0 })).toThrow("reserved");
});
