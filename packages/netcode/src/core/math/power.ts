/*
 * After e_pow.c of fdlibm 5.3, as FreeBSD's msun and musl have it.
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
import { highWord, joinWords, scaleByPowerOfTwo, upperHalf, withHighWord } from "./double-words.ts";

/** x to the power of y, as `Math.pow` and `**` have it for zeros, infinities and NaN, but with the same bits in every engine and within 1 ulp. */
export function pow(x: number, y: number): number {
  if (y === 0) return 1;
  if (Number.isNaN(x) || Number.isNaN(y)) return NaN;
  const absolute = Math.abs(x);
  if (Math.abs(y) === Infinity) {
    if (absolute === 1) return NaN;
    return absolute > 1 === y > 0 ? Infinity : 0;
  }
  if (y === 1) return x;
  if (y === 2) return x * x;
  if (y === -1) return 1 / x;
  const isNegative = x < 0 || Object.is(x, -0);
  const isOddPower = isNegative && isOdd(y);
  const sign = isOddPower ? -1 : 1;
  if (absolute === 0 || absolute === Infinity) return sign * ((absolute === 0) === y > 0 ? 0 : Infinity);
  if (isNegative && !Number.isInteger(y)) return NaN;
  return sign * (absolute === 1 ? 1 : powerOf(absolute, y));
}

function isOdd(y: number): boolean {
  return Number.isInteger(y) && Math.abs(y) <= Number.MAX_SAFE_INTEGER && y % 2 !== 0;
}

/** Of a finite x > 0 other than 1. */
function powerOf(x: number, y: number): number {
  const absoluteY = Math.abs(y);
  if (absoluteY > 2_147_483_648) {
    // 2³¹ · log2 of anything that is not within 2⁻²⁰ of 1 is past the exponents of a double.
    const high = highWord(x);
    const isNearOne = high >= 0x3fefffff && high <= 0x3ff00000;
    if (!isNearOne || absoluteY > 18_446_744_073_709_551_616) return x < 1 === y < 0 ? Infinity : 0;
    splitLogarithmNearOne(x);
  } else {
    splitLogarithm(x);
  }
  // y · (logHigh + logLow), with y cut in two so that the larger product is exact.
  const yHigh = upperHalf(y);
  const low = (y - yHigh) * logarithmHigh() + y * logarithmLow();
  return powerOfTwoOf(yHigh * logarithmHigh(), low);
}

/** log2 of a number as the sum of two, of which the first has 21 bits. */
const logarithm = /* @__PURE__ */ new Float64Array(2);

function logarithmHigh(): number {
  return logarithm[0] ?? 0;
}

function logarithmLow(): number {
  return logarithm[1] ?? 0;
}

const LOG2_E = Math.LOG2E;
const LOG2_E_HIGH = 1.4426950216293335;
const LOG2_E_LOW = 1.9259629911266175e-8;

function splitLogarithmNearOne(x: number): void {
  const t = x - 1;
  const w = t * t * (0.5 - t * (0.3333333333333333 - t * 0.25));
  const u = LOG2_E_HIGH * t;
  const v = t * LOG2_E_LOW - w * LOG2_E;
  const high = upperHalf(u + v);
  logarithm[0] = high;
  logarithm[1] = v - (high - u);
}

const L1 = 0.5999999999999946;
const L2 = 0.4285714285785502;
const L3 = 0.33333332981837743;
const L4 = 0.272728123808534;
const L5 = 0.23066074577556175;
const L6 = 0.20697501780033842;
/** 2 / (3 ln 2), and in two parts. */
const CP = 0.9617966939259756;
const CP_HIGH = 0.9617967009544373;
const CP_LOW = -7.028461650952758e-9;
/** log2 of 1.5, in two parts. */
const LOG2_3_HALVES_HIGH = 0.5849624872207642;
const LOG2_3_HALVES_LOW = 1.350039202129749e-8;
/** 2⁵³: brings a subnormal number among the normal ones. */
const SUBNORMAL_SCALE = 9_007_199_254_740_992;

