import type { Page } from "../adapters/page.ts";
import { normalizeLobbyCode } from "../core/ports/lobby-protocol.ts";
import type { LobbyCode } from "../core/base/units.ts";

/** What a reloaded page needs to come back to its seat. */
export interface RememberedSeat {
  readonly code: LobbyCode;
  readonly secret: string;
}

/** The seat of one game at one broker, kept in the tab's own storage over a reload. Works as if empty where there is no storage. */
export class SeatMemory {
  readonly #page: Page;
  readonly #key: string;
  #release: (() => void) | undefined;

  constructor(page: Page, gameId: string, brokerBase: string) {
    this.#page = page;
    this.#key = `rollcall:${gameId}@${brokerBase}`;
  }

  /** The seat of the page that was here before, unless that page still lives: a duplicated tab has a copy of the storage, but no seat. */
  async recall(): Promise<RememberedSeat | undefined> {
    const seat = this.#read();
    if (seat === undefined || (await this.#page.isClaimed(this.#claimName(seat.code, seat.secret)))) return undefined;
    return seat;
  }

  remember({ code, secret }: RememberedSeat): void {
    this.#release?.();
    this.#release = this.#page.claim(this.#claimName(code, secret));
    this.#write(JSON.stringify({ code, secret }));
  }

  /** There is nothing to come back to. */
  forget(): void {
    this.release();
    try {
      this.#page.sessionStorage?.removeItem(this.#key);
    } catch {
      // Storage can be taken away at any time; then nothing is remembered anyway.
    }
  }

  /** The page lets go of its claim, and keeps what is stored. */
  release(): void {
    this.#release?.();
    this.#release = undefined;
  }

  /** Other pages of the same origin hear this name, but not the secret. */
  #claimName(code: string, secret: string): string {
    return `${this.#key}:${code}:${secret.slice(0, 4)}`;
  }

  #write(text: string): void {
    try {
      this.#page.sessionStorage?.setItem(this.#key, text);
    } catch {
      // Full or forbidden: a reload will have to join again.
    }
  }

  #read(): RememberedSeat | undefined {
    try {
      const stored: unknown = JSON.parse(this.#page.sessionStorage?.getItem(this.#key) ?? "null");
      if (typeof stored !== "object" || stored === null || !("code" in stored) || !("secret" in stored)) return undefined;
      const code = typeof stored.code === "string" ? normalizeLobbyCode(stored.code) : undefined;
      return code === undefined || typeof stored.secret !== "string" ? undefined : { code, secret: stored.secret };
    } catch {
      return undefined;
    }
  }
}
