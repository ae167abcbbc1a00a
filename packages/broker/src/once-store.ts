/**
 * Remembers what may happen once: that a ticket was used, that a lobby's life is over. Asynchronous, so that memory and a shared database serve alike;
 * with a shared one, a thing happens once on all brokers together.
 *
 * An `id` is at most 128 printable ASCII characters without spaces.
 */
export interface OnceStore {
  /** True for the first call with this id; false for every other one until `lifeMs` later. Of calls at the same time one gets true. `lifeMs`: 1 and more. */
  take(id: string, lifeMs: number): Promise<boolean>;
  /** Whether `take` would give false. */
  has(id: string): Promise<boolean>;
}
