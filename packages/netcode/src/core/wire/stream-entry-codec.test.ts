import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { testPeerId } from "../../../test/test-match.ts";
import { ByteReader, ByteWriter } from "../base/bytes.ts";
import { PLAYERS_MAX } from "../base/units.ts";
import { INPUT_DELAY_MAX, STREAM_ENTRIES_MAX } from "./limits.ts";
import {
  isSameEntry,
  readStreamEntries,
  streamEntryBytes,
  writeStreamEntries,
  type CarriedEntry,
  type StreamEntry,
} from "./stream-entry-codec.ts";

const entry: fc.Arbitrary<StreamEntry> = fc.oneof(
  fc.constantFrom<StreamEntry>({ type: "pause" }, { type: "resume" }),
  fc.record({ type: fc.constant("input-delay" as const), frames: fc.nat(INPUT_DELAY_MAX) }),
  fc.record({
    type: fc.constant("seat" as const),
    slot: fc.nat(PLAYERS_MAX - 1),
    generation: fc.nat(255),
    peerId: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/).map(testPeerId),
  }),
);

const ROWS = 40;
const NEWEST = 1000;

const carried: fc.Arbitrary<CarriedEntry[]> = fc
  .array(fc.record({ frame: fc.integer({ min: NEWEST - ROWS + 1, max: NEWEST }), entry }), { maxLength: STREAM_ENTRIES_MAX })
  .map((list) => list.toSorted((left, right) => left.frame - right.frame));

function encode(entries: readonly CarriedEntry[]): Uint8Array {
  const writer = new ByteWriter(new Uint8Array(1024));
  writeStreamEntries(writer, entries, NEWEST);
  return writer.written().slice();
}

describe("entries of an input datagram", () => {
  it("[WI5] come back as they were, in as many bytes as promised", () => {
    fc.assert(
      fc.property(carried, (entries) => {
        const bytes = encode(entries);
        expect(bytes).toHaveLength(1 + entries.reduce((sum, each) => sum + streamEntryBytes(each.entry), 0));
        const reader = new ByteReader(bytes);
        const into: CarriedEntry[] = [];
        expect(readStreamEntries(reader, into, NEWEST, ROWS)).toBe(true);
        expect(reader.finished()).toBe(true);
        expect(into).toEqual(entries);
        for (const [index, each] of into.entries()) expect(isSameEntry(each.entry, entries[index]?.entry ?? { type: "pause" })).toBe(true);
      }),
    );
  });

  it("[WI5] are the same only when all their fields are", () => {
    fc.assert(
      fc.property(entry, entry, (left, right) => {
        expect(isSameEntry(left, right)).toBe(JSON.stringify(left) === JSON.stringify(right));
      }),
    );
  });

  it("[WI5] that are malformed never throw: cut off, out of order, of other frames, of unknown types, too many", () => {
    const pause = (frame: number): CarriedEntry => ({ frame, entry: { type: "pause" } });
    const read = (bytes: Uint8Array): boolean => readStreamEntries(new ByteReader(bytes), [], NEWEST, ROWS);
    expect(read(encode([pause(NEWEST - ROWS + 1), pause(NEWEST)]))).toBe(true);
    expect(read(encode([pause(NEWEST - ROWS), pause(NEWEST)]))).toBe(false);
    expect(read(encode([pause(NEWEST), pause(NEWEST - 1)]))).toBe(false);
    expect(read(encode(Array.from({ length: STREAM_ENTRIES_MAX + 1 }, () => pause(NEWEST))))).toBe(false);
    for (const bytes of [
      [],
      [1],
      [1, 0],
      [1, 0, 4],
      [1, 0, 2, INPUT_DELAY_MAX + 1],
      [1, 0, 3, PLAYERS_MAX, 1, 1, 65],
      [1, 0, 3, 0, 1, 1, 33],
    ]) {
      expect(read(Uint8Array.from(bytes))).toBe(false);
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const into: CarriedEntry[] = [];
        if (!readStreamEntries(new ByteReader(bytes), into, NEWEST, ROWS)) return;
        expect(into.every(({ frame }) => frame > NEWEST - ROWS && frame <= NEWEST)).toBe(true);
      }),
    );
  });
});
