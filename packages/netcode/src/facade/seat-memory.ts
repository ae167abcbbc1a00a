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
    const text = JSON.stringify({ code, secret });
    this.#withStorage((storage) => storage.setItem(this.#key, text));
  }

  /** There is nothing to come back to. */
  forget(): void {
    this.release();
    this.#withStorage((storage) => storage.removeItem(this.#key));
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

  #read(): RememberedSeat | undefined {
    const stored = this.#withStorage((storage): unknown => JSON.parse(storage.getItem(this.#key) ?? "null"));
    if (typeof stored !== "object" || stored === null || !("code" in stored) || !("secret" in stored)) return undefined;
    const code = typeof stored.code === "string" ? normalizeLobbyCode(stored.code) : undefined;
    return code === undefined || typeof stored.secret !== "string" ? undefined : { code, secret: stored.secret };
  }

  /** Storage can be full, forbidden or taken away at any time: then nothing is remembered, and a reload has to join again. */
  #withStorage<Value>(use: (storage: NonNullable<Page["sessionStorage"]>) => Value): Value | undefined {
    try {
      const { sessionStorage } = this.#page;
      return sessionStorage && use(sessionStorage);
    } catch {
      return undefined;
    }
  }
}
