import { describe, expect, it } from "vitest";
import { InputEntries } from "./input-entries.ts";
import { InputTable } from "./input-table.ts";
import { LocalInputs } from "./local-inputs.ts";

interface Setup {
  readonly local: LocalInputs;
  readonly inputs: InputTable;
  readonly entries: InputEntries;
  /** Samples `byte` for the next frame. */
  readonly sample: (byte: number) => void;
  /** All inputs so far. */
  readonly column: () => number[];
}

function setup(delayFrames: number): Setup {
  const inputs = new InputTable(1, 1, [0]);
  const entries = new InputEntries(1);
  const local = new LocalInputs({ inputs, entries, slot: 0, players: [0], delayFrames, firstFrame: 0 });
  let frame = 0;
  return {
    local,
    inputs,
    entries,
    sample: (byte) => void local.take(frame++, Uint8Array.of(byte)),
    column: () => {
      const target = new Uint8Array(local.newestFrame + 1);
      inputs.copyColumn(0, 0, target.length, target);
      return [...target];
    },
  };
}

describe("our own inputs", () => {
  it("[RB35] come the delay later, with nothing pressed before", () => {
    const { sample, column } = setup(3);
    for (const byte of [1, 2, 3]) sample(byte);
    expect(column()).toEqual([0, 0, 0, 1, 2, 3]);
  });

  it("[RB35] are repeated where the delay grows", () => {
    const { local, sample, column, entries } = setup(1);
    for (const byte of [1, 2]) sample(byte);
    local.setDelay(4);
    for (const byte of [3, 4]) sample(byte);
    expect(column()).toEqual([0, 1, 2, 3, 3, 3, 3, 4]);
    expect(entries.between(0, 0, 99)).toEqual([{ frame: 6, entry: { type: "input-delay", frames: 4 } }]);
  });

  it("[RB35] are left out where the delay falls, when a sample says nothing new", () => {
    const { local, sample, column, entries } = setup(3);
    sample(1);
    local.setDelay(1);
    for (const byte of [2, 3, 3, 4, 4, 5, 5]) sample(byte);
    expect(column()).toEqual([0, 0, 0, 1, 2, 3, 4, 5, 5]);
    expect(local.delayFrames).toBe(1);
    expect(entries.between(0, 0, 99)).toMatchObject([{ entry: { type: "input-delay", frames: 1 } }]);
  });

  it("[RB35] that always change are left out after a second all the same", () => {
    const { local, sample, column } = setup(1);
    sample(1);
    local.setDelay(0);
    for (let count = 0; count < 70; count++) sample(count & 1 ? 3 : 2);
    expect(local.delayFrames).toBe(0);
    expect(column()).toHaveLength(71);
  });

  it("[RB31] carry entries, as many as they may, and the others later", () => {
    const { local, sample, entries } = setup(2);
    for (let count = 0; count < 12; count++) local.attach({ type: count % 2 === 0 ? "pause" : "resume" });
    sample(0);
    expect(entries.between(0, 0, 99).map(({ frame }) => frame)).toEqual([2, 2, 2, 2]);
    sample(0);
    sample(0);
    expect([entries.between(0, 0, 99).length, local.waiting.length]).toEqual([8, 4]);
    for (let count = 0; count < 62; count++) sample(0);
    expect(local.waiting).toEqual([]);
  });

  it("[RB33] of a joiner begin with its first frame", () => {
    const inputs = new InputTable(1, 1, [0]);
    inputs.setBotFrom(0, 0);
    inputs.restart(0, 75);
    const options = { inputs, entries: new InputEntries(1), slot: 0, players: [0], delayFrames: 2 };
    const local = new LocalInputs({ ...options, firstFrame: 70 });
    expect(local.newestFrame).toBe(74);
    for (let frame = 70; frame < 76; frame++) local.take(frame, Uint8Array.of(frame));
    const column = new Uint8Array(4);
    inputs.copyColumn(0, 74, 4, column);
    expect([local.newestFrame, ...column]).toEqual([77, 0, 73, 74, 75]);
  });
});
