import * as fc from "fast-check";
import { expect, test } from "vitest";
import { AssertionError } from "../base/assert.ts";
import { sortedBy, sortedEntries, sortedKeys } from "./order.ts";

test("[DT6] items are sorted by the first key, then by the next, and keep their order where all are equal", () => {
  const items = [
    { x: 2, name: "b", id: 0 },
    { x: 10, name: "a", id: 1 },
    { x: 2, name: "a", id: 2 },
    { x: 2, name: "a", id: 3 },
  ];
  const sorted = sortedBy(
    items,
    ({ x }) => x,
    ({ name }) => name,
  );
  expect(sorted.map(({ id }) => id)).toEqual([2, 3, 0, 1]);
  expect(items.map(({ id }) => id)).toEqual([0, 1, 2, 3]);
});

test("[DT6] strings go by their UTF-16 units, as no language sorts them", () => {
  expect(sortedBy(["ä", "z", "a", "B", "10", "9"], (text) => text)).toEqual(["10", "9", "B", "a", "z", "ä"]);
});

test("[DT6] NaN, and a number beside a string, are assertions", () => {
  expect(() => sortedBy([1, NaN], (value) => value)).toThrow(AssertionError);
  expect(() => sortedBy<number | string>([1, "1"], (value) => value)).toThrow("keys of one type");
});

test("[DT7] keys and entries come in ascending order, however they came in", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(
        fc.tuple(
          fc.double({ noNaN: true }).map((key) => key + 0),
          fc.integer(),
        ),
        { selector: ([key]) => key },
      ),
      (entries) => {
        const keys = entries.map(([key]) => key).sort((a, b) => a - b);
        expect(sortedKeys(new Map(entries))).toEqual(keys);
        expect(sortedKeys(new Set(keys.toReversed()))).toEqual(keys);
        expect(sortedEntries(new Map(entries)).map(([key]) => key)).toEqual(keys);
      },
    ),
  );
  expect(sortedKeys({ b: 1, a: 2, "10": 3 })).toEqual(["10", "a", "b"]);
  expect(sortedEntries({ b: 1, a: 2 })).toEqual([
    ["a", 2],
    ["b", 1],
  ]);
});
