import { describe, expect, test } from "vitest";
import { GOLDEN_DIGESTS, GOLDEN_FRAMES } from "../../../test/golden-digests.ts";
import { plainGolden, typedGolden, type MathFunctions } from "../../../test/golden-game.ts";
import { GoldenRun } from "../../../test/golden-run.ts";
import { MATH_GOLDEN, mathChecksums } from "../../../test/math-golden.ts";
import { EXACT, MATH_NAMES } from "../../../test/math-samples.ts";
import { INEXACT_NAMES, nextDouble, withPoisonedMath, type InexactName } from "../../../test/poisoned-math.ts";
import { syncTest } from "./sync-test.ts";

/** `Math` itself, asked at each call. */
const NATIVE: MathFunctions = {
  sin: (x) => Math.sin(x),
  cos: (x) => Math.cos(x),
  tan: (x) => Math.tan(x),
  asin: (x) => Math.asin(x),
  acos: (x) => Math.acos(x),
  atan: (x) => Math.atan(x),
  atan2: (y, x) => Math.atan2(y, x),
  exp: (x) => Math.exp(x),
  log: (x) => Math.log(x),
  pow: (x, y) => Math.pow(x, y),
  hypot: (x, y) => Math.hypot(x, y),
};

test("[DT20] the golden games come to the pinned digest on Node", () => {
  expect(new GoldenRun().playTo(GOLDEN_FRAMES)).toBe(GOLDEN_DIGESTS[GOLDEN_FRAMES]);
});

test("[DT20] the golden games are deterministic games, guard and all", () => {
  expect(syncTest(typedGolden(EXACT))).toMatchObject({ ok: true });
  expect(syncTest(plainGolden(EXACT))).toMatchObject({ ok: true });
});

describe("[DT21] with every inexact function of Math off by one unit", () => {
  test("the golden games come to the pinned digest", () => {
    const digest = withPoisonedMath(() => {
      expect(INEXACT_NAMES.every((name) => !String(Math[name]).includes("native code"))).toBe(true);
      return new GoldenRun().playTo(GOLDEN_FRAMES);
    });
    expect(digest).toBe(GOLDEN_DIGESTS[GOLDEN_FRAMES]);
    expect(INEXACT_NAMES.every((name) => String(Math[name]).includes("native code"))).toBe(true);
  });

  test("the values of the exact functions are the pinned ones", () => {
    expect(withPoisonedMath(() => mathChecksums(EXACT))).toEqual(MATH_GOLDEN);
  });

  test("the same games on Math itself come out otherwise, whichever function it is", () => {
    const clean = new GoldenRun(NATIVE).playTo(1000);
    expect(new GoldenRun(NATIVE).playTo(1000)).toBe(clean);
    const same = MATH_NAMES.filter((name: InexactName) => withPoisonedMath(() => new GoldenRun(NATIVE).playTo(1000), [name]) === clean);
    expect(same).toEqual([]);
  });

  test("one unit is one unit", () => {
    expect(nextDouble(1)).toBe(1 + Number.EPSILON);
    expect(nextDouble(-1)).toBe(-1 - Number.EPSILON);
    expect([0, Infinity].map(nextDouble)).toEqual([0, Infinity]);
  });
});
