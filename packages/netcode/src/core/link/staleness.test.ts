import { describe, expect, it } from "vitest";
import { Random } from "../base/random.ts";
import { LeastDelay, readStamp, stampOf, withoutStamp } from "./staleness.ts";

/** A path in one direction between two clocks that have nothing to do with each other. */
class Path {
  readonly #delay = new LeastDelay();
  readonly #offsetMs: number;
  readonly #driftRatio: number;

  constructor(offsetMs: number, driftRatio = 0) {
    this.#offsetMs = offsetMs;
    this.#driftRatio = driftRatio;
  }

  /** Sent at `sentMs` and there after `delayMs`; true: dropped. */
  carry(sentMs: number, delayMs: number): boolean {
    const stamp = stampOf((sentMs + this.#offsetMs) * (1 + this.#driftRatio));
    return this.#delay.isStale(sentMs + delayMs, stamp);
  }
}

describe("what comes late", () => {
  it("[LK106] is stale by more than 250 ms beyond the least delay, whatever the clocks show", () => {
    for (const offsetMs of [0, 5, 131_072, 987_654_321.5]) {
      const path = new Path(offsetMs);
      for (let sentMs = 0; sentMs < 3_000; sentMs += 16) expect(path.carry(sentMs, 40)).toBe(false);
      expect(path.carry(3_000, 40 + 240)).toBe(false);
      expect(path.carry(3_016, 40 + 260)).toBe(true);
      for (const lateMs of [1_000, 30_000, 60_000, 200_000]) expect(pathWith(offsetMs).carry(3_032 - lateMs, 40 + lateMs)).toBe(true);
    }
  });

  it("[LK107] an outage does not count: what it held back is stale, wherever in the five seconds it began", () => {
    for (let phaseMs = 0; phaseMs < 6_000; phaseMs += 16) {
      const path = new Path(11);
      let sentMs = 0;
      for (; sentMs < 6_000 + phaseMs; sentMs += 16) path.carry(sentMs, 40);
      for (const heldMs of [6_000, 5_500, 5_000]) expect(path.carry(sentMs + 6_000 - heldMs, heldMs)).toBe(true);
      expect(path.carry(sentMs + 6_016, 40)).toBe(false);
    }
  });

  it("[LK107] drift of the clocks does not add up", () => {
    for (const driftRatio of [0.000_5, -0.000_5]) {
      const path = new Path(7, driftRatio);
      let dropped = 0;
      for (let sentMs = 0; sentMs < 4 * 3_600_000; sentMs += 50) if (path.carry(sentMs, 30)) dropped++;
      expect(dropped).toBe(0);
    }
  });

  it("[LK107] jitter of 200 ms costs nothing", () => {
    const random = new Random(1);
    const path = new Path(1_000);
    for (let sentMs = 0; sentMs < 600_000; sentMs += 50) expect(path.carry(sentMs, 20 + random.float() * 200)).toBe(false);
  });

  it("[LK107] a path that becomes slower is believed after half a second, after ten where it jitters a lot, and a faster one at once", () => {
    const path = new Path(0);
    const dropped = (fromMs: number, delayMs: () => number): number => {
      const packets = Array.from({ length: 625 }, (_, index) => ({ sentMs: fromMs + index * 16, delayMs: delayMs() }));
      packets.sort((left, right) => left.sentMs + left.delayMs - right.sentMs - right.delayMs);
      return packets.filter((packet) => path.carry(packet.sentMs, packet.delayMs)).length;
    };
    expect(dropped(0, () => 20)).toBe(0);
    const slower = dropped(10_000, () => 600);
    expect(slower).toBeGreaterThan(8);
    expect(slower).toBeLessThan(40);
    const random = new Random(2);
    expect(dropped(20_000, () => 1_500 + random.float() * 200)).toBeLessThan(80);
    // Spread over more than 250 ms, its slowest are stale for as long as it is so.
    const wild = (): number => 3_000 + random.float() * 500;
    dropped(30_000, wild);
    const late = dropped(40_000, wild);
    expect(late).toBeGreaterThan(200);
    expect(late).toBeLessThan(400);
    expect(dropped(50_000, () => 20)).toBe(0);
  });

  it("[LK106] none of what an outage held back passes, however long it was, and what is sent after it does", () => {
    for (const outageMs of [500, 5_000, 60_000, 240_000]) {
      const path = new Path(12_345);
      for (let sentMs = 0; sentMs < 10_000; sentMs += 16) path.carry(sentMs, 30);
      const backMs = 10_000 + outageMs;
      const passed: number[] = [];
      let count = 0;
      // Eight a second were let into the queue. They come within 0.7 s, oldest first, with fresh ones between them.
      const held = Array.from({ length: outageMs / 125 }, (_, index) => 10_000 + index * 125);
      for (const [index, sentMs] of held.entries()) {
        const arrivalMs = backMs + (700 * index) / held.length;
        count++;
        if (!path.carry(sentMs, arrivalMs - sentMs) && arrivalMs - sentMs > 280) passed.push(arrivalMs - sentMs);
      }
      expect(passed, `${outageMs} ms`).toEqual([]);
      expect(count).toBeGreaterThan(3);
      for (let sentMs = backMs + 700; sentMs < backMs + 2_000; sentMs += 16) expect(path.carry(sentMs, 30)).toBe(false);
    }
  });

  it("[LK107] a clock that jumped is found out within a second", () => {
    for (const jumpMs of [-60_000, -3_000, 3_000, 60_000]) {
      const delay = new LeastDelay();
      for (let nowMs = 100_000; nowMs < 103_000; nowMs += 16) delay.isStale(nowMs, stampOf(nowMs));
      let dropped = 0;
      for (let nowMs = 103_000; nowMs < 113_000; nowMs += 16) if (delay.isStale(nowMs, stampOf(nowMs + jumpMs))) dropped++;
      expect(dropped).toBeLessThan(40);
    }
  });

  it("[LK108] the stamp is the last two bytes, and no part of what the session gets", () => {
    const bytes = Uint8Array.of(0x20, 1, 0x34, 0x12);
    expect(readStamp(bytes)).toBe(0x1234);
    expect(withoutStamp("unreliable", bytes)).toEqual(Uint8Array.of(0x20, 1));
    expect(withoutStamp("reliable", bytes)).toBe(bytes);
  });
});

function pathWith(offsetMs: number): Path {
  const path = new Path(offsetMs);
  for (let sentMs = 0; sentMs < 3_000; sentMs += 16) path.carry(sentMs, 40);
  return path;
}
