import type { LobbyCode } from "@rollcall/netcode/lobby-protocol";
import { lobbyDeadlineMs, seatsDeadlineMs } from "./lobby.ts";
import type { LobbyRecord } from "./lobby-record.ts";

/** Deadlines are every node's to keep, in case that the one that wrote them dies; the others come this much later, and find it done. */
const FOLLOWER_LAG_MS = 200;

/** A timer cannot be set for longer; one that comes too early finds nothing to do, and is set again. */
const TIMER_MS_MAX = 2_147_483_647;

interface Deadline {
  readonly timer: NodeJS.Timeout;
  /** Earlier than that of an absence. */
  readonly isIdle: boolean;
}

/** When each lobby changes by time alone. */
export class LobbyDeadlines {
  readonly #nowMs: () => number;
  readonly #handleDue: (code: LobbyCode) => void;
  readonly #deadlines = new Map<LobbyCode, Deadline>();
  #closed = false;

  constructor(nowMs: () => number, handleDue: (code: LobbyCode) => void) {
    this.#nowMs = nowMs;
    this.#handleDue = handleDue;
  }

  /** In place of what was noted for this lobby. `isFollowed`: this process has members there; others look after an idle lobby by themselves. `isOfOther`: another node wrote `record`. */
  note(
    code: LobbyCode,
    record: LobbyRecord,
    { isFollowed, isOfOther = false }: { readonly isFollowed: boolean; readonly isOfOther?: boolean },
  ): void {
    this.#clear(code);
    const seatsMs = seatsDeadlineMs(record);
    const deadlineMs = isFollowed ? lobbyDeadlineMs(record) : seatsMs;
    if (deadlineMs === Infinity || this.#closed) return;
    const lagMs = isOfOther ? FOLLOWER_LAG_MS : 0;
    const waitMs = Math.min(TIMER_MS_MAX, Math.max(0, Math.ceil(deadlineMs + lagMs - this.#nowMs())));
    const due = (): void => {
      // The lobby may be over by then, and nothing noted for it any more.
      this.#deadlines.delete(code);
      this.#handleDue(code);
    };
    this.#deadlines.set(code, { timer: setTimeout(due, waitMs).unref(), isIdle: deadlineMs < seatsMs });
  }

  /** Nobody of the lobby is here any more: when it is idle for too long is for others to say. */
  unfollow(code: LobbyCode): void {
    if (this.#deadlines.get(code)?.isIdle === true) this.#clear(code);
  }

  /** Lobbies that wait for their time. */
  get size(): number {
    return this.#deadlines.size;
  }

  /** No timer runs after this. */
  close(): void {
    this.#closed = true;
    for (const code of this.#deadlines.keys()) this.#clear(code);
  }

  #clear(code: LobbyCode): void {
    clearTimeout(this.#deadlines.get(code)?.timer);
    this.#deadlines.delete(code);
  }
}
