import type { CorrectionMoment } from "./watched-simulation.ts";

/** Callbacks of `run` that are called every frame. */
export type FrameCallback = "input" | "frame" | "render" | "state" | CorrectionMoment;

/** Calls the game's callbacks. Of each only the first failure in a row is reported, or the console would drown in it; an `async` one may fail later. */
export class FrameCallbacks {
  readonly #failing = new Set<FrameCallback>();
  readonly #reportError: (error: unknown) => void;

  constructor(reportError: (error: unknown) => void) {
    this.#reportError = reportError;
  }

  call(name: FrameCallback, call: () => unknown): void {
    try {
      const result = call();
      if (result instanceof Promise) result.catch((error: unknown) => this.#fail(name, error));
      else this.#failing.delete(name);
    } catch (error) {
      this.#fail(name, error);
    }
  }

  #fail(name: FrameCallback, error: unknown): void {
    if (this.#failing.has(name)) return;
    this.#failing.add(name);
    this.#reportError(error);
  }
}
