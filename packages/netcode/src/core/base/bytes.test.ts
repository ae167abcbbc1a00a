import * as fc from "fast-check";
import { expect, test } from "vitest";
import { AssertionError } from "./assert.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";

type Item = readonly ["u8" | "u16" | "u32" | "varint", number] | readonly ["bytes", Uint8Array];

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const anyItem: fc.Arbitrary<Item> = fc.oneof(
  fc.tuple(fc.constant("u8" as const), fc.integer({ min: 0, max: 0xff })),
  fc.tuple(fc.constant("u16" as const), fc.integer({ min: 0, max: 0xffff })),
  fc.tuple(fc.constant("u32" as const), u32),
  fc.tuple(fc.constant("varint" as const), fc.oneof(u32, fc.integer({ min: 0, max: 300 }))),
  fc.tuple(fc.constant("bytes" as const), fc.uint8Array({ maxLength: 40 })),
);

function write(items: readonly Item[], sizeBytes = 4096): Uint8Array {
  const writer = new ByteWriter(new Uint8Array(sizeBytes));
  for (const [kind, value] of items) {
    if (kind === "bytes") writer.bytes(value);
    else writer[kind](value);
  }
  return writer.written().slice();
}

function readBytes(reader: ByteReader, count: number): Uint8Array {
  const into = new Uint8Array(count + 1);
  reader.bytesInto(into, 1, count);
  return into.subarray(1);
}

test("[BA1] a reader gives back what a writer wrote, and is finished exactly at the end", () => {
  fc.assert(
    fc.property(fc.array(anyItem, { maxLength: 40 }), (items) => {
      const reader = new ByteReader(write(items));
      for (const [kind, value] of items) {
        expect(kind === "bytes" ? readBytes(reader, value.length) : reader[kind]()).toEqual(value);
      }
      expect(reader.finished()).toBe(true);
    }),
  );
});

test("[BA1] numbers are little-endian, varints in groups of seven bits", () => {
  expect([
    ...write([
      ["u8", 1],
      ["u16", 0x0203],
      ["u32", 0x04050607],
    ]),
  ]).toEqual([1, 3, 2, 7, 6, 5, 4]);
  expect([
    ...write([
      ["varint", 0],
      ["varint", 127],
      ["varint", 128],
      ["varint", 0xffff_ffff],
    ]),
  ]).toEqual([0, 0x7f, 0x80, 0x01, 0xff, 0xff, 0xff, 0xff, 0x0f]);
});

test("[BA2] any bytes can be read in any way: too short is a flag that stays, never an exception", () => {
  const reads = fc.array(
    fc.constantFrom("u8" as const, "u16" as const, "u32" as const, "varint" as const, "view" as const, "skip" as const),
    {
      maxLength: 30,
    },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), reads, fc.integer({ min: -2, max: 30 }), (bytes, kinds, count) => {
      const reader = new ByteReader(bytes);
      let failed = false;
      for (const kind of kinds) {
        const value = kind === "view" ? reader.view(count).length : kind === "skip" ? reader.skip(count) : reader[kind]();
        expect(reader.failed || !failed).toBe(true);
        failed = reader.failed;
        expect(failed ? (value ?? 0) : 0).toBe(0);
        expect(reader.offset).toBeLessThanOrEqual(bytes.length);
      }
      expect(reader.finished()).toBe(!failed && reader.offset === bytes.length);
    }),
  );
});

test("[BA2] a reset reader has forgotten the failure", () => {
  const reader = new ByteReader(new Uint8Array(1));
  reader.u32();
  expect(reader.failed).toBe(true);
  reader.reset(Uint8Array.of(5));
  expect(reader.u8()).toBe(5);
  expect(reader.finished()).toBe(true);
});

test.each([
  ["a last group of zero", [0x80, 0x00]],
  ["a longer zero", [0x80, 0x80, 0x00]],
  ["33 bits", [0xff, 0xff, 0xff, 0xff, 0x1f]],
  ["six groups", [0x80, 0x80, 0x80, 0x80, 0x80, 0x01]],
  ["no end", [0x80, 0x80]],
])("[BA3] a varint with %s is refused", (_, bytes) => {
  const reader = new ByteReader(Uint8Array.from(bytes));
  expect(reader.varint()).toBe(0);
  expect(reader.failed).toBe(true);
});

test("[BA3] every varint that is accepted is what the writer would have written", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 5, maxLength: 6 }), (bytes) => {
      const reader = new ByteReader(bytes);
      const value = reader.varint();
      fc.pre(!reader.failed);
      expect(write([["varint", value]])).toEqual(bytes.slice(0, reader.offset));
    }),
  );
});

test("[BA4] writing past the end, or a number that does not fit, is an assertion", () => {
  const writer = new ByteWriter(new Uint8Array(3));
  writer.u16(0xffff);
  expect(writer.remainingBytes).toBe(1);
  expect(() => writer.u16(1)).toThrow(AssertionError);
  expect(() => writer.u8(256)).toThrow(AssertionError);
  expect(() => writer.u8(-1)).toThrow(AssertionError);
  expect(() => writer.u8(0.5)).toThrow(AssertionError);
  expect(() => writer.varint(2 ** 32)).toThrow(AssertionError);
  writer.u8(7);
  expect([...writer.written()]).toEqual([0xff, 0xff, 7]);
  writer.rewind(2);
  expect(writer.sizeBytes).toBe(2);
  writer.reset();
  expect(writer.written().length).toBe(0);
});
