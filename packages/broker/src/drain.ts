import { monotonicMs } from "./monotonic-ms.ts";

/** Groups of what is to go, each with its moment. */
export interface DrainStep<Item> {
  /** From the start of the drain. */
  readonly atMs: number;
  readonly items: readonly Item[];
}

export interface DrainOptions {
  /** All of it, in ms. */
  readonly drainMs: number;
  /** Numbers from 0 to below 1. */
  readonly random: () => number;
}

/** Share of the drain in which nobody is moved: proxies notice first that no more is taken here, or would send the moved ones back. A 10 s drain has 2.5 s. */
const NOTICE_SHARE = 0.25;
/** At half, more timers for nothing; at double, whoever is moved together is a burst of a fifth of a second's worth. */
const STEP_MS = 100;

/** Spreads `items` over a drain, in random order and evenly: the next node gets an even stream of arrivals instead of all at once. */
export function drainSteps<Item>(items: readonly Item[], { drainMs, random }: DrainOptions): readonly DrainStep<Item>[] {
  const firstMs = drainMs * NOTICE_SHARE;
  const count = Math.max(1, Math.floor((drainMs - firstMs) / STEP_MS));
  const shuffled = items
    .map((item) => ({ item, rank: random() }))
    .sort((left, right) => left.rank - right.rank)
    .map(({ item }) => item);
  return Array.from({ length: count }, (_, index) => ({
    atMs: firstMs + index * STEP_MS,
    items: shuffled.slice(Math.floor((index * items.length) / count), Math.floor(((index + 1) * items.length) / count)),
  })).filter(({ items: group }) => group.length > 0);
}

/** Shuts them down one after the other. `isOver`: somebody shuts down the rest at once. */
export async function moveAway(
  sockets: readonly { shutDown(): void }[],
  { drainMs, isOver }: { readonly drainMs: number; readonly isOver: () => boolean },
): Promise<void> {
  const startedMs = monotonicMs();
  for (const { atMs, items } of drainMs === 0 ? [] : drainSteps(sockets, { drainMs, random: Math.random })) {
    await new Promise((resolve) => setTimeout(resolve, startedMs + atMs - monotonicMs()));
    if (isOver()) return;
    for (const socket of items) socket.shutDown();
  }
}
