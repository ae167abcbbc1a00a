import { checksumBytes } from "../src/core/base/checksum.ts";
import { Random } from "../src/core/base/random.ts";
import { acos, asin, atan, atan2, cos, exp, hypot, log, pow, sin, tan } from "../src/core/math/index.ts";
import { powerOfTwo } from "../src/core/math/double-words.ts";

/** What `core/math` has of `Math`'s inexact functions. */
export const EXACT = { sin, cos, tan, asin, acos, atan, atan2, exp, log, pow, hypot };

export type MathName = keyof typeof EXACT;

type Draw = (random: Random) => readonly [number] | readonly [number, number];

function between(random: Random, low: number, high: number): number {
  return low + (high - low) * (random.float() + random.float() / 0x1_0000_0000);
}

/** Of any size between the powers of two, and of either sign. */
function magnitude(random: Random, low: number, high: number): number {
  const value = between(random, 1, 2) * powerOfTwo(low + random.integer(high - low));
  return random.chance(0.5) ? value : -value;
}

function angle(random: Random): readonly [number] {
  if (random.chance(0.4)) return [between(random, -10, 10)];
  return [random.chance(0.2) ? magnitude(random, 20, 1023) : magnitude(random, -40, 30)];
}

/** Arguments in the whole range of each function, drawn alike on every engine. */
export const DRAW: Readonly<Record<MathName, Draw>> = {
  sin: angle,
  cos: angle,
  tan: angle,
  asin: (random) => [between(random, -1, 1)],
  acos: (random) => [between(random, -1, 1)],
  atan: (random) => [random.chance(0.5) ? between(random, -4, 4) : magnitude(random, -40, 70)],
  atan2: (random) =>
    random.chance(0.5) ? [between(random, -1, 1), between(random, -1, 1)] : [magnitude(random, -40, 40), magnitude(random, -40, 40)],
  exp: (random) => [random.chance(0.5) ? between(random, -745, 709) : magnitude(random, -40, 4)],
  log: (random) => [random.chance(0.5) ? between(random, 0.5, 2) : Math.abs(magnitude(random, -1022, 1023))],
  pow: (random) => {
    const x = random.chance(0.5) ? between(random, 0.1, 10) : Math.abs(magnitude(random, -100, 100));
    // Up to where the result overflows or vanishes.
    return [x, (between(random, -1070, 1023) * random.float()) / (log(x) * Math.LOG2E)];
  },
  hypot: (random) =>
    random.chance(0.7) ? [between(random, -1, 1), between(random, -1, 1)] : [magnitude(random, -30, 30), magnitude(random, -30, 30)],
};

/** Hash of a function's values at `count` drawn arguments. */
export function checksumOfFunction(name: MathName, apply: (x: number, y: number) => number, count: number): number {
  const random = new Random(1, name);
  const values = new Float64Array(count);
  for (let index = 0; index < count; index++) {
    const [x, y = 0] = DRAW[name](random);
    values[index] = apply(x, y);
  }
  return checksumBytes(new Uint8Array(values.buffer));
}

export const MATH_NAMES = ["sin", "cos", "tan", "asin", "acos", "atan", "atan2", "exp", "log", "pow", "hypot"] as const;
