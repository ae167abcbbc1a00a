/**
 * Digests of `GoldenRun` by frame, found once, on Node 20. A change here parts this version from all others: raise `SIMULATION_VERSION`. The last one is
 * what `pnpm engines` compares on four engines.
 */
export const GOLDEN_DIGESTS = { 50_000: 2_600_876_223, 1_000_000: 1_777_287_598 } as const;

/** How far tests play, and the whole way. */
export const GOLDEN_FRAMES = 50_000;
export const GOLDEN_FRAMES_ALL = 1_000_000;
