import * as fc from "fast-check";
import { expect, test } from "vitest";
import { AssertionError } from "../base/assert.ts";
import { FIXED_ONE, divideFixed, fromFixed, multiplyFixed, sqrtFixed, toFixed } from "./fixed-point.ts";

const fixed = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

/** To 32 bits, as `| 0` does, of any whole number. */
function wrap(value: bigint): number {
  return Number(BigInt.asIntN(32, value));
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
}

test("[DT5] products, quotients and roots are those of whole numbers, rounded down, wrapped to 32 bits", () => {
  fc.assert(
    fc.property(fixed, fixed, (a, b) => {
      expect(multiplyFixed(a, b)).toBe(wrap((BigInt(a) * BigInt(b)) >> 16n));
      const divisor = b === 0 ? 1 : b;
      expect(divideFixed(a, divisor)).toBe(wrap(floorDivide(BigInt(a) << 16n, BigInt(divisor))));
      const root = BigInt(sqrtFixed(Math.abs(a)));
      const square = BigInt(Math.abs(a)) << 16n;
      expect(root * root <= square && (root + 1n) * (root + 1n) > square).toBe(true);
    }),
    {
      numRuns: 2000,
      examples: [
        [-(2 ** 31), -1],
        [2 ** 31 - 1, 2 ** 31 - 1],
        [-(2 ** 31), -(2 ** 31)],
        [1, -1],
        [65_536, 3],
      ],
    },
  );
});

test("[DT5] numbers go to the nearest step and come back", () => {
  expect(toFixed(1.5)).toBe(FIXED_ONE + FIXED_ONE / 2);
  expect(fromFixed(toFixed(-3.25))).toBe(-3.25);
  expect(Object.is(toFixed(-1e-9), 0)).toBe(true);
  expect(fromFixed(multiplyFixed(toFixed(2.5), toFixed(-4)))).toBe(-10);
  expect(fromFixed(divideFixed(toFixed(1), toFixed(4)))).toBe(0.25);
  expect(fromFixed(sqrtFixed(toFixed(2.25)))).toBe(1.5);
});

test("[DT5] a division by 0 and a root of a negative number are assertions", () => {
  expect(() => divideFixed(1, 0)).toThrow(AssertionError);
  expect(() => sqrtFixed(-1)).toThrow(AssertionError);
});
