import { expect, test } from "vitest";
import { TestSimulation } from "../../test/test-simulation.ts";
import { MeteredSimulation } from "./metered-simulation.ts";

const NO_EVENTS = (): void => {};

function rig() {
  let nowMs = 0;
  const cost = { stepMs: 2, saveMs: 0.5 };
  const inner = new (class extends TestSimulation {
    override step(...step: Parameters<TestSimulation["step"]>): void {
      nowMs += cost.stepMs;
      super.step(...step);
    }

    override save(slot: number): void {
      nowMs += cost.saveMs;
      super.save(slot);
    }
  })({ playerCount: 1 });
  const metered = new MeteredSimulation(inner, () => nowMs);
  metered.reserveSlots(1);
  let frame = 0;
  const play = (frames: number): void => {
    for (let count = 0; count < frames; count++) {
      metered.save(0);
      metered.step(frame++, Uint8Array.of(1), Uint8Array.of(0), NO_EVENTS);
    }
  };
  return { cost, inner, metered, play };
}

test("[PA8] steps and saves are timed apart, once the game has warmed up", () => {
  const { metered, play } = rig();
  play(100);
  expect([metered.stepMs, metered.saveMs]).toEqual([0, 0]);
  play(30);
  expect([metered.stepMs, metered.saveMs]).toEqual([2, 0.5]);
});

test("[PA8] a pause of the machine hardly counts, a game that grew slow is noticed within two seconds", () => {
  const { cost, metered, play } = rig();
  play(128);
  cost.stepMs = 500;
  play(2);
  cost.stepMs = 2;
  play(64);
  expect(metered.stepMs).toBeLessThan(3);
  cost.stepMs = 20;
  play(128);
  expect(metered.stepMs).toBeGreaterThan(15);
});

test("[PA8] everything else is the simulation's own", () => {
  const { inner, metered, play } = rig();
  play(10);
  expect([metered.checksum(), metered.playerCount, metered.inputBytes, metered.frameRateHz, metered.partCount]).toEqual([
    inner.checksum(),
    1,
    1,
    60,
    2,
  ]);
  const bytes = metered.serialize();
  play(5);
  metered.load(0);
  expect(metered.deserialize(bytes)).toBe(true);
  expect([metered.inspectLive(), metered.partName(0), metered.result()]).toEqual([inner.inspectLive(), "state", undefined]);
  const parts = new Uint32Array(2);
  metered.partChecksums(parts, 0);
  expect(parts[1]).toBe(10);
});
