import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader, ByteWriter } from "../base/bytes.ts";
import { INPUT_BLOCK_BYTES_MAX, inputBlockBytesMax, readInputRows, writeInputBlock } from "./input-block.ts";
import { INPUT_BYTES_MAX, INPUT_ROWS_MAX } from "./limits.ts";

const block = fc
  .tuple(fc.integer({ min: 1, max: INPUT_ROWS_MAX }), fc.integer({ min: 1, max: INPUT_BYTES_MAX }), fc.nat(7))
  .chain(([rowCount, inputBytes, player]) => {
    const sizeBytes = (rowCount + 1) * inputBytes;
    return fc.uint8Array({ minLength: sizeBytes, maxLength: sizeBytes }).map((rows) => ({ rowCount, inputBytes, player, rows }));
  });

describe("an input block", () => {
  it("[WI2] comes back as it was, from the row before it, in the size promised", () => {
    fc.assert(
      fc.property(block, ({ rowCount, inputBytes, player, rows }) => {
        const writer = new ByteWriter(new Uint8Array(2048));
        writeInputBlock(writer, player, rows, rowCount, inputBytes);
        expect(writer.sizeBytes).toBeLessThanOrEqual(inputBlockBytesMax(rowCount, inputBytes));
        const reader = new ByteReader(writer.written());
        const read = new Uint8Array(INPUT_BLOCK_BYTES_MAX);
        read.set(rows.subarray(0, inputBytes));
        expect(reader.varint()).toBe(player);
        expect(readInputRows(reader, read, rowCount, inputBytes)).toBe(true);
        expect(reader.finished()).toBe(true);
        expect(read.subarray(0, rows.length)).toEqual(rows);
      }),
      { numRuns: 40 },
    );
  });

  it("[WI2] of ten unchanged inputs is two bytes", () => {
    const writer = new ByteWriter(new Uint8Array(64));
    writeInputBlock(writer, 3, new Uint8Array(11).fill(9), 10, 1);
    expect(writer.written()).toEqual(Uint8Array.of(3, 0xa0));
  });
});
