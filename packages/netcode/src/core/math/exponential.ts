/*
 * After e_exp.c and e_log.c of fdlibm 5.3, as FreeBSD's msun and musl have them.
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
import { highWord, scaleByPowerOfTwo, withHighWord } from "./double-words.ts";

/** ln 2 in two parts; the first has 32 bits, so that its product with an exponent is exact. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const LOG2_E = Math.LOG2E;
/** Above it e^x is no double any more, below the other it is 0. */
const EXP_X_MAX = 709.782712893384;
const EXP_X_MIN = -745.1332191019411;
const P1 = 0.16666666666666602;
const P2 = -2.7777777777015593e-3;
const P3 = 6.613756321437934e-5;
const P4 = -1.6533902205465252e-6;
const P5 = 4.1381367970572385e-8;

/** e to the power of x; the same bits in every engine, within 1 ulp. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return NaN;
  if (x > EXP_X_MAX) return Infinity;
  if (x < EXP_X_MIN) return 0;
  if (Math.abs(x) < 1e-9) return 1 + x;
  const exponent = Math.abs(x) > 0.34657359027997264 ? Math.trunc(LOG2_E * x + (x < 0 ? -0.5 : 0.5)) : 0;
  const high = x - exponent * LN2_HIGH;
  const low = exponent * LN2_LOW;
  const rest = high - low;
  const z = rest * rest;
  const c = rest - z * (P1 + z * (P2 + z * (P3 + z * (P4 + z * P5))));
  const value = 1 + ((rest * c) / (2 - c) - low + high);
  return exponent === 0 ? value : scaleByPowerOfTwo(value, exponent);
}

const L1 = 0.6666666666666735;
const L2 = 0.3999999999940942;
const L3 = 0.2857142874366239;
const L4 = 0.22222198432149784;
const L5 = 0.1818357216161805;
const L6 = 0.15313837699209373;
const L7 = 0.14798198605116586;
/** Upper words of 1 and of √½. */
const ONE_HIGH_WORD = 0x3ff00000;
const ROOT_HALF_HIGH_WORD = 0x3fe6a09e;
/** 2⁵⁴: brings a subnormal number among the normal ones. */
const SUBNORMAL_SCALE = 18_014_398_509_481_984;

/** Natural logarithm; the same bits in every engine, within 1 ulp. NaN below 0, −Infinity at 0. */
export function log(x: number): number {
  if (x === 0) return -Infinity;
  if (!(x > 0)) return NaN;
  if (x === Infinity) return x;
  // x = 2^exponent · (1 + f), with 1 + f between √½ and √2.
  const isSubnormal = highWord(x) < 0x00100000;
  const normal = isSubnormal ? x * SUBNORMAL_SCALE : x;
  const high = highWord(normal) + (ONE_HIGH_WORD - ROOT_HALF_HIGH_WORD);
  const exponent = (high >> 20) - 1023 - (isSubnormal ? 54 : 0);
  const f = withHighWord(normal, (high & 0x000fffff) + ROOT_HALF_HIGH_WORD) - 1;
  const halfSquare = 0.5 * f * f;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (L2 + w * (L4 + w * L6));
  const odd = z * (L1 + w * (L3 + w * (L5 + w * L7)));
  return s * (halfSquare + (odd + even)) + exponent * LN2_LOW - halfSquare + f + exponent * LN2_HIGH;
}
