import type { LobbyStore } from "./lobby-store.ts";

/** The operations of a lobby store that somebody waits for. */
export type StoreOperation = "load" | "compareAndSet" | "count";

export interface StoreTimes {
  /** Whatever came of it: how long it took. */
  readonly observe: (operation: StoreOperation, tookMs: number, failed: boolean) => void;
  readonly nowMs: () => number;
}

/** `store`, with each of these operations timed. */
export function measureStore(store: LobbyStore, { observe, nowMs }: StoreTimes): LobbyStore {
  const timed = async <Value>(operation: StoreOperation, run: () => Promise<Value>): Promise<Value> => {
    const startedMs = nowMs();
    let failed = true;
    try {
      const value = await run();
      failed = false;
      return value;
    } finally {
      observe(operation, nowMs() - startedMs, failed);
    }
  };
  return {
    load: (code) => timed("load", () => store.load(code)),
    compareAndSet: (...write) => timed("compareAndSet", () => store.compareAndSet(...write)),
    keep: (code) => store.keep(code),
    count: () => timed("count", () => store.count()),
  };
}
