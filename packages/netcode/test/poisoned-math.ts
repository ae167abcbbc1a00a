/** Everything in `Math` that the language does not fix to the last bit. */
export const INEXACT_NAMES = [
  "acos",
  "acosh",
  "asin",
  "asinh",
  "atan",
  "atan2",
  "atanh",
  "cbrt",
  "cos",
  "cosh",
  "exp",
  "expm1",
  "hypot",
  "log",
  "log10",
  "log1p",
  "log2",
  "pow",
  "sin",
  "sinh",
  "tan",
  "tanh",
] as const;

export type InexactName = (typeof INEXACT_NAMES)[number];

const value = new Float64Array(1);
const bits = new BigInt64Array(value.buffer);

/** The next double away from zero; zeros, infinities and NaN stay. */
export function nextDouble(x: number): number {
  if (x === 0 || !Number.isFinite(x)) return x;
  value[0] = x;
  bits[0] = bits[0]! + 1n;
  return value[0];
}

/** Runs `play` on an engine whose inexact functions are all off by one unit in the last place, as another engine's may be. */
export function withPoisonedMath<Result>(play: () => Result, names: readonly InexactName[] = INEXACT_NAMES): Result {
  const originals = names.map((name): ((...args: number[]) => number) => Math[name]);
  names.forEach((name, index) => Reflect.set(Math, name, (...args: number[]) => nextDouble(originals[index]!(...args))));
  try {
    return play();
  } finally {
    names.forEach((name, index) => Reflect.set(Math, name, originals[index]));
  }
}
