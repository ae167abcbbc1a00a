import { syncTest } from "@rollcall/netcode/determinism";
import { expect, test } from "vitest";
import { fourInARow } from "./four-in-a-row.ts";

test("four in a row is deterministic", () => {
  const report = syncTest(fourInARow, {
    frames: 3_000,
    inputs: (_frame, _player, random) => ({ turn: random.integer(48), choice: random.integer(8) }),
  });
  expect(report).toMatchObject({ ok: true });
});
