import * as fc from "fast-check";
import { expect, test } from "vitest";
import { findPlainDifference, findPlainFault } from "./plain-fault.ts";
import { PLAIN_DEPTH_MAX, toPlain, type Plain } from "./plain.ts";

class Disc {
  x = 1;
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { inner: value };
  return value;
}

const shared = { x: 1 };

test.each<[string, unknown, string]>([
  ["NaN", { a: [1, Number.NaN] }, ".a[1]"],
  ["an infinity", { a: -Infinity }, ".a"],
  ["−0", [-0], "[0]"],
  ["undefined", { a: { b: undefined } }, ".a.b"],
  ["a function", { a: () => 1 }, ".a"],
  ["a symbol", Symbol("s"), ""],
  ["a bigint", [5n], "[0]"],
  ["a Map", { a: new Map() }, ".a"],
  ["a Date", new Date(0), ""],
  ["a typed array", { a: new Uint8Array(2) }, ".a"],
  ["an instance of a class", { list: [{}, new Disc()] }, ".list[1]"],
  ["an object without prototype", Object.create(null), ""],
  ["a subclass of Array", new (class extends Array<number> {})(), ""],
  ["a hole", [1, , 3], "[1]"], // oxlint-disable-line no-sparse-arrays
  ["a longer length", Object.assign([1], { length: 3 }), "[1]"],
  ["an array with a name of its own", Object.assign([1], { name: "a" }), ""],
  [
    "a getter",
    {
      get a() {
        return 1;
      },
    },
    ".a",
  ],
  ["a hidden property", Object.defineProperty({}, "a", { value: 1, enumerable: false }), ".a"],
  ["a symbol as key", { [Symbol("s")]: 1 }, ""],
  ["the key __proto__", JSON.parse('{"a":{"__proto__":1}}'), ".a.__proto__"],
  ["half of a surrogate pair", { a: "x\ud83d" }, ".a"],
  ["half of a pair in a key", { "\udc00": 1 }, ".\udc00"],
  ["a byte order mark in front", ["\ufeffx"], "[0]"],
  ["one object in two places", { a: shared, b: [shared] }, ".b[0]"],
  ["more levels than allowed", nested(PLAIN_DEPTH_MAX + 1), "[0].inner".repeat(PLAIN_DEPTH_MAX / 2)],
])("[BA9] %s is not plain, and its path is named", (_, value, path) => {
  const fault = findPlainFault(value);
  expect(fault).toEqual({ path, problem: expect.any(String) });
});

test("[BA9] a cycle ends with a fault", () => {
  const value: Record<string, unknown> = {};
  value["self"] = value;
  expect(findPlainFault(value)?.path).toBe(".self");
});

test("[BA9] trees of JSON are plain up to the allowed depth", () => {
  expect(findPlainFault({ a: [1, -2.5, "é😀", true, null, {}], constructor: 1, toString: "x" })).toBeUndefined();
  expect(findPlainFault(nested(PLAIN_DEPTH_MAX))).toBeUndefined();
});

test.each<[unknown, unknown, string, string]>([
  [{ a: [1, { x: 5 }] }, { a: [1, { x: 6 }] }, ".a[1].x", "5 and 6"],
  [[1, 2], [1], ".length", "2 and 1"],
  [{ a: 1, b: 2 }, { b: 2, a: 1 }, "", 'key "a" and key "b"'],
  [{ a: 1 }, { a: 1, b: 2 }, "", 'key undefined and key "b"'],
  [{ a: 0 }, { a: -0 }, ".a", "0 and −0"],
  [{ a: [] }, { a: {} }, ".a", "an array of 0 and an object"],
  [{ a: null }, { a: "null" }, ".a", 'null and "null"'],
])("[BA9] %j and %j differ at %j", (left, right, path, problem) => {
  expect(findPlainDifference(left, right)).toEqual({ path, problem });
  expect(findPlainDifference(left, structuredClone(left))).toBeUndefined();
});

test("[BA10] any JSON from outside becomes plain, and plain JSON stays as it is", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "\ud83d", "\ude00", "\ufeff", "é") });
  const key = fc.oneof(fc.constantFrom("__proto__", "\ufeff__proto__", "constructor"), text);
  const { json } = fc.letrec<{ json: unknown }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 5 },
      fc.double(),
      text,
      fc.boolean(),
      fc.constant(null),
      fc.array(tie("json"), { maxLength: 4 }),
      fc.array(fc.tuple(key, tie("json")), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
    ),
  }));
  fc.assert(
    fc.property(json, (value) => {
      const plain = toPlain(value as Plain);
      expect(findPlainFault(plain)).toBeUndefined();
      expect(toPlain(plain)).toEqual(plain);
    }),
    { numRuns: 500 },
  );
  const sound = { a: [1, "é😀", { b: null }], c: true };
  expect(toPlain(sound)).toEqual(sound);
  expect(toPlain(sound)).not.toBe(sound);
});

test("[BA10] what JSON can say and plain data cannot is replaced alike everywhere", () => {
  expect(toPlain(JSON.parse('{"a":-0,"b":1e999,"c":"\\ud800x","__proto__":1}'))).toEqual({ a: 0, b: null, c: "\ufffdx" });
  expect(findPlainFault(toPlain(nested(PLAIN_DEPTH_MAX + 5) as Plain))).toBeUndefined();
});