/** x = 2ⁿ · m, and m is near 1 (√¾ … √1½) or near 1.5 (√1½ … √3); the logarithm of m over that base comes from a series in (m − base) / (m + base). */
function splitLogarithm(x: number): void {
  const isSubnormal = highWord(x) < 0x00100000;
  const normal = isSubnormal ? x * SUBNORMAL_SCALE : x;
  const fraction = highWord(normal) & 0x000fffff;
  let n = (highWord(normal) >> 20) - 1023 - (isSubnormal ? 53 : 0);
  let high = fraction | 0x3ff00000;
  const isNearThreeHalves = fraction > 0x3988e && fraction < 0xbb67a;
  if (fraction >= 0xbb67a) {
    n += 1;
    high -= 0x00100000;
  }
  const m = withHighWord(normal, high);
  const base = isNearThreeHalves ? 1.5 : 1;
  // s = sHigh + sLow = (m − base) / (m + base)
  const u = m - base;
  const v = 1 / (m + base);
  const s = u * v;
  const sHigh = upperHalf(s);
  const sumHigh = joinWords(((high >> 1) | 0x20000000) + 0x00080000 + (isNearThreeHalves ? 0x00040000 : 0), 0);
  const sumLow = m - (sumHigh - base);
  const sLow = v * (u - sHigh * sumHigh - sHigh * sumLow);
  const z = s * s;
  const series = z * z * (L1 + z * (L2 + z * (L3 + z * (L4 + z * (L5 + z * L6))))) + sLow * (sHigh + s);
  const square = sHigh * sHigh;
  const tHigh = upperHalf(3 + square + series);
  const tLow = series - (tHigh - 3 - square);
  const productHighPart = sHigh * tHigh;
  const productLowPart = sLow * tHigh + tLow * s;
  const pHigh = upperHalf(productHighPart + productLowPart);
  const pLow = productLowPart - (pHigh - productHighPart);
  const zHigh = CP_HIGH * pHigh;
  const zLow = CP_LOW * pHigh + pLow * CP + (isNearThreeHalves ? LOG2_3_HALVES_LOW : 0);
  const baseHigh = isNearThreeHalves ? LOG2_3_HALVES_HIGH : 0;
  const result = upperHalf(zHigh + zLow + baseHigh + n);
  logarithm[0] = result;
  logarithm[1] = zLow - (result - n - baseHigh - zHigh);
}

const P1 = 0.16666666666666602;
const P2 = -2.7777777777015593e-3;
const P3 = 6.613756321437934e-5;
const P4 = -1.6533902205465252e-6;
const P5 = 4.1381367970572385e-8;
const LN2 = Math.LN2;
const LN2_HIGH = 0.6931471824645996;
const LN2_LOW = -1.904654299957768e-9;
/** What 1024 may be exceeded by, in the lower part, before the result overflows. */
const OVERFLOW_REST = 8.008566259537294e-17;

/** 2^(high + low). */
function powerOfTwoOf(high: number, low: number): number {
  const exponent = high + low;
  if (exponent > 1024 || (exponent === 1024 && low + OVERFLOW_REST > exponent - high)) return Infinity;
  if (exponent < -1075 || (exponent === -1075 && low <= exponent - high)) return 0;
  const whole = Math.abs(exponent) > 0.5 ? Math.floor(exponent + 0.5) : 0;
  const fraction = high - whole;
  const t = upperHalf(low + fraction);
  const u = t * LN2_HIGH;
  const v = (low - (t - fraction)) * LN2 + t * LN2_LOW;
  const z = u + v;
  const w = v - (z - u);
  const square = z * z;
  const c = z - square * (P1 + square * (P2 + square * (P3 + square * (P4 + square * P5))));
  const rest = (z * c) / (c - 2) - (w + z * w);
  return scaleByPowerOfTwo(1 - (rest - z), whole);
}
