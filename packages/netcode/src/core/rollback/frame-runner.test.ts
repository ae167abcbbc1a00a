import { describe, expect, it } from "vitest";
import { TestSimulation, type TestSimulationOptions } from "../../../test/test-simulation.ts";
import { FrameRunner } from "./frame-runner.ts";
import { GameEventLog } from "./game-event-log.ts";
import { InputTable } from "./input-table.ts";
import { PauseSchedule } from "./pause-schedule.ts";

interface Setup {
  readonly simulation: TestSimulation;
  readonly inputs: InputTable;
  readonly runner: FrameRunner;
  /** Takes one input of our player and simulates a frame, when that is allowed. */
  readonly advance: () => boolean;
  /** The next input of the other player arrives. */
  readonly arrive: (byte: number) => void;
}

function setup(
  options: { predictionWindowFrames?: number; saveEveryFrames?: number; simulation?: Partial<TestSimulationOptions> } = {},
): Setup {
  const simulation = new TestSimulation({ playerCount: 2, ...options.simulation });
  const inputs = new InputTable(2, 1, [0]);
  const { predictionWindowFrames = 8, saveEveryFrames = 1 } = options;
  const events = new GameEventLog(() => {});
  const runner = new FrameRunner({ simulation, inputs, pauses: new PauseSchedule(), events, predictionWindowFrames, saveEveryFrames });
  return {
    simulation,
    inputs,
    runner,
    advance: () => {
      if (!runner.repair(Number.POSITIVE_INFINITY) || !runner.canAdvance) return false;
      inputs.append(0, Uint8Array.of(1), 0);
      runner.advance();
      confirm(runner);
      return true;
    },
    arrive: (byte) => {
      const frame = inputs.lastFrame(1) + 1;
      inputs.append(1, Uint8Array.of(byte), 0);
      runner.inputArrived(1, frame);
      confirm(runner);
    },
  };
}

function confirm(runner: FrameRunner): void {
  while (runner.confirmNext());
}

