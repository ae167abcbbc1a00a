import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { afterEach, expect, test, vi } from "vitest";
import { keepPace, ReadingPace } from "./reading-pace.ts";

afterEach(() => {
  vi.useRealTimers();
});

const HOUR_S = 3_600;
const STEP_S = 5;

/** When it is cut; `undefined`: not within an hour. `takenBytes`: at each second. */
function cutAtS(takenBytes: (atS: number) => number): number | undefined {
  const pace = new ReadingPace(0, 0);
  for (let atS = STEP_S; atS <= HOUR_S; atS += STEP_S) if (!pace.keeps(atS * 1_000, takenBytes(atS))) return atS;
  return undefined;
}

test("[AB106] who reads a byte a second is cut within nine minutes, although it took megabytes at first; a sixth of a line of 2G, in pieces as its buffers take them, is served for an hour", () => {
  expect(cutAtS((atS) => atS)).toBeLessThan(540);
  expect(cutAtS((atS) => 6_291_456 + atS)).toBeLessThan(540);
  expect(cutAtS((atS) => Math.min(atS * 400, 400_000) + atS)).toBeLessThan(1_540);
  const pieces = [1, 65_536, 100_000];
  expect(pieces.map((bytes) => cutAtS((atS) => Math.floor((atS * 400) / bytes) * bytes))).toEqual([undefined, undefined, undefined]);
});

test("[AB106] an answer of which nothing is taken is cut, one that is over is not looked at any more", () => {
  vi.useFakeTimers();
  const socket = { bytesWritten: 1_000_000, writableLength: 80_000 };
  const start = (): { readonly answer: EventEmitter; readonly destroy: () => void } => {
    const destroy = vi.fn<() => void>();
    const answer = Object.assign(new EventEmitter(), { socket, destroy });
    keepPace(answer as unknown as ServerResponse, Date.now);
    return { answer, destroy };
  };
  const [held, over] = [start(), start()];
  vi.advanceTimersByTime(500_000);
  expect(held.destroy).not.toHaveBeenCalled();
  over.answer.emit("close");
  vi.advanceTimersByTime(40_000);
  expect(held.destroy).toHaveBeenCalled();
  expect(over.destroy).not.toHaveBeenCalled();
  held.answer.emit("close");
  expect(vi.getTimerCount()).toBe(0);
});
