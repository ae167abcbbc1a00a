import type { LobbyCode } from "@rollcall/netcode/lobby-protocol";
import type { LobbyRecord } from "./lobby-record.ts";
import type { LobbyStore, StoredLobby } from "./lobby-store.ts";
import { RollingSweep } from "./rolling-sweep.ts";

interface Entry extends StoredLobby {
  /** `Infinity` while the lobby lives. */
  readonly forgetAtMs: number;
}

const FREE: StoredLobby = { version: 0, record: undefined };

/** Lobbies of one process. They end with it. */
export class MemoryLobbyStore implements LobbyStore {
  readonly #nowMs: () => number;
  readonly #codeRestMs: number;
  readonly #entries = new Map<LobbyCode, Entry>();
  readonly #sweep: RollingSweep<LobbyCode, Entry> = new RollingSweep(this.#entries, {
    isOver: ({ forgetAtMs }) => forgetAtMs <= this.#nowMs(),
    forget: (code) => this.#forget(code),
  });
  #live = 0;

  constructor(nowMs: () => number, codeRestMs: number) {
    this.#nowMs = nowMs;
    this.#codeRestMs = codeRestMs;
  }

  load(code: LobbyCode): Promise<StoredLobby> {
    const { version, record } = this.#current(code);
    return Promise.resolve({ version, record });
  }

  compareAndSet(code: LobbyCode, expectedVersion: number, next: LobbyRecord | undefined): Promise<boolean> {
    if (this.#current(code).version !== expectedVersion) return Promise.resolve(false);
    this.#forget(code);
    const forgetAtMs = next === undefined ? this.#nowMs() + this.#codeRestMs : Infinity;
    this.#entries.set(code, { version: expectedVersion + 1, record: next, forgetAtMs });
    if (next !== undefined) this.#live++;
    this.#sweep.step();
    return Promise.resolve(true);
  }

  keep(code: LobbyCode): Promise<boolean> {
    return Promise.resolve(this.#current(code).record !== undefined);
  }

  count(): Promise<number> {
    return Promise.resolve(this.#live);
  }

  #current(code: LobbyCode): StoredLobby {
    const entry = this.#entries.get(code);
    if (entry === undefined) return FREE;
    if (entry.forgetAtMs > this.#nowMs()) return entry;
    this.#forget(code);
    return FREE;
  }

  #forget(code: LobbyCode): void {
    if (this.#entries.get(code)?.record !== undefined) this.#live--;
    this.#entries.delete(code);
  }
}
