/**
 * Messages of the application. Numbers are little-endian, fields follow each other without padding.
 *
 *   reliable     18 | index 1 | FIELDS              over the reliable stream
 *   unreliable   19 | index 1 | sequence 2 | FIELDS
 *
 *   FIELDS   a number per element, in the order of the declaration; a text: size 2 | MessagePack string
 */
import { joinBytes } from "../base/bytes.ts";
import type { MessageFields, TextField } from "../base/message-type.ts";
import { toPlainText } from "../base/plain.ts";
import { ELEMENT_BYTES, type ArrayField, type ElementType } from "../base/schema.ts";
import { decodePayload, encodePayload } from "../wire/payload-codec.ts";
import * as KIND from "./message-kind.ts";

/** Any payload: numbers, arrays of numbers and texts by name. */
export type MessagePayload = Readonly<Record<string, number | string | readonly number[]>>;

interface Element {
  /** What `DataView` calls it. */
  readonly kind: "Int8" | "Uint8" | "Int16" | "Uint16" | "Int32" | "Uint32" | "Float32" | "Float64";
  readonly least: number;
  readonly most: number;
}

const F32_MAX = 3.4028234663852886e38;
const ELEMENTS: Readonly<Record<ElementType, Element>> = {
  i8: { kind: "Int8", least: -0x80, most: 0x7f },
  u8: { kind: "Uint8", least: 0, most: 0xff },
  i16: { kind: "Int16", least: -0x8000, most: 0x7fff },
  u16: { kind: "Uint16", least: 0, most: 0xffff },
  i32: { kind: "Int32", least: -0x8000_0000, most: 0x7fff_ffff },
  u32: { kind: "Uint32", least: 0, most: 0xffff_ffff },
  f32: { kind: "Float32", least: -F32_MAX, most: F32_MAX },
  f64: { kind: "Float64", least: -Number.MAX_VALUE, most: Number.MAX_VALUE },
};

/** The header of a message. `sequence`: of an unreliable one. */
export interface MessageHeader {
  readonly index: number;
  readonly sequence: number | undefined;
}

/** Reads the header, and says where the fields start; `undefined` when it is not there. */
export function parseMessageHeader(bytes: Uint8Array): (MessageHeader & { readonly fields: Uint8Array }) | undefined {
  const [kind, index] = bytes;
  if (index === undefined) return undefined;
  if (kind === KIND.reliable) return { index, sequence: undefined, fields: bytes.subarray(2) };
  if (kind !== KIND.unreliable || bytes.length < 4) return undefined;
  return { index, sequence: (bytes[2] ?? 0) | ((bytes[3] ?? 0) << 8), fields: bytes.subarray(4) };
}

/** A whole message. A text: what was expected of `payload` in its place. */
export function encodeMessage(header: MessageHeader, fields: MessageFields, payload: MessagePayload): Uint8Array | string {
  const { index, sequence } = header;
  const parts = [
    sequence === undefined ? Uint8Array.of(KIND.reliable, index) : Uint8Array.of(KIND.unreliable, index, sequence & 0xff, sequence >>> 8),
  ];
  for (const [name, field] of Object.entries(fields)) {
    const part = field.element === "text" ? encodeText(field, payload[name]) : encodeNumbers(field, payload[name]);
    if (typeof part === "string") return `"${name}" as ${part}`;
    parts.push(part);
  }
  return joinBytes(parts);
}

/** Fields that `encodeMessage` wrote, exactly; `undefined` for any other bytes. Never throws. */
export function decodeFields(fields: MessageFields, bytes: Uint8Array): MessagePayload | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const payload: Record<string, number | string | readonly number[]> = {};
  let offset = 0;
  for (const [name, field] of Object.entries(fields)) {
    const read = field.element === "text" ? decodeText(field, view, bytes, offset) : decodeNumbers(field, view, offset);
    if (read === undefined) return undefined;
    payload[name] = read.value;
    offset += read.sizeBytes;
  }
  return offset === bytes.length ? payload : undefined;
}

function encodeNumbers({ element, count }: ArrayField, value: unknown): Uint8Array<ArrayBuffer> | string {
  const { kind, least, most } = ELEMENTS[element];
  const sizeBytes = ELEMENT_BYTES[element];
  const isInteger = !kind.startsWith("Float");
  const values: readonly unknown[] = count === 1 ? [value] : Array.isArray(value) ? value : [];
  const isValid = (number: unknown): number is number =>
    typeof number === "number" && number >= least && number <= most && (!isInteger || Number.isInteger(number));
  const expected = `${count === 1 ? "a number" : `${count} numbers`}${isInteger ? `, whole, in ${least}…${most}` : ", finite"}`;
  if (values.length !== count) return expected;
  const bytes = new Uint8Array(count * sizeBytes);
  const view = new DataView(bytes.buffer);
  for (const [index, number] of values.entries()) {
    if (!isValid(number)) return expected;
    view[`set${kind}`](index * sizeBytes, number, true);
  }
  return bytes;
}

function decodeNumbers(
  { element, count }: ArrayField,
  view: DataView,
  offset: number,
): { value: number | number[]; sizeBytes: number } | undefined {
  const { kind } = ELEMENTS[element];
  const sizeBytes = ELEMENT_BYTES[element];
  if (offset + count * sizeBytes > view.byteLength) return undefined;
  const values = Array.from({ length: count }, (_, index) => view[`get${kind}`](offset + index * sizeBytes, true));
  // NaN and infinities have no place in a message: nothing can be done with them that is not a bug.
  if (!values.every((value) => Number.isFinite(value))) return undefined;
  return { value: count === 1 ? (values[0] ?? 0) : values, sizeBytes: count * sizeBytes };
}

function encodeText({ unitsMax }: TextField, value: unknown): Uint8Array<ArrayBuffer> | string {
  const expected = `a text of at most ${unitsMax} units`;
  if (typeof value !== "string") return expected;
  const plain = toPlainText(value);
  if (plain.length > unitsMax) return expected;
  const encoded = encodePayload(plain);
  return joinBytes([Uint8Array.of(encoded.length & 0xff, encoded.length >>> 8), encoded]);
}

function decodeText(
  { unitsMax }: TextField,
  view: DataView,
  bytes: Uint8Array,
  offset: number,
): { value: string; sizeBytes: number } | undefined {
  if (offset + 2 > bytes.length) return undefined;
  const sizeBytes = view.getUint16(offset, true);
  const stringBytes = 3 * unitsMax;
  if (offset + 2 + sizeBytes > bytes.length || sizeBytes > stringBytes + 5) return undefined;
  const result = decodePayload(bytes.subarray(offset + 2, offset + 2 + sizeBytes), { sizeBytes, depth: 1, elements: 1, stringBytes });
  if (!result.ok || typeof result.value !== "string" || result.value.length > unitsMax) return undefined;
  return { value: result.value, sizeBytes: 2 + sizeBytes };
}
