import { assert } from "./assert.ts";

/** Longest varint: 32 bits in groups of seven. */
export const VARINT_BYTES_MAX = 5;

/**
 * Writes little-endian numbers and bytes into a fixed buffer, from its start. Reusable: `reset` begins again. Writing past the end is the
 * caller's bug; ask `remainingBytes` where the size is not known beforehand.
 *
 *   varint: groups of seven bits, lowest first; the top bit of a byte says that another follows. Shortest form only.
 */
export class ByteWriter {
  #buffer: Uint8Array;
  #offset = 0;

  constructor(buffer: Uint8Array) {
    this.#buffer = buffer;
  }

  /** Bytes written since `reset`. */
  get sizeBytes(): number {
    return this.#offset;
  }

  get remainingBytes(): number {
    return this.#buffer.length - this.#offset;
  }

  /** Begins again, in the same buffer or another. */
  reset(buffer: Uint8Array = this.#buffer): void {
    this.#buffer = buffer;
    this.#offset = 0;
  }

  /** Forgets what was written after `sizeBytes`: for a part that turned out not to fit. */
  rewind(sizeBytes: number): void {
    assert(sizeBytes >= 0 && sizeBytes <= this.#offset, "rewind to what was written before");
    this.#offset = sizeBytes;
  }

  /** What was written, as a view of the buffer: valid until the next write. */
  written(): Uint8Array {
    return this.#buffer.subarray(0, this.#offset);
  }

  u8(value: number): void {
    assert(value >>> 0 === value && value <= 0xff, "an integer of 8 bits");
    this.#buffer[this.#take(1)] = value;
  }

  u16(value: number): void {
    assert(value >>> 0 === value && value <= 0xffff, "an integer of 16 bits");
    const offset = this.#take(2);
    this.#buffer[offset] = value;
    this.#buffer[offset + 1] = value >>> 8;
  }

  u32(value: number): void {
    assert(value >>> 0 === value, "an unsigned integer of 32 bits");
    const offset = this.#take(4);
    this.#buffer[offset] = value;
    this.#buffer[offset + 1] = value >>> 8;
    this.#buffer[offset + 2] = value >>> 16;
    this.#buffer[offset + 3] = value >>> 24;
  }

  /** An unsigned integer of at most 32 bits in 1–5 bytes. */
  varint(value: number): void {
    assert(value >>> 0 === value, "an unsigned integer of 32 bits");
    let rest = value;
    while (rest > 0x7f) {
      this.#buffer[this.#take(1)] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#buffer[this.#take(1)] = rest;
  }

  /** Copies `source[start … end)`. */
  bytes(source: Uint8Array, start = 0, end: number = source.length): void {
    assert(start >= 0 && start <= end && end <= source.length, "a range inside the source");
    const offset = this.#take(end - start);
    const buffer = this.#buffer;
    // A loop: packets are short, and `subarray` would allocate a view per call.
    for (let index = start; index < end; index++) buffer[offset + index - start] = source[index] ?? 0;
  }

  #take(count: number): number {
    const offset = this.#offset;
    assert(offset + count <= this.#buffer.length, "room for what is written");
    this.#offset = offset + count;
    return offset;
  }
}

/**
 * Reads what `ByteWriter` wrote, from bytes that anybody may have sent: never throws. A read past the end, or a varint that is not in its
 * shortest form or above 32 bits, sets `failed`, which stays; it and all later reads give 0. Check `failed` before trusting lengths, and `finished()` at the end.
 */
export class ByteReader {
  #buffer: Uint8Array;
  #offset = 0;
  #failed = false;

  constructor(buffer: Uint8Array = EMPTY) {
    this.#buffer = buffer;
  }

  get failed(): boolean {
    return this.#failed;
  }

  get offset(): number {
    return this.#offset;
  }

  get remainingBytes(): number {
    return this.#buffer.length - this.#offset;
  }

  /** Begins at the start of `buffer`, which must stay unchanged while it is read. */
  reset(buffer: Uint8Array): void {
    this.#buffer = buffer;
    this.#offset = 0;
    this.#failed = false;
  }

  /** Everything was there and nothing is left. */
  finished(): boolean {
    return !this.#failed && this.#offset === this.#buffer.length;
  }

  u8(): number {
    const offset = this.#take(1);
    return offset < 0 ? 0 : (this.#buffer[offset] ?? 0);
  }

  u16(): number {
    const offset = this.#take(2);
    if (offset < 0) return 0;
    return (this.#buffer[offset] ?? 0) | ((this.#buffer[offset + 1] ?? 0) << 8);
  }

  u32(): number {
    const offset = this.#take(4);
    if (offset < 0) return 0;
    const buffer = this.#buffer;
    const low = (buffer[offset] ?? 0) | ((buffer[offset + 1] ?? 0) << 8) | ((buffer[offset + 2] ?? 0) << 16);
    return (low | ((buffer[offset + 3] ?? 0) << 24)) >>> 0;
  }

  varint(): number {
    let value = 0;
    for (let index = 0; index < VARINT_BYTES_MAX; index++) {
      const byte = this.u8();
      if (this.#failed) return 0;
      // The fifth group has four bits left of 32, and cannot be followed.
      if (index === VARINT_BYTES_MAX - 1 && byte > 0x0f) return this.#fail();
      value = (value | ((byte & 0x7f) << (7 * index))) >>> 0;
      if (byte < 0x80) {
        // A last group of zero says nothing: the same number has a shorter form.
        if (byte === 0 && index > 0) return this.#fail();
        return value;
      }
    }
    return this.#fail();
  }

  /** Copies `count` bytes to `target[targetOffset …)`; writes nothing when they are not there. */
  bytesInto(target: Uint8Array, targetOffset: number, count: number): void {
    assert(targetOffset >= 0 && targetOffset + count <= target.length, "room for what is read");
    const offset = this.#take(count);
    if (offset < 0) return;
    const buffer = this.#buffer;
    for (let index = 0; index < count; index++) target[targetOffset + index] = buffer[offset + index] ?? 0;
  }

  /** The next `count` bytes as a view of the buffer (empty when they are not there). Allocates the view. */
  view(count: number): Uint8Array {
    const offset = this.#take(count);
    return offset < 0 ? EMPTY : this.#buffer.subarray(offset, offset + count);
  }

  skip(count: number): void {
    this.#take(count);
  }

  /** Where `count` bytes start, or −1 when they are not there. */
  #take(count: number): number {
    const offset = this.#offset;
    // Also refuses what a hostile length field may become: negative, NaN.
    if (this.#failed || !(count >= 0 && count <= this.#buffer.length - offset)) {
      this.#failed = true;
      return -1;
    }
    this.#offset = offset + count;
    return offset;
  }

  #fail(): number {
    this.#failed = true;
    return 0;
  }
}

/** All bytes of `parts`, one after the other, as a copy. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

const EMPTY = new Uint8Array(0);
