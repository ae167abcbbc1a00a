import { describe, expect, it } from "vitest";
import { TestSimulation } from "../../../test/test-simulation.ts";
import { FrameRunner } from "./frame-runner.ts";
import { GameEventLog } from "./game-event-log.ts";
import { InputTable } from "./input-table.ts";
import { PauseSchedule } from "./pause-schedule.ts";

interface Setup {
  readonly simulation: TestSimulation;
  readonly inputs: InputTable;
  readonly pauses: PauseSchedule;
  readonly runner: FrameRunner;
  readonly told: string[];
  readonly advance: (count: number) => void;
  readonly arrive: (...bytes: number[]) => void;
}

function confirm(runner: FrameRunner): void {
  while (runner.confirmNext());
}

function setup(saveEveryFrames = 1): Setup {
  const simulation = new TestSimulation({ playerCount: 2 });
  const inputs = new InputTable(2, 1, [0]);
  const pauses = new PauseSchedule();
  const told: string[] = [];
  const events = new GameEventLog((stage, frame, name) => told.push(`${stage} ${frame}:${name}`));
  const runner = new FrameRunner({ simulation, inputs, pauses, events, predictionWindowFrames: 8, saveEveryFrames });
  const advance = (count: number): void => {
    for (let frame = 0; frame < count; frame++) {
      if (!runner.repair(Number.POSITIVE_INFINITY) || !runner.canAdvance) throw new Error("the window is full");
      inputs.append(0, Uint8Array.of(2), 0);
      runner.advance();
      confirm(runner);
    }
  };
  const arrive = (...bytes: number[]): void => {
    for (const byte of bytes) {
      inputs.append(1, Uint8Array.of(byte), 0);
      runner.inputArrived(1, inputs.lastFrame(1));
    }
    confirm(runner);
  };
  return { simulation, inputs, pauses, runner, told, advance, arrive };
}

describe("paused frames", () => {
  it("[RB29] are frames without a step: the state and its checksum stay, inputs do not matter", () => {
    const { simulation, pauses, runner, advance, arrive } = setup();
    pauses.add(2, 0, true);
    pauses.add(6, 0, false);
    for (let count = 0; count < 20; count++) {
      advance(1);
      arrive(count);
    }
    expect(runner.repair(99)).toBe(true);
    confirm(runner);
    expect(runner.confirmedFrame).toBe(19);
    expect(Math.max(...simulation.steps.keys())).toBe(15);
    for (let frame = 10; frame < 14; frame++) expect(runner.checksum(frame)).toBe(runner.checksum(9));
    expect(runner.checksum(14)).not.toBe(runner.checksum(9));
    // The real inputs are known all the same: a follower gets them.
    expect([...(runner.row(12) ?? [])]).toEqual([2, 12]);
    expect([9, 10, 13, 14, 15].map((frame) => runner.stepFrame(frame))).toEqual([9, 10, 10, 10, 11]);
  });

  it("[RB29] that are found to be paused, or not, are rolled back to", () => {
    const { simulation, pauses, runner, advance, arrive } = setup();
    advance(8);
    expect(simulation.stepCount).toBe(8);
    runner.rulesChanged(pauses.add(-4, 1, true));
    runner.repair(99);
    expect(Math.max(...simulation.steps.keys())).toBe(7);
    expect(runner.frame).toBe(8);
    arrive(0, 0, 0, 0, 0, 0, 0, 0);
    expect(runner.confirmedFrame).toBe(7);
    for (let frame = 4; frame < 8; frame++) expect(runner.checksum(frame)).toBe(runner.checksum(3));
    const checksum = simulation.checksum();
    runner.rulesChanged(pauses.add(0, 1, false));
    advance(1);
    expect(simulation.checksum()).not.toBe(checksum);
    expect(Math.max(...simulation.steps.keys())).toBe(7);
  });

  it("[RB29] take back events of their steps", () => {
    const { pauses, runner, told, advance, arrive } = setup();
    advance(8);
    expect(told).toContain("predicted 0:beat");
    runner.rulesChanged(pauses.add(-8, 1, true));
    runner.repair(99);
    arrive(0, 0, 0, 0, 0, 0, 0, 0);
    expect(told).toEqual(["predicted 0:beat", "cancelled 0:beat"]);
  });
});

