import { afterEach, expect, test, vi } from "vitest";
import { startNodeTicker } from "./node-ticker.ts";
import { startTicker } from "./ticker.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

test("[ND6] a ticker of Node keeps to its grid, whatever a tick takes, and skips the points that passed meanwhile", () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  const startMs = performance.now();
  /** What ticks have taken so far. */
  let takenMs = 0;
  const fakeNow = performance.now.bind(performance);
  vi.spyOn(performance, "now").mockImplementation(() => fakeNow() + takenMs);
  const times: number[] = [];
  const ticker = startNodeTicker(5, (nowMs) => {
    times.push(nowMs - startMs);
    takenMs += [0, 3, 3, 12, 0][times.length - 1] ?? 0;
    if (times.length === 6) ticker.dispose();
  });
  vi.advanceTimersByTime(100);
  expect(times).toEqual([5, 10, 15, 20, 35, 40]);
});

test("[DR15] under Node a ticker runs on timers, changes its pace, and ends when it is disposed", async () => {
  const times: number[] = [];
  let enough: (() => void) | undefined;
  const ticker = startTicker(5, (nowMs) => {
    times.push(nowMs);
    if (times.length === 10) enough?.();
  });
  await new Promise<void>((resolve) => {
    enough = resolve;
  });
  expect(times.every((timeMs, index) => index === 0 || timeMs >= (times[index - 1] ?? 0))).toBe(true);
  ticker.setIntervalMs(10_000);
  ticker.dispose();
  ticker.dispose();
  ticker.setIntervalMs(1);
  const { length } = times;
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(times).toHaveLength(length);
});
