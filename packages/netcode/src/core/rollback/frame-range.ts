import { assert } from "../base/assert.ts";

/** A number of frames that is found during the match, between two limits that may be equal. */
export interface FrameRange {
  readonly min: number;
  readonly max: number;
}

/** A number fixes it. `what` names it when it is not within 0 and `most`. */
export function frameRange(frames: number | FrameRange, most: number, what: string): FrameRange {
  const range = typeof frames === "number" ? { min: frames, max: frames } : frames;
  const { min, max } = range;
  assert(min >>> 0 === min && max >>> 0 === max && min <= max && max <= most, `${what} of 0 to ${most}`);
  return range;
}
