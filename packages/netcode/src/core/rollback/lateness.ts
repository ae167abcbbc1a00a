/** An interruption of the path counts once however many datagrams it holds up, if they lie in one such time. */
const SLICE_MS = 250;
/** Four seconds: at half, a path that hiccups every other second is forgotten in between; at double, delays come down late. */
const SLICES = 16;

/** Later than any window and delay can make good for: 16 and 15 frames. */
export const LATE_FRAMES_MAX = 31;
/** On the wire: not measured yet. */
export const LATE_FRAMES_UNKNOWN = 255;

/**
 * How late the inputs of one peer come here: frames between the frame of ours in which one arrives and the frame of theirs in which it was sampled,
 * whatever the peer's input delay. Over the last four seconds the second-worst quarter of a second counts: what happens once is bad luck, what happens
 * twice is the path. Adds in constant time, allocates nothing.
 */
export class Lateness {
  /** The worst of each slice; below 0: nothing arrived in it. */
  readonly #worst = new Float64Array(SLICES).fill(Number.NEGATIVE_INFINITY);
  #slice = Number.NaN;

  /** Inputs arrived, the oldest of them so late. */
  arrived(nowMs: number, lateFrames: number): void {
    this.#turn(nowMs);
    const place = this.#slice % SLICES;
    this.#worst[place] = Math.max(this.#worst[place] ?? 0, lateFrames);
  }

  /** Whole frames, 0 to `LATE_FRAMES_MAX`, as the peer is told; `LATE_FRAMES_UNKNOWN` before two slices have anything. */
  told(nowMs: number): number {
    if (Number.isNaN(this.#slice)) return LATE_FRAMES_UNKNOWN;
    this.#turn(nowMs);
    let first = Number.NEGATIVE_INFINITY;
    let second = Number.NEGATIVE_INFINITY;
    for (let place = 0; place < SLICES; place++) {
      const worst = this.#worst[place] ?? 0;
      if (worst > first) {
        second = first;
        first = worst;
      } else if (worst > second) second = worst;
    }
    return second === Number.NEGATIVE_INFINITY ? LATE_FRAMES_UNKNOWN : Math.max(0, Math.min(LATE_FRAMES_MAX, Math.ceil(second)));
  }

  /** Empties the slices that time passed over. */
  #turn(nowMs: number): void {
    const slice = Math.floor(nowMs / SLICE_MS);
    const from = Number.isNaN(this.#slice) ? slice - SLICES : this.#slice;
    for (let passed = Math.max(from, slice - SLICES) + 1; passed <= slice; passed++) {
      this.#worst[((passed % SLICES) + SLICES) % SLICES] = Number.NEGATIVE_INFINITY;
    }
    this.#slice = slice;
  }
}
