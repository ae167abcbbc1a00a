import { powerOfTwo } from "./double-words.ts";

/** 2²⁷ + 1: splits a double in two halves whose products are exact (Dekker, "A floating-point technique for extending the available precision", 1971). */
const SPLITTER = 134_217_729;
/** Past this ratio the smaller side does not count. */
const RATIO_MAX = 1e17;

/**
 * Length of the vector (x, y), √(x² + y²), without overflow on the way; the same bits in every engine, within 1 ulp. Infinite when a side is,
 * even beside NaN. For three dimensions: `hypot(hypot(x, y), z)`.
 */
export function hypot(x: number, y: number): number {
  const a = Math.abs(x);
  const b = Math.abs(y);
  if (a === Infinity || b === Infinity) return Infinity;
  if (Number.isNaN(a) || Number.isNaN(b)) return NaN;
  const long = Math.max(a, b);
  const short = Math.min(a, b);
  if (short === 0 || long / short > RATIO_MAX) return long + short;
  if (long > 1e150) return rootOfSquares(long * powerOfTwo(-700), short * powerOfTwo(-700)) * powerOfTwo(700);
  if (short < 1e-140) return rootOfSquares(long * powerOfTwo(700), short * powerOfTwo(700)) * powerOfTwo(-700);
  return rootOfSquares(long, short);
}

/** The squares' lower halves are added first: without them the sum alone may be off by a unit. */
function rootOfSquares(long: number, short: number): number {
  const longSquare = long * long;
  const shortSquare = short * short;
  return Math.sqrt(squareRest(short, shortSquare) + squareRest(long, longSquare) + shortSquare + longSquare);
}

/** x² less its rounded value, exactly. */
function squareRest(x: number, square: number): number {
  const high = x * SPLITTER - (x * SPLITTER - x);
  const low = x - high;
  return high * high - square + 2 * high * low + low * low;
}
