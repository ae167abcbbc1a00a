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

  it("[RB33] gives a bot's seat to a person from a frame on, with zeros until then, and to a bot again", () => {
    const table = new InputTable(2, 1, [0]);
    for (let count = 0; count < 400; count++) table.append(0, Uint8Array.of(1), 0);
    for (let count = 0; count < 300; count++) table.append(1, Uint8Array.of(5), 0);
    table.setBotFrom(1, 300);
    expect(table.completeFrame()).toBe(399);
    table.restart(1, 375);
    expect([table.completeFrame(), table.lastFrame(1)]).toEqual([374, 374]);
    expect([299, 300, 374, 375].map((frame) => table.isBot(1, frame))).toEqual([false, true, true, false]);
    expect([299, 300, 374, 380].map((frame) => predicted(table, 1, frame)[0])).toEqual([5, 0, 0, 0]);
    const column = new Uint8Array(3);
    table.copyColumn(1, 372, 3, column);
    expect([...column]).toEqual([0, 0, 0]);
    table.append(1, Uint8Array.of(9), 0);
    expect([375, 380].map((frame) => predicted(table, 1, frame)[0])).toEqual([9, 9]);
    table.setBotFrom(1, 376);
    expect([table.completeFrame(), table.isBot(1, 375), table.isBot(1, 376)]).toEqual([399, false, true]);
    // The bot before is not forgotten: frames there may be simulated again.
    expect([299, 300, 374].map((frame) => table.isBot(1, frame))).toEqual([false, true, true]);
  });

  it("[RB33] that a new holder never used stays the bot's without a gap", () => {
    const table = new InputTable(1, 1, []);
    table.setBotFrom(0, 10);
    table.restart(0, 85);
    table.setBotFrom(0, 85);
    expect(Array.from({ length: 100 }, (_, frame) => table.isBot(0, frame)).indexOf(true)).toBe(10);
    expect(table.isBot(0, 84) && table.isBot(0, 85)).toBe(true);
    expect(table.completeFrame()).toBeGreaterThan(1_000_000);
  });

  it("[RB33] begins in the middle: with inputs from before, but for those whose place a later seat has taken", () => {
    const table = new InputTable(2, 1, [0]);
    table.setBotFrom(1, 20);
    table.restart(1, 350);
    expect(table.backfill(93, Uint8Array.of(7, 3))).toBe(false);
    for (let frame = 94; frame < 300; frame++) expect(table.backfill(frame, Uint8Array.of(frame & 0xff, 0))).toBe(true);
    expect([table.lastFrame(0), table.lastFrame(1), table.completeFrame(), table.remoteCompleteFrame()]).toEqual([299, 349, 299, 349]);
    expect([95, 299].map((frame) => predicted(table, 0, frame)[0])).toEqual([95, 299 & 0xff]);
    const column = new Uint8Array(2);
    table.copyColumn(1, 348, 2, column);
    expect([...column]).toEqual([0, 0]);
  });
});
