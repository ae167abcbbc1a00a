/**
 * xxHash32 (Yann Collet, xxHash specification 0.1.1, `XXH32`): four independent lanes keep a CPU busy where a one-lane hash waits for
 * its own multiplications, and needs only `Math.imul`, additions and rotations, which are exact in every engine. Finds accidents
 * (a desync, another version), not attackers.
 *
 * `checksumWords` reads words in the machine's order. Every engine that Rollcall runs on is little-endian, so that
 * it equals `checksumBytes` over the same memory.
 */
const PRIME_1 = 0x9e3779b1;
const PRIME_2 = 0x85ebca77;
const PRIME_3 = 0xc2b2ae3d;
const PRIME_4 = 0x27d4eb2f;
const PRIME_5 = 0x165667b1;

/**
 * 32-bit hash of `bytes[start … end)`, as an unsigned integer. `seed`: any number of 32 bits; give it an earlier hash to hash several
 * pieces in order. Nothing is allocated.
 */
export function checksumBytes(bytes: Uint8Array, seed = 0, end: number = bytes.length, start = 0): number {
  let hash: number;
  let index = start;
  if (end - start >= 16) {
    let lane1 = (seed + PRIME_1 + PRIME_2) | 0;
    let lane2 = (seed + PRIME_2) | 0;
    let lane3 = seed | 0;
    let lane4 = (seed - PRIME_1) | 0;
    for (const last = end - 16; index <= last; index += 16) {
      lane1 = mixLane(lane1, wordAt(bytes, index));
      lane2 = mixLane(lane2, wordAt(bytes, index + 4));
      lane3 = mixLane(lane3, wordAt(bytes, index + 8));
      lane4 = mixLane(lane4, wordAt(bytes, index + 12));
    }
    hash = joinLanes(lane1, lane2, lane3, lane4);
  } else {
    hash = (seed + PRIME_5) | 0;
  }
  hash = (hash + end - start) | 0;
  for (const last = end - 4; index <= last; index += 4) hash = mixWord(hash, wordAt(bytes, index));
  for (; index < end; index++) hash = mixByte(hash, bytes[index] ?? 0);
  return finish(hash);
}

/** As `checksumBytes`, over the 32-bit words `[start … end)`: about twice as fast, the way to hash typed-array memory. */
export function checksumWords(words: Uint32Array | Int32Array, seed = 0, end: number = words.length, start = 0): number {
  let hash: number;
  let index = start;
  if (end - start >= 4) {
    let lane1 = (seed + PRIME_1 + PRIME_2) | 0;
    let lane2 = (seed + PRIME_2) | 0;
    let lane3 = seed | 0;
    let lane4 = (seed - PRIME_1) | 0;
    for (const last = end - 4; index <= last; index += 4) {
      lane1 = mixLane(lane1, words[index] ?? 0);
      lane2 = mixLane(lane2, words[index + 1] ?? 0);
      lane3 = mixLane(lane3, words[index + 2] ?? 0);
      lane4 = mixLane(lane4, words[index + 3] ?? 0);
    }
    hash = joinLanes(lane1, lane2, lane3, lane4);
  } else {
    hash = (seed + PRIME_5) | 0;
  }
  hash = (hash + (end - start) * 4) | 0;
  for (; index < end; index++) hash = mixWord(hash, words[index] ?? 0);
  return finish(hash);
}

/** Hash of a text's UTF-16 units, two bytes each. For names and content strings; it allocates. */
export function checksumText(text: string, seed = 0): number {
  const bytes = new Uint8Array(text.length * 2);
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    bytes[index * 2] = unit & 0xff;
    bytes[index * 2 + 1] = unit >>> 8;
  }
  return checksumBytes(bytes, seed);
}

function wordAt(bytes: Uint8Array, index: number): number {
  return (bytes[index] ?? 0) | ((bytes[index + 1] ?? 0) << 8) | ((bytes[index + 2] ?? 0) << 16) | ((bytes[index + 3] ?? 0) << 24);
}

function mixLane(lane: number, word: number): number {
  const sum = (lane + Math.imul(word, PRIME_2)) | 0;
  return Math.imul((sum << 13) | (sum >>> 19), PRIME_1);
}

function joinLanes(lane1: number, lane2: number, lane3: number, lane4: number): number {
  return (
    (((lane1 << 1) | (lane1 >>> 31)) +
      ((lane2 << 7) | (lane2 >>> 25)) +
      ((lane3 << 12) | (lane3 >>> 20)) +
      ((lane4 << 18) | (lane4 >>> 14))) |
    0
  );
}

function mixWord(hash: number, word: number): number {
  const sum = (hash + Math.imul(word, PRIME_3)) | 0;
  return Math.imul((sum << 17) | (sum >>> 15), PRIME_4);
}

function mixByte(hash: number, byte: number): number {
  const sum = (hash + Math.imul(byte, PRIME_5)) | 0;
  return Math.imul((sum << 11) | (sum >>> 21), PRIME_1);
}

function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 15), PRIME_2);
  mixed = Math.imul(mixed ^ (mixed >>> 13), PRIME_3);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
