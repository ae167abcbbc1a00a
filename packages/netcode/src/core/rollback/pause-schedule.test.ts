import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NULL_FRAME } from "../base/units.ts";
import { PAUSE_LEAD_FRAMES } from "../wire/limits.ts";
import { PauseSchedule } from "./pause-schedule.ts";

const LEAD = PAUSE_LEAD_FRAMES;

/** Confirms the frames up to `last`, and returns what was told. */
function confirm(schedule: PauseSchedule, first: number, last: number): string[] {
  const told: string[] = [];
  for (let frame = first; frame <= last; frame++) {
    for (const wish of schedule.settle(frame)) told.push(`${wish.pauses ? "paused" : "resumed"} ${wish.frame} by ${wish.slot}`);
    schedule.forgetBefore(frame + 1);
  }
  return told;
}

describe("when the game stands still", () => {
  it("[RB29] from some frames after the wish on, until some frames after the other wish", () => {
    const schedule = new PauseSchedule();
    expect(schedule.add(10, 0, true)).toBe(10 + LEAD);
    schedule.add(40, 1, false);
    const still = Array.from({ length: 80 }, (_, frame) => frame).filter((frame) => schedule.isPaused(frame));
    expect([still[0], still.at(-1), still.length]).toEqual([10 + LEAD, 39 + LEAD, 30]);
    expect(confirm(schedule, 0, 79)).toEqual([`paused ${10 + LEAD} by 0`, `resumed ${40 + LEAD} by 1`]);
    expect(schedule.isPaused(80)).toBe(false);
  });

  it("[RB29] the lowest rank's last wish counts of several for one frame", () => {
    const schedule = new PauseSchedule();
    schedule.add(10, 2, true);
    schedule.add(10, 0, true);
    schedule.add(10, 0, false);
    expect(schedule.isPaused(10 + LEAD)).toBe(true);
    schedule.add(10, 2, false);
    expect(schedule.isPaused(10 + LEAD)).toBe(false);
    expect(confirm(schedule, 0, 30)).toEqual([]);
  });

  it("[RB29] what is in another order when it comes is in one order when it counts", () => {
    const wishes = fc.array(fc.record({ frame: fc.nat(60), slot: fc.nat(3), pauses: fc.boolean() }), { maxLength: 12 });
    fc.assert(
      fc.property(wishes, fc.infiniteStream(fc.nat(1000)), (list, keys) => {
        // Those of one slot come in their own order, as its inputs do.
        const ordered = list.toSorted((left, right) => left.frame - right.frame);
        const keyOf = new Map<number, number>();
        const key = (slot: number): number => keyOf.get(slot) ?? (keyOf.set(slot, keys.next().value).get(slot) as number);
        const mixed = ordered.toSorted((left, right) => key(left.slot) - key(right.slot));
        const [one, other] = [new PauseSchedule(), new PauseSchedule()];
        for (const wish of ordered) one.add(wish.frame, wish.slot, wish.pauses);
        for (const wish of mixed) other.add(wish.frame, wish.slot, wish.pauses);
        const states = (schedule: PauseSchedule): boolean[] => Array.from({ length: 80 }, (_, frame) => schedule.isPaused(frame));
        const before = states(one);
        expect(states(other)).toEqual(before);
        const told = confirm(one, 0, 79);
        expect(confirm(other, 0, 79)).toEqual(told);
        // Told is exactly what changes.
        const changes = before.flatMap((isPaused, frame) => (isPaused === (before[frame - 1] ?? false) ? [] : [frame]));
        expect(told.map((text) => Number(text.split(" ")[1]))).toEqual(changes);
      }),
    );
  });

  it("[RB29] wishes of inputs that do not count are taken back", () => {
    const schedule = new PauseSchedule();
    schedule.add(10, 1, true);
    schedule.add(20, 1, false);
    schedule.add(25, 0, false);
    expect(schedule.withdraw(1, 15)).toBe(20 + LEAD);
    expect(schedule.withdraw(1, 15)).toBe(NULL_FRAME);
    expect(confirm(schedule, 0, 40)).toEqual([`paused ${10 + LEAD} by 1`, `resumed ${25 + LEAD} by 0`]);
  });

  it("[RB29] a thousand times in a match, and then it only goes on", () => {
    const schedule = new PauseSchedule();
    let pauses = 0;
    for (let frame = 0; frame < 6000; frame += 4) {
      schedule.add(frame, 0, (frame & 4) === 0);
      pauses += confirm(schedule, frame, frame + 3).filter((text) => text.startsWith("paused")).length;
    }
    expect(pauses).toBe(750);
    for (let frame = 6000; frame < 12_000; frame += 4) {
      schedule.add(frame, 0, (frame & 4) === 0);
      pauses += confirm(schedule, frame, frame + 3).filter((text) => text.startsWith("paused")).length;
    }
    expect(pauses).toBe(1000);
    expect(schedule.isPaused(20_000)).toBe(false);
  });
});
