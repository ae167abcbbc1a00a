import { array, assert, integer, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { SimScheduler } from "./sim-scheduler.ts";

describe("SimScheduler", () => {
  it("[SI1] tasks run by time, and tasks of one millisecond in the order in which they were scheduled", () => {
    assert(
      property(array(integer({ min: 0, max: 20 }), { maxLength: 60 }), (times) => {
        const scheduler = new SimScheduler();
        const ran: [number, number][] = [];
        for (const [index, atMs] of times.entries()) scheduler.schedule(atMs, (nowMs) => ran.push([nowMs, index]));
        scheduler.runUntil(20);
        const sorted = times.map((atMs, index): [number, number] => [atMs, index]).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
        expect(ran).toEqual(sorted);
        expect(scheduler.taskCount).toBe(0);
      }),
    );
  });

  it("[SI1] a task that is scheduled while its millisecond runs, runs in the same millisecond", () => {
    const scheduler = new SimScheduler();
    const ran: string[] = [];
    scheduler.schedule(5, (nowMs) => {
      ran.push("first");
      scheduler.schedule(nowMs, () => ran.push("third"));
    });
    scheduler.schedule(5, () => ran.push("second"));
    scheduler.runUntil(5);
    expect(ran).toEqual(["first", "second", "third"]);
  });

  it("[SI2] time never goes back", () => {
    const scheduler = new SimScheduler();
    scheduler.runUntil(10);
    expect(() => scheduler.schedule(9.9, () => {})).toThrow("from 10 ms on");
    expect(() => scheduler.runUntil(9)).toThrow("from 10 ms on");
    expect(() => scheduler.schedule(Number.NaN, () => {})).toThrow("finite");
    expect(scheduler.nowMs).toBe(10);
    expect(scheduler.runNext()).toBe(false);
  });
});
