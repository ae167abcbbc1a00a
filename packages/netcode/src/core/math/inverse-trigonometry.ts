/*
 * After s_atan.c, e_asin.c, e_acos.c and e_atan2.c of fdlibm 5.3. Our own: atan2 carries the remainder of its division along.
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
import { powerOfTwo, upperHalf } from "./double-words.ts";

const PI = Math.PI;
const PI_TAIL = 1.2246467991473532e-16;
const HALF_PI = Math.PI / 2;
const HALF_PI_TAIL = 6.123233995736766e-17;

/** Arc tangent, in −π/2 … π/2; the same bits in every engine, within 1 ulp. */
export function atan(x: number): number {
  if (Number.isNaN(x)) return NaN;
  const absolute = Math.abs(x);
  if (absolute < 1e-9) return x;
  splitAtan(absolute, 0);
  const value = (parts[0] ?? 0) + (parts[1] ?? 0);
  return x < 0 ? -value : value;
}

/**
 * The angle of the point (x, y), in −π … π; the same bits in every engine, within 1 ulp. Zeros and infinities as `Math.atan2` has
 * them: `atan2(0, 0)` is 0, `atan2(0, -1)` is π.
 */
export function atan2(y: number, x: number): number {
  if (Number.isNaN(x) || Number.isNaN(y)) return NaN;
  const isLeft = x < 0 || Object.is(x, -0);
  const isBelow = y < 0 || Object.is(y, -0);
  const angle = angleOf(Math.abs(y), Math.abs(x), isLeft);
  return isBelow ? -angle : angle;
}

/** Past this ratio the smaller side does not count. */
const RATIO_MAX = 1e19;

/** In 0 … π, for sides that are not negative. */
function angleOf(y: number, x: number, isLeft: boolean): number {
  if (y === 0) return isLeft ? PI : 0;
  if (x === Infinity) {
    if (y === Infinity) return isLeft ? 0.75 * Math.PI : Math.PI / 4;
    return isLeft ? PI : 0;
  }
  const ratio = y / x;
  if (ratio > RATIO_MAX) return HALF_PI;
  if (ratio < 1 / RATIO_MAX) return isLeft ? PI : ratio;
  splitAtan(ratio, divisionRest(y, x, ratio) / (1 + ratio * ratio));
  const high = parts[0] ?? 0;
  const low = parts[1] ?? 0;
  if (!isLeft) return high + low;
  // π ≥ high, so that what the difference loses can be told exactly (Dekker's fast two-sum).
  const difference = PI - high;
  return difference + (PI - difference - high + (PI_TAIL - low));
}

/** 2²⁷ + 1: splits a double in two halves whose products are exact (Dekker 1971). */
const SPLITTER = 134_217_729;

/** (y − ratio · x) / x: what the division rounded away. Sides that differ by less than `RATIO_MAX`. */
function divisionRest(y: number, x: number, ratio: number): number {
  // Near the ends of a double's range the halves' products would overflow or vanish.
  const scale = x > 1e150 ? powerOfTwo(-600) : x < 1e-150 ? powerOfTwo(600) : 1;
  const scaledX = x * scale;
  const product = ratio * scaledX;
  const xHigh = scaledX * SPLITTER - (scaledX * SPLITTER - scaledX);
  const xLow = scaledX - xHigh;
  const ratioHigh = ratio * SPLITTER - (ratio * SPLITTER - ratio);
  const ratioLow = ratio - ratioHigh;
  const lost = ratioHigh * xHigh - product + ratioHigh * xLow + ratioLow * xHigh + ratioLow * xLow;
  return (y * scale - product - lost) / scaledX;
}

const A0 = 0.3333333333333293;
const A1 = -0.19999999999876483;
const A2 = 0.14285714272503466;
const A3 = -0.11111110405462356;
const A4 = 9.090887133436507e-2;
const A5 = -7.69187620504483e-2;
const A6 = 6.661073137387531e-2;
const A7 = -5.8335701337905735e-2;
const A8 = 4.9768779946159324e-2;
const A9 = -3.6531572744216916e-2;
const A10 = 1.6285820115365782e-2;

