/**
 * A double as its two 32-bit words, for the functions that were written for them (fdlibm). Every engine that Rollcall runs on is
 * little-endian. The scratch memory is used within one call only.
 */
const VALUE = /* @__PURE__ */ new Float64Array(1);
const WORDS = /* @__PURE__ */ new Int32Array(VALUE.buffer);
const LOW = 0;
const HIGH = 1;

/** Sign, exponent and the upper 20 bits of the fraction, as a signed integer. */
export function highWord(x: number): number {
  VALUE[0] = x;
  return WORDS[HIGH] ?? 0;
}

export function joinWords(high: number, low: number): number {
  WORDS[HIGH] = high;
  WORDS[LOW] = low;
  return VALUE[0] ?? 0;
}

/** `x` with another upper half. */
export function withHighWord(x: number, high: number): number {
  VALUE[0] = x;
  WORDS[HIGH] = high;
  return VALUE[0] ?? 0;
}

/** `x` cut to its upper 21 significant bits, so that a product of two such numbers is exact. */
export function upperHalf(x: number): number {
  VALUE[0] = x;
  WORDS[LOW] = 0;
  return VALUE[0] ?? 0;
}

/** x · 2^`exponent`, rounded once. For x in 0.5 … 2 and exponents that a double can have, subnormal results included. */
export function scaleByPowerOfTwo(x: number, exponent: number): number {
  if (exponent > 1023) return x * 2 * powerOfTwo(exponent - 1);
  if (exponent >= -1020) return x * powerOfTwo(exponent);
  // Only the last product goes below the normal numbers: rounding twice would cost half a unit.
  return exponent < -1080 ? 0 : x * powerOfTwo(exponent + 64) * powerOfTwo(-64);
}

/** 2^`exponent` for −1022 … 1023. */
export function powerOfTwo(exponent: number): number {
  return joinWords((exponent + 1023) << 20, 0);
}
