import * as fc from "fast-check";
import { expect, test } from "vitest";
import { asciiBytes } from "./ascii.ts";
import { checksumBytes, checksumText, checksumWords } from "./checksum.ts";

/** The generator of the reference implementation's own sanity check (xxhsum.c): a byte stream and its hashes. */
function sanityBuffer(sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  let generator = 2654435761n;
  for (let index = 0; index < sizeBytes; index++) {
    bytes[index] = Number(generator >> 56n);
    generator = BigInt.asUintN(64, generator * 11400714785074694797n);
  }
  return bytes;
}

test.each([
  ["", 0, 0x02cc5d05],
  ["a", 0, 0x550d7456],
  ["abc", 0, 0x32d153ff],
  ["Nobody inspects the spammish repetition", 0, 0xe2293b2f],
])("[BA5] the checksum of %j is that of xxHash32", (text, seed, expected) => {
  expect(checksumBytes(asciiBytes(text), seed)).toBe(expected);
});

test.each([
  [0, 0, 0x02cc5d05],
  [0, 0x9e3779b1, 0x36b78ae7],
  [1, 0, 0xcf65b03e],
  [1, 0x9e3779b1, 0xb4545aa4],
  [14, 0, 0x1208e7e2],
  [14, 0x9e3779b1, 0x6af1d1fe],
  [222, 0, 0x5bd11dbd],
  [222, 0x9e3779b1, 0x58803c5f],
])("[BA5] %i bytes of the reference's sanity buffer with seed %i hash as there", (sizeBytes, seed, expected) => {
  expect(checksumBytes(sanityBuffer(sizeBytes), seed)).toBe(expected);
});

test("[BA5] words hash as the bytes of the same memory, and only the bytes asked for count", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 0xffff_ffff }), { maxLength: 50 }), fc.integer(), (numbers, seed) => {
      const words = Uint32Array.from(numbers);
      const bytes = new Uint8Array(words.buffer);
      const longer = new Uint8Array(bytes.length + 3).fill(0xee);
      longer.set(bytes);
      expect(checksumWords(words, seed)).toBe(checksumBytes(bytes, seed));
      expect(checksumWords(new Int32Array(words.buffer), seed)).toBe(checksumBytes(bytes, seed));
      expect(checksumBytes(longer, seed, bytes.length)).toBe(checksumBytes(bytes, seed));
    }),
  );
});

test("[BA5] one flipped bit of a state changes the checksum", () => {
  const bytes = sanityBuffer(700);
  const seen = new Set([checksumBytes(bytes)]);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    bytes[bit >>> 3] = (bytes[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
    seen.add(checksumBytes(bytes));
    bytes[bit >>> 3] = (bytes[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
  }
  // 5,600 hashes of 32 bits: a pair among them is equal by chance once in 270 runs of the world, and here never.
  expect(seen.size).toBe(bytes.length * 8 + 1);
});

test("[BA5] an earlier hash as seed joins pieces in their order", () => {
  const left = checksumText("left");
  const right = checksumText("right");
  expect(checksumText("right", left)).not.toBe(checksumText("left", right));
  expect(checksumText("ab")).not.toBe(checksumText("ba"));
});
