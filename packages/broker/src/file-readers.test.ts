import { EventEmitter } from "node:events";
import { afterEach, expect, test, vi } from "vitest";
import { type FileAnswer, FileReaders, ReadingPace } from "./file-readers.ts";

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

interface Reader {
  readonly answer: FileAnswer & EventEmitter;
  readonly socket: { bytesWritten: number; writableLength: number };
  readonly destroy: () => void;
}

function reader(): Reader {
  const socket = { bytesWritten: 1_000_000, writableLength: 80_000 };
  const emitter = new EventEmitter();
  const destroy = vi.fn<() => void>(() => emitter.emit("close"));
  return { socket, destroy, answer: Object.assign(emitter, { socket, destroy }) as unknown as FileAnswer & EventEmitter };
}

test("[AB106] an answer of which nothing is taken is cut, one that is over is not looked at any more", () => {
  vi.useFakeTimers();
  const readers = new FileReaders(Date.now);
  const [held, over] = [reader(), reader()];
  for (const { answer } of [held, over]) expect(readers.admit(answer)).toBe(true);
  vi.advanceTimersByTime(500_000);
  expect(held.destroy).not.toHaveBeenCalled();
  over.answer.emit("close");
  vi.advanceTimersByTime(40_000);
  expect(held.destroy).toHaveBeenCalled();
  expect(over.destroy).not.toHaveBeenCalled();
  expect(vi.getTimerCount()).toBe(0);
});

test("[AB107] of more than 512 readers the slowest goes; while nobody knows who that is, a newcomer waits", () => {
  vi.useFakeTimers();
  const readers = new FileReaders(Date.now);
  const all = Array.from({ length: 512 }, () => reader());
  for (const { answer } of all) expect(readers.admit(answer)).toBe(true);
  expect(readers.admit(reader().answer)).toBe(false);
  for (const [index, { socket }] of all.entries()) socket.bytesWritten += index === 300 ? 5_000 : 10_000;
  vi.advanceTimersByTime(5_000);
  expect(readers.admit(reader().answer)).toBe(true);
  expect(all.flatMap(({ destroy }, index) => (vi.mocked(destroy).mock.calls.length > 0 ? [index] : []))).toEqual([300]);
});
