import { expect, test } from "vitest";
import type { LobbyStore } from "../src/lobby-store.ts";
import { code, TestLobby } from "./lobby-fixture.ts";

/**
 * Every lobby store passes this. `create` makes an empty one whose codes rest for `restMs`; `passMs` lets so much of its time pass (a store on real
 * time waits).
 */
export function lobbyStoreContract(
  create: () => LobbyStore | Promise<LobbyStore>,
  { restMs, passMs }: { readonly restMs: number; readonly passMs: (ms: number) => void | Promise<void> },
): void {
  const KXRTM = code("KXRTM");
  const { record } = new TestLobby();

  test("[LB30] an unused code is free at version 0", async () => {
    expect(await (await create()).load(KXRTM)).toEqual({ version: 0, record: undefined });
  });

  test("[LB31] a write succeeds only on the version that was read", async () => {
    const store = await create();
    expect(await store.compareAndSet(KXRTM, 0, record)).toBe(true);
    expect(await store.compareAndSet(KXRTM, 0, record)).toBe(false);
    expect(await store.load(KXRTM)).toEqual({ version: 1, record });
    const locked = { ...record, nextOrder: 9 };
    expect(await store.compareAndSet(KXRTM, 1, locked)).toBe(true);
    expect(await store.compareAndSet(KXRTM, 1, record)).toBe(false);
    expect(await store.load(KXRTM)).toEqual({ version: 2, record: locked });
  });

  test("[LB32] of many writers on one version exactly one succeeds", async () => {
    const store = await create();
    await store.compareAndSet(KXRTM, 0, record);
    const all = await Promise.all(Array.from({ length: 16 }, (_, index) => store.compareAndSet(KXRTM, 1, { ...record, nextOrder: index })));
    expect(all.filter(Boolean)).toHaveLength(1);
    expect(await store.load(KXRTM)).toEqual({ version: 2, record: { ...record, nextOrder: all.indexOf(true) } });
  });

  test("[LB33] a closed code rests for its time, and is then free", async () => {
    const store = await create();
    await store.compareAndSet(KXRTM, 0, record);
    expect(await store.compareAndSet(KXRTM, 1, undefined)).toBe(true);
    expect((await store.load(KXRTM)).record).toBeUndefined();
    await store.keep(KXRTM);
    await passMs(restMs * 0.5);
    expect(await store.compareAndSet(KXRTM, 0, record)).toBe(false);
    await passMs(restMs * 0.5 + 1);
    expect(await store.load(KXRTM)).toEqual({ version: 0, record: undefined });
    expect(await store.compareAndSet(KXRTM, 0, record)).toBe(true);
  });

  test("[LB34] a living lobby is kept however long nothing is written, as long as somebody is there, and only living ones are counted", async () => {
    const store = await create();
    await store.compareAndSet(KXRTM, 0, record);
    await store.compareAndSet(code("BBBBB"), 0, record);
    await store.compareAndSet(code("BBBBB"), 1, undefined);
    for (let round = 0; round < 4; round++) {
      await passMs(restMs / 2);
      await store.keep(KXRTM);
    }
    expect((await store.load(KXRTM)).record).toEqual(record);
    expect(await store.count()).toBe(1);
  });
}
