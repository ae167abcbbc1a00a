/** What `pnpm engines` runs on each engine, bundled to one script that needs nothing of a host but a way to say its result. */
import type { EngineReport } from "./engine-report.ts";
import { GOLDEN_DIGESTS, GOLDEN_FRAMES, GOLDEN_FRAMES_ALL } from "./golden-digests.ts";
import { GoldenRun } from "./golden-run.ts";
import { MATH_GOLDEN, mathChecksums } from "./math-golden.ts";
import { EXACT, MATH_NAMES } from "./math-samples.ts";
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
    isGolden:
      isExactMathEqual &&
      digest === GOLDEN_DIGESTS[GOLDEN_FRAMES_ALL] &&
      prefixDigest === GOLDEN_DIGESTS[GOLDEN_FRAMES] &&
      poisonedDigest === GOLDEN_DIGESTS[GOLDEN_FRAMES],
  };
}
