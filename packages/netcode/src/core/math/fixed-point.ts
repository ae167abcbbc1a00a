import { assert } from "../base/assert.ts";

/**
 * Q16.16: a number times 65,536, held in a signed 32-bit integer (−32,768 to just under 32,768, in steps of 1/65,536). For games that want whole
 * numbers throughout, in an `i32` field. Add and subtract with `(a + b) | 0`, compare as they are. Results outside of the range wrap, as
 * `| 0` does.
 */
export const FIXED_ONE = 65_536;

/** To the nearest step. */
export function toFixed(value: number): number {
  return Math.round(value * FIXED_ONE) | 0;
}

export function fromFixed(fixed: number): number {
  return fixed / FIXED_ONE;
}

/** a · b, rounded down. */
export function multiplyFixed(a: number, b: number): number {
  // Either product stays below 2⁵³ and is exact; the whole one, of up to 62 bits, would not be.
  const high = (a >> 16) * b;
  const low = Math.floor(((a & 0xffff) * b) / FIXED_ONE);
  return (high + low) | 0;
}

/** a / b, rounded down. `b` other than 0. */
export function divideFixed(a: number, b: number): number {
  assert(b !== 0, "a divisor other than 0");
  // The quotient of integers below 2⁴⁷ and 2³¹ cannot round up to a whole number that it does not reach.
  return Math.floor((a * FIXED_ONE) / b) | 0;
}

/** √a, rounded down. `a` from 0. */
export function sqrtFixed(a: number): number {
  assert(a >= 0, "a square root of a number from 0");
  return Math.floor(Math.sqrt(a * FIXED_ONE));
}
