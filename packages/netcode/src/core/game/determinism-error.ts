/**
 * What the development guard found.
 *
 * - `forbidden`: `init`, `step`, `bot` or `result` called something that is not the same on every peer.
 * - `mutated`: the state was changed outside of `step`.
 */
export type DeterminismErrorKind = "forbidden" | "mutated";

export interface DeterminismFault {
  readonly kind: DeterminismErrorKind;
  /** The call, `Math.random`, or the field, `state.discs[2].x`. */
  readonly culprit: string;
  /** The step in which it was called, or after which the state was changed; −1: `init`. */
  readonly frame: number;
  /** A sentence for the developer: what it was, and what to use instead. */
  readonly message: string;
}

/** Thrown by the development guard, out of the call that broke the rule where there is one. A bug of the game. */
export class DeterminismError extends Error implements DeterminismFault {
  override readonly name = "DeterminismError";
  readonly kind: DeterminismErrorKind;
  readonly culprit: string;
  readonly frame: number;

  constructor({ kind, culprit, frame, message }: DeterminismFault) {
    super(message);
    this.kind = kind;
    this.culprit = culprit;
    this.frame = frame;
  }
}
