import { expect, test } from "vitest";
import type { OnceStore } from "../src/once-store.ts";

/**
 * Every once-store passes this. `create` makes an empty one; `passMs` lets so much of its time pass (a store on real time waits; keep it short).
 */
export function onceStoreContract(create: () => OnceStore | Promise<OnceStore>, passMs: (ms: number) => void | Promise<void>): void {
  test("[TK1] an id is taken once, and each id for itself", async () => {
    const store = await create();
    expect(await store.has("ada")).toBe(false);
    expect(await store.take("ada", 60_000)).toBe(true);
    expect(await store.take("ada", 60_000)).toBe(false);
    expect(await store.has("ada")).toBe(true);
    expect(await store.has("bob")).toBe(false);
    expect(await store.take("bob", 60_000)).toBe(true);
  });

  test("[TK2] of many that take one id at once, one gets it", async () => {
    const store = await create();
    const all = await Promise.all(Array.from({ length: 16 }, () => store.take("seat", 60_000)));
    expect(all.filter(Boolean)).toHaveLength(1);
  });

  test("[TK3] an id is free again when its time is over, and a refused call does not prolong it", async () => {
    const store = await create();
    expect(await store.take("short", 1_500)).toBe(true);
    expect(await store.take("long", 60_000)).toBe(true);
    expect(await store.take("short", 60_000)).toBe(false);
    await passMs(1_550);
    expect(await store.has("short")).toBe(false);
    expect(await store.has("long")).toBe(true);
    expect(await store.take("short", 60_000)).toBe(true);
    expect(await store.take("short", 60_000)).toBe(false);
  });
}
