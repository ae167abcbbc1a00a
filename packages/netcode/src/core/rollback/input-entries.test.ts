import { describe, expect, it } from "vitest";
import { testPeerId } from "../../../test/test-match.ts";
import { ByteReader, ByteWriter } from "../base/bytes.ts";
import { STREAM_ENTRIES_MAX, STREAM_ENTRIES_PER_FRAME_MAX, STREAM_ENTRY_SPAN_FRAMES } from "../wire/limits.ts";
import type { CarriedEntry, StreamEntry } from "../wire/stream-entry-codec.ts";
import { InputEntries } from "./input-entries.ts";

const pause: StreamEntry = { type: "pause" };
const resume: StreamEntry = { type: "resume" };
const seat: StreamEntry = { type: "seat", slot: 1, generation: 1, peerId: testPeerId("x".repeat(64)) };

function carry(...list: readonly (readonly [number, StreamEntry])[]): CarriedEntry[] {
  return list.map(([frame, entry]) => ({ frame, entry }));
}

describe("entries beside inputs", () => {
  it("[RB31] are few: so many in a frame, in a span of frames, and in bytes", () => {
    const entries = new InputEntries(2);
    for (let count = 0; count < STREAM_ENTRIES_PER_FRAME_MAX; count++) {
      expect(entries.fits(0, 100, pause)).toBe(true);
      entries.append(0, 100, pause);
    }
    expect(entries.fits(0, 100, pause)).toBe(false);
    for (let frame = 101; frame <= 100 + STREAM_ENTRIES_MAX - STREAM_ENTRIES_PER_FRAME_MAX; frame++) entries.append(0, frame, pause);
    expect(entries.fits(0, 120, pause)).toBe(false);
    // The other slot has its own, and the first of ours is soon out of the span.
    expect(entries.fits(1, 120, pause)).toBe(true);
    expect(entries.fits(0, 100 + STREAM_ENTRY_SPAN_FRAMES - 1, pause)).toBe(false);
    expect(entries.fits(0, 100 + STREAM_ENTRY_SPAN_FRAMES, pause)).toBe(true);
    const long = new InputEntries(1);
    let count = 0;
    while (long.fits(0, count, seat)) long.append(0, count++, seat);
    expect(count).toBe(6);
  });

  it("[RB31] that come again must say the same", () => {
    const entries = new InputEntries(1);
    expect(entries.take(0, carry([5, pause], [5, resume], [9, pause]), -1)).toBe(true);
    expect(entries.agrees(0, carry([5, pause], [5, resume], [9, pause]), 0, 9)).toBe(true);
    expect(entries.agrees(0, carry([9, pause], [12, pause]), 6, 9)).toBe(true);
    expect(entries.agrees(0, carry([5, resume], [5, pause], [9, pause]), 0, 9)).toBe(false);
    expect(entries.agrees(0, carry([5, pause], [5, resume]), 0, 9)).toBe(false);
    expect(entries.agrees(0, carry([5, pause], [5, resume], [8, pause], [9, pause]), 0, 9)).toBe(false);
    expect(entries.agrees(0, [], 10, 20)).toBe(true);
  });

  it("[RB31] are taken all or none, and only those of frames that are new", () => {
    const entries = new InputEntries(1);
    entries.append(0, 3, pause);
    expect(entries.take(0, carry([3, pause], [4, resume]), 3)).toBe(true);
    expect(entries.between(0, 0, 10)).toEqual(carry([3, pause], [4, resume]));
    const flood = Array.from({ length: STREAM_ENTRIES_PER_FRAME_MAX + 1 }, (): [number, StreamEntry] => [6, pause]);
    expect(entries.take(0, carry([5, pause], ...flood), 4)).toBe(false);
    expect(entries.between(0, 0, 10)).toEqual(carry([3, pause], [4, resume]));
    expect(entries.hasSince(0, 5)).toBe(false);
  });

  it("[RB31] are remembered as long as inputs, and no longer", () => {
    const entries = new InputEntries(1);
    for (let frame = 0; frame < 10_000; frame += 50) {
      entries.append(0, frame, pause);
      expect(entries.between(0, frame - 200, frame).length).toBeGreaterThan(Math.min(3, frame / 50));
    }
    expect(entries.between(0, 0, 10_000).length).toBeLessThan(8);
  });

  it("[WI4] travel in the votes about who attached them", () => {
    const [from, to] = [new InputEntries(2), new InputEntries(2)];
    from.append(1, 40, pause);
    from.append(1, 60, seat);
    const writer = new ByteWriter(new Uint8Array(512));
    from.write(writer, 1, 10, 70);
    const bytes = writer.written().slice();
    expect(to.read(new ByteReader(bytes), 1, 10, 70, 70)).toBe(true);
    expect(to.hasSince(1, 0)).toBe(false);
    expect(to.read(new ByteReader(bytes), 1, 10, 70, 50)).toBe(true);
    expect(to.between(1, 0, 70)).toEqual(carry([60, seat]));
    expect(to.read(new ByteReader(bytes.subarray(0, -1)), 1, 10, 70, 50)).toBe(false);
  });
});
