import { assert } from "../base/assert.ts";

/** What things are sorted by: numbers by size, strings by their UTF-16 units (not as a language sorts them: that differs between machines). */
export type SortKey = number | string;

/**
 * A sorted copy: by the first key, where that is equal by the second, and so on; what is equal in all keys stays in its order. Unlike a
 * comparator, keys cannot contradict each other, in which case every engine would sort in its own way. NaN, and a number beside a string, are assertions.
 *
 * ```ts
 * for (const body of sortedBy(state.bodies, (body) => body.x, (body) => body.id)) …
 * ```
 */
export function sortedBy<Item>(items: Iterable<Item>, ...keys: readonly ((item: Item) => SortKey)[]): Item[] {
  const rows = Array.from(items, (item) => ({ item, keys: keys.map((key) => key(item)) }));
  for (const row of rows) {
    row.keys.forEach((key, index) => {
      assert(!Number.isNaN(key), "a key to sort by, got NaN");
      assert(typeof key === typeof rows[0]?.keys[index], "keys of one type, numbers or strings");
    });
  }
  rows.sort((left, right) => compareRows(left.keys, right.keys));
  return rows.map(({ item }) => item);
}

/** The keys of a map, a set or an object in ascending order, however they came in. Of an object: its own string keys. */
export function sortedKeys<Key extends SortKey>(from: ReadonlyMap<Key, unknown> | ReadonlySet<Key>): Key[];
export function sortedKeys<Key extends string>(from: Readonly<Record<Key, unknown>>): Key[];
export function sortedKeys(from: ReadonlyMap<SortKey, unknown> | ReadonlySet<SortKey> | object): SortKey[] {
  const keys: Iterable<SortKey> = from instanceof Map || from instanceof Set ? from.keys() : Object.keys(from);
  return sortedBy(keys, (key) => key);
}

/** The entries of a map or an object, by ascending key. */
export function sortedEntries<Key extends SortKey, Value>(from: ReadonlyMap<Key, Value>): [Key, Value][];
export function sortedEntries<Value>(from: Readonly<Record<string, Value>>): [string, Value][];
export function sortedEntries(from: ReadonlyMap<SortKey, unknown> | object): [SortKey, unknown][] {
  const entries: Iterable<[SortKey, unknown]> = from instanceof Map ? from.entries() : Object.entries(from);
  return sortedBy(entries, ([key]) => key);
}

function compareRows(left: readonly SortKey[], right: readonly SortKey[]): number {
  for (let index = 0; index < left.length; index++) {
    const a = left[index] ?? 0;
    const b = right[index] ?? 0;
    if (a < b) return -1;
    if (a > b) return 1;
  }
  return 0;
}
