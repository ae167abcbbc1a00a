import { assert } from "../base/assert.ts";
import { checkField, type InputField, type InputOf, type InputSchema } from "./input-schema.ts";

/** Packed size of one player's input: 32 unacked frames of two players on one machine, 1,024 B, still fit one datagram of 1,150 B. */
export const INPUT_BYTES_MAX = 16;

/** Names that a field may have: they are property names, and must keep their declared order (integer-like keys would not). */
const FIELD_NAME = /^[A-Za-z][A-Za-z0-9_]{0,31}$/;

/** Fields up to this size have a table of their values; finer axes cost a boxed number per player and frame instead of 12 kB. */
const TABLE_BITS_MAX = 9;

/**
 * How one field lies in the packed bytes. Every value is a whole number of steps, `least` … `most`, and is stored as a code: 0 is the neutral
 * value, and codes above `most` − `base` stand for what is below `base`, as in two's complement.
 */
interface PackedField {
  readonly name: string;
  readonly isButton: boolean;
  readonly bitOffset: number;
  readonly bitCount: number;
  /** Steps from 0 to 1. */
  readonly stepsPerUnit: number;
  readonly least: number;
  readonly most: number;
  /** The value of code 0, in steps. */
  readonly base: number;
  /** Number of legal codes: 0 … codeCount − 1. */
  readonly codeCount: number;
  /** The value of each code, where there are few. A number made anew in each frame is an allocation; one that is handed out again is none. */
  readonly values: readonly (boolean | number)[];
  /** What an assertion says about a wrong value; made once, since `pack` runs every frame. */
  readonly expected: string;
}

/**
 * Packs the inputs of one schema to bits and back.
 *
 *   field 0 │ field 1 │ … │ zero padding to a whole byte        lowest bit first, in declaration order
 *
 *   button          1 bit
 *   axis(b)         b bits; code = round(value × m) for values from 0, + 2m + 1 below 0; m = 2^(b−1) − 1; the one code left over is refused
 *   integer(a, z)   ⌈log₂(z − a + 1)⌉ bits; code = value when a ≤ 0 ≤ z (+ count below 0), else value − a
 *
 * So all-zero bytes are a neutral input: axes at 0, nothing pressed, integers at 0 (or at `min` when 0 is not legal).
 */
export class InputCodec<Schema extends InputSchema> {
  /** 1–16. */
  readonly sizeBytes: number;
  /** Names, kinds and places of all fields as one line: part of the content hash. */
  readonly layout: string;
  readonly #fields: readonly PackedField[];
  readonly #bitCount: number;

  constructor(schema: Schema) {
    let bitCount = 0;
    const fields: PackedField[] = [];
    const descriptions: string[] = [];
    for (const [name, field] of Object.entries(schema)) {
      assert(FIELD_NAME.test(name), `a letter, then at most 31 letters, digits and underscores as an input name, got "${name}"`);
      checkField(`input "${name}"`, field);
      const packed = placeField(name, field, bitCount);
      fields.push({ ...packed, values: valuesOf(packed) });
      descriptions.push(`${name}:${describeField(field)}@${bitCount}`);
      bitCount += packed.bitCount;
    }
    assert(fields.length > 0, "at least one field");
    assert(bitCount <= INPUT_BYTES_MAX * 8, `at most ${INPUT_BYTES_MAX} bytes of input, got ${bitCount} bits`);
    this.#fields = fields;
    this.#bitCount = bitCount;
    this.sizeBytes = (bitCount + 7) >>> 3;
    this.layout = descriptions.join();
  }

