import { checkFunction, checkedOneOf } from "./checked-arguments.ts";
import { reportRejection } from "./report-rejection.ts";

/** Listeners by event name. One that throws is reported, and the others are still called: the game's bug must not become the session's. */
export class Listeners<Events extends { readonly [Name in keyof Events]: (...values: never[]) => void }> {
  /** Replaced and never changed, so that a listener may add and remove while it is called. */
  readonly #byName = new Map<keyof Events, readonly Events[keyof Events][]>();
  readonly #known: string;
  readonly #reportError: (error: unknown) => void;

  /** `known`: all events that there are, with spaces between them. */
  constructor(known: string, reportError: (error: unknown) => void) {
    this.#known = known;
    this.#reportError = reportError;
  }

  /** Returns the way to stop listening. Throws `BAD_ARGUMENT` for what is no function, and for an event that there is not: nobody would ever be told. */
  on<Name extends keyof Events>(name: Name, listener: Events[Name]): () => void {
    checkedOneOf("an event", name, this.#known);
    checkFunction("a listener", listener);
    this.#byName.set(name, [...(this.#byName.get(name) ?? []), listener]);
    return () => {
      const others = (this.#byName.get(name) ?? []).filter((other) => other !== listener);
      this.#byName.set(name, others);
    };
  }

  /** True when somebody listens. */
  has(name: keyof Events): boolean {
    return (this.#byName.get(name) ?? []).length > 0;
  }

  /** Calls every listener of `name` that was there before the call. */
  emit<Name extends keyof Events>(name: Name, ...values: Parameters<Events[Name]>): void {
    for (const listener of this.#byName.get(name) ?? []) {
      try {
        reportRejection(listener(...values), this.#reportError);
      } catch (error) {
        this.#reportError(error);
      }
    }
  }

  clear(): void {
    this.#byName.clear();
  }
}
