import { expect, test } from "vitest";
import { SharedClock } from "./shared-clock.ts";

test("[CL5] the clock follows the store's by the sample with the shortest way, and never goes back", () => {
  let steadyMs = 1_000_000;
  const clock = new SharedClock(() => steadyMs);
  expect(clock.nowMs()).toBe(steadyMs);
  clock.addSample(steadyMs - 400, steadyMs, 5_000 - 10);
  expect(clock.nowMs()).toBe(5_190);
  // A better one: it stands until that moment has come.
  clock.addSample(steadyMs - 2, steadyMs, 5_000 - 1);
  expect(clock.nowMs()).toBe(5_190);
  steadyMs += 500;
  expect(clock.nowMs()).toBe(5_500);
  // A worse one counts only when the good ones are old.
  clock.addSample(steadyMs - 300, steadyMs, 9_000);
  expect(clock.nowMs()).toBe(5_500);
  clock.reset();
  clock.addSample(steadyMs - 300, steadyMs, 9_000);
  expect(clock.nowMs()).toBe(9_150);
});
