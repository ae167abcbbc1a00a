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
  /** What all the digests should be. */
  readonly isGolden: boolean;
}
