/*
 * The reduction for |x| < 2²⁰ · π/2 is __ieee754_rem_pio2 of fdlibm 5.3 as FreeBSD's msun and musl have it (one path for all medium arguments).
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
import { highWord, powerOfTwo } from "./double-words.ts";

const TWO_OVER_PI = 2 / Math.PI;
/** π/2 in three parts of 33 bits each, so that their products with a quotient of 20 bits are exact; `_TAIL`: what is left of π/2 after them. */
const HALF_PI_1 = 1.5707963267341256;
const HALF_PI_1_TAIL = 6.077100506506192e-11;
const HALF_PI_2 = 6.077100506303966e-11;
const HALF_PI_2_TAIL = 2.0222662487959506e-21;
const HALF_PI_3 = 2.0222662487111665e-21;
const HALF_PI_3_TAIL = 8.4784276603689e-32;

/** Added and taken away again, it rounds a double below 2⁵¹ to a whole number. */
const ROUNDER = 6_755_399_441_055_744;

/** Upper word of 2²⁰ · π/2. */
const MEDIUM_HIGH_WORD_MAX = 0x413921fb;

/** Upper and lower part of what the last call of `reduceByHalfPi` left: the part below half a unit of the upper one counts in sin, cos and tan. */
const remainder = /* @__PURE__ */ new Float64Array(2);

/**
 * Takes the nearest multiple of π/2 from a finite `x`. Returns which one, modulo 4; the rest, in −π/4 … π/4, is `remainderHigh() + remainderLow()`
 * until the next call.
 */
export function reduceByHalfPi(x: number): number {
  const highAbsolute = highWord(x) & 0x7fffffff;
  if (highAbsolute >= MEDIUM_HIGH_WORD_MAX) return reduceHuge(x);
  const quotient = x * TWO_OVER_PI + ROUNDER - ROUNDER;
  let rest = x - quotient * HALF_PI_1;
  let tail = quotient * HALF_PI_1_TAIL;
  let high = rest - tail;
  // As many bits as were lost to cancellation have to come from the next parts of π/2.
  if (bitsLost(highAbsolute, high) > 16) {
    const before = rest;
    const part = quotient * HALF_PI_2;
    rest = before - part;
    tail = quotient * HALF_PI_2_TAIL - (before - rest - part);
    high = rest - tail;
    if (bitsLost(highAbsolute, high) > 49) {
      const before = rest;
      const part = quotient * HALF_PI_3;
      rest = before - part;
      tail = quotient * HALF_PI_3_TAIL - (before - rest - part);
      high = rest - tail;
    }
  }
  remainder[0] = high;
  remainder[1] = rest - high - tail;
  return quotient & 3;
}

export function remainderHigh(): number {
  return remainder[0] ?? 0;
}

export function remainderLow(): number {
  return remainder[1] ?? 0;
}

function bitsLost(highAbsolute: number, rest: number): number {
  return (highAbsolute >> 20) - ((highWord(rest) >> 20) & 0x7ff);
}

/** No double comes closer to a multiple of π/2 than about 2⁻⁶² (Kahan), and twice 53 bits are to be right below that. */
const FRACTION_BITS = 192n;

/** 2/π, as a fraction of 1280 bits: more than the exponent of any double, and `FRACTION_BITS`. */
const TWO_OVER_PI_BITS = 1280n;
const TWO_OVER_PI_FIXED = /* @__PURE__ */ BigInt(
  "0x" +
    "a2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561b7246e3a424dd2e006492eea09d1921cfe1deb1cb129a73ee88235f5" +
    "2ebb4484e99c7026b45f7e413991d639835339f49c845f8bbdf9283b1ff897ffde05980fef2f118b5a0a6d1f6d367ecf27cb09b74f463f669e5fea2d" +
    "7527bac7ebe5f17b3d0739f78a5292ea6bfb5fb11f8d5d0856033046fc7b6babf0cfbc209af4361d",
);

/** π/2 with a fraction of 320 bits. */
const HALF_PI_FIXED = /* @__PURE__ */ BigInt("0x1921fb54442d18469898cc51701b839a252049c1114cf98e804177d4c76273644a29410f31c6809bb");

/** 2⁵³: doubles from here on are whole numbers. */
const WHOLE_MIN = 9_007_199_254_740_992;

/** 2⁻⁵¹², the unit of a product of both fractions. */
const REST_UNIT_EXPONENT = -512;

/**
 * The same for arguments above a million and a half, in whole numbers, where fdlibm has a page of double arithmetic. It allocates and takes
 * about a microsecond; no angle of a game is that large.
 */
function reduceHuge(x: number): number {
  // Such a number has at most 32 bits below 1. A product with a power of two is exact, but must not overflow.
  const isWhole = Math.abs(x) >= WHOLE_MIN;
  const whole = isWhole ? BigInt(x) : BigInt(x * 0x1_0000_0000);
  const shift = TWO_OVER_PI_BITS - FRACTION_BITS + (isWhole ? 0n : 32n);
  const quotient = (whole * TWO_OVER_PI_FIXED) >> shift;
  const nearest = (quotient + (1n << (FRACTION_BITS - 1n))) >> FRACTION_BITS;
  const rest = (quotient - (nearest << FRACTION_BITS)) * HALF_PI_FIXED;
  const high = Number(rest);
  remainder[0] = high * powerOfTwo(REST_UNIT_EXPONENT);
  remainder[1] = Number(rest - BigInt(high)) * powerOfTwo(REST_UNIT_EXPONENT);
  return Number(BigInt.asUintN(2, nearest));
}
