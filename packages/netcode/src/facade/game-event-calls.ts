import type { GameEvent, GameEventListeners } from "./match-types.ts";
import { reportRejection } from "./report-rejection.ts";

/** Whom `run` named for the events of the game. */
export interface GameEventHandlers {
  readonly on?: GameEventListeners | undefined;
  readonly confirmed?: GameEventListeners | undefined;
  readonly cancelled?: GameEventListeners | undefined;
}

/** Calls the game's listeners for its events: `on` once for each, as soon as it is told in any stage. */
export class GameEventCalls {
  /** Ids of events that were told, and of which it is not certain yet that they happened. */
  readonly #predicted = new Set<string>();
  readonly #reportError: (error: unknown) => void;

  constructor(reportError: (error: unknown) => void) {
    this.#reportError = reportError;
  }

  tell(event: GameEvent, handlers: GameEventHandlers | undefined): void {
    const { id, stage } = event;
    const isFirst = stage === "predicted" || !this.#predicted.delete(id);
    if (stage === "predicted") this.#predicted.add(id);
    if (isFirst) this.#call(handlers?.on, event);
    if (stage !== "predicted") this.#call(handlers?.[stage], event);
  }

  /** What was predicted is not known here any more. */
  clear(): void {
    this.#predicted.clear();
  }

  #call(listeners: GameEventListeners | undefined, event: GameEvent): void {
    const listener = listeners?.[event.name];
    // What every object has by nature is nobody's listener.
    if (listener === undefined || listener === Reflect.get(Object.prototype, event.name)) return;
    try {
      // The game knows what it emits under this name.
      reportRejection(listener.call(listeners, event.payload as never, event), this.#reportError);
    } catch (error) {
      this.#reportError(error);
    }
  }
}
