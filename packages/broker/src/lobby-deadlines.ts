import type { LobbyCode } from "@rollcall/netcode/lobby-protocol";
import { lobbyDeadlineMs } from "./lobby.ts";
import type { LobbyRecord } from "./lobby-record.ts";

/** When each lobby changes by time alone. */
export class LobbyDeadlines {
  readonly #nowMs: () => number;
  readonly #handleDue: (code: LobbyCode) => void;
  readonly #timers = new Map<LobbyCode, NodeJS.Timeout>();
  #closed = false;

  constructor(nowMs: () => number, handleDue: (code: LobbyCode) => void) {
    this.#nowMs = nowMs;
    this.#handleDue = handleDue;
  }

  /** In place of what was noted for this lobby; `lagMs` later than `record` says. */
  note(code: LobbyCode, record: LobbyRecord, lagMs = 0): void {
    clearTimeout(this.#timers.get(code));
    this.#timers.delete(code);
    const deadlineMs = lobbyDeadlineMs(record) + lagMs;
    if (deadlineMs === Infinity || this.#closed) return;
    const due = (): void => {
      // The lobby may be over by then, and nothing noted for it any more.
      this.#timers.delete(code);
      this.#handleDue(code);
    };
    this.#timers.set(code, setTimeout(due, Math.max(0, Math.ceil(deadlineMs - this.#nowMs()))).unref());
  }

  /** Lobbies that wait for their time. */
  get size(): number {
    return this.#timers.size;
  }

  /** No timer runs after this. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
