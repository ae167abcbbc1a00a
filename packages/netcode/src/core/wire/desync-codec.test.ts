import { assert, integer, property, record, uint8Array } from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader } from "../base/bytes.ts";
import { encodeChecksumLog, encodeState, LOG_FRAMES_MAX, logRowBytes, readChecksumLog, readState } from "./desync-codec.ts";
import * as ROLLBACK_KIND from "./rollback-kind.ts";

/** A reader behind kind and epoch. */
function readerOf(bytes: Uint8Array): ByteReader {
  const reader = new ByteReader(bytes);
  reader.skip(2);
  return reader;
}

const log = record({
  firstFrame: integer({ min: 0, max: 0x7fff_ffff }),
  frameCount: integer({ min: 1, max: LOG_FRAMES_MAX }),
  partCount: integer({ min: 0, max: 64 }),
  inputsBytes: integer({ min: 1, max: 128 }),
  seed: integer({ min: 0, max: 255 }),
});

describe("desync messages", () => {
  it("[DS15] a log comes back as it was written, and fits one reliable message", () => {
    assert(
      property(log, ({ firstFrame, frameCount, partCount, inputsBytes, seed }) => {
        const rows = Uint8Array.from({ length: frameCount * logRowBytes(partCount, inputsBytes) }, (_, index) => (index * 31) ^ seed);
        const bytes = encodeChecksumLog(7, { firstFrame, frameCount, partCount, rows });
        expect(bytes.length).toBeLessThanOrEqual(16_384);
        expect([bytes[0], bytes[1]]).toEqual([ROLLBACK_KIND.checksumLog, 7]);
        expect(readChecksumLog(readerOf(bytes), inputsBytes)).toEqual({ firstFrame, frameCount, partCount, rows });
        expect(readChecksumLog(readerOf(bytes.subarray(0, -1)), inputsBytes)).toBeUndefined();
      }),
    );
  });

  it("[DS15] a log without frames, with too many, or with too many parts is refused", () => {
    const encode = (frameCount: number, partCount: number): Uint8Array =>
      encodeChecksumLog(7, { firstFrame: 3, frameCount, partCount, rows: new Uint8Array(frameCount * logRowBytes(partCount, 4)) });
    expect(readChecksumLog(readerOf(encode(1, 64)), 4)).toBeDefined();
    for (const bytes of [encode(0, 3), encode(LOG_FRAMES_MAX + 1, 0), encode(2, 65)]) {
      expect(readChecksumLog(readerOf(bytes), 4)).toBeUndefined();
    }
  });

  it("[DS15] a state comes back as it was written, up to the size that the reader takes", () => {
    assert(
      property(integer({ min: 0, max: 0x7fff_ffff }), uint8Array({ maxLength: 300 }), (frame, state) => {
        const bytes = encodeState(ROLLBACK_KIND.stateReply, 9, { frame, state });
        expect(readState(readerOf(bytes), 300)).toEqual({ frame, state });
        expect(state.length > 200 ? readState(readerOf(bytes), 200) : undefined).toBeUndefined();
      }),
    );
  });

  it("[DS15] reading never throws, whatever the bytes", () => {
    assert(
      property(uint8Array({ maxLength: 400 }), integer({ min: 1, max: 128 }), (bytes, inputsBytes) => {
        readChecksumLog(new ByteReader(bytes), inputsBytes);
        readState(new ByteReader(bytes));
      }),
      { numRuns: 2000 },
    );
  });
});
