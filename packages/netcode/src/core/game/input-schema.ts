import { assert, unreachable } from "../base/assert.ts";
import type { Random } from "../base/random.ts";

/** −1 … 1 in 2^bits − 1 steps, 0 included: a stick or two keys. */
export interface AxisField {
  readonly kind: "axis";
  readonly bits: number;
}
/** Pressed or not: one bit. */
export interface ButtonField {
  readonly kind: "button";
}
/** A whole number in `min` … `max`. */
export interface IntegerField {
  readonly kind: "integer";
  readonly min: number;
  readonly max: number;
}

export type InputField = AxisField | ButtonField | IntegerField;
export type InputSchema = Readonly<Record<string, InputField>>;

/** The input that a game reads and writes: numbers for axes and integers, booleans for buttons. */
export type InputOf<Schema extends InputSchema> = {
  -readonly [Name in keyof Schema]: Schema[Name] extends ButtonField ? boolean : number;
};

/** Bits of an axis: below two there is no left and right of 0; above 16 no stick has anything to tell. */
const AXIS_BITS_MIN = 2;
const AXIS_BITS_MAX = 16;
/** Codes have 32 bits. */
const INTEGER_SPAN_MAX = 0xffff_ffff;
const FIELD_KINDS: ReadonlySet<string> = new Set(["axis", "button", "integer"]);

/** A stick or a pair of keys: −1 … 1. `bits`, 2–16: 5 give 15 steps to each side. Values outside are clamped. */
export function axis(bits = 5): AxisField {
  const field: AxisField = { kind: "axis", bits };
  checkField("axis(bits)", field);
  return field;
}

/** Pressed or not. */
export function button(): ButtonField {
  return { kind: "button" };
}

/** A whole number in `min` … `max`: a weapon slot, a direction, a cell of a board. Values outside are clamped, fractions rounded. */
export function integer(min: number, max: number): IntegerField {
  const field: IntegerField = { kind: "integer", min, max };
  checkField("integer(min, max)", field);
  return field;
}

/** A value of every field, drawn with `random`: one time in four each end and 0 of an axis, so that limits are met. For tests. */
export function randomInput<Schema extends InputSchema>(schema: Schema, random: Random): InputOf<Schema> {
  const input: Record<string, boolean | number> = {};
  for (const [name, field] of Object.entries(schema)) {
    if (field.kind === "button") input[name] = random.chance(0.5);
    else if (field.kind === "axis") input[name] = random.chance(0.75) ? random.integer(3) - 1 : random.float() * 2 - 1;
    else input[name] = field.min + random.integer(field.max - field.min + 1);
  }
  return input as InputOf<Schema>;
}

/** Asserts that `field` can be packed; the message begins with `where`. Fields may also be written by hand. */
export function checkField(where: string, field: InputField): void {
  assert(FIELD_KINDS.has(field.kind), `${where} made by axis(), button() or integer()`);
  switch (field.kind) {
    case "axis": {
      const { bits } = field;
      assert(
        Number.isInteger(bits) && bits >= AXIS_BITS_MIN && bits <= AXIS_BITS_MAX,
        `${where} with bits in ${AXIS_BITS_MIN}–${AXIS_BITS_MAX}`,
      );
      return;
    }
    case "integer": {
      const { min, max } = field;
      const isRange = Number.isSafeInteger(min) && Number.isSafeInteger(max) && min < max && max - min <= INTEGER_SPAN_MAX;
      assert(isRange, `${where} with whole numbers, min below max, at most 2³² values`);
      return;
    }
    case "button":
      return;
    default:
      unreachable(field);
  }
}
