import * as fc from "fast-check";
import { expect, test } from "vitest";
import { AssertionError } from "../base/assert.ts";
import { findPlainFault } from "../base/plain-fault.ts";
import { PAYLOAD_LIMITS, decodePayload, encodePayload } from "./payload-codec.ts";

/** Strings that msgpackr treats differently by length and by what is in them. */
const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.string({ unit: "grapheme", maxLength: 300 }),
  fc.string({ minLength: 60, maxLength: 70 }),
);
const anyNumber = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.maxSafeInteger(),
  fc.integer({ min: -300, max: 300 }),
);
const anyKey = fc.oneof(anyText, fc.constantFrom("constructor", "toJSON", "hasOwnProperty", "length", "0", "7", "prototype", "dataView"));
const anyPlain = fc
  .letrec<{ plain: unknown }>((tie) => ({
    plain: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      anyNumber,
      anyText,
      fc.boolean(),
      fc.constant(null),
      fc.array(tie("plain"), { maxLength: 20 }),
      fc.array(fc.tuple(anyKey, tie("plain")), { maxLength: 20 }).map((entries) => Object.fromEntries(entries)),
    ),
  }))
  .plain.filter((value) => findPlainFault(value) === undefined);

const refusalOf = (...bytes: number[]): string | undefined => {
  const result = decodePayload(Uint8Array.from(bytes));
  return result.ok ? undefined : result.reason;
};

test("[GA20] any plain value comes back equal, keys in their order, and has one encoding", () => {
  fc.assert(
    fc.property(anyPlain, (value) => {
      const bytes = encodePayload(value);
      const result = decodePayload(bytes);
      expect(result.ok).toBe(true);
      if (!result.ok) return;
      expect(result.value).toEqual(value);
      expect(JSON.stringify(result.value)).toBe(JSON.stringify(value));
      expect(encodePayload(result.value)).toEqual(bytes);
    }),
    { numRuns: 1000 },
  );
});

test("[GA20] what is not plain data cannot be encoded, and its path is named", () => {
  expect(() => encodePayload({ a: [1, new Map()] })).toThrow(AssertionError);
  expect(() => encodePayload({ a: [1, new Map()] })).toThrow(".a[1] is an instance of Map");
  expect(() => encodePayload(undefined)).toThrow("it is undefined");
});

test("[GA20] the bytes belong to the caller", () => {
  const first = encodePayload({ a: 1 });
  const copy = first.slice();
  encodePayload({ b: "something else that is longer" });
  expect(first).toEqual(copy);
});

test.each<[string, number[], string]>([
  ["nothing", [], "truncated"],
  ["two values", [1, 2], "trailing-bytes"],
  ["an array without its elements", [0x92, 1], "truncated"],
  ["an array that claims 4 thousand million elements", [0xdd, 0xff, 0xff, 0xff, 0xff], "truncated"],
  ["a map that claims as many", [0xdf, 0xff, 0xff, 0xff, 0xff], "truncated"],
  ["a string without its end", [0xa5, 0x61], "truncated"],
  ["a length without its end", [0xda, 0x01], "truncated"],
  ["a number without its end", [0xcb, 0, 0], "truncated"],
  ["msgpackr's record definition", [0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61, 0x01], "unsupported-type"],
  ["the same in two bytes", [0xd5, 0x72, 0x40, 0x00, 0x91, 0xa1, 0x61, 0x01], "unsupported-type"],
  ["an extension", [0xc7, 0x01, 0x05, 0x00], "unsupported-type"],
  ["a timestamp", [0xd6, 0xff, 0, 0, 0, 0], "unsupported-type"],
  ["a reference", [0xd6, 0x70, 0, 0, 0, 0], "unsupported-type"],
  ["undefined", [0xd4, 0, 0], "unsupported-type"],
  ["the byte that means nothing", [0xc1], "unsupported-type"],
  ["binary data", [0xc4, 0x01, 0x00], "unsupported-type"],
  ["a 64-bit integer", [0xcf, 0, 0, 0, 0, 0, 0, 0, 1], "unsupported-type"],
  ["a 32-bit float", [0xca, 0x3f, 0x80, 0, 0], "unsupported-type"],
  ["NaN", [0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0], "bad-number"],
  ["an infinity", [0xcb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0], "bad-number"],
  ["−0", [0xcb, 0x80, 0, 0, 0, 0, 0, 0, 0], "bad-number"],
  ["1 as a float", [0xcb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0], "not-canonical"],
  ["5 in two bytes", [0xcc, 5], "not-canonical"],
  ["a short array in the long form", [0xdc, 0, 1, 5], "not-canonical"],
  ["a short string in the long form", [0xd9, 1, 0x61], "not-canonical"],
  ["a repeated key", [0x82, 0xa1, 0x61, 1, 0xa1, 0x61, 2], "not-canonical"],
  ["an index after a name", [0x82, 0xa1, 0x61, 1, 0xa1, 0x31, 2], "not-canonical"],
  ["bad UTF-8", [0xa2, 0xc3, 0x28], "not-canonical"],
  ["half of a surrogate pair", [0xa3, 0xed, 0xa0, 0x80], "not-canonical"],
  ["a byte order mark in front", [0xa3, 0xef, 0xbb, 0xbf], "bad-string"],
  ["a number as key", [0x81, 1, 1], "bad-key"],
  ["an array as key", [0x81, 0x90, 1], "bad-key"],
  ["the key __proto__", [0x81, 0xa9, 0x5f, 0x5f, 0x70, 0x72, 0x6f, 0x74, 0x6f, 0x5f, 0x5f, 0x80], "bad-key"],
])("[GA21] %s is refused", (_, bytes, reason) => {
  expect(refusalOf(...bytes)).toBe(reason);
});

