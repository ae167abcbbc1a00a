import type { Random } from "@rollcall/netcode/core";

/** One of `items`. */
export function pick<Item>(random: Random, items: readonly [Item, ...Item[]] | readonly Item[]): Item {
  const item = items[random.integer(items.length)];
  if (item === undefined) throw new Error("expected: something to pick from");
  return item;
}
