import { array, assert as check, constantFrom, integer, nat, option, property, record, uint8Array } from "fast-check";
import { describe, expect, it } from "vitest";
import { testPeerId } from "../../../test/test-match.ts";
import { ByteReader, ByteWriter } from "../base/bytes.ts";
import { SESSION_DATAGRAM_BYTES_MAX } from "../ports/transport.ts";
import { INPUT_ROWS_MAX } from "../wire/limits.ts";
import { FEED_BUFFER_BYTES, FEED_ROWS_BYTES_MAX, FeedHeader, readFeed, writeFeed } from "./feed-datagram.ts";
import { encodeSnapshot, readSnapshot } from "./snapshot-codec.ts";
import type { TimelineEntry } from "./timeline.ts";

const peerId = testPeerId("0123456789abcdef0123456789abcdef");

function entryAt(frame: number, kind: number): TimelineEntry {
  if (kind === 0) return { type: "seat-to-bot", frame, peerId, playerIndexes: [1], cause: "left" };
  if (kind === 1) return { type: "seat-to-bot", frame, peerId, playerIndexes: [0], cause: "lost" };
  if (kind === 2) return { type: "seat-to-player", frame, peerId, playerIndexes: [0, 1] };
  if (kind === 3) return { type: "input-delay", frame, peerId, frames: 3 };
  return { type: kind === 4 ? "pause" : "resume", frame, peerId };
}

/** What `writeFeed` wrote, read again; with the rows that it says are in it. */
function roundTrip(
  header: FeedHeader,
  rows: Uint8Array,
  layout: { playerCount: number; inputBytes: number },
): { back: FeedHeader; rows: Uint8Array; size: number } {
  const writer = new ByteWriter(new Uint8Array(FEED_BUFFER_BYTES));
  writeFeed(writer, 7, header, rows, layout);
  const reader = new ByteReader(writer.written());
  reader.skip(2);
  const back = new FeedHeader();
  const into = new Uint8Array(FEED_ROWS_BYTES_MAX);
  if (!readFeed(reader, back, into, layout)) throw new Error("refused");
  return { back, rows: into.slice(0, back.rowCount * layout.playerCount * layout.inputBytes), size: writer.sizeBytes };
}

const feeds = record({
  playerCount: integer({ min: 2, max: 8 }),
  inputBytes: integer({ min: 1, max: 16 }),
  rowCount: integer({ min: 0, max: INPUT_ROWS_MAX }),
  firstFrame: nat(1_000_000),
  seed: uint8Array({ minLength: 1, maxLength: 300 }),
  echo: option(nat(0xffff)),
  checksum: option(nat(0xffff_ffff)),
  entries: array(record({ ahead: nat(100), kind: nat(5) }), { maxLength: 20 }),
});

describe("a feed datagram", () => {
  it("[WF3] fits, and gives back rows, entries and checksum as far as they fit; its rows never pass an entry that was left out", () => {
    check(
      property(feeds, ({ playerCount, inputBytes, rowCount, firstFrame, seed, echo, checksum, entries }) => {
        const header = new FeedHeader();
        const sizeBytes = rowCount * playerCount * inputBytes;
        const rows = Uint8Array.from({ length: sizeBytes }, (_, index) => seed[(index * 7) % seed.length] ?? 0);
        const timeline = entries
          .toSorted((left, right) => left.ahead - right.ahead)
          .map(({ ahead, kind }) => entryAt(firstFrame + ahead, kind));
        const wanted = { firstFrame, settledFrame: firstFrame + rowCount + 3, rowCount, entries: timeline };
        Object.assign(header, wanted, { hasEcho: echo !== null, echoMs: echo ?? 0, heldMs: 300 });
        Object.assign(header, { hasReport: checksum !== null, reportFrame: firstFrame, checksum: checksum ?? 0 });
        const { back, rows: rowsBack, size } = roundTrip(header, rows, { playerCount, inputBytes });
        expect(size).toBeLessThanOrEqual(SESSION_DATAGRAM_BYTES_MAX);
        expect(rowsBack).toEqual(rows.slice(0, rowsBack.length));
        expect(back.entries).toEqual(timeline.slice(0, back.entries.length));
        const omitted = timeline[back.entries.length];
        expect(omitted === undefined || back.rowCount === 0 || firstFrame + back.rowCount <= omitted.frame).toBe(true);
        expect([back.firstFrame, back.settledFrame]).toEqual([firstFrame, wanted.settledFrame]);
      }),
    );
  });

  it("[WF4] of three frames of four players who hold their keys has at most 28 bytes", () => {
    const header = new FeedHeader();
    Object.assign(header, { firstFrame: 5000, settledFrame: 5002, rowCount: 3, hasEcho: true, echoMs: 1, heldMs: 2 });
    const { size } = roundTrip(header, new Uint8Array(12).fill(9), { playerCount: 4, inputBytes: 1 });
    expect(size).toBeLessThanOrEqual(28);
  });

  it("[WF2] of hostile bytes is refused, or read within its bounds: nothing throws", () => {
    const rows = new Uint8Array(FEED_ROWS_BYTES_MAX);
    const header = new FeedHeader();
    const layout = { playerCount: 3, inputBytes: 2 };
    Object.assign(header, {
      firstFrame: 10,
      settledFrame: 40,
      rowCount: 20,
      hasReport: true,
      reportFrame: 30,
      checksum: 1,
      entries: [entryAt(12, 2)],
    });
    const writer = new ByteWriter(new Uint8Array(FEED_BUFFER_BYTES));
    writeFeed(writer, 7, header, rows, layout);
    const good = writer.written().slice(2);
    check(
      property(uint8Array({ maxLength: 200 }), nat(good.length - 1), nat(255), constantFrom(0, 1), (noise, place, byte, kind) => {
        const bytes = kind === 0 ? noise : good.map((value, index) => (index === place ? byte : value));
        const back = new FeedHeader();
        const isRead = readFeed(new ByteReader(bytes), back, rows, layout);
        expect(!isRead || (back.rowCount <= INPUT_ROWS_MAX && back.firstFrame + back.rowCount - 1 <= back.settledFrame)).toBe(true);
        readSnapshot(new ByteReader(bytes), layout);
      }),
      { numRuns: 2000 },
    );
    expect(readFeed(new ByteReader(good), header, rows, layout)).toBe(true);
    expect(readFeed(new ByteReader(Uint8Array.of(...good, 0)), header, rows, layout)).toBe(false);
  });
});

it("[WF5] a snapshot gives back state, frames, entries and inputs, without records of input delays", () => {
  const layout = { playerCount: 2, inputBytes: 1 };
  const timeline = [entryAt(3, 3), entryAt(5, 0), entryAt(900, 2)];
  const snapshot = {
    frame: 700,
    stepFrame: 650,
    checksum: 0xdead_beef,
    timeline,
    baseRow: Uint8Array.of(1, 2),
    bytes: new Uint8Array(5000).fill(7),
  };
  const reader = new ByteReader(encodeSnapshot(7, snapshot));
  reader.skip(2);
  expect(readSnapshot(reader, layout)).toEqual({ ...snapshot, timeline: timeline.slice(1) });
});
