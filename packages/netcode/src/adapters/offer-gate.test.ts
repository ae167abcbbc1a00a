import { expect, it } from "vitest";
import { OfferGate } from "./offer-gate.ts";

it("[TR71] a connection that brings something is not given up for an offer in the peer's name; one that fell silent is", () => {
  const gate = new OfferGate();
  expect(gate.judge(0, 1, undefined)).toBeUndefined();
  for (let nowMs = 100; nowMs < 60_000; nowMs += 50) expect(gate.judge(nowMs, 2 + nowMs, nowMs - 299)).toBe("connected");
  // What was refused ranks nothing and costs nothing: the honest offer that comes next is taken.
  expect(gate.judge(60_000, 2, 59_700)).toBeUndefined();
  expect(gate.judge(60_000, 2, 59_700)).toBe("stale-attempt");
});

it("[TR72] a number that was made up keeps the peer out for 16 s, and not for good", () => {
  const gate = new OfferGate();
  expect(gate.judge(0, Number.MAX_SAFE_INTEGER, undefined)).toBeUndefined();
  expect(gate.judge(15_999, 1, undefined)).toBe("stale-attempt");
  expect(gate.judge(16_000, 1, undefined)).toBeUndefined();
  expect(gate.judge(16_100, 2, undefined)).toBeUndefined();
});

it("[TR29] an older attempt does not replace a newer one", () => {
  const gate = new OfferGate();
  expect([3, 2, 3, 4].map((attempt, index) => gate.judge(index * 100, attempt, undefined))).toEqual([
    undefined,
    "stale-attempt",
    "stale-attempt",
    undefined,
  ]);
});

it("[TR59] eight offers are answered at once, and one more each 2 s", () => {
  const gate = new OfferGate();
  let answered = 0;
  for (let count = 1; count <= 1_000; count++) if (gate.judge(count, count, undefined) === undefined) answered++;
  expect(answered).toBe(8);
  for (let count = 1_001; count <= 21_000; count++) if (gate.judge(count, count, undefined) === undefined) answered++;
  expect(answered).toBe(18);
});
