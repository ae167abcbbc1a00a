/*
 * After k_sin.c, k_cos.c, k_tan.c, s_sin.c, s_cos.c and s_tan.c of fdlibm 5.3, as FreeBSD's msun and musl have them.
 *
 * ====================================================
 * Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved.
 *
 * Developed at SunSoft, a Sun Microsystems, Inc. business.
 * Permission to use, copy, modify, and distribute this
 * software is freely granted, provided that this notice
 * is preserved.
 * ====================================================
 */
import { highWord, upperHalf } from "./double-words.ts";
import { reduceByHalfPi, remainderHigh, remainderLow } from "./half-pi-remainder.ts";

/** Upper word of π/4. */
const QUARTER_PI_HIGH_WORD = 0x3fe921fb;
/** Upper word of 2⁻²⁷: below it the next term of the series is under half a unit. */
const TINY_HIGH_WORD = 0x3e400000;

/** Sine of an angle in radians; the same bits in every engine, within 1 ulp. NaN and infinities give NaN. */
export function sin(x: number): number {
  const highAbsolute = highWord(x) & 0x7fffffff;
  if (highAbsolute < TINY_HIGH_WORD) return x;
  if (highAbsolute <= QUARTER_PI_HIGH_WORD) return sinNearZero(x, 0);
  if (highAbsolute >= 0x7ff00000) return NaN;
  switch (reduceByHalfPi(x)) {
    case 0:
      return sinNearZero(remainderHigh(), remainderLow());
    case 1:
      return cosNearZero(remainderHigh(), remainderLow());
    case 2:
      return -sinNearZero(remainderHigh(), remainderLow());
    default:
      return -cosNearZero(remainderHigh(), remainderLow());
  }
}

/** Cosine of an angle in radians; the same bits in every engine, within 1 ulp. NaN and infinities give NaN. */
export function cos(x: number): number {
  const highAbsolute = highWord(x) & 0x7fffffff;
  if (highAbsolute <= QUARTER_PI_HIGH_WORD) return cosNearZero(x, 0);
  if (highAbsolute >= 0x7ff00000) return NaN;
  switch (reduceByHalfPi(x)) {
    case 0:
      return cosNearZero(remainderHigh(), remainderLow());
    case 1:
      return -sinNearZero(remainderHigh(), remainderLow());
    case 2:
      return -cosNearZero(remainderHigh(), remainderLow());
    default:
      return sinNearZero(remainderHigh(), remainderLow());
  }
}

/** Tangent of an angle in radians; the same bits in every engine, within 1 ulp. NaN and infinities give NaN. */
export function tan(x: number): number {
  const highAbsolute = highWord(x) & 0x7fffffff;
  if (highAbsolute < TINY_HIGH_WORD) return x;
  if (highAbsolute <= QUARTER_PI_HIGH_WORD) return tanNearZero(x, 0, false);
  if (highAbsolute >= 0x7ff00000) return NaN;
  const isOdd = (reduceByHalfPi(x) & 1) === 1;
  return tanNearZero(remainderHigh(), remainderLow(), isOdd);
}

const S1 = -0.16666666666666632;
const S2 = 8.33333333332249e-3;
const S3 = -1.984126982985795e-4;
const S4 = 2.7557313707070068e-6;
const S5 = -2.5050760253406863e-8;
const S6 = 1.58969099521155e-10;

/** sin(x + tail) for |x| ≤ π/4. */
function sinNearZero(x: number, tail: number): number {
  const z = x * x;
  const w = z * z;
  const r = S2 + z * (S3 + z * S4) + z * w * (S5 + z * S6);
  const v = z * x;
  return x - (z * (0.5 * tail - v * r) - tail - v * S1);
}

const C1 = 4.16666666666666e-2;
const C2 = -1.388888888887411e-3;
const C3 = 2.480158728947673e-5;
const C4 = -2.7557314351390663e-7;
const C5 = 2.087572321298175e-9;
const C6 = -1.1359647557788195e-11;

/** cos(x + tail) for |x| ≤ π/4. */
function cosNearZero(x: number, tail: number): number {
  const z = x * x;
  const w = z * z;
  const r = z * (C1 + z * (C2 + z * C3)) + w * w * (C4 + z * (C5 + z * C6));
  const half = 0.5 * z;
  const rough = 1 - half;
  return rough + (1 - rough - half + (z * r - x * tail));
}

const T0 = 0.3333333333333341;
const T1 = 0.13333333333320124;
const T2 = 5.396825397622605e-2;
const T3 = 2.1869488294859542e-2;
const T4 = 8.8632398235993e-3;
const T5 = 3.5920791075913124e-3;
const T6 = 1.4562094543252903e-3;
const T7 = 5.880412408202641e-4;
const T8 = 2.464631348184699e-4;
const T9 = 7.817944429395571e-5;
const T10 = 7.140724913826082e-5;
const T11 = -1.8558637485527546e-5;
const T12 = 2.590730518636337e-5;
const QUARTER_PI = Math.PI / 4;
const QUARTER_PI_TAIL = 3.061616997868383e-17;
/** Upper word of 0.6744, from where on tan is computed from the distance to π/4. */
const NEAR_QUARTER_PI_HIGH_WORD = 0x3fe59428;

/** tan(x + tail), or −1 / tan(x + tail) where `isReciprocal`, for |x| ≤ π/4. */
function tanNearZero(x: number, tail: number, isReciprocal: boolean): number {
  const high = highWord(x);
  const isNearQuarterPi = (high & 0x7fffffff) >= NEAR_QUARTER_PI_HIGH_WORD;
  let a = x;
  let low = tail;
  if (isNearQuarterPi) {
    a = QUARTER_PI - Math.abs(x) + (QUARTER_PI_TAIL - (high < 0 ? -tail : tail));
    low = 0;
  }
  const z = a * a;
  const w = z * z;
  const odd = T1 + w * (T3 + w * (T5 + w * (T7 + w * (T9 + w * T11))));
  const even = z * (T2 + w * (T4 + w * (T6 + w * (T8 + w * (T10 + w * T12)))));
  const s = z * a;
  const r = low + z * (s * (odd + even) + low) + s * T0;
  const sum = a + r;
  if (isNearQuarterPi) {
    const sign = isReciprocal ? -1 : 1;
    const value = sign - 2 * (a + (r - (sum * sum) / (sum + sign)));
    return high < 0 ? -value : value;
  }
  return isReciprocal ? minusReciprocal(sum, a, r) : sum;
}

/** −1 / (a + r), where `sum` is their rounded sum: a plain division would be off by up to 2 ulp. */
function minusReciprocal(sum: number, a: number, r: number): number {
  const upper = upperHalf(sum);
  const lower = r - (upper - a);
  const quotient = -1 / sum;
  const upperQuotient = upperHalf(quotient);
  return upperQuotient + quotient * (1 + upperQuotient * upper + upperQuotient * lower);
}
