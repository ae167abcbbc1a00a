/**
 * Adaptive binary range coding, as LZMA does it (Igor Pavlov, LZMA SDK; G. N. N. Martin, "Range encoding", 1979): each bit costs what its model found it to
 * be worth. Whole numbers only, so that every engine writes the same bytes.
 */
const RANGE_MIN = 0x100_0000;
const WORD = 0x1_0000_0000;
const HALF = 0x8000;
/** The first bits of a context move its model most: a short match is over before a slow model has learned anything. */
const RATE_SHIFTS: readonly number[] = [1, 2, 2, 3, 3, 3, 4, 4, 4, 4, 4, 4];
const RATE_SHIFT_LAST = 5;

/** What is known about some bits: for each, how likely a zero is, in 1/65,536, and how often it was seen. */
export class BitModel {
  readonly #zeros: Uint16Array;
  readonly #counts: Uint8Array;

  constructor(size: number) {
    this.#zeros = new Uint16Array(size).fill(HALF);
    this.#counts = new Uint8Array(size);
  }

  /** In 1/4,096, 1–4,095. */
  zeroChance(index: number): number {
    return Math.min(4095, Math.max(1, (this.#zeros[index] ?? HALF) >>> 4));
  }

  saw(index: number, bit: number): void {
    const count = this.#counts[index] ?? 0;
    const zeros = this.#zeros[index] ?? HALF;
    const shift = RATE_SHIFTS[count] ?? RATE_SHIFT_LAST;
    this.#zeros[index] = bit === 0 ? zeros + ((0xffff - zeros) >>> shift) : zeros - (zeros >>> shift);
    if (count < 255) this.#counts[index] = count + 1;
  }
}

/** Writes bits against models. */
export class RangeEncoder {
  #bytes = new Uint8Array(1024);
  #size = 0;
  #low = 0;
  #range: number = WORD - 1;
  #cache = 0;
  /** The cached byte, and bytes of 255 behind it that a carry may still change. */
  #pending = 0;
  #isFirst = true;

  bit(model: BitModel, index: number, bit: number): void {
    const bound = (this.#range >>> 12) * model.zeroChance(index);
    model.saw(index, bit);
    this.#narrow(bit === 0 ? 0 : bound, bit === 0 ? bound : this.#range - bound);
  }

  /** The lowest `count` bits of `value`, highest first, that nothing is known about. */
  evenBits(value: number, count: number): void {
    for (let place = count - 1; place >= 0; place--) {
      const half = this.#range >>> 1;
      this.#narrow(((value >>> place) & 1) * half, half);
    }
  }

  /** Ends the code. Zeros at its end are left out: a decoder reads them past the end. */
  finish(): Uint8Array {
    for (let count = 0; count < 5; count++) this.#shift();
    while (this.#size > 0 && this.#bytes[this.#size - 1] === 0) this.#size--;
    return this.#bytes.slice(0, this.#size);
  }

  #narrow(offset: number, range: number): void {
    this.#low += offset;
    this.#range = range;
    while (this.#range < RANGE_MIN) {
      this.#range *= 256;
      this.#shift();
    }
  }

  #shift(): void {
    if (this.#low < 0xff00_0000 || this.#low >= WORD) {
      const carry = this.#low >= WORD ? 1 : 0;
      // The very first byte is always 0 and not written.
      if (!this.#isFirst) this.#put((this.#cache + carry) & 0xff);
      this.#isFirst = false;
      for (; this.#pending > 0; this.#pending--) this.#put((0xff + carry) & 0xff);
      this.#cache = Math.floor(this.#low / RANGE_MIN) & 0xff;
    } else this.#pending++;
    this.#low = (this.#low % RANGE_MIN) * 256;
  }

  #put(byte: number): void {
    if (this.#size === this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[this.#size++] = byte;
  }
}

/** Reads what `RangeEncoder` wrote, from any bytes: whatever they are, they stand for some bits. */
export class RangeDecoder {
  readonly #bytes: Uint8Array;
  #offset: number;
  #range: number = WORD - 1;
  #code = 0;

  constructor(bytes: Uint8Array, offset: number) {
    this.#bytes = bytes;
    this.#offset = offset;
    for (let count = 0; count < 4; count++) this.#code = this.#code * 256 + this.#next();
  }

  /** Bytes that were read past the end. */
  get excessBytes(): number {
    return Math.max(0, this.#offset - this.#bytes.length);
  }

  bit(model: BitModel, index: number): number {
    const bound = (this.#range >>> 12) * model.zeroChance(index);
    const bit = this.#code < bound ? 0 : 1;
    model.saw(index, bit);
    if (bit === 0) this.#range = bound;
    else {
      this.#code -= bound;
      this.#range -= bound;
    }
    this.#normalise();
    return bit;
  }

  evenBits(count: number): number {
    let value = 0;
    for (let place = 0; place < count; place++) {
      const half = this.#range >>> 1;
      const bit = this.#code < half ? 0 : 1;
      if (bit === 1) this.#code -= half;
      this.#range = half;
      this.#normalise();
      value = value * 2 + bit;
    }
    return value;
  }

  #normalise(): void {
    while (this.#range < RANGE_MIN) {
      this.#range *= 256;
      this.#code = this.#code * 256 + this.#next();
    }
  }

  #next(): number {
    return this.#bytes[this.#offset++] ?? 0;
  }
}
