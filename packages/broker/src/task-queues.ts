/** One task at a time for each key, in the order in which they came. */
export class TaskQueues<Key extends string> {
  readonly #ends = new Map<Key, Promise<void>>();

  /** Whatever came of the tasks before. */
  run<Value>(key: Key, task: () => Promise<Value>): Promise<Value> {
    const own = (this.#ends.get(key) ?? Promise.resolve()).then(task);
    const end = own
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(() => {
        if (this.#ends.get(key) === end) this.#ends.delete(key);
      });
    this.#ends.set(key, end);
    return own;
  }
}
