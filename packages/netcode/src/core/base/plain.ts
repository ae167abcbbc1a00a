/**
 * Plain data: a tree of finite numbers (no −0), well-formed strings, booleans, null, dense arrays and plain objects. Exactly what
 * survives being saved, sent and loaded unchanged. "Tree": no object is reached twice, since two copies would come back.
 */

/** The type of plain data; the values have to keep the rest of the rule. */
export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [key: string]: Plain };

/** Nesting of arrays and objects. A linked list in a state is a mistake that would end a recursive encoder. */
export const PLAIN_DEPTH_MAX = 32;

/**
 * A copy of JSON from outside that is plain data, alike on every peer: −0 becomes 0, an infinity (JSON has 1e999) null, half of a surrogate pair U+FFFD;
 * a leading byte order mark and a key `__proto__` go; what lies too deep becomes null.
 */
export function toPlain(value: Plain): Plain {
  return plainCopyOf(value, 0);
}

function plainCopyOf(value: Plain, depth: number): Plain {
  if (typeof value === "number") return Number.isFinite(value) ? value + 0 : null;
  if (typeof value === "string") return toPlainText(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth >= PLAIN_DEPTH_MAX) return null;
  if (Array.isArray(value)) return value.map((element: Plain) => plainCopyOf(element, depth + 1));
  const entries = Object.entries(value).map(([key, inner]): [string, Plain] => [toPlainText(key), plainCopyOf(inner, depth + 1)]);
  return Object.fromEntries(entries.filter(([key]) => key !== "__proto__"));
}

/** `toPlain` for a text. */
export function toPlainText(text: string): string {
  return text.replace(LEADING_BYTE_ORDER_MARKS, "").replace(LONE_SURROGATES, "\ufffd");
}

/** With the `u` flag a pair is one character, so that only halves are surrogates. */
const LONE_SURROGATES = /\p{Surrogate}/gu;
const LEADING_BYTE_ORDER_MARKS = /^\ufeff+/;
