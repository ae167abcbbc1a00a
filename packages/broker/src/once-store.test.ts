import { describe, expect, test } from "vitest";
import { onceStoreContract } from "../test/once-store-contract.ts";
import { MemoryOnceStore } from "./memory-once-store.ts";

describe("in memory", () => {
  let nowMs = 1_000;
  onceStoreContract(
    () => new MemoryOnceStore(() => nowMs),
    (ms) => void (nowMs += ms),
  );

  test("[TK4] memory is bounded: what is over is forgotten, and above the bound the oldest gives way", async () => {
    const store = new MemoryOnceStore(() => nowMs, 100);
    for (let index = 0; index < 1_000; index++) await store.take(`id${index}`, 60_000);
    expect(store.size).toBe(100);
    expect(await store.has("id899")).toBe(false);
    expect(await store.has("id900")).toBe(true);
    nowMs += 60_000;
    for (let index = 0; index < 60; index++) await store.take("again", 1);
    expect(store.size).toBeLessThanOrEqual(2);
  });
});