  /** A new input with the neutral value of every field. */
  neutral(): InputOf<Schema> {
    const input: Record<string, boolean | number> = {};
    for (const field of this.#fields) input[field.name] = valueOf(field, 0);
    return input as InputOf<Schema>;
  }

  /**
   * Quantises `input` and writes `sizeBytes` bytes at `offset`. Clamps numbers to their range; a missing field, a value of another
   * type and NaN are the caller's bugs. Read the bytes back with `unpack` to see what everybody will see.
   */
  pack(input: Readonly<InputOf<Schema>>, into: Uint8Array, offset: number): void {
    assert(offset >= 0 && offset + this.sizeBytes <= into.length, "room for a packed input");
    into.fill(0, offset, offset + this.sizeBytes);
    for (const field of this.#fields) writeBits(into, offset * 8 + field.bitOffset, field.bitCount, codeOf(field, input[field.name]));
  }

  /** Reads `sizeBytes` bytes at `offset` into `input`. Any bytes give legal values: a code out of range is clamped. Nothing is allocated. */
  unpack(bytes: Uint8Array, offset: number, input: InputOf<Schema>): void {
    const target: Record<string, boolean | number> = input;
    for (const field of this.#fields) {
      const code = readBits(bytes, offset * 8 + field.bitOffset, field.bitCount);
      target[field.name] = field.values[code] ?? valueOf(field, code);
    }
  }

  /** True when `pack` can have written these bytes: every code in range, every padding bit 0. Packets with other inputs are refused. */
  isCanonical(bytes: Uint8Array, offset: number): boolean {
    if (offset < 0 || offset + this.sizeBytes > bytes.length) return false;
    for (const field of this.#fields) {
      if (readBits(bytes, offset * 8 + field.bitOffset, field.bitCount) >= field.codeCount) return false;
    }
    const paddingBits = this.sizeBytes * 8 - this.#bitCount;
    return readBits(bytes, offset * 8 + this.#bitCount, paddingBits) === 0;
  }
}

function placeField(name: string, field: InputField, bitOffset: number): PackedField {
  const isButton = field.kind === "button";
  const stepsPerUnit = field.kind === "axis" ? (1 << (field.bits - 1)) - 1 : 1;
  const least = field.kind === "integer" ? field.min : isButton ? 0 : -stepsPerUnit;
  const most = field.kind === "integer" ? field.max : stepsPerUnit;
  const base = least <= 0 && most >= 0 ? 0 : least;
  const codeCount = most - least + 1;
  let bitCount = 1;
  for (let capacity = 2; capacity < codeCount; capacity *= 2) bitCount++;
  const expected = `input "${name}" as ${isButton ? "true or false" : "a number"}`;
  return { name, isButton, bitOffset, bitCount, stepsPerUnit, least, most, base, codeCount, values: [], expected };
}

/** Engines keep an array of nothing but doubles as bare bits and make a number of each one read: the `false` at the end prevents that. */
function valuesOf(packed: PackedField): readonly (boolean | number)[] {
  if (packed.bitCount > TABLE_BITS_MAX) return [];
  const values = Array.from({ length: 1 << packed.bitCount }, (_, code) => valueOf(packed, code));
  return [...values, false];
}

function describeField(field: InputField): string {
  if (field.kind === "axis") return `axis(${field.bits})`;
  return field.kind === "integer" ? `integer(${field.min},${field.max})` : field.kind;
}

function codeOf(packed: PackedField, value: unknown): number {
  assert(packed.isButton ? typeof value === "boolean" : typeof value === "number" && !Number.isNaN(value), packed.expected);
  const steps = Math.round(Number(value) * packed.stepsPerUnit);
  const code = Math.min(packed.most, Math.max(packed.least, steps)) - packed.base;
  return code < 0 ? code + packed.codeCount : code;
}

function valueOf(packed: PackedField, rawCode: number): boolean | number {
  const code = Math.min(rawCode, packed.codeCount - 1);
  const steps = packed.base + (code > packed.most - packed.base ? code - packed.codeCount : code);
  // A whole 0 is never −0, so neither is the quotient.
  return packed.isButton ? steps === 1 : steps / packed.stepsPerUnit;
}

/** Up to 32 bits. Products instead of shifts: `<<` would turn bit 31 into a sign. */
function readBits(bytes: Uint8Array, bitOffset: number, bitCount: number): number {
  let value = 0;
  let weight = 1;
  for (let position = bitOffset; position < bitOffset + bitCount; position++) {
    value += (((bytes[position >>> 3] ?? 0) >>> (position & 7)) & 1) * weight;
    weight *= 2;
  }
  return value;
}

/** The target bits must be 0. */
function writeBits(bytes: Uint8Array, bitOffset: number, bitCount: number, code: number): void {
  for (let index = 0; index < bitCount; index++) {
    const position = bitOffset + index;
    bytes[position >>> 3] = (bytes[position >>> 3] ?? 0) | (((code >>> index) & 1) << (position & 7));
  }
}
