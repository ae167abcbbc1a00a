/** Which frames of a match the game stood still in, as one peer was told. */
export class PauseLedger {
  /** Frames from which it stood still and went on, in turn. */
  readonly #changes: number[] = [];

  get isPaused(): boolean {
    return this.#changes.length % 2 === 1;
  }

  /** False when the change is none, or not after the last one. */
  add(frame: number, pauses: boolean): boolean {
    if (pauses === this.isPaused || frame < (this.#changes.at(-1) ?? 0)) return false;
    this.#changes.push(frame);
    return true;
  }

  /** The game's own number of `frame`, or of the next one that is stepped, and whether it is stepped. */
  stepOf(frame: number): { readonly stepFrame: number; readonly isStepped: boolean } {
    let pausedFrames = 0;
    for (let index = 0; index < this.#changes.length; index += 2) {
      const from = this.#changes[index] ?? 0;
      const to = this.#changes[index + 1] ?? Infinity;
      if (frame < from) break;
      if (frame < to) return { stepFrame: from - pausedFrames, isStepped: false };
      pausedFrames += to - from;
    }
    return { stepFrame: frame - pausedFrames, isStepped: true };
  }
}
