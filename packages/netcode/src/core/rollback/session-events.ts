import type { SessionEvent } from "../ports/session.ts";

/** Events that nobody fetches are kept up to here, then counted and lost: a game that ignores its own may run for hours. */
const EVENTS_MAX = 4096;

/** What a session tells, in order, until it is fetched. */
export class SessionEvents {
  readonly #events: SessionEvent[] = [];
  #next = 0;

  /** The session's own events: a few per match, never lost. */
  add(event: SessionEvent): void {
    this.#events.push(event);
  }

  /** An event of the game. False when too many wait, and it is lost. */
  addFromGame(event: SessionEvent): boolean {
    if (this.#events.length >= EVENTS_MAX) return false;
    this.#events.push(event);
    return true;
  }

  poll(): SessionEvent | undefined {
    const event = this.#events[this.#next];
    if (event !== undefined) this.#next++;
    if (this.#next === this.#events.length) {
      this.#events.length = 0;
      this.#next = 0;
    }
    return event;
  }
}
