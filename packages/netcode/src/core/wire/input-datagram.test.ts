import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader, ByteWriter } from "../base/bytes.ts";
import { PACKET_KIND } from "../ports/link.ts";
import { INPUT_HEADER_BYTES_MAX, InputHeader, readInputHeader, writeInputHeader } from "./input-datagram.ts";
import { CONFIRMED_DISTANCE_MAX, INPUT_DELAY_MAX, INPUT_ROWS_MAX, LAG_UNITS_MAX } from "./limits.ts";
import * as ROLLBACK_KIND from "./rollback-kind.ts";

const headers = fc.record({
  isFinished: fc.boolean(),
  matchEpoch: fc.nat(255),
  newestFrame: fc.integer({ min: -1, max: 0xfffe }),
  ackDistance: fc.integer({ min: -300, max: 300 }),
  ackDelayMs: fc.nat(255),
  inputDelayFrames: fc.nat(INPUT_DELAY_MAX),
  windowFrames: fc.nat(15),
  lagUnits: fc.integer({ min: -LAG_UNITS_MAX, max: LAG_UNITS_MAX }),
  confirmedDistance: fc.nat(CONFIRMED_DISTANCE_MAX),
  rowCount: fc.nat(INPUT_ROWS_MAX),
  hasEntries: fc.boolean(),
  hasReport: fc.boolean(),
  checksumDistance: fc.integer({ min: -300, max: 300 }),
  checksum: fc.integer({ min: 0, max: 0xffff_ffff }),
  lossUnits: fc.nat(255),
  lateFrames: fc.nat(255),
});

function encode(fields: Partial<InputHeader>): Uint8Array {
  const writer = new ByteWriter(new Uint8Array(INPUT_HEADER_BYTES_MAX));
  writeInputHeader(writer, Object.assign(new InputHeader(), fields));
  return writer.written();
}

describe("the header of an input datagram", () => {
  it("[WI3] comes back as it was, with the low 16 bits of the newest frame", () => {
    fc.assert(
      fc.property(headers, (fields) => {
        const reader = new ByteReader(encode(fields));
        expect(reader.u8()).toBe(fields.isFinished ? ROLLBACK_KIND.lastInput : ROLLBACK_KIND.input);
        expect(reader.u8()).toBe(fields.matchEpoch);
        const read = new InputHeader();
        expect(readInputHeader(reader, read)).toBe(true);
        expect(reader.finished()).toBe(true);
        const { hasReport } = fields;
        const report = hasReport ? {} : { checksumDistance: 0, checksum: 0, lossUnits: 0, lateFrames: 0 };
        expect(Object.fromEntries(Object.entries(read))).toEqual({
          ...fields,
          isFinished: false,
          matchEpoch: 0,
          newestFrame: fields.newestFrame & 0xffff,
          ...report,
        });
      }),
    );
  });

  it("[WI3] is eleven bytes in play, and never longer than promised", () => {
    expect(encode({ newestFrame: 9000, ackDistance: 3, ackDelayMs: 8, inputDelayFrames: 2, lagUnits: 1500, rowCount: 8 })).toHaveLength(11);
    const longest = { ackDistance: -0x4000_0000, lagUnits: -99_999, hasReport: true, checksumDistance: -0x4000_0000 };
    expect(encode(longest).length).toBeLessThanOrEqual(INPUT_HEADER_BYTES_MAX);
  });

  it("[WI3] never throws, and says so when it is malformed", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 24 }), (bytes) => {
        const header = new InputHeader();
        const isRead = readInputHeader(new ByteReader(bytes), header);
        expect(header.rowCount <= INPUT_ROWS_MAX || !isRead).toBe(true);
      }),
    );
    for (let size = 2; size < 9; size++) {
      const reader = new ByteReader(encode({ rowCount: 8 }).subarray(2, size));
      expect(readInputHeader(reader, new InputHeader())).toBe(false);
    }
    const tooFar = encode({ confirmedDistance: CONFIRMED_DISTANCE_MAX + 1 });
    expect(readInputHeader(new ByteReader(tooFar.subarray(2)), new InputHeader())).toBe(false);
  });

  it("[WI3] begins with a kind of the rollback session", () => {
    for (const kind of Object.values(ROLLBACK_KIND)) {
      expect(kind).toBeGreaterThanOrEqual(PACKET_KIND.rollbackFirst);
      expect(kind).toBeLessThanOrEqual(PACKET_KIND.rollbackLast);
    }
  });
});
