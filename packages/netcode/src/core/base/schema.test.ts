import * as fc from "fast-check";
import { expect, expectTypeOf, test } from "vitest";
import { AssertionError } from "./assert.ts";
import {
  describeSchema,
  f32,
  f64,
  i16,
  i32,
  i8,
  layoutOf,
  u16,
  u32,
  u8,
  viewsOver,
  type ArraysOf,
  type ArrayField,
  type ArraySchema,
} from "./schema.ts";

test("[BA11] fields lie in declared order, each aligned to its element, in a multiple of 8 bytes", () => {
  const layout = layoutOf({ flag: u8(), x: i32(2), wide: f64(), small: i16(3) });
  expect(layout.fields.map(({ name, offsetBytes, sizeBytes }) => [name, offsetBytes, sizeBytes])).toEqual([
    ["flag", 0, 1],
    ["x", 4, 8],
    ["wide", 16, 8],
    ["small", 24, 6],
  ]);
  expect(layout.sizeBytes).toBe(32);
});

test("[BA11] no two fields of any schema overlap, and all are inside", () => {
  const field = fc
    .integer({ min: 1, max: 9 })
    .chain((count) =>
      fc.constantFrom<ArrayField[]>(i8(count), u8(count), i16(count), u16(count), i32(count), u32(count), f32(count), f64(count)),
    );
  fc.assert(
    fc.property(fc.array(field, { minLength: 1, maxLength: 12 }), (fields) => {
      const schema: ArraySchema = Object.fromEntries(fields.map((value, index) => [`f${index}`, value]));
      const layout = layoutOf(schema);
      let end = 0;
      for (const placed of layout.fields) {
        expect(placed.offsetBytes).toBeGreaterThanOrEqual(end);
        end = placed.offsetBytes + placed.sizeBytes;
      }
      expect(end).toBeLessThanOrEqual(layout.sizeBytes);
      const views = viewsOver(layout, new ArrayBuffer(layout.sizeBytes));
      fields.forEach(({ count }, index) => expect(views[`f${index}`]?.length).toBe(count));
    }),
  );
});

test("[BA11] the views have the types of their fields and cannot be replaced", () => {
  const schema = { x: i32(4), tiles: u8(3), heat: f32() };
  const layout = layoutOf(schema);
  const views = viewsOver<typeof schema>(layout, new ArrayBuffer(layout.sizeBytes));
  expectTypeOf(views).toEqualTypeOf<ArraysOf<typeof schema>>();
  expectTypeOf(views.x).toEqualTypeOf<Int32Array>();
  expectTypeOf(views.tiles).toEqualTypeOf<Uint8Array>();
  expect(views.x).toBeInstanceOf(Int32Array);
  expect(views.heat).toBeInstanceOf(Float32Array);
  expect(Object.isFrozen(views)).toBe(true);
});

test("[BA11] schemas that cannot be laid out are assertions", () => {
  expect(() => i32(0)).toThrow(AssertionError);
  expect(() => u8(1.5)).toThrow(AssertionError);
  expect(() => layoutOf({})).toThrow(AssertionError);
  expect(() => layoutOf({ "1": u8() })).toThrow(/"1"/);
  expect(() => layoutOf({ big: f64(3_000_000) })).toThrow(AssertionError);
  expect(() => viewsOver(layoutOf({ x: u8() }), new ArrayBuffer(4))).toThrow(AssertionError);
});

test("[BA11] equal schemas have equal descriptions", () => {
  expect(describeSchema({ x: i32(8), tiles: u8(169) })).toBe("x:i32(8),tiles:u8(169)");
});
