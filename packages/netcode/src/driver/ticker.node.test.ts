import { expect, test } from "vitest";
import { startTicker } from "./ticker.ts";

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
