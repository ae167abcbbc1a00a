/**
 * A set of sequences of integers that remembers 64 bits of each: eight to sixteen bytes a sequence, whatever its length. Of ten million, one is taken for another with a chance of
 * 3 in a million.
 */
export class FingerprintSet {
  #size = 0;
  #slots = new Uint32Array(1 << 17);
  #low = 0;
  #high = 0;

  get size(): number {
    return this.#size;
  }

  /** Begins a sequence with `value`. */
  begin(value: number): void {
    this.#low = 0x9e3779b9;
    this.#high = 0x85ebca6b;
    this.mix(value);
  }

  mix(value: number): void {
    let low = Math.imul(this.#low ^ value, 0x01000193);
    low ^= low >>> 15;
    this.#low = Math.imul(low, 0x2c1b3c6d);
    let high = Math.imul(this.#high + value, 0x297a2d39);
    high ^= high >>> 13;
    this.#high = Math.imul(high, 0x5bd1e995) ^ (low >>> 3);
  }

  /** Ends the sequence. True when it was not there. */
  add(): boolean {
    if (this.#size * 4 > this.#slots.length) this.#grow();
    // Zero marks a free slot.
    const low = this.#low >>> 0;
    const high = (this.#high | 1) >>> 0;
    if (!this.#insert(low, high)) return false;
    this.#size++;
    return true;
  }

  #insert(low: number, high: number): boolean {
    const slots = this.#slots;
    const mask = (slots.length >> 1) - 1;
    for (let slot = (low ^ (high >>> 7)) & mask; ; slot = (slot + 1) & mask) {
      if (slots[2 * slot + 1] === 0) {
        slots[2 * slot] = low;
        slots[2 * slot + 1] = high;
        return true;
      }
      if (slots[2 * slot] === low && slots[2 * slot + 1] === high) return false;
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 2);
    for (let slot = 0; slot < old.length; slot += 2) if (old[slot + 1] !== 0) this.#insert(old[slot] ?? 0, old[slot + 1] ?? 0);
  }
}
