/** For `CorrectionSmoother`. */
export interface CorrectionSmootherOptions {
  /** Time in which a correction shrinks to a half. Default 55: at half one sees a jerk, at double the picture lies for a fifth of a second. */
  readonly halfLifeMs?: number;
  /** Larger corrections are shown at once: the thing is somewhere else. In the unit of the values. Default: none is too large. */
  readonly snapDistance?: number;
}

/**
 * Hides the jumps that rollbacks make in drawn values: positions, angles, bars. Each rollback changes what the game shows for one and the same moment; the
 * difference is added to the drawing as an offset, which shrinks to nothing. The state is never touched.
 *
 * ```ts
 * const smooth = new CorrectionSmoother(players * 2, { snapDistance: 200 });
 * match.run({
 *   beforeRollback: (state) => state.x.forEach((x, index) => smooth.before(index, x)),
 *   afterRollback: (state) => state.x.forEach((x, index) => smooth.after(index, x)),
 *   render: ({ state }, elapsedMs) => {
 *     smooth.advance(elapsedMs);
 *     draw(state.x[0] + smooth.offset(0));
 *   },
 * });
 * ```
 */
export class CorrectionSmoother {
  readonly #halfLifeMs: number;
  readonly #snapDistance: number;
  readonly #before: Float64Array;
  readonly #offsets: Float64Array;

  /** `valueCount`: values that are smoothed, each by its index. */
  constructor(valueCount: number, options: CorrectionSmootherOptions = {}) {
    this.#halfLifeMs = options.halfLifeMs ?? 55;
    this.#snapDistance = options.snapDistance ?? Infinity;
    this.#before = new Float64Array(valueCount).fill(Number.NaN);
    this.#offsets = new Float64Array(valueCount);
  }

  /** Value `index` as it is before a rollback. Leave out what is not there. */
  before(index: number, value: number): void {
    this.#before[index] = value;
  }

  /** The same value after the rollback. What was not there before is drawn where it is. */
  after(index: number, value: number): void {
    const moved = (this.#before[index] ?? Number.NaN) - value;
    this.#before[index] = Number.NaN;
    if (Number.isNaN(moved)) return;
    const offset = this.offset(index) + moved;
    this.#offsets[index] = Math.abs(offset) > this.#snapDistance ? 0 : offset;
  }

  /** Once per picture. */
  advance(elapsedMs: number): void {
    const keep = 2 ** (-elapsedMs / this.#halfLifeMs);
    for (let index = 0; index < this.#offsets.length; index++) this.#offsets[index] = this.offset(index) * keep;
  }

  /** What to add to value `index` for drawing. */
  offset(index: number): number {
    return this.#offsets[index] ?? 0;
  }

  /** Value `index` has another meaning from now on: a new round, another owner. */
  reset(index: number): void {
    this.#offsets[index] = 0;
    this.#before[index] = Number.NaN;
  }
}
