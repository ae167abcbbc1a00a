type Handlers<Events> = { [Name in keyof Events]?: Set<Events[Name]> };

/** Typed listeners for the doubles of lobby and match. */
export class Listeners<Events extends { [Name in keyof Events]: (...payload: never[]) => void }> {
  readonly #handlers: Handlers<Events> = {};

  on<Name extends keyof Events>(name: Name, listener: Events[Name]): () => void {
    const set = this.#handlers[name] ?? new Set<Events[Name]>();
    this.#handlers[name] = set;
    set.add(listener);
    return () => set.delete(listener);
  }

  emit<Name extends keyof Events>(name: Name, ...payload: Parameters<Events[Name]>): void {
    for (const listener of Array.from(this.#handlers[name] ?? [])) listener(...payload);
  }
}
