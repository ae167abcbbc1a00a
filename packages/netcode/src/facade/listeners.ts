/** Listeners by event name. One that throws is reported, and the others are still called: the game's bug must not become the session's. */
export class Listeners<Events extends { readonly [Name in keyof Events]: (...values: never[]) => void }> {
  readonly #byName = new Map<keyof Events, Set<Events[keyof Events]>>();
  readonly #reportError: (error: unknown) => void;

  constructor(reportError: (error: unknown) => void) {
    this.#reportError = reportError;
  }

  /** Returns the way to stop listening. */
  on<Name extends keyof Events>(name: Name, listener: Events[Name]): () => void {
    const listeners = this.#byName.get(name) ?? new Set();
    this.#byName.set(name, listeners);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Calls every listener of `name` that was there before the call. */
  emit<Name extends keyof Events>(name: Name, ...values: Parameters<Events[Name]>): void {
    const listeners = this.#byName.get(name);
    if (listeners === undefined) return;
    for (const listener of [...listeners]) {
      try {
        listener(...values);
      } catch (error) {
        this.#reportError(error);
      }
    }
  }

  clear(): void {
    this.#byName.clear();
  }
}