test("[GA22] each limit holds, and what is just inside passes", () => {
  const nest = (depth: number): Uint8Array => Uint8Array.from([...Array.from({ length: depth }, () => 0x91), 0xc0]);
  expect(decodePayload(nest(PAYLOAD_LIMITS.depth)).ok).toBe(true);
  expect(decodePayload(nest(PAYLOAD_LIMITS.depth + 1))).toEqual({ ok: false, reason: "too-deep" });
  expect(decodePayload(nest(60_000))).toEqual({ ok: false, reason: "too-deep" });

  const limits = { sizeBytes: 20, depth: 3, elements: 5, stringBytes: 8 };
  const decode = (value: unknown): unknown => decodePayload(encodePayload(value), limits);
  expect(decode("12345678")).toEqual({ ok: true, value: "12345678" });
  expect(decode("123456789")).toEqual({ ok: false, reason: "string-too-long" });
  expect(decode([1, 2, 3, 4])).toEqual({ ok: true, value: [1, 2, 3, 4] });
  expect(decode([1, 2, 3, 4, 5])).toEqual({ ok: false, reason: "too-many-elements" });
  expect(decode({ a: 1, b: 2 })).toMatchObject({ ok: true });
  expect(decode({ a: 1, b: 2, c: 3 })).toEqual({ ok: false, reason: "too-many-elements" });
  expect(decode(["12345678", "12345678"])).toMatchObject({ ok: true });
  expect(decode(["12345678", "12345678", 300])).toEqual({ ok: false, reason: "too-large" });
});

test("[GA22] no bytes make the decoder throw, and what it accepts is plain and canonical: random and mutated, 20,000 of each", () => {
  let accepted = 0;
  const check = (bytes: Uint8Array): void => {
    const result = decodePayload(bytes);
    if (!result.ok) return;
    accepted++;
    expect(findPlainFault(result.value)).toBeUndefined();
    expect(encodePayload(result.value)).toEqual(bytes);
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), check), { numRuns: 20_000 });
  const mutation = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }), fc.constantFrom("set", "cut", "insert"));
  const mutated = fc.tuple(anyPlain, fc.array(mutation, { minLength: 1, maxLength: 4 })).map(([value, mutations]) => {
    const bytes = [...encodePayload(value)];
    for (const [position, byte, kind] of mutations) {
      const index = position % (bytes.length + 1);
      if (kind === "set") bytes[index] = byte;
      else if (kind === "cut") bytes.splice(index, 1);
      else bytes.splice(index, 0, byte);
    }
    return Uint8Array.from(bytes);
  });
  fc.assert(fc.property(mutated, check), { numRuns: 20_000 });
  expect(accepted).toBeGreaterThan(1000);
});

test("[GA23] payloads need no code from strings, which a content security policy may forbid", () => {
  const original = globalThis.Function;
  const refuse = (): never => {
    throw new Error("code from a string");
  };
  Reflect.set(globalThis, "Function", refuse);
  try {
    // The same shape often: that is when msgpackr compiles a reader for records.
    for (let round = 0; round < 50; round++) expect(decodePayload(encodePayload([{ a: round, b: "x" }])).ok).toBe(true);
  } finally {
    Reflect.set(globalThis, "Function", original);
  }
});
