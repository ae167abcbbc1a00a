/** What a level of quality draws. */
export interface QualityLevel {
  /** Most px of the canvas per CSS px. */
  readonly densityMax: number;
  /** Share of particles. */
  readonly particles: number;
  readonly stars: number;
  /** Trail entries from one point of a band's drawing to the next. */
  readonly bandStride: number;
}

const HIGH: QualityLevel = { densityMax: 2, particles: 1, stars: 90, bandStride: 3 };
const LEVELS: readonly QualityLevel[] = [
  { densityMax: 0.75, particles: 0.25, stars: 24, bandStride: 6 },
  { densityMax: 1, particles: 0.5, stars: 50, bandStride: 4 },
  { densityMax: 1.5, particles: 0.8, stars: 90, bandStride: 3 },
  HIGH,
];
export const LEVEL_LOW = 1;
export const LEVEL_HIGH: number = LEVELS.length - 1;

/** Pictures that are looked at together. Fewer would punish one hiccup; more would let a slow machine stutter for seconds. */
const WINDOW_PICTURES = 80;
/** Mean time of a picture above which one level is given up: below 50 a second. */
const SLOW_MS = 20;
/** Longer gaps are a hidden tab or a debugger, not slowness. */
const GAP_MS = 400;

/** Measures pictures and steps down while they take too long. It never steps up: a level that flaps is worse than a low one. */
export class Quality {
  readonly #adapts: boolean;
  #level: number;
  #sumMs = 0;
  #count = 0;

  constructor(level: number, adapts: boolean) {
    this.#level = level;
    this.#adapts = adapts;
  }

  get level(): QualityLevel {
    return LEVELS[this.#level] ?? HIGH;
  }

  /** Once per picture. True when the level has just changed. */
  measure(elapsedMs: number): boolean {
    if (!this.#adapts || elapsedMs > GAP_MS) return false;
    this.#sumMs += elapsedMs;
    if (++this.#count < WINDOW_PICTURES) return false;
    const slow = this.#sumMs / this.#count > SLOW_MS;
    this.#sumMs = 0;
    this.#count = 0;
    if (!slow || this.#level === 0) return false;
    this.#level--;
    return true;
  }
}
