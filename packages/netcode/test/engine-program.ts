/** What `pnpm engines` runs on each engine, bundled to one script that needs nothing of a host but a way to say its result. */
import type { EngineReport } from "./engine-report.ts";
import { GOLDEN_DIGESTS, GOLDEN_FRAMES, GOLDEN_FRAMES_ALL } from "./golden-digests.ts";
import { GoldenRun } from "./golden-run.ts";
import { MATH_GOLDEN, mathChecksums } from "./math-golden.ts";
import { Random } from "../src/core/base/random.ts";
import type { MathFunctions } from "./golden-game.ts";
import { DRAW, EXACT, MATH_NAMES } from "./math-samples.ts";
import { withPoisonedMath } from "./poisoned-math.ts";

export function runOnEngine(): EngineReport {
  const golden = new GoldenRun();
  const prefixDigest = golden.playTo(GOLDEN_FRAMES);
  const digest = golden.playTo(GOLDEN_FRAMES_ALL);
  const poisonedDigest = withPoisonedMath(() => new GoldenRun().playTo(GOLDEN_FRAMES));
  const exact = mathChecksums(EXACT);
  const own = mathChecksums(Math);
  const isExactMathEqual = MATH_NAMES.every((name) => exact[name] === MATH_GOLDEN[name]);
  return {
    digest,
    prefixDigest,
    poisonedDigest,
    isExactMathEqual,
    ownMathDiffers: MATH_NAMES.filter((name) => own[name] !== exact[name]),
    exactNs: timeOf(EXACT),
    ownNs: timeOf(Math),
    isGolden:
      isExactMathEqual &&
      digest === GOLDEN_DIGESTS[GOLDEN_FRAMES_ALL] &&
      prefixDigest === GOLDEN_DIGESTS[GOLDEN_FRAMES] &&
      poisonedDigest === GOLDEN_DIGESTS[GOLDEN_FRAMES],
  };
}

const TIMED_SAMPLES = 1000;
const TIMED_ROUNDS = 100;
const TIMED_TRIES = 10;

/** Nanoseconds per call, the least of some tries: other work on the machine only ever adds. */
function timeOf(functions: MathFunctions): number {
  let sumMs = 0;
  for (const name of MATH_NAMES) {
    const random = new Random(5, name);
    // Angles beyond a million take longer, and no game has them.
    const samples = Array.from({ length: TIMED_SAMPLES * 4 }, () => DRAW[name](random))
      .filter(([x]) => Math.abs(x) < 1e6)
      .slice(0, TIMED_SAMPLES);
    const apply = functions[name];
    let sum = 0;
    let leastMs = Infinity;
    for (let attempt = 0; attempt < TIMED_TRIES; attempt++) {
      const startedMs = nowMs();
      for (let round = 0; round < TIMED_ROUNDS; round++) for (const [x, y = 0] of samples) sum += apply(x, y);
      leastMs = Math.min(leastMs, nowMs() - startedMs);
    }
    // The sum is used, so that no engine leaves the calls out.
    if (samples.length < TIMED_SAMPLES || sum === 0.5) throw new Error(`too few ordinary arguments for ${name}`);
    sumMs += leastMs;
  }
  return (sumMs * 1e6) / (TIMED_SAMPLES * TIMED_ROUNDS * MATH_NAMES.length);
}

/** The shell of JavaScriptCore has no `performance`. */
function nowMs(): number {
  return "performance" in globalThis ? performance.now() : Date.now();
}