/** An arc tangent in two parts, the second to be added last. */
const parts = /* @__PURE__ */ new Float64Array(2);

/** Leaves atan(x) + `tail` in `parts`, for x ≥ 0. */
function splitAtan(x: number, tail: number): void {
  if (x < 0.4375) {
    parts[0] = x;
    parts[1] = tail - x * atanSeries(x);
  } else if (x < 0.6875) {
    setParts(0.4636476090008061, 2.2698777452961687e-17 + tail, (2 * x - 1) / (2 + x));
  } else if (x < 1.1875) {
    setParts(Math.PI / 4, 3.061616997868383e-17 + tail, (x - 1) / (x + 1));
  } else if (x < 2.4375) {
    setParts(0.982793723247329, 1.3903311031230998e-17 + tail, (x - 1.5) / (1 + 1.5 * x));
  } else {
    setParts(HALF_PI, HALF_PI_TAIL + tail, -1 / x);
  }
}

function setParts(high: number, low: number, rest: number): void {
  parts[0] = high;
  parts[1] = rest - (rest * atanSeries(rest) - low);
}

/** 1 − atan(x) / x for |x| < 7/16. */
function atanSeries(x: number): number {
  const z = x * x;
  const w = z * z;
  const odd = z * (A0 + w * (A2 + w * (A4 + w * (A6 + w * (A8 + w * A10)))));
  const even = w * (A1 + w * (A3 + w * (A5 + w * (A7 + w * A9))));
  return odd + even;
}

const P0 = 0.16666666666666666;
const P1 = -0.3255658186224009;
const P2 = 0.20121253213486293;
const P3 = -4.005553450067941e-2;
const P4 = 7.915349942898145e-4;
const P5 = 3.479331075960212e-5;
const Q1 = -2.403394911734414;
const Q2 = 2.0209457602335057;
const Q3 = -0.6882839716054533;
const Q4 = 7.703815055590194e-2;

/** (asin(√z) − √z) / √z for 0 ≤ z ≤ 1/4. */
function asinRatio(z: number): number {
  return (z * (P0 + z * (P1 + z * (P2 + z * (P3 + z * (P4 + z * P5)))))) / (1 + z * (Q1 + z * (Q2 + z * (Q3 + z * Q4))));
}

/** Arc sine, in −π/2 … π/2; the same bits in every engine, within 1 ulp. NaN outside of −1 … 1. */
export function asin(x: number): number {
  const absolute = Math.abs(x);
  if (absolute < 0.5) return absolute < 1e-9 ? x : x + x * asinRatio(x * x);
  if (!(absolute <= 1)) return NaN;
  const z = (1 - absolute) * 0.5;
  const root = Math.sqrt(z);
  const ratio = asinRatio(z);
  let value = 0;
  if (absolute >= 0.975) {
    value = HALF_PI - (2 * (root + root * ratio) - HALF_PI_TAIL);
  } else {
    const upper = upperHalf(root);
    const lower = (z - upper * upper) / (root + upper);
    value = 0.5 * HALF_PI - (2 * root * ratio - (HALF_PI_TAIL - 2 * lower) - (0.5 * HALF_PI - 2 * upper));
  }
  return x < 0 ? -value : value;
}

/** Arc cosine, in 0 … π; the same bits in every engine, within 1 ulp. NaN outside of −1 … 1. */
export function acos(x: number): number {
  if (!(Math.abs(x) <= 1)) return NaN;
  if (Math.abs(x) < 0.5) return HALF_PI - (x - (HALF_PI_TAIL - x * asinRatio(x * x)));
  if (x < 0) {
    const z = (1 + x) * 0.5;
    const root = Math.sqrt(z);
    return 2 * (HALF_PI - (root + (asinRatio(z) * root - HALF_PI_TAIL)));
  }
  const z = (1 - x) * 0.5;
  const root = Math.sqrt(z);
  if (root === 0) return 0;
  const upper = upperHalf(root);
  const lower = (z - upper * upper) / (root + upper);
  return 2 * (upper + (asinRatio(z) * root + lower));
}
