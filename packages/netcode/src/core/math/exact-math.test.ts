import { expect, test } from "vitest";
import { IS_DEEP } from "../../../../../scripts/deep.ts";
import { DRAW, EXACT, MATH_NAMES } from "../../../test/math-samples.ts";
import { MATH_GOLDEN, mathChecksums } from "../../../test/math-golden.ts";
import { truth, ulpsBetween } from "../../../test/precise-math.ts";
import { Random } from "../base/random.ts";

const SAMPLES = IS_DEEP ? 15_000 : 1500;

test.each(MATH_NAMES)("[DT2] %s is within 1 ulp of the true value", (name) => {
  const random = new Random(2, name);
  const apply: (x: number, y: number) => number = EXACT[name];
  const trueValue: (x: number, y: number) => bigint = truth[name];
  let worst = { ulps: 0, x: 0, y: 0 };
  for (let index = 0; index < SAMPLES; index++) {
    const [x, y = 0] = DRAW[name](random);
    const ulps = ulpsBetween(apply(x, y), trueValue(x, y));
    if (ulps > worst.ulps) worst = { ulps, x, y };
  }
  expect(worst).toSatisfy(({ ulps }: typeof worst) => ulps < 1);
  // Nothing rounds to half a unit every time: a worst case below that would mean that the truth was never asked.
  expect(worst.ulps).toBeGreaterThan(0.49);
});

test("[DT2] angles next to a multiple of π/2 keep all their digits", () => {
  // The last is the double that comes closest to a multiple of π/2 (Kahan; Muller, Elementary Functions, table 11.1).
  for (const x of [
    Math.PI / 2,
    Math.PI,
    -Math.PI,
    22,
    355,
    1e5 * Math.PI,
    1647099.5,
    1e22,
    Number.MAX_VALUE,
    6381956970095103 * 2 ** 797,
  ]) {
    for (const name of ["sin", "cos", "tan"] as const) {
      expect(ulpsBetween(EXACT[name](x), truth[name](x)), `${name}(${x})`).toBeLessThan(1);
    }
  }
});

test("[DT2] results below the normal numbers, and sides near the ends of the range, are within 1 ulp", () => {
  for (const x of [-708.5, -720.1, -740.3, -745.1]) expect(ulpsBetween(EXACT.exp(x), truth.exp(x)), `exp(${x})`).toBeLessThan(1);
  for (const y of [-1023.5, -1050.25, -1073.9]) expect(ulpsBetween(EXACT.pow(2, y), truth.pow(2, y)), `pow(2, ${y})`).toBeLessThan(1);
  expect(EXACT.log(5e-324)).toBe(-744.4400719213812);
  for (const [y, x] of [
    [3e-300, 1e-300],
    [1e300, 7e300],
    [-2e-310, 1e-310],
    [1e300, -1e290],
  ] as const) {
    const scaled = truth.atan2(y * (Math.abs(y) < 1 ? 2 ** 900 : 2 ** -900), x * (Math.abs(y) < 1 ? 2 ** 900 : 2 ** -900));
    expect(ulpsBetween(EXACT.atan2(y, x), scaled), `atan2(${y}, ${x})`).toBeLessThan(1);
  }
  expect(EXACT.hypot(3 * 2 ** 1020, 4 * 2 ** 1020)).toBe(5 * 2 ** 1020);
  expect(EXACT.hypot(3 * 2 ** -1070, 4 * 2 ** -1070)).toBe(5 * 2 ** -1070);
});

test("[DT3] zeros, infinities, NaN and the borders of each domain come out as Math has them", () => {
  const special = [
    0,
    -0,
    1,
    -1,
    0.5,
    -0.5,
    2,
    -2,
    3,
    -3,
    1e-320,
    -1e-320,
    1e308,
    -1e308,
    2 ** 53,
    -(2 ** 53 + 2),
    Infinity,
    -Infinity,
    NaN,
  ];
  const isSpecial = (value: number): boolean => value === 0 || !Number.isFinite(value) || Number.isInteger(value);
  const wrong: string[] = [];
  for (const name of MATH_NAMES) {
    const apply: (x: number, y: number) => number = EXACT[name];
    const native: (x: number, y: number) => number = Math[name];
    for (const x of special) {
      for (const y of special) {
        const expected = native(x, y);
        const actual = apply(x, y);
        const isEqual = isSpecial(expected)
          ? Object.is(actual, expected)
          : Math.abs(actual - expected) <= Math.abs(expected) * 4e-16 + Number.MIN_VALUE;
        if (!isEqual) wrong.push(`${name}(${x}, ${y}): ${actual}, not ${expected}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});

test("[DT1] the values at thousands of arguments come out as pinned on Node", () => {
  expect(mathChecksums(EXACT)).toEqual(MATH_GOLDEN);
});
