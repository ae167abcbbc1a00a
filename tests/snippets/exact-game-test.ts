import { determinismGuard, syncTest } from "@rollcall/netcode/determinism";
import { expect, test } from "vitest";
import { orbit } from "./exact-game.ts";

test("orbit is deterministic", () => {
  for (const seed of [1, 2, 3]) expect(syncTest(orbit, { seed, frames: 1200 })).toMatchObject({ ok: true });
});

test("orbit is deterministic, and its engine may look at a clock for its statistics", () => {
  const guarded = determinismGuard(orbit, { allow: ["performance.now"] });
  expect(syncTest(guarded)).toMatchObject({ ok: true });
});
