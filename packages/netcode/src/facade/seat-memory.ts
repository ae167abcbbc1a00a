import type { Page } from "../adapters/page.ts";
import { normalizeLobbyCode } from "../core/ports/lobby-protocol.ts";
import type { LobbyCode } from "../core/base/units.ts";

/** What a reloaded page needs to come back to its seat. */
export interface RememberedSeat {
  readonly code: LobbyCode;
  readonly secret: string;
  /** What brings the lobby back to a broker that was restarted meanwhile. */
  readonly keepsake?: string;
  /** That of the lobby, where this page has it. No server may see it. */
  readonly invite?: string;
}

/** The seat of one game at one broker, kept in the tab's own storage over a reload. Works as if empty where there is no storage. */
export class SeatMemory {
  readonly #page: Page;
  readonly #key: string;
  #release: (() => void) | undefined;
  #seat: RememberedSeat | undefined;

  constructor(page: Page, gameId: string, brokerBase: string) {
    this.#page = page;
    this.#key = `rollcall:${gameId}@${brokerBase}`;
  }

  /**
   * The seat of the page that was here before, unless that page still lives: a duplicated tab has a copy of the storage, but no seat. From here on the
   * seat is claimed, so that of two tabs that are restored one after the other the first one comes back. `takeOver`: whoever has claimed it.
   */
  async recall(takeOver: boolean): Promise<RememberedSeat | undefined> {
    const seat = this.#read();
    if (seat === undefined) return undefined;
    const name = this.#claimName(seat.code, seat.secret);
    if (!takeOver && (await this.#page.isClaimed(name))) return undefined;
    this.#release = this.#page.claim(name);
    this.#seat = seat;
    return seat;
  }

  remember({ code, secret, invite }: RememberedSeat): void {
    this.#release?.();
    this.#release = this.#page.claim(this.#claimName(code, secret));
    const seat = { ...(this.#seat?.code === code ? this.#seat : {}), code, secret, ...(invite === undefined ? {} : { invite }) };
    // The newest lobby has the place.
    if (this.#seat === undefined || this.#isOurs(this.#seat)) this.#write(seat);
    else this.#seat = seat;
  }

  /** The newest keepsake of the remembered lobby. */
  keep(keepsake: string): void {
    const seat = this.#seat;
    if (seat !== undefined && this.#isOurs(seat)) this.#write({ ...seat, keepsake });
  }

  /** There is nothing to come back to. */
  forget(): void {
    this.release();
    const seat = this.#seat;
    this.#seat = undefined;
    if (seat !== undefined && this.#isOurs(seat)) this.#withStorage((storage) => storage.removeItem(this.#key));
  }

  /** The page lets go of its claim, and keeps what is stored. */
  release(): void {
    this.#release?.();
    this.#release = undefined;
  }

  /** False when this page entered another lobby of the game since: a reload comes back to the newer one. */
  #isOurs({ secret }: RememberedSeat): boolean {
    return (this.#read()?.secret ?? secret) === secret;
  }

  /** Other pages of the same origin hear this name, but not the secret. */
  #claimName(code: string, secret: string): string {
    return `${this.#key}:${code}:${secret.slice(0, 4)}`;
  }

  #write(seat: RememberedSeat): void {
    this.#seat = seat;
    this.#withStorage((storage) => storage.setItem(this.#key, JSON.stringify(seat)));
  }

  #read(): RememberedSeat | undefined {
    const stored = this.#withStorage((storage): unknown => JSON.parse(storage.getItem(this.#key) ?? "null"));
    if (typeof stored !== "object" || stored === null || !("code" in stored) || !("secret" in stored)) return undefined;
    const code = typeof stored.code === "string" ? normalizeLobbyCode(stored.code) : undefined;
    if (code === undefined || typeof stored.secret !== "string") return undefined;
    const keepsake = "keepsake" in stored && typeof stored.keepsake === "string" ? { keepsake: stored.keepsake } : {};
    const invite = "invite" in stored && typeof stored.invite === "string" ? { invite: stored.invite } : {};
    return { code, secret: stored.secret, ...keepsake, ...invite };
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