describe("running frames", () => {
  it("[RB2] a right prediction costs nothing", () => {
    const { simulation, runner, advance, arrive } = setup();
    for (let frame = 0; frame < 4; frame++) advance();
    for (let frame = 0; frame < 4; frame++) arrive(0);
    expect(runner.repair(100)).toBe(true);
    expect(runner.confirmedFrame).toBe(3);
    expect([runner.rollbacks, simulation.stepCount]).toEqual([0, 4]);
  });

  it("[RB3] a late input rolls back to its own frame", () => {
    const { simulation, runner, advance, arrive } = setup();
    for (let frame = 0; frame < 6; frame++) advance();
    for (const byte of [0, 0, 7, 7]) arrive(byte);
    expect(runner.confirmedFrame).toBe(1);
    expect(runner.repair(100)).toBe(true);
    confirm(runner);
    expect(runner.confirmedFrame).toBe(3);
    expect([...simulation.steps.values()]).toEqual([1, 1, 2, 2, 2, 2]);
    expect(simulation.inputs.get(5)).toEqual([1, 7]);
    expect([runner.rollbacks, runner.resimulatedFrames]).toEqual([1, 4]);
  });

  it("[RB5] the window allows so many frames past the last complete one", () => {
    for (const predictionWindowFrames of [0, 1, 8]) {
      const { runner, advance, arrive } = setup({ predictionWindowFrames });
      for (let call = 0; call < 20; call++) advance();
      // Nothing has arrived yet: the window counts from frame −1.
      expect(runner.frame).toBe(predictionWindowFrames);
      arrive(0);
      expect([runner.canAdvance, advance(), advance()]).toEqual([true, true, false]);
    }
  });

  it("[RB7] a repair in slices confirms nothing that is wrong, and ends as an undivided one", () => {
    const whole = setup();
    const sliced = setup();
    for (const { advance, arrive } of [whole, sliced]) {
      for (let frame = 0; frame < 8; frame++) advance();
      for (const byte of [0, 3, 3, 4, 4, 4]) arrive(byte);
    }
    expect(whole.runner.repair(Number.POSITIVE_INFINITY)).toBe(true);
    confirm(whole.runner);
    const confirmed: number[] = [];
    for (let slices = 1; ; slices++) {
      const isDone = sliced.runner.repair(2);
      confirm(sliced.runner);
      confirmed.push(sliced.runner.confirmedFrame);
      for (let frame = 0; frame <= sliced.runner.confirmedFrame; frame++) {
        expect(sliced.runner.checksum(frame)).toBe(whole.runner.checksum(frame));
      }
      if (isDone) break;
      expect(slices).toBeLessThan(9);
    }
    expect(confirmed).toEqual([2, 4, 5, 5]);
    expect(sliced.runner.rollbacks).toBe(1);
  });

  it("[RB7] an input that is wrong for what a slice has repaired starts another rollback", () => {
    const { simulation, runner, advance, arrive } = setup();
    for (let frame = 0; frame < 8; frame++) advance();
    arrive(5);
    expect(runner.repair(4)).toBe(false);
    arrive(6);
    expect(runner.repair(4)).toBe(false);
    expect(runner.repair(4)).toBe(true);
    confirm(runner);
    expect(runner.rollbacks).toBe(2);
    expect(runner.confirmedFrame).toBe(1);
    expect([0, 1, 7].map((frame) => simulation.inputs.get(frame)?.[1])).toEqual([5, 6, 6]);
  });

  it("[RB8] nothing is saved while nothing is predicted", () => {
    const { simulation, advance, arrive } = setup();
    for (let frame = 0; frame < 50; frame++) {
      arrive(frame);
      advance();
    }
    expect(simulation.stepCount).toBe(50);
    expect(simulation.saves).toBe(0);
  });

  it("[RB8] with sparse saves a rollback starts at the save before", () => {
    const { simulation, runner, advance, arrive } = setup({ saveEveryFrames: 4 });
    for (let frame = 0; frame < 8; frame++) advance();
    for (const byte of [0, 0, 0, 0, 0, 9]) arrive(byte);
    runner.repair(100);
    expect(simulation.saves).toBe(2);
    expect([...simulation.steps.values()]).toEqual([1, 1, 1, 1, 2, 2, 2, 2]);
  });

  it("[RB9] a checksum is there for confirmed frames only, and for at least the last 120 of them", () => {
    const { runner, advance, arrive } = setup();
    for (let frame = 0; frame < 500; frame++) {
      advance();
      arrive(frame >> 4);
    }
    for (let frame = 0; frame < 3; frame++) advance();
    expect(runner.confirmedFrame).toBe(499);
    for (let frame = 380; frame <= 499; frame++) expect(runner.checksum(frame)).toBeTypeOf("number");
    expect([runner.checksum(500), runner.checksum(-1), runner.checksum(100)]).toEqual([undefined, undefined, undefined]);
  });

  it.each([
    { saveEveryFrames: 1, hashesSlots: true },
    { saveEveryFrames: 3, hashesSlots: true },
    { saveEveryFrames: 1, hashesSlots: false },
  ])("[RB43] checksums are those of a straight run, however states are saved and hashed: %o", ({ saveEveryFrames, hashesSlots }) => {
    const { simulation, runner, advance, arrive } = setup({ saveEveryFrames, simulation: { hashesSlots } });
    const straight = new TestSimulation({ playerCount: 2 });
    for (let frame = 0; frame < 8; frame++) advance();
    for (let frame = 0; frame < 300; frame++) {
      arrive((frame * 7) >> 3);
      expect(advance()).toBe(true);
      straight.step(frame, Uint8Array.of(1, (frame * 7) >> 3), Uint8Array.of(0, 0), () => {});
      runner.repair(100);
      confirm(runner);
      expect(runner.checksum(frame)).toBe(straight.checksum());
      const parts = new Uint32Array(2);
      expect(runner.partChecksums(frame, parts, 0)).toBe(true);
      expect([...parts]).toEqual([...new Uint32Array(straight.serialize().buffer)]);
    }
    expect(runner.rollbacks).toBeGreaterThan(200);
    expect(runner.resimulatedFrames).toBeGreaterThan(1600);
    expect(simulation.slotHashes > 0).toBe(hashesSlots);
  });

  it("[RB43] with a save of every predicted frame each frame is hashed once, however often it is simulated", () => {
    const { simulation, runner, advance, arrive } = setup();
    const hashes = (): number => simulation.liveHashes + simulation.slotHashes;
    const before = hashes();
    for (let frame = 0; frame < 8; frame++) advance();
    expect(hashes()).toBe(before);
    for (let frame = 0; frame < 200; frame++) {
      arrive(frame);
      expect(advance()).toBe(true);
    }
    runner.repair(100);
    confirm(runner);
    expect([runner.confirmedFrame, runner.resimulatedFrames > 1500]).toEqual([199, true]);
    expect(hashes() - before).toBe(200);
  });

  it("[RB12] the end is the first confirmed frame with a result, and what was predicted past it never happened", () => {
    const { simulation, runner, advance, arrive } = setup({ simulation: { endFrame: 3 } });
    for (let frame = 0; frame < 7; frame++) advance();
    expect([runner.frame, runner.endFrame]).toEqual([7, undefined]);
    for (let frame = 0; frame < 6; frame++) arrive(0);
    expect([runner.frame, runner.endFrame, runner.confirmedFrame]).toEqual([4, 3, 3]);
    expect(runner.result()).toMatchObject({ frames: 4 });
    expect(simulation.checksum()).toBe(runner.checksum(3));
  });

  it("[RB17] a seat that goes to its bot is resimulated from that frame, though its input is what was predicted", () => {
    const { simulation, inputs, runner, advance, arrive } = setup();
    arrive(0);
    for (let frame = 0; frame < 6; frame++) advance();
    inputs.setBotFrom(1, 1);
    runner.rulesChanged(1);
    runner.repair(100);
    confirm(runner);
    expect([...simulation.steps.values()]).toEqual([1, 2, 2, 2, 2, 2]);
    expect(runner.confirmedFrame).toBe(5);
  });
});
