import { expect, it } from "vitest";
import { testPeerId } from "../../../test/test-match.ts";
import { LossPauses } from "./loss-pauses.ts";

it("[FO21] who is lost again and again waits longer each time, and others do not", () => {
  const pauses = new LossPauses();
  const [ann, ben] = [testPeerId("ann"), testPeerId("ben")];
  const waits: number[] = [];
  let nowMs = 1000;
  for (let loss = 0; loss < 8; loss++) {
    pauses.note(nowMs, ann);
    const startMs = nowMs;
    while (!pauses.isOver(nowMs, ann)) nowMs += 1000;
    waits.push(nowMs - startMs);
  }
  expect(waits).toEqual([0, 5000, 10_000, 20_000, 40_000, 80_000, 80_000, 80_000]);
  expect(pauses.isOver(nowMs, ben)).toBe(true);
});
