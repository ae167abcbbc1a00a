/** What `engine-program.ts` found on one engine. */
export interface EngineReport {
  /** Of the whole run. */
  readonly digest: number;
  /** Of the first part, and again with `Math` poisoned. */
  readonly prefixDigest: number;
  readonly poisonedDigest: number;
  readonly isExactMathEqual: boolean;
  /** The functions of this engine's own `Math` whose values are not those of the exact ones, at 5,000 arguments each. */
  readonly ownMathDiffers: readonly string[];
  /** Mean time of one call over all eleven functions, with arguments below a million: the exact ones, and the engine's own. */
  readonly exactNs: number;
  readonly ownNs: number;
  /** What all the digests should be. */
  readonly isGolden: boolean;
}
