import { afterEach, expect, test, vi } from "vitest";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("[DR22] a page that has not taken the last tick gets no other, and goes on once it has", async () => {
  vi.useFakeTimers();
  let ticks = 0;
  vi.stubGlobal("onmessage", null);
  vi.stubGlobal("postMessage", () => ticks++);
  await import("./ticker-worker.ts");
  const tell = (data: number): void => globalThis.onmessage?.call(globalThis.window, new MessageEvent("message", { data }));
  tell(5);
  vi.advanceTimersByTime(500);
  expect(ticks).toBe(1);
  tell(0);
  vi.advanceTimersByTime(5);
  expect(ticks).toBe(2);
  for (let count = 0; count < 10; count++) {
    tell(0);
    vi.advanceTimersByTime(5);
  }
  expect(ticks).toBe(12);
  // Another pace, while a tick is still out.
  tell(50);
  vi.advanceTimersByTime(49);
  expect(ticks).toBe(12);
  vi.advanceTimersByTime(1);
  expect(ticks).toBe(13);
});
