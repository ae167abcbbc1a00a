import { expect, expectTypeOf, it } from "vitest";
import { checkMessageTypes, describeMessageTypes, message, text, type PayloadOf } from "./message-type.ts";
import { f32, f64, i16, u32, u8 } from "./schema.ts";

it("[MS1] a field of one is a number, of more an array, and a text a string, for the compiler too", () => {
  const fields = { kind: u8(), at: f32(2), one: i16(1), name: text(12) };
  expectTypeOf<PayloadOf<typeof fields>>().toEqualTypeOf<{
    readonly kind: number;
    readonly at: readonly number[];
    readonly one: number;
    readonly name: string;
  }>();
  const count: number = 3;
  const unknown = { some: u8(count) };
  expectTypeOf<PayloadOf<typeof unknown>["some"]>().toEqualTypeOf<number | readonly number[]>();
});

it("[MS2] a declaration that cannot be kept is refused where it is written", () => {
  expect(() => text(0)).toThrow("1–4096");
  expect(() => text(5_000)).toThrow("1–4096");
  expect(() => message({ a: u8() }, { rateHz: 0 })).toThrow("rateHz");
  expect(() => message({ a: u8() }, { burst: 0.5 })).toThrow("burst");
  expect(() => message({ "2a": u8() })).toThrow("field name");
  expect(() => message({ a: u8(1_101) }, { delivery: "latest" })).toThrow("1100 bytes");
  expect(() => message({ a: f64(137) }, { delivery: "unreliable" })).not.toThrow();
  expect(() => message({ a: u32(4_001) })).toThrow("16000 bytes");
  expect(() => checkMessageTypes({ "no spaces": message({}) })).toThrow("name of a message");
  expect(() => checkMessageTypes(Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`m${index}`, message({})])))).toThrow(
    "64 kinds",
  );
  expect(message({}, { rateHz: 30 }).burst).toBe(30);
});

it("[MS3] what is described tells two layouts apart, and two rates not", () => {
  const described = [
    { a: message({ x: u8() }) },
    { a: message({ x: u8(2) }) },
    { a: message({ y: u8() }) },
    { b: message({ x: u8() }) },
    { a: message({ x: u8() }, { delivery: "latest" }) },
    { a: message({ x: text(9) }) },
    { a: message({ x: u8() }), b: message({}) },
    { b: message({}), a: message({ x: u8() }) },
  ].map(describeMessageTypes);
  expect(new Set(described).size).toBe(described.length);
  expect(describeMessageTypes({ a: message({ x: u8() }, { rateHz: 1 }) })).toBe(described[0]);
});
