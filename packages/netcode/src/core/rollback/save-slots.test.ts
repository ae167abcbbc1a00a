import { describe, expect, it } from "vitest";
import { TestSimulation } from "../../../test/test-simulation.ts";
import { SaveSlots } from "./save-slots.ts";

function setup(
  windowFrames: number,
  spacingFrames: number,
): { simulation: TestSimulation; slots: SaveSlots; step: (frame: number) => void } {
  const simulation = new TestSimulation({ playerCount: 1 });
  const slots = new SaveSlots(simulation, windowFrames, spacingFrames, 0);
  const step = (frame: number): void => simulation.step(frame, Uint8Array.of(frame), Uint8Array.of(0), () => {});
  return { simulation, slots, step };
}

describe("save slots", () => {
  it("[RB8] load the state before the frame that is asked for when every frame is saved", () => {
    const { slots, step } = setup(8, 1);
    for (let frame = 0; frame < 40; frame++) {
      slots.saveBefore(frame);
      step(frame);
    }
    expect(slots.loadBefore(33)).toBe(33);
    // The simulation itself refuses a frame that does not follow its state.
    step(33);
  });

  it.each([2, 3, 5, 8, 32])(
    "[RB8] with a save every %i frames load the nearest one before, of all frames that can be predicted",
    (spacing) => {
      const windowFrames = 8;
      for (let back = 1; back <= windowFrames; back++) {
        const { simulation, slots, step } = setup(windowFrames, spacing);
        for (let frame = 0; frame < 100; frame++) {
          slots.saveBefore(frame);
          step(frame);
        }
        const loaded = slots.loadBefore(100 - back);
        expect(loaded).toBeLessThanOrEqual(100 - back);
        expect(loaded).toBeGreaterThan(100 - back - spacing);
        step(loaded);
        expect(simulation.saves).toBe(Math.ceil(100 / spacing));
      }
    },
  );

  it("[RB8] forget the saves after the one that was loaded: they are of the wrong past", () => {
    const { slots, step } = setup(8, 1);
    for (let frame = 0; frame < 10; frame++) {
      slots.saveBefore(frame);
      step(frame);
    }
    slots.loadBefore(5);
    step(5);
    expect(slots.loadBefore(9)).toBe(5);
  });

  it("[RB8] without a save before the frame are a bug of the caller", () => {
    const { slots } = setup(8, 1);
    expect(() => slots.loadBefore(3)).toThrow("a save at or before");
  });
});
