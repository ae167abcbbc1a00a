import { checksumOfFunction, MATH_NAMES, type MathName } from "./math-samples.ts";

const SAMPLES = 5000;

/** Hashes of the values of each function at 5,000 arguments. */
export function mathChecksums(functions: Readonly<Record<MathName, (x: number, y: number) => number>>): Record<string, number> {
  return Object.fromEntries(MATH_NAMES.map((name) => [name, checksumOfFunction(name, functions[name], SAMPLES)]));
}

/** Found once, on Node 20. A change here parts this version from all others: raise `SIMULATION_VERSION`. */
export const MATH_GOLDEN: Readonly<Record<string, number>> = {
  sin: 4267589622,
  cos: 611815461,
  tan: 3895626587,
  asin: 1652463892,
  acos: 274066256,
  atan: 1020304009,
  atan2: 2951534701,
  exp: 2786275872,
  log: 4258625851,
  pow: 202177443,
  hypot: 2299188269,
};
