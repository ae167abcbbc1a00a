import { assert } from "./assert.ts";

/** Element types of a typed-array field: signed, unsigned, float; bits of one element. */
export type ElementType = "i8" | "u8" | "i16" | "u16" | "i32" | "u32" | "f32" | "f64";

interface ArrayTypes {
  readonly i8: Int8Array;
  readonly u8: Uint8Array;
  readonly i16: Int16Array;
  readonly u16: Uint16Array;
  readonly i32: Int32Array;
  readonly u32: Uint32Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;
}

/** One named array of `count` numbers. */
export interface ArrayField<Element extends ElementType = ElementType, Count extends number = number> {
  readonly element: Element;
  readonly count: Count;
}

/** The fields of a state in memory, in order. */
export type ArraySchema = Readonly<Record<string, ArrayField>>;

/** A typed array per field, all over one buffer. */
export type ArraysOf<Schema extends ArraySchema> = {
  readonly [Name in keyof Schema]: ArrayTypes[Schema[Name]["element"]];
};

/** Where a field lies. */
export interface FieldLayout {
  readonly name: string;
  readonly element: ElementType;
  readonly count: number;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/** Where all fields lie: in declaration order, each aligned to its own element; gaps stay 0. `sizeBytes` is a multiple of 8. */
export interface ArrayLayout {
  readonly fields: readonly FieldLayout[];
  readonly sizeBytes: number;
}

/** Bytes of one element. */
export const ELEMENT_BYTES: Readonly<Record<ElementType, number>> = { i8: 1, u8: 1, i16: 2, u16: 2, i32: 4, u32: 4, f32: 4, f64: 8 };

/** 16 MiB: a state this large cannot be saved every frame. */
const STATE_BYTES_MAX = 0x100_0000;

const FIELD_NAME = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;

/** `count` signed 8-bit integers. */
export function i8(): ArrayField<"i8", 1>;
export function i8<Count extends number>(count: Count): ArrayField<"i8", Count>;
export function i8(count = 1): ArrayField<"i8"> {
  return arrayField("i8", count);
}
/** `count` unsigned 8-bit integers. */
export function u8(): ArrayField<"u8", 1>;
export function u8<Count extends number>(count: Count): ArrayField<"u8", Count>;
export function u8(count = 1): ArrayField<"u8"> {
  return arrayField("u8", count);
}
/** `count` signed 16-bit integers. */
export function i16(): ArrayField<"i16", 1>;
export function i16<Count extends number>(count: Count): ArrayField<"i16", Count>;
export function i16(count = 1): ArrayField<"i16"> {
  return arrayField("i16", count);
}
/** `count` unsigned 16-bit integers. */
export function u16(): ArrayField<"u16", 1>;
export function u16<Count extends number>(count: Count): ArrayField<"u16", Count>;
export function u16(count = 1): ArrayField<"u16"> {
  return arrayField("u16", count);
}
/** `count` signed 32-bit integers. */
export function i32(): ArrayField<"i32", 1>;
export function i32<Count extends number>(count: Count): ArrayField<"i32", Count>;
export function i32(count = 1): ArrayField<"i32"> {
  return arrayField("i32", count);
}
/** `count` unsigned 32-bit integers. */
export function u32(): ArrayField<"u32", 1>;
export function u32<Count extends number>(count: Count): ArrayField<"u32", Count>;
export function u32(count = 1): ArrayField<"u32"> {
  return arrayField("u32", count);
}
/** `count` 32-bit floats. Exact everywhere with + − × ÷ and square roots only; never NaN, whose bits engines may choose. */
export function f32(): ArrayField<"f32", 1>;
export function f32<Count extends number>(count: Count): ArrayField<"f32", Count>;
export function f32(count = 1): ArrayField<"f32"> {
  return arrayField("f32", count);
}
/** `count` 64-bit floats; the same holds as for `f32`. */
export function f64(): ArrayField<"f64", 1>;
export function f64<Count extends number>(count: Count): ArrayField<"f64", Count>;
export function f64(count = 1): ArrayField<"f64"> {
  return arrayField("f64", count);
}

/** Checks `schema` and places its fields. */
export function layoutOf(schema: ArraySchema): ArrayLayout {
  const fields: FieldLayout[] = [];
  let offsetBytes = 0;
  for (const [name, { element, count }] of Object.entries(schema)) {
    assert(FIELD_NAME.test(name), `a field name of 1–64 letters, digits and underscores that starts with a letter, got "${name}"`);
    const elementBytes = ELEMENT_BYTES[element];
    offsetBytes = roundUp(offsetBytes, elementBytes);
    fields.push({ name, element, count, offsetBytes, sizeBytes: count * elementBytes });
    offsetBytes += count * elementBytes;
  }
  assert(fields.length > 0, "a schema with at least one field");
  assert(offsetBytes <= STATE_BYTES_MAX, `a state of at most ${STATE_BYTES_MAX} bytes, got ${offsetBytes}`);
  return { fields, sizeBytes: roundUp(offsetBytes, 8) };
}

/** Views of a schema's fields over `buffer`, whose size is the layout's. */
export function viewsOver<Schema extends ArraySchema>(layout: ArrayLayout, buffer: ArrayBuffer): ArraysOf<Schema> {
  assert(buffer.byteLength === layout.sizeBytes, "a buffer of the layout's size");
  const views = layout.fields.map(({ name, element, count, offsetBytes }) => [name, viewOf(element, buffer, offsetBytes, count)]);
  // Frozen: a field that is replaced by another array would no longer be saved.
  return Object.freeze(Object.fromEntries(views)) as ArraysOf<Schema>;
}

/** All fields in one line: equal for equal layouts. */
export function describeSchema(schema: ArraySchema): string {
  return Object.entries(schema)
    .map(([name, { element, count }]) => `${name}:${element}(${count})`)
    .join(",");
}

function arrayField<Element extends ElementType>(element: Element, count: number): ArrayField<Element> {
  assert(Number.isInteger(count) && count >= 1, `${element}(count) with a whole count from 1`);
  return { element, count };
}

function viewOf(element: ElementType, buffer: ArrayBuffer, offsetBytes: number, count: number): ArrayTypes[ElementType] {
  const constructors = {
    i8: Int8Array,
    u8: Uint8Array,
    i16: Int16Array,
    u16: Uint16Array,
    i32: Int32Array,
    u32: Uint32Array,
    f32: Float32Array,
    f64: Float64Array,
  };
  return new constructors[element](buffer, offsetBytes, count);
}

function roundUp(size: number, unit: number): number {
  return Math.ceil(size / unit) * unit;
}
