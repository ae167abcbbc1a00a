import { afterEach, describe, expect, test, vi } from "vitest";
import { startTicker } from "./ticker.ts";

const RealWorker = globalThis.Worker;
const started: { readonly url: string; readonly worker: Worker }[] = [];

/** Counts workers, and breaks those whose address `refuse` names. */
function watchWorkers(refuse: (url: string) => "throw" | "missing" | "allow"): void {
  class WatchedWorker extends RealWorker {
    constructor(url: string | URL, options?: WorkerOptions) {
      const verdict = refuse(String(url));
      if (verdict === "throw") throw new DOMException("refused", "SecurityError");
      super(verdict === "missing" ? new URL("/no-such-worker.js", location.href) : url, options);
      started.push({ url: String(url), worker: this });
    }
  }
  vi.stubGlobal("Worker", WatchedWorker);
}

/** Resolves after `count` ticks. */
function ticks(count: number, intervalMs: number): { readonly done: Promise<void>; readonly dispose: () => void } {
  let left = count;
  let resolve: (() => void) | undefined;
  const done = new Promise<void>((settle) => {
    resolve = settle;
  });
  const ticker = startTicker(intervalMs, () => {
    if (--left === 0) resolve?.();
  });
  return { done, dispose: () => ticker.dispose() };
}

/** The page's own timers stand still, as a hidden page's nearly do. */
function stopPageTimers(): void {
  vi.stubGlobal("setInterval", () => 0);
}

afterEach(() => {
  vi.unstubAllGlobals();
  started.length = 0;
});

describe("the ticker of a page", () => {
  test("[DR16] it ticks from a worker file while the page's own timers and animation frames stand still", async () => {
    watchWorkers(() => "allow");
    stopPageTimers();
    vi.stubGlobal("requestAnimationFrame", () => 0);
    const { done, dispose } = ticks(50, 5);
    await done;
    dispose();
    expect(started.map(({ url }) => url.startsWith("blob:"))).toEqual([false]);
  });

  test("[DR16] one that is in no hurry starts its worker a moment later, or once it is", () => {
    vi.useFakeTimers();
    watchWorkers(() => "allow");
    const slow = startTicker(25, () => {});
    const turned = startTicker(25, () => {});
    const disposed = startTicker(25, () => {});
    expect(started.length).toBe(0);
    turned.setIntervalMs(5);
    expect(started.length).toBe(1);
    disposed.dispose();
    vi.advanceTimersByTime(1_000);
    expect(started.length).toBe(2);
    slow.dispose();
    turned.dispose();
    vi.useRealTimers();
  });

  test("[DR17] without the file it ticks from a worker made of a blob", async () => {
    watchWorkers((url) => (url.startsWith("blob:") ? "allow" : "missing"));
    const realInterval = globalThis.setInterval;
    vi.stubGlobal("setInterval", (call: () => void, intervalMs: number) => (intervalMs === 5 ? 0 : realInterval(call, intervalMs)));
    const { done, dispose } = ticks(20, 5);
    await done;
    dispose();
    expect(started.map(({ url }) => url.startsWith("blob:"))).toEqual([false, true]);
  });

  test("[DR18] where no worker may start it ticks from timers", async () => {
    watchWorkers(() => "throw");
    const { done, dispose } = ticks(20, 5);
    await done;
    dispose();
    expect(started).toEqual([]);
  });

  test("[DR19] disposing ends the worker", async () => {
    watchWorkers(() => "allow");
    const terminate = vi.spyOn(RealWorker.prototype, "terminate");
    const { done, dispose } = ticks(3, 5);
    await done;
    dispose();
    expect(terminate).toHaveBeenCalledTimes(1);
    terminate.mockRestore();
  });
});
