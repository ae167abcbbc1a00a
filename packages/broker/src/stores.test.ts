import { describe, expect, test } from "vitest";
import { code, TestLobby } from "../test/lobby-fixture.ts";
import type { LobbyStore } from "./lobby-store.ts";
import { MemoryLobbyStore } from "./memory-lobby-store.ts";

const REST_MS = 600_000;

/** Every store passes this: `create` makes an empty one on the given clock. */
function lobbyStoreContract(create: (nowMs: () => number, codeRestMs: number) => LobbyStore): void {
  const KXRTM = code("KXRTM");
  const { record } = new TestLobby();
  let nowMs = 0;
  const start = (): LobbyStore => {
    nowMs = 1_000;
    return create(() => nowMs, REST_MS);
  };

  test("[LB30] an unused code is free at version 0", async () => {
    expect(await start().load(KXRTM)).toEqual({ version: 0, record: undefined });
  });

  test("[LB31] a write succeeds only on the version that was read", async () => {
    const store = start();
    expect(await store.compareAndSet(KXRTM, 0, record)).toBe(true);
    expect(await store.compareAndSet(KXRTM, 0, record)).toBe(false);
    expect(await store.load(KXRTM)).toEqual({ version: 1, record });
    const locked = { ...record, nextOrder: 9 };
    expect(await store.compareAndSet(KXRTM, 1, locked)).toBe(true);
    expect(await store.compareAndSet(KXRTM, 1, record)).toBe(false);
    expect(await store.load(KXRTM)).toEqual({ version: 2, record: locked });
  });

  test("[LB32] of two writers on one version exactly one succeeds", async () => {
    const store = start();
    await store.compareAndSet(KXRTM, 0, record);
    const both = await Promise.all([store.compareAndSet(KXRTM, 1, record), store.compareAndSet(KXRTM, 1, record)]);
    expect(both.filter(Boolean)).toHaveLength(1);
  });

  test("[LB33] a closed code rests for ten minutes, and is then free", async () => {
    const store = start();
    await store.compareAndSet(KXRTM, 0, record);
    expect(await store.compareAndSet(KXRTM, 1, undefined)).toBe(true);
    expect((await store.load(KXRTM)).record).toBeUndefined();
    nowMs += REST_MS - 1;
    expect(await store.compareAndSet(KXRTM, 0, record)).toBe(false);
    nowMs += 1;
    expect(await store.load(KXRTM)).toEqual({ version: 0, record: undefined });
    expect(await store.compareAndSet(KXRTM, 0, record)).toBe(true);
  });

  test("[LB34] a living lobby is kept however long nothing is written, and only living ones are counted", async () => {
    const store = start();
    await store.compareAndSet(KXRTM, 0, record);
    await store.compareAndSet(code("BBBBB"), 0, record);
    await store.compareAndSet(code("BBBBB"), 1, undefined);
    nowMs += 1e10;
    expect((await store.load(KXRTM)).record).toEqual(record);
    expect(await store.count()).toBe(1);
  });
}

describe("memory", () => {
  lobbyStoreContract((nowMs, codeRestMs) => new MemoryLobbyStore(nowMs, codeRestMs));
});
