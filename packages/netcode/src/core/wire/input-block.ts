import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import { INPUT_BYTES_MAX, INPUT_ROWS_MAX } from "./limits.ts";
import { readRuns, writeRuns } from "./run-length.ts";

/** Room for one player's rows: the base row, then `INPUT_ROWS_MAX`. */
export const INPUT_BLOCK_BYTES_MAX: number = (INPUT_ROWS_MAX + 1) * INPUT_BYTES_MAX;

/** A block is at most this long, whatever the inputs are. */
export function inputBlockBytesMax(rowCount: number, inputBytes: number): number {
  const bytes = rowCount * inputBytes;
  return 1 + bytes + Math.ceil(bytes / 15) + 1;
}

const differences = new Uint8Array(INPUT_BLOCK_BYTES_MAX);

/**
 * Writes the inputs of one player in consecutive frames. `rows`: the base row (the input of the frame before, which the receiver holds),
 * then `rowCount` rows, `inputBytes` each.
 *
 *   player: varint │ runs over (row XOR row before it), row by row
 *
 * Inputs change seldom, so that nearly all differences are zero: ten unchanged frames are one byte.
 */
export function writeInputBlock(writer: ByteWriter, player: number, rows: Uint8Array, rowCount: number, inputBytes: number): void {
  writer.varint(player);
  const sizeBytes = rowCount * inputBytes;
  for (let index = 0; index < sizeBytes; index++) differences[index] = (rows[index + inputBytes] ?? 0) ^ (rows[index] ?? 0);
  writeRuns(writer, differences, 0, sizeBytes);
}

/** Reads the rows after the player number. `rows` holds the base row already; the others are written behind it. False when malformed. */
export function readInputRows(reader: ByteReader, rows: Uint8Array, rowCount: number, inputBytes: number): boolean {
  const sizeBytes = rowCount * inputBytes;
  if (!readRuns(reader, differences, 0, sizeBytes)) return false;
  for (let index = 0; index < sizeBytes; index++) rows[index + inputBytes] = (differences[index] ?? 0) ^ (rows[index] ?? 0);
  return true;
}
