import * as fc from "fast-check";
import { expect, it } from "vitest";
import { message, text, type MessageFields } from "../base/message-type.ts";
import { f32, f64, i16, i32, i8, u16, u32, u8 } from "../base/schema.ts";
import { decodeFields, encodeMessage, parseMessageHeader, type MessagePayload } from "./message-codec.ts";

const FIELDS = {
  a: u8(),
  b: i8(3),
  c: u16(),
  d: i16(2),
  e: u32(),
  f: i32(),
  g: f32(2),
  h: f64(),
  name: text(20),
  last: text(5),
} as const satisfies MessageFields;
const range = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const plain = (maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: "grapheme", maxLength: 5 }).filter((value) => value.length <= maxLength && !value.startsWith("\ufeff"));
const payloads: fc.Arbitrary<MessagePayload> = fc.record({
  a: range(0, 255),
  b: fc.array(range(-128, 127), { minLength: 3, maxLength: 3 }),
  c: range(0, 65_535),
  d: fc.array(range(-32_768, 32_767), { minLength: 2, maxLength: 2 }),
  e: range(0, 4_294_967_295),
  f: range(-2_147_483_648, 2_147_483_647),
  g: fc.array(finite.map(Math.fround).filter(Number.isFinite), { minLength: 2, maxLength: 2 }),
  h: finite,
  name: plain(20),
  last: plain(5),
});

function encoded(payload: MessagePayload, sequence?: number): Uint8Array {
  const bytes = encodeMessage({ index: 7, sequence }, FIELDS, payload);
  if (typeof bytes === "string") throw new Error(bytes);
  return bytes;
}

it("[MS10] every message is read as it was written, with its header", () => {
  fc.assert(
    fc.property(payloads, fc.option(range(0, 65_535), { nil: undefined }), (payload, sequence) => {
      const header = parseMessageHeader(encoded(payload, sequence));
      expect([header?.index, header?.sequence]).toEqual([7, sequence]);
      expect(decodeFields(FIELDS, header?.fields ?? new Uint8Array(0))).toEqual(payload);
    }),
  );
});

it("[MS11] any other bytes are malformed, one too few or too many included", () => {
  fc.assert(
    fc.property(payloads, range(0, 255), (payload, extra) => {
      const { fields } = parseMessageHeader(encoded(payload)) ?? { fields: new Uint8Array(0) };
      expect(decodeFields(FIELDS, fields.subarray(0, fields.length - 1))).toBeUndefined();
      expect(decodeFields(FIELDS, Uint8Array.of(...fields, extra))).toBeUndefined();
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      const header = parseMessageHeader(bytes);
      expect(() => decodeFields(FIELDS, header?.fields ?? bytes)).not.toThrow();
    }),
    { numRuns: 2_000 },
  );
  for (const bytes of [[], [0x18], [0x19, 1], [0x19, 1, 2], [0x1a, 1, 2, 3], [0x20, 1, 2, 3]])
    expect(parseMessageHeader(Uint8Array.from(bytes))).toBeUndefined();
});

it("[MS12] not a number, an infinity and a text that is too long are refused at both ends", () => {
  const fields = { x: f32(), y: f64(), name: text(3) };
  const write = (payload: MessagePayload): Uint8Array | string => encodeMessage({ index: 0, sequence: undefined }, fields, payload);
  expect(write({ x: Number.NaN, y: 0, name: "" })).toBe('"x" as a number, finite');
  expect(write({ x: 1e39, y: 0, name: "" })).toContain('"x"');
  expect(write({ x: 0, y: Infinity, name: "" })).toContain('"y"');
  expect(write({ x: 0, y: 0, name: "four" })).toBe('"name" as a text of at most 3 units');
  expect(write({ x: 0, y: 0 })).toContain('"name"');
  expect(encodeMessage({ index: 0, sequence: undefined }, { a: u8(), b: u8(2) }, { a: 256, b: [1, 2] })).toBe(
    '"a" as a number, whole, in 0…255',
  );
  expect(encodeMessage({ index: 0, sequence: undefined }, { a: u8(), b: u8(2) }, { a: 5, b: [1] })).toContain('"b" as 2 numbers');
  const hostile = new Uint8Array(12 + 2 + 1);
  hostile[14] = 0xa0;
  hostile[12] = 1;
  expect(decodeFields(fields, hostile)).toEqual({ x: 0, y: 0, name: "" });
  new DataView(hostile.buffer).setFloat32(0, Number.NaN, true);
  expect(decodeFields(fields, hostile)).toBeUndefined();
  const long = encodeMessage({ index: 0, sequence: undefined }, { name: text(4) }, { name: "four" });
  const header = parseMessageHeader(long instanceof Uint8Array ? long : new Uint8Array(0));
  expect(decodeFields({ name: text(4) }, header!.fields)).toEqual({ name: "four" });
  expect(decodeFields({ name: text(3) }, header!.fields)).toBeUndefined();
});

it("[MS2] a message with all its fields full is no longer than its declaration was measured", () => {
  const fields = { at: f64(10), name: text(300) };
  expect(message(fields, { delivery: "latest" }).fields).toBe(fields);
  const bytes = encodeMessage({ index: 0, sequence: 0 }, fields, { at: Array.from({ length: 10 }, () => 1), name: "\uffff".repeat(300) });
  expect(bytes.length).toBeLessThanOrEqual(1_104);
});
