import { expect, it } from "vitest";
import { PacketBudget } from "./packet-budget.ts";

it("[DS14] five seconds of backlog and 200 packets a second pass, and no more", () => {
  const budget = new PacketBudget();
  const passed = (nowMs: number, count: number): number => Array.from({ length: count }, () => budget.take(nowMs)).filter(Boolean).length;
  expect(passed(10, 1000)).toBe(320);
  expect(passed(11, 1000)).toBe(0);
  expect(passed(1010, 1000)).toBe(200);
  expect(passed(1_000_000, 1000)).toBe(320);
  // A millisecond at a time is no way round it.
  let sum = 0;
  for (let nowMs = 2_000_000; nowMs < 2_002_000; nowMs++) sum += passed(nowMs, 5);
  expect(sum).toBeLessThanOrEqual(320 + 400);
});
