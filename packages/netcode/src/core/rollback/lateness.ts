/** An interruption of the path counts once however many datagrams it holds up, if they lie in one such time. */
const SLICE_MS = 250;
/** Four seconds: at half, a path that hiccups every other second is forgotten in between; at double, delays come down late. */
const SLICES = 16;
/** Nothing arrived in a slice. */
const NOTHING = -128;

/** Later than any window and delay can make good for: 16 and 15 frames. */
export const LATE_FRAMES_MAX = 31;
/** On the wire: not measured yet. */
export const LATE_FRAMES_UNKNOWN = 255;

/** The quarter of a second that `nowMs` lies in. (A whole number may be handed on without a box for it.) */
export function latenessSlice(nowMs: number): number {
  return Math.max(0, Math.floor(nowMs / SLICE_MS));
}

/**
 * How late the inputs of one peer come here: frames between the frame of ours in which one arrives and the frame of theirs in which it was sampled,
 * whatever the peer's input delay. Over the last four seconds the second-worst quarter of a second counts: what happens once is bad luck, what happens
 * twice is the path. Adds in constant time, allocates nothing.
 */
export class Lateness {
  /** The worst of each slice. */
  readonly #worst = new Int8Array(SLICES).fill(NOTHING);
  /** The slice of now; `NOTHING` before the first. */
  #slice = NOTHING;

  /** Inputs arrived in `slice`, the oldest of them so late: whole frames, rounded up. */
  arrived(slice: number, lateFrames: number): void {
    this.#turn(slice);
    const place = this.#slice % SLICES;
    this.#worst[place] = Math.max(this.#worst[place] ?? 0, Math.max(0, Math.min(LATE_FRAMES_MAX, lateFrames)));
  }

  /** Whole frames, 0 to `LATE_FRAMES_MAX`, as the peer is told; `LATE_FRAMES_UNKNOWN` before two slices have anything. */
  told(slice: number): number {
    if (this.#slice === NOTHING) return LATE_FRAMES_UNKNOWN;
    this.#turn(slice);
    let first = NOTHING;
    let second = NOTHING;
    for (let place = 0; place < SLICES; place++) {
      const worst = this.#worst[place] ?? NOTHING;
      if (worst > first) {
        second = first;
        first = worst;
      } else if (worst > second) second = worst;
    }
    return second === NOTHING ? LATE_FRAMES_UNKNOWN : second;
  }

  /** Empties the slices that time passed over. */
  #turn(slice: number): void {
    if (slice === this.#slice) return;
    if (this.#slice !== NOTHING) {
      for (let passed = Math.max(this.#slice, slice - SLICES) + 1; passed <= slice; passed++) this.#worst[passed % SLICES] = NOTHING;
    }
    this.#slice = slice;
  }
}
