import { PLAIN_DEPTH_MAX } from "./plain.ts";

/** What is wrong with a value, and where: `.players[2].x`; the path of the value itself is empty. */
export interface PlainFault {
  readonly path: string;
  readonly problem: string;
}

/** The first reason why `value` is not plain data, in the order of its keys; `undefined` when it is. */
export function findPlainFault(value: unknown): PlainFault | undefined {
  return faultOf(value, "", 0, new Set());
}

/**
 * Where `left` and `right`, both plain data or trees with typed arrays, first differ; the problem is both values, `5 and 6`. The order of
 * keys counts.
 */
export function findPlainDifference(left: unknown, right: unknown): PlainFault | undefined {
  return differenceOf(left, right, "");
}

/** With the `u` flag a pair is one character, so that only halves are surrogates. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** UTF-8 has no half pairs, and `TextDecoder` swallows a leading byte order mark. */
const BYTE_ORDER_MARK = "\ufeff";

function faultOf(value: unknown, path: string, depth: number, seen: Set<object>): PlainFault | undefined {
  switch (typeof value) {
    case "number":
      if (!Number.isFinite(value)) return { path, problem: String(value) };
      return Object.is(value, -0) ? { path, problem: "−0" } : undefined;
    case "string":
      return isStorableText(value) ? undefined : { path, problem: "a string with half of a surrogate pair, or a byte order mark in front" };
    case "boolean":
      return undefined;
    case "object":
      return value === null ? undefined : faultOfObject(value, path, depth, seen);
    case "undefined":
    case "bigint":
    case "symbol":
    case "function":
    default:
      return { path, problem: typeof value };
  }
}

function isStorableText(text: string): boolean {
  return !text.startsWith(BYTE_ORDER_MARK) && !LONE_SURROGATE.test(text);
}

function faultOfObject(value: object, path: string, depth: number, seen: Set<object>): PlainFault | undefined {
  if (seen.has(value)) return { path, problem: "an object that is also elsewhere in the tree" };
  if (depth >= PLAIN_DEPTH_MAX) return { path, problem: `more than ${PLAIN_DEPTH_MAX} levels` };
  seen.add(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (Array.isArray(value)) {
    if (prototype !== Array.prototype) return { path, problem: "a subclass of Array" };
    return faultOfArray(value, path, depth, seen);
  }
  if (prototype !== Object.prototype) return { path, problem: `an instance of ${nameOfClass(value)}` };
  for (const key of Reflect.ownKeys(value)) {
    if (typeof key === "symbol") return { path, problem: "a key that is a symbol" };
    const inner = `${path}.${key}`;
    // Decoders rename or drop this key, since a careless assignment to it changes the prototype.
    if (key === "__proto__" || !isStorableText(key)) return { path: inner, problem: "a key that cannot be stored" };
    const property = Object.getOwnPropertyDescriptor(value, key);
    if (property === undefined || !("value" in property)) return { path: inner, problem: "a getter or setter" };
    if (!property.enumerable) return { path: inner, problem: "a hidden property" };
    const fault = faultOf(property.value, inner, depth + 1, seen);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function faultOfArray(value: readonly unknown[], path: string, depth: number, seen: Set<object>): PlainFault | undefined {
  for (let index = 0; index < value.length; index++) {
    const inner = `${path}[${index}]`;
    if (!Object.hasOwn(value, index)) return { path: inner, problem: "a hole" };
    const fault = faultOf(value[index], inner, depth + 1, seen);
    if (fault !== undefined) return fault;
  }
  // Elements and `length`, and nothing else.
  if (Reflect.ownKeys(value).length !== value.length + 1) return { path, problem: "an array with properties of its own" };
  return undefined;
}

function nameOfClass(value: object): string {
  const constructor: unknown = Reflect.get(value, "constructor");
  return typeof constructor === "function" && constructor.name !== "" ? constructor.name : "no class";
}

function differenceOf(left: unknown, right: unknown, path: string): PlainFault | undefined {
  if (Object.is(left, right)) return undefined;
  if (isList(left) && isList(right)) return differenceOfLists(left, right, path);
  if (isObject(left) && isObject(right)) return differenceOfObjects(left, right, path);
  return { path, problem: `${describe(left)} and ${describe(right)}` };
}

function differenceOfLists(left: ArrayLike<unknown>, right: ArrayLike<unknown>, path: string): PlainFault | undefined {
  const shared = Math.min(left.length, right.length);
  for (let index = 0; index < shared; index++) {
    const difference = differenceOf(left[index], right[index], `${path}[${index}]`);
    if (difference !== undefined) return difference;
  }
  return left.length === right.length ? undefined : { path: `${path}.length`, problem: `${left.length} and ${right.length}` };
}

function differenceOfObjects(left: object, right: object, path: string): PlainFault | undefined {
  const leftEntries = Object.entries(left);
  const rightEntries = Object.entries(right);
  for (let index = 0; index < Math.max(leftEntries.length, rightEntries.length); index++) {
    const [leftKey, leftValue] = leftEntries[index] ?? [];
    const [rightKey, rightValue] = rightEntries[index] ?? [];
    if (leftKey !== rightKey) return { path, problem: `key ${describe(leftKey)} and key ${describe(rightKey)}` };
    const difference = differenceOf(leftValue, rightValue, `${path}.${leftKey}`);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && "length" in value);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !isList(value);
}

function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (Object.is(value, -0)) return "−0";
  if (isList(value)) return `an array of ${value.length}`;
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
