import * as fc from "fast-check";
import { expect, expectTypeOf, test } from "vitest";
import { AssertionError } from "../base/assert.ts";
import { Random } from "../base/random.ts";
import { InputCodec } from "./input-codec.ts";
import { axis, button, integer, randomInput, type InputField, type InputOf, type InputSchema } from "./input-schema.ts";

const anyField: fc.Arbitrary<InputField> = fc.oneof(
  fc.integer({ min: 2, max: 16 }).map(axis),
  fc.constant(button()),
  fc
    .tuple(
      fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
      fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 0xffff_ffff })),
    )
    .map(([min, span]) => integer(min, min + span)),
  fc.tuple(fc.integer({ min: -40, max: 0 }), fc.integer({ min: 1, max: 40 })).map(([min, max]) => integer(min, max)),
);
/** At most seven fields of at most 16 bits, or three of 32: always within 16 bytes. */
const anySchema: fc.Arbitrary<InputSchema> = fc
  .array(anyField, { minLength: 1, maxLength: 4 })
  .map((fields) => Object.fromEntries(fields.map((field, index) => [`f${index}`, field])));

const tag = new InputCodec({ dx: axis(), dy: axis(), dash: button(), slot: integer(-2, 4) });

function packed(
  input: InputOf<{
    dx: ReturnType<typeof axis>;
    dy: ReturnType<typeof axis>;
    dash: ReturnType<typeof button>;
    slot: ReturnType<typeof integer>;
  }>,
): Uint8Array {
  const bytes = new Uint8Array(tag.sizeBytes);
  tag.pack(input, bytes, 0);
  return bytes;
}

test("[GA3] fields are packed densely in declaration order, lowest bit first", () => {
  // dx +1 = 15, dy −15 of 31 codes = 16, dash = 1, slot −2 of 7 codes = 5.
  const bits = 15 | (16 << 5) | (1 << 10) | (5 << 11);
  expect([...packed({ dx: 1, dy: -1, dash: true, slot: -2 })]).toEqual([bits & 0xff, bits >>> 8]);
  expect(new InputCodec({ a: button() }).sizeBytes).toBe(1);
  expect(new InputCodec({ a: axis(4), b: axis(4), c: button() }).sizeBytes).toBe(2);
});

test("[GA3] zero bytes are the neutral input", () => {
  expect([...packed({ dx: 0, dy: -0, dash: false, slot: 0 })]).toEqual([0, 0]);
  expect(tag.neutral()).toEqual({ dx: 0, dy: 0, dash: false, slot: 0 });
  expect(new InputCodec({ n: integer(3, 9) }).neutral()).toEqual({ n: 3 });
  expect(new InputCodec({ n: integer(-9, -3) }).neutral()).toEqual({ n: -9 });
});

test("[GA4] packing quantises: what is unpacked packs to the same bytes and unpacks to the same values", () => {
  fc.assert(
    fc.property(anySchema, fc.integer(), fc.integer({ min: 0, max: 3 }), (schema, seed, offset) => {
      const codec = new InputCodec(schema);
      const bytes = new Uint8Array(offset + codec.sizeBytes + 1).fill(0xff);
      const seen = codec.neutral();
      codec.pack(randomInput(schema, new Random(seed)), bytes, offset);
      expect(codec.isCanonical(bytes, offset)).toBe(true);
      codec.unpack(bytes, offset, seen);
      const again = new Uint8Array(codec.sizeBytes);
      codec.pack(seen, again, 0);
      expect(again).toEqual(bytes.slice(offset, offset + codec.sizeBytes));
      expect([...bytes.slice(0, offset), bytes.at(-1)]).toEqual(Array.from({ length: offset + 1 }, () => 0xff));
    }),
    { numRuns: 500 },
  );
});

test("[GA4] numbers outside of their range are clamped, fractions rounded", () => {
  const input = tag.neutral();
  tag.unpack(packed({ dx: 7, dy: -Infinity, dash: false, slot: 2.6 }), 0, input);
  expect(input).toEqual({ dx: 1, dy: -1, dash: false, slot: 3 });
  tag.unpack(packed({ dx: 0.5, dy: -0.01, dash: false, slot: -99 }), 0, input);
  expect(input).toEqual({ dx: 8 / 15, dy: 0, dash: false, slot: -2 });
});

