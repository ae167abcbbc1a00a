import { describe, expect, it } from "vitest";
import { HISTORY_FRAMES, InputTable } from "./input-table.ts";

function predicted(table: InputTable, player: number, frame: number): number[] {
  const target = new Uint8Array(table.inputBytes);
  table.predict(player, frame, target, 0);
  return [...target];
}

describe("the input table", () => {
  it("[RB4] predicts zeros before the first input, and then the last one again", () => {
    const table = new InputTable(2, 2, [0]);
    expect(predicted(table, 1, 0)).toEqual([0, 0]);
    table.append(1, Uint8Array.of(9, 7, 8), 1);
    expect(predicted(table, 1, 0)).toEqual([7, 8]);
    expect(predicted(table, 1, 5)).toEqual([7, 8]);
    expect(predicted(table, 0, 5)).toEqual([0, 0]);
  });

  it("[RB4] gives the real input where it is there", () => {
    const table = new InputTable(1, 1, [0]);
    for (let frame = 0; frame < 1000; frame++) table.append(0, Uint8Array.of(frame & 0xff), 0);
    expect(table.lastFrame(0)).toBe(999);
    expect(predicted(table, 0, 998)).toEqual([998 & 0xff]);
    expect(table.holds(0, 999 - HISTORY_FRAMES + 1)).toBe(true);
    expect(table.holds(0, 999 - HISTORY_FRAMES)).toBe(false);
    expect(table.holds(0, 1000)).toBe(false);
    expect(table.equals(0, 997, Uint8Array.of(0, 997 & 0xff), 1)).toBe(true);
    expect(table.equals(0, 997, Uint8Array.of(1), 0)).toBe(false);
  });

  it("[RB1] is complete up to the last frame that everybody's input is there for", () => {
    const table = new InputTable(3, 1, [0]);
    expect(table.completeFrame()).toBe(-1);
    for (let count = 0; count < 5; count++) table.append(0, Uint8Array.of(1), 0);
    for (let count = 0; count < 3; count++) table.append(1, Uint8Array.of(1), 0);
    expect(table.completeFrame()).toBe(-1);
    table.setBotFrom(2, 0);
    expect(table.completeFrame()).toBe(2);
  });

  it("[RB17] waits for a dropped player up to its last frame, and plays zeros for its bot from then on", () => {
    const table = new InputTable(2, 1, [0]);
    for (let count = 0; count < 9; count++) table.append(0, Uint8Array.of(1), 0);
    for (let count = 0; count < 3; count++) table.append(1, Uint8Array.of(5), 0);
    table.setBotFrom(1, 4);
    expect(table.completeFrame()).toBe(2);
    table.append(1, Uint8Array.of(6), 0);
    expect(table.completeFrame()).toBe(8);
    expect([predicted(table, 1, 3), predicted(table, 1, 4)]).toEqual([[6], [0]]);
    expect([table.isBot(1, 3), table.isBot(1, 4)]).toEqual([false, true]);
  });

  it("[WI2] copies a column, with zeros before frame 0", () => {
    const table = new InputTable(2, 1, [0]);
    for (let frame = 0; frame < 4; frame++) table.append(1, Uint8Array.of(frame + 10), 0);
    const column = new Uint8Array(4);
    table.copyColumn(1, -1, 4, column);
    expect([...column]).toEqual([0, 10, 11, 12]);
  });
});
