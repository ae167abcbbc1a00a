/** Entries looked at in each step: more than one, so that a table shrinks even while entries come and go. */
const STEP = 4;

/** Forgets what is over in a table, some entries with each of its writes: nobody ever waits for all of it. */
export class RollingSweep<Key, Value> {
  readonly #table: ReadonlyMap<Key, Value>;
  readonly #isOver: (value: Value) => boolean;
  readonly #forget: (key: Key) => void;
  #entries: Iterator<[Key, Value]>;

  constructor(table: ReadonlyMap<Key, Value>, ends: { readonly isOver: (value: Value) => boolean; readonly forget: (key: Key) => void }) {
    this.#table = table;
    this.#isOver = ends.isOver;
    this.#forget = ends.forget;
    this.#entries = table.entries();
  }

  step(): void {
    for (let count = 0; count < STEP; count++) {
      const next = this.#entries.next();
      if (next.done === true) this.#entries = this.#table.entries();
      else if (this.#isOver(next.value[1])) this.#forget(next.value[0]);
    }
  }
}