describe("snapshots", () => {
  it.each([1, 4])("[RB30] are of the newest state that is certain, and leave the live one alone (saves every %i)", (spacing) => {
    const { simulation, runner, advance, arrive } = setup(spacing);
    expect(runner.takeSnapshot()).toMatchObject({ frame: 0, stepFrame: 0 });
    advance(6);
    arrive(0, 0, 5);
    const live = simulation.checksum();
    const early = runner.takeSnapshot();
    expect(early?.frame).toBe(spacing === 1 ? 2 : 0);
    expect(simulation.checksum()).toBe(live);
    runner.repair(99);
    confirm(runner);
    arrive(5, 5, 5);
    expect(runner.confirmedFrame).toBe(5);
    const snapshot = runner.takeSnapshot();
    expect(snapshot).toMatchObject({ frame: 6, stepFrame: 6, checksum: runner.checksum(5) });
    const other = new TestSimulation({ playerCount: 2 });
    expect(other.deserialize(snapshot?.bytes ?? new Uint8Array(0))).toBe(true);
    expect(other.checksum()).toBe(runner.checksum(5));
  });

  it("[RB30] of another peer mend a wrong state: what came after is simulated again, and told no second time", () => {
    const good = setup();
    const bad = setup();
    for (const { advance, arrive } of [good, bad]) {
      for (let count = 0; count < 40; count++) {
        advance(1);
        arrive(count >> 2);
      }
      advance(3);
    }
    const bytes = bad.simulation.serialize();
    bytes[0] = (bytes[0] ?? 0) ^ 1;
    bad.simulation.deserialize(bytes);
    bad.advance(2);
    bad.arrive(10, 10, 10, 10, 10);
    good.advance(2);
    good.arrive(10, 10, 10, 10, 10);
    for (const { runner } of [good, bad]) {
      runner.repair(99);
      confirm(runner);
    }
    const snapshot = good.runner.takeSnapshot();
    if (snapshot === undefined) throw new Error("no snapshot");
    const { frame, checksum } = snapshot;
    expect(bad.runner.loadSnapshot(frame, snapshot.bytes.subarray(1), checksum)).toBe(false);
    expect(bad.runner.loadSnapshot(frame, snapshot.bytes, checksum + 1)).toBe(false);
    expect(bad.runner.loadSnapshot(frame + 1, snapshot.bytes, checksum)).toBe(false);
    const told = bad.told.length;
    expect(bad.runner.loadSnapshot(frame, snapshot.bytes, checksum)).toBe(true);
    bad.runner.repair(99);
    confirm(bad.runner);
    for (const { advance, arrive } of [good, bad]) {
      advance(4);
      arrive(1, 2, 3, 4);
      advance(1);
    }
    expect(bad.simulation.checksum()).toBe(good.simulation.checksum());
    expect(bad.runner.checksum(frame + 2)).toBe(good.runner.checksum(frame + 2));
    expect(bad.told.slice(told).filter((text) => text.includes(`${frame - 1}:`))).toEqual([]);
  });

  it("[RB30] show no checksum of confirmed frames while these are simulated again", () => {
    const { runner, simulation, advance, arrive } = setup();
    const bytes: Uint8Array[] = [];
    for (let count = 0; count < 30; count++) {
      runner.repair(99);
      bytes.push(simulation.serialize());
      advance(1);
      arrive(count);
    }
    runner.repair(99);
    confirm(runner);
    const checksums = [19, 20, 25, 29].map((frame) => runner.checksum(frame));
    expect(runner.loadSnapshot(20, bytes[20] ?? new Uint8Array(0), checksums[0] ?? 0)).toBe(true);
    expect([19, 20, 25, 29].map((frame) => runner.checksum(frame))).toEqual([checksums[0], undefined, undefined, undefined]);
    expect(runner.takeSnapshot()).toBeUndefined();
    expect(runner.repair(6)).toBe(false);
    expect([19, 20, 25, 29].map((frame) => runner.checksum(frame))).toEqual([...checksums.slice(0, 3), undefined]);
    expect(runner.repair(6)).toBe(true);
    expect([19, 20, 25, 29].map((frame) => runner.checksum(frame))).toEqual(checksums);
  });
});

describe("a limit", () => {
  it("[RB41] keeps what others may still change from being confirmed, and every state that may have to come back", () => {
    const { inputs, runner, simulation, advance, arrive } = setup();
    runner.setLimit(2);
    arrive(...Array.from({ length: 30 }, () => 7));
    advance(18);
    expect([runner.confirmedFrame, runner.canAdvance]).toEqual([2, true]);
    advance(1);
    expect(runner.canAdvance).toBe(false);
    // Others agreed that the seat was a bot's from frame 4 on, though we have inputs.
    inputs.setBotFrom(1, 4);
    runner.rulesChanged(4);
    expect(runner.repair(99)).toBe(true);
    expect([3, 4, 18].map((frame) => simulation.inputs.get(frame)?.[1])).toEqual([7, 0, 0]);
    runner.setLimit(0x7fff_ffff);
    confirm(runner);
    expect(runner.confirmedFrame).toBe(18);
  });
});
