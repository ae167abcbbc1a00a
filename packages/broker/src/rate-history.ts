/** What is counted up, or is so many at the moment. */
export type Figures<Name extends string> = Readonly<Record<Name, number>>;

/** At half, more points than a small picture shows; at double, a burst of a few seconds looks like nothing. */
const SAMPLE_MS = 5_000;
/** Ten minutes. */
export const HISTORY_SAMPLES = 120;

/** The last ten minutes of some numbers, a sample each five seconds. */
export class RateHistory<Name extends string> {
  readonly #read: () => Figures<Name>;
  /** Oldest first. */
  readonly #samples: { readonly atMs: number; readonly figures: Figures<Name> }[] = [];

  constructor(read: () => Figures<Name>) {
    this.#read = read;
  }

  /** Takes a sample when it is time for one. */
  sweep(nowMs: number): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && nowMs - last.atMs < SAMPLE_MS) return;
    this.#samples.push({ atMs: nowMs, figures: this.#read() });
    if (this.#samples.length > HISTORY_SAMPLES + 1) this.#samples.shift();
  }

  /** How many there were at each moment, oldest first. */
  levels(name: Name): readonly number[] {
    return this.#samples.map(({ figures }) => figures[name]);
  }

  /** By how much a count rose in each second between two samples, oldest first. */
  perSecond(name: Name): readonly number[] {
    return this.#samples.slice(1).map(({ atMs, figures }, index) => {
      const before = this.#samples[index];
      return before === undefined ? 0 : ((figures[name] - before.figures[name]) * 1_000) / (atMs - before.atMs);
    });
  }
}
