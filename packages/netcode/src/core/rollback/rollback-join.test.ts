import { describe, expect, it } from "vitest";
import { humanInput, TestMatch, type TestMatchOptions } from "../../../test/test-match.ts";

/** A match whose peer `gone` was dropped, and whose others play on. */
function afterDrop(gone: number, options: TestMatchOptions): TestMatch {
  const match = new TestMatch({ input: humanInput(1), ...options });
  match.run(1500);
  match.peer(gone).alive = false;
  match.run(4000);
  for (const { index, outcome } of match.alive) {
    expect(match.eventsOf(index, "seat-to-bot")).toHaveLength(1);
    expect(outcome).toBe("advanced");
  }
  return match;
}

function stalls(match: TestMatch): readonly number[] {
  return match.alive.map(({ session }) => session.stats().stalledFrames);
}

describe("somebody who joins a match that runs", () => {
  it.each([0, 0.1])("[RB33] comes back into its seat at an agreed frame, and nobody waits, with %d loss", (lossRatio) => {
    const match = afterDrop(2, { seats: [0, 1, 2], lossRatio, jitterMs: lossRatio * 200 });
    const before = stalls(match);
    match.join(2, 0, [2]);
    match.run(4000);
    const seats = match.alive.map(({ index }) => match.eventsOf(index, "seat-to-player"));
    expect(seats[0]).toMatchObject([{ peerId: match.id(2), playerIndexes: [2] }]);
    expect(seats[1]).toEqual(seats[0]);
    expect(match.agreedFrames()).toBeGreaterThan(150);
    const { session, simulation } = match.peer(2);
    expect(session.stats()).toMatchObject({ refusals: {} });
    expect(session.stats().rollbacks).toBeGreaterThan(10);
    // Its own keys count again.
    expect([...simulation.inputs.values()].slice(-200).some((inputs) => inputs[2] !== 0)).toBe(true);
    if (lossRatio === 0) expect(stalls(match).slice(0, 2)).toEqual(before);
    expect(match.peer(0).outcome).toBe("advanced");
  });
});
