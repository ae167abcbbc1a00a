import type { ByteReader, ByteWriter } from "../base/bytes.ts";

const RUN_MAX = 15;

/**
 * Writes `bytes[start … end)`, most of them zero, as runs:
 *
 *   token: zeros (high 4 bits), literals (low 4 bits) │ the literals, none of them zero │ token …
 *
 * Each run is as long as it can be (at most 15), so that there is one encoding only. The length is not written: the reader knows it.
 * At worst one byte in 15, and one more, longer than the input.
 */
export function writeRuns(writer: ByteWriter, bytes: Uint8Array, start: number, end: number): void {
  let index = start;
  while (index < end) {
    let zeros = 0;
    while (index < end && zeros < RUN_MAX && bytes[index] === 0) {
      zeros++;
      index++;
    }
    let literals = 0;
    while (index + literals < end && literals < RUN_MAX && bytes[index + literals] !== 0) literals++;
    writer.u8((zeros << 4) | literals);
    writer.bytes(bytes, index, index + literals);
    index += literals;
  }
}

/** Reads `target[start … end)`. False for anything that `writeRuns` would not have written; `target` is then undefined. */
export function readRuns(reader: ByteReader, target: Uint8Array, start: number, end: number): boolean {
  let index = start;
  let zeroMustFollow = false;
  while (index < end) {
    const token = reader.u8();
    const zeros = token >>> 4;
    const literals = token & RUN_MAX;
    // An empty token is never written; a read past the end gives one too.
    if (token === 0 || zeros + literals > end - index) return false;
    if (zeroMustFollow && zeros === 0) return false;
    if (literals === 0 && zeros < RUN_MAX && index + zeros < end) return false;
    target.fill(0, index, index + zeros);
    index += zeros;
    reader.bytesInto(target, index, literals);
    if (reader.failed) return false;
    for (const literalsEnd = index + literals; index < literalsEnd; index++) if (target[index] === 0) return false;
    zeroMustFollow = literals > 0 && literals < RUN_MAX;
  }
  return true;
}
