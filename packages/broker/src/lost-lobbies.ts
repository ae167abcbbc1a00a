import { normalizeLobbyCode, type LobbyCode, type LobbyCommand } from "@rollcall/netcode/lobby-protocol";
import type { Counters } from "./counters.ts";
import type { BrokerLimits } from "./limits.ts";
import type { ListingBoard } from "./listing-board.ts";
import type { LobbyRefusal } from "./lobby-draft.ts";
import type { LobbyRecord } from "./lobby-record.ts";
import { holdsSeat, outranks, restoreLobby } from "./lobby-restoration.ts";
import { LobbyReturns } from "./lobby-returns.ts";
import type { LobbyRooms } from "./lobby-rooms.ts";
import type { LobbySeal } from "./lobby-seal.ts";
import type { LobbyStore } from "./lobby-store.ts";
import type { Visitor } from "./lobby-visitor.ts";
import type { OnceStore } from "./once-store.ts";
import type { SeatClaims } from "./seat-claims.ts";
import type { TaskQueues } from "./task-queues.ts";

export interface LostLobbiesOptions {
  readonly store: LobbyStore;
  readonly rooms: LobbyRooms;
  readonly limits: BrokerLimits;
  /** Opens keepsakes; `undefined`: nobody has any that are of use. */
  readonly seal: LobbySeal | undefined;
  /** Which lobbies are over. */
  readonly closedLives: OnceStore;
  readonly seats?: SeatClaims | undefined;
  readonly board: ListingBoard;
  readonly counters: Counters;
  readonly nowMs: () => number;
  readonly wallMs: () => number;
}

/** Lobbies that the store has lost, brought back from what their members keep. */
export class LostLobbies {
  readonly #options: LostLobbiesOptions;
  readonly #queues: TaskQueues<LobbyCode>;
  readonly #handleRestored: (code: LobbyCode, record: LobbyRecord) => void;
  readonly #returns = new LobbyReturns((code, copy) => this.#restore(code, copy));

  /** `queues`: of all writes of a lobby. */
  constructor(options: LostLobbiesOptions, queues: TaskQueues<LobbyCode>, handleRestored: (code: LobbyCode, record: LobbyRecord) => void) {
    this.#options = options;
    this.#queues = queues;
    this.#handleRestored = handleRestored;
  }

  /** Resolves once the lobby of `code` is restored, or there is none on its way. */
  settled(code: LobbyCode): Promise<void> {
    return this.#returns.settled(code);
  }

  /** Nobody is waited for any more. */
  close(): void {
    this.#returns.close();
  }

  /** Where the lobby is not known, or not certainly the newest, the keepsake of whoever comes back may restore it. Resolves with a refusal when the broker cannot take it back. */
  async bringBack(
    visitor: Pick<Visitor, "takeLobby">,
    { code: text, keepsake }: Extract<LobbyCommand, { readonly type: "resume" }>,
    secretHash: string,
  ): Promise<LobbyRefusal | undefined> {
    const { seal, store } = this.#options;
    const code = normalizeLobbyCode(text);
    if (seal === undefined || keepsake === undefined || code === undefined) return undefined;
    const { version, record: present } = await store.load(code);
    if (present === undefined ? version > 0 : present.restoration === null) return undefined;
    const copy = await this.#copyOf(seal, keepsake, { code, secretHash });
    if (copy === undefined) return undefined;
    if (present !== undefined) return outranks(copy, present) ? this.#restore(code, copy) : undefined;
    if (!this.#returns.isGathering(code) && !visitor.takeLobby()) return { code: "RATE_LIMITED" };
    return this.#returns.bring(code, copy, secretHash);
  }

  /** `undefined`: it is of no use here, for the reason that was counted. */
  async #copyOf(
    seal: LobbySeal,
    keepsake: string,
    { code, secretHash }: { readonly code: LobbyCode; readonly secretHash: string },
  ): Promise<LobbyRecord | undefined> {
    const { counters, closedLives } = this.#options;
    const opened = seal.open(keepsake);
    if (!opened.ok) counters.add(`lobby:${opened.reason}`);
    else if (opened.record.lobby.code !== code || !holdsSeat(opened.record, secretHash)) counters.add("lobby:seal-foreign");
    else if (await closedLives.has(opened.record.life.id)) counters.add("lobby:seal-closed");
    else return opened.record;
    return undefined;
  }

  /** Writes the lobby of `copy`, unless something better is there by now. */
  #restore(code: LobbyCode, copy: LobbyRecord): Promise<LobbyRefusal | undefined> {
    const { store, rooms, limits, nowMs, wallMs, board, seats } = this.#options;
    return this.#queues.run(code, async () => {
      const { version, record: present } = await store.load(code);
      if (present === undefined ? version > 0 : present.restoration === null || !outranks(copy, present)) return undefined;
      if (present === undefined && (await store.count()) >= limits.lobbies) return { code: "SERVER_FULL" };
      const record = restoreLobby(copy, present, { nowMs: nowMs(), wallMs: wallMs() });
      if (!(await store.compareAndSet(code, version, record))) return undefined;
      rooms.restore({ record, version: version + 1 }, present);
      board.handleWritten(record);
      this.#handleRestored(code, record);
      await seats?.takeAll(record);
      return undefined;
    });
  }
}
