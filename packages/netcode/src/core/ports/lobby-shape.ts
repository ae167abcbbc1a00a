import { jsonBytes, type JsonRefusal } from "./json-text.ts";
import type { Json, MemberMessage } from "./lobby-types.ts";

/**
 * Why a message is refused. `bad-shape`: JSON, but not of the protocol (`path` names the field). `other-protocol`: a command of another
 * `LOBBY_PROTOCOL_VERSION`, of which nothing more is read. The rest is found before or while the JSON is read.
 */
export type ParseRefusal = JsonRefusal | "bad-shape" | "other-protocol";

export type FrameParse<Message> =
  | { readonly ok: true; readonly value: Message }
  | { readonly ok: false; readonly reason: ParseRefusal; readonly path: string };

export type MemberMessageParse =
  | { readonly ok: true; readonly value: MemberMessage }
  /** `request`: the number of the request, when at least that could be read, so that it can be answered. */
  | { readonly ok: false; readonly reason: ParseRefusal; readonly path: string; readonly request: number | undefined };

/** What a reader gives instead of a value: the path to the first field that does not fit. */
export class Refusal {
  readonly path: string;
  constructor(path: string) {
    this.path = path;
  }
}

/** Checks one value of parsed JSON and gives it back typed, or a `Refusal`. Never throws. */
export type Read<T> = (value: unknown) => T | Refusal;

/** A reader per field of `T`; fields that may be absent need `optional`. */
export type Fields<T> = { readonly [Key in keyof T]-?: Read<Partial<Pick<T, Key>> extends Pick<T, Key> ? T[Key] | undefined : T[Key]> };

const REFUSED: Refusal = new Refusal("");

/** An integer between `least` and `most`. */
export function integer(least: number, most: number): Read<number> {
  return (value) => (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most ? (value as number) : REFUSED);
}

/** A string of 1 … `unitsMax` UTF-16 units. */
export function text(unitsMax: number): Read<string> {
  return (value) => (typeof value === "string" && value.length > 0 && value.length <= unitsMax ? value : REFUSED);
}

/** A string that `expression` accepts, of at most `unitsMax` UTF-16 units; without these the expression bounds its length. */
export function pattern(expression: RegExp, unitsMax: number = Infinity): Read<string> {
  return (value) => (typeof value === "string" && value.length <= unitsMax && expression.test(value) ? value : REFUSED);
}

export const flag: Read<boolean> = (value) => (typeof value === "boolean" ? value : REFUSED);

/** One of `values`. */
export function oneOf<const T extends string | boolean>(values: readonly T[]): Read<T> {
  return (value) => (values.includes(value as T) ? (value as T) : REFUSED);
}

/** Any JSON whose text has at most `bytesMax` bytes. */
export function json(bytesMax: number): Read<Json> {
  return (value) => (value !== undefined && jsonBytes(value as Json) <= bytesMax ? (value as Json) : REFUSED);
}

/** `undefined` when the field is absent. */
export function optional<T>(read: Read<T>): Read<T | undefined> {
  return (value) => (value === undefined ? undefined : read(value));
}

/** An array of at most `countMax` items. */
export function list<T>(item: Read<T>, countMax: number): Read<readonly T[]> {
  return (value) => {
    if (!Array.isArray(value) || value.length > countMax) return REFUSED;
    const items: T[] = [];
    for (const [index, element] of value.entries()) {
      const result = item(element);
      if (result instanceof Refusal) return inside(String(index), result);
      items.push(result);
    }
    return items;
  };
}

export interface RecordBounds {
  readonly countMax: number;
  /** Of the name of a field. */
  readonly unitsMax: number;
}

/** An object of any fields, within `bounds`. */
export function record<T>(item: Read<T>, bounds: RecordBounds): Read<Readonly<Record<string, T>>> {
  return (value) => {
    if (!isRecord(value)) return REFUSED;
    const entries = Object.entries(value);
    if (entries.length > bounds.countMax || entries.some(([key]) => key.length > bounds.unitsMax)) return REFUSED;
    const result: Record<string, T> = {};
    for (const [key, element] of entries) {
      const read = item(element);
      if (read instanceof Refusal) return inside(key, read);
      result[key] = read;
    }
    return result;
  };
}

/** An object with these fields. Others are dropped, so that a newer side may add some; inherited ones do not count. */
export function object<T>(fields: Fields<T>): Read<T> {
  const entries: readonly [string, Read<unknown>][] = Object.entries(fields);
  return (value) => {
    if (!isRecord(value)) return REFUSED;
    const result: Record<string, unknown> = {};
    for (const [key, read] of entries) {
      const field = read(Object.hasOwn(value, key) ? value[key] : undefined);
      if (field instanceof Refusal) return inside(key, field);
      if (field !== undefined) result[key] = field;
    }
    return result as T;
  };
}

/** A discriminated union by `tag`. Does not compile while a variant has no reader. */
export function variants<T, Tag extends keyof T & string>(
  tag: Tag,
  readers: { readonly [Name in T[Tag] & string]: Fields<Omit<Extract<T, { readonly [Key in Tag]: Name }>, Tag>> },
): Read<T> {
  const byName = new Map(Object.entries<Fields<Record<string, unknown>>>(readers).map(([name, fields]) => [name, object(fields)]));
  return (value) => {
    const name = isRecord(value) && Object.hasOwn(value, tag) ? value[tag] : undefined;
    const read = typeof name === "string" ? byName.get(name) : undefined;
    if (read === undefined) return new Refusal(tag);
    const result = read(value);
    return result instanceof Refusal ? result : ({ [tag]: name, ...result } as T);
  };
}

/** A JSON object: neither null nor an array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function inside(key: string, refusal: Refusal): Refusal {
  return new Refusal(refusal.path === "" ? key : `${key}.${refusal.path}`);
}