function isLegal(field: InputField, value: unknown): boolean {
  if (field.kind === "button") return typeof value === "boolean";
  if (typeof value !== "number") return false;
  return field.kind === "axis" ? Math.abs(value) <= 1 : Number.isInteger(value) && value >= field.min && value <= field.max;
}

test("[GA5] any bytes unpack to legal values", () => {
  fc.assert(
    fc.property(anySchema, fc.uint8Array({ minLength: 16, maxLength: 16 }), (schema, bytes) => {
      const codec = new InputCodec(schema);
      const input = codec.neutral();
      codec.unpack(bytes, 0, input);
      for (const [name, field] of Object.entries(schema)) {
        const value = input[name];
        expect(Object.is(value, -0)).toBe(false);
        expect(isLegal(field, value)).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});

test("[GA6] bytes are canonical exactly when packing what they unpack to gives them again", () => {
  let refused = 0;
  fc.assert(
    fc.property(anySchema, fc.uint8Array({ minLength: 16, maxLength: 16 }), (schema, random) => {
      const codec = new InputCodec(schema);
      const bytes = random.slice(0, codec.sizeBytes);
      const input = codec.neutral();
      codec.unpack(bytes, 0, input);
      const again = new Uint8Array(codec.sizeBytes);
      codec.pack(input, again, 0);
      const equal = again.every((byte, index) => byte === bytes[index]);
      expect(codec.isCanonical(bytes, 0)).toBe(equal);
      if (!equal) refused++;
    }),
    { numRuns: 500 },
  );
  expect(refused).toBeGreaterThan(50);
});

test("[GA6] set padding bits, codes out of range and bytes that are not there are not canonical", () => {
  const codec = new InputCodec({ n: integer(0, 4), fire: button() });
  expect(codec.isCanonical(Uint8Array.of(0b0000_1100), 0)).toBe(true);
  expect(codec.isCanonical(Uint8Array.of(0b0001_1100), 0)).toBe(false);
  expect(codec.isCanonical(Uint8Array.of(0b0000_0101), 0)).toBe(false);
  expect(codec.isCanonical(new Uint8Array(1), 1)).toBe(false);
  expect(codec.isCanonical(new Uint8Array(1), -1)).toBe(false);
});

test.each([2, 5, 8, 16])("[GA7] an axis of %i bits has 0 and both ends exactly, and never −0", (bits) => {
  const codec = new InputCodec({ x: axis(bits) });
  const bytes = new Uint8Array(codec.sizeBytes);
  const input = codec.neutral();
  const steps = (2 ** bits - 2) / 2;
  for (const value of [-1, 1, 0, -0, -0.4 / steps, 1 / steps]) {
    codec.pack({ x: value }, bytes, 0);
    codec.unpack(bytes, 0, input);
    expect(input.x).toBe(Math.round(value * steps) === 0 ? 0 : value);
  }
});

test("[GA8] a missing value, NaN and another type are assertions that name the input", () => {
  expect(() => packed({ dx: Number.NaN, dy: 0, dash: false, slot: 0 })).toThrow('input "dx"');
  expect(() => packed(JSON.parse('{"dx":0,"dy":0,"slot":0}'))).toThrow('input "dash"');
  expect(() => packed(JSON.parse('{"dx":"1","dy":0,"dash":true,"slot":0}'))).toThrow(AssertionError);
});

test("[GA8] fields and schemas that cannot be packed are assertions", () => {
  for (const wrong of [
    () => axis(1),
    () => axis(17),
    () => axis(2.5),
    () => integer(3, 3),
    () => integer(0.5, 2),
    () => integer(0, 2 ** 32),
  ]) {
    expect(wrong).toThrow(AssertionError);
  }
  expect(() => new InputCodec({})).toThrow("at least one field");
  expect(() => new InputCodec({ "7": button() })).toThrow('"7"');
  const wide = integer(0, 0xffff_ffff);
  expect(new InputCodec({ a: wide, b: wide, c: wide, d: wide }).sizeBytes).toBe(16);
  expect(() => new InputCodec({ a: wide, b: wide, c: wide, d: wide, e: button() })).toThrow("129 bits");
});

test("[GA3] the types of an input follow from its schema", () => {
  expectTypeOf(tag.neutral()).toEqualTypeOf<{ dx: number; dy: number; dash: boolean; slot: number }>();
});
