import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader, ByteWriter } from "../base/bytes.ts";
import { readRuns, writeRuns } from "./run-length.ts";

function encode(bytes: Uint8Array): Uint8Array {
  const writer = new ByteWriter(new Uint8Array(4096));
  writeRuns(writer, bytes, 0, bytes.length);
  return writer.written().slice();
}

function decode(bytes: Uint8Array, sizeBytes: number): Uint8Array | undefined {
  const reader = new ByteReader(bytes);
  const target = new Uint8Array(sizeBytes);
  return readRuns(reader, target, 0, sizeBytes) && reader.finished() ? target : undefined;
}

/** Mostly zeros, as differences of inputs are. */
const differences = fc
  .array(fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(255) }), { maxLength: 1024 })
  .map((bytes) => Uint8Array.from(bytes));

describe("runs", () => {
  it("[WI1] come back as they were", () => {
    fc.assert(
      fc.property(differences, (bytes) => {
        expect(decode(encode(bytes), bytes.length)).toEqual(bytes);
      }),
    );
  });

  it("[WI1] have one encoding: whatever is read writes the same bytes again", () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), fc.nat(40), (bytes, sizeBytes) => {
        const decoded = decode(bytes, sizeBytes);
        if (decoded === undefined) return;
        accepted++;
        expect(encode(decoded)).toEqual(bytes);
      }),
      { numRuns: 5000 },
    );
    expect(accepted).toBeGreaterThan(0);
  });

  it("[WI1] of ten unchanged bytes are one byte", () => {
    expect(encode(new Uint8Array(10))).toEqual(Uint8Array.of(0xa0));
  });

  it("[WI1] are at worst a fifteenth and one byte longer than the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1024 }), (bytes) => {
        expect(encode(bytes).length).toBeLessThanOrEqual(bytes.length + Math.ceil(bytes.length / 15) + 1);
      }),
    );
  });

  it.each([
    ["an empty token", [0x00], 1],
    ["a run past the end", [0x20], 1],
    ["a literal that is zero", [0x01, 0x00], 1],
    ["a literal that is missing", [0x02, 0x07], 2],
    ["two runs of zeros that are one", [0x10, 0x10], 2],
    ["two runs of literals that are one", [0x01, 0x05, 0x01, 0x06], 2],
  ])("[WI1] with %s are refused", (_, bytes, sizeBytes) => {
    expect(decode(Uint8Array.from(bytes), sizeBytes)).toBeUndefined();
  });
});
