/** One player's inputs while they are recorded: runs of frames with the same input. Grows where the input changes, and then in steps. */
export class InputRuns {
  readonly #inputBytes: number;
  /** Inputs of the runs, `inputBytes` each. */
  #inputs: Uint8Array;
  /** Frames of each run. */
  #lengths = new Uint32Array(64);
  #count = 0;

  constructor(inputBytes: number) {
    this.#inputBytes = inputBytes;
    this.#inputs = new Uint8Array(64 * inputBytes);
  }

  clear(): void {
    this.#count = 0;
  }

  /** Adds one frame, whose input is `source[offset …)`. */
  append(source: Uint8Array, offset: number): void {
    const last = this.#count - 1;
    if (last >= 0 && this.#equals(last, source, offset)) {
      this.#lengths[last] = (this.#lengths[last] ?? 0) + 1;
      return;
    }
    if (this.#count === this.#lengths.length) this.#grow();
    const start = this.#count * this.#inputBytes;
    for (let index = 0; index < this.#inputBytes; index++) this.#inputs[start + index] = source[offset + index] ?? 0;
    this.#lengths[this.#count] = 1;
    this.#count++;
  }

  /** Writes the input of each frame to `rows`, from `offset` on, `stride` apart. */
  unfold(rows: Uint8Array, offset: number, stride: number): void {
    let at = offset;
    for (let run = 0; run < this.#count; run++) {
      const input = this.#inputs.subarray(run * this.#inputBytes, (run + 1) * this.#inputBytes);
      for (let left = this.#lengths[run] ?? 0; left > 0; left--, at += stride) rows.set(input, at);
    }
  }

  #equals(run: number, source: Uint8Array, offset: number): boolean {
    const start = run * this.#inputBytes;
    for (let index = 0; index < this.#inputBytes; index++) if (this.#inputs[start + index] !== source[offset + index]) return false;
    return true;
  }

  #grow(): void {
    const inputs = new Uint8Array(this.#inputs.length * 2);
    inputs.set(this.#inputs);
    this.#inputs = inputs;
    const lengths = new Uint32Array(this.#lengths.length * 2);
    lengths.set(this.#lengths);
    this.#lengths = lengths;
  }
}
