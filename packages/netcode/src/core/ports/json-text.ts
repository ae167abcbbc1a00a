import type { Json } from "./lobby-types.ts";

/** Why a text is not taken as JSON. `too-large` and `too-deep` are found before anything is built from it. */
export type JsonRefusal = "too-large" | "too-deep" | "not-json" | "bad-key" | "bad-number";

export type JsonText = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly reason: JsonRefusal };

export interface JsonBounds {
  /** Most UTF-8 bytes of the text. */
  readonly bytesMax: number;
  /** Most nesting of arrays and objects. */
  readonly depthMax: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Reads JSON from a stranger. Size and nesting are measured in one pass before `JSON.parse` sees the text: parsing, and above all stringifying again,
 * a value nested some thousands deep overflows the stack (12 kB of brackets close somebody else's socket on a stock signaling server). Keys that reach
 * into prototypes when a careless program copies them are refused, and so are numbers that JSON cannot write again.
 */
export function parseJsonText(text: string, bounds: JsonBounds): JsonText {
  // Three bytes are the most for a unit.
  const mayBeTooLarge = text.length * 3 > bounds.bytesMax;
  if (mayBeTooLarge && (text.length > bounds.bytesMax || utf8Bytes(text) > bounds.bytesMax)) return { ok: false, reason: "too-large" };
  if (!nestingWithin(text, bounds.depthMax)) return { ok: false, reason: "too-deep" };
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return { ok: false, reason: "not-json" };
  }
  const reason = findFault(value);
  return reason === undefined ? { ok: true, value } : { ok: false, reason };
}

/** UTF-8 bytes of `value` written as JSON: what the limits of `choices`, `settings` and `metadata` count. */
export function jsonBytes(value: Json): number {
  return utf8Bytes(JSON.stringify(value));
}

function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    // Two units of a surrogate pair are 4 bytes, so each counts one more; a lone one becomes U+FFFD, 3 bytes: counted 2 here, which the limits can bear.
    if (unit >= 0x800 && (unit < 0xd800 || unit > 0xdfff)) bytes += 2;
    else if (unit >= 0x80) bytes += 1;
  }
  return bytes;
}

function nestingWithin(text: string, depthMax: number): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (inString) {
      if (unit === BACKSLASH) index++;
      else if (unit === QUOTE) inString = false;
    } else if (unit === QUOTE) inString = true;
    // "[" is 0x5b and "{" 0x7b: they differ in one bit; "]" 0x5d and "}" 0x7d likewise.
    else if ((unit | 0x20) === 0x7b) {
      if (++depth > depthMax) return false;
    } else if ((unit | 0x20) === 0x7d) depth--;
  }
  return true;
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Recursive, which is safe: the nesting was measured before. */
function findFault(value: Json): JsonRefusal | undefined {
  // −0 is written as 0.
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0) ? undefined : "bad-number";
  if (typeof value !== "object" || value === null) return undefined;
  if (isArray(value)) {
    for (const item of value) {
      const fault = findFault(item);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }
  for (const key of Object.keys(value)) {
    if (key === "__proto__" || key === "constructor" || key === "prototype") return "bad-key";
    const fault = findFault(value[key] ?? null);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
