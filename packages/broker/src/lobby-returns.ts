import type { LobbyCode } from "@rollcall/netcode/lobby-protocol";
import type { LobbyRefusal } from "./lobby-draft.ts";
import type { LobbyRecord } from "./lobby-record.ts";
import { isCertain, outranks } from "./lobby-restoration.ts";

/**
 * How long members of a lost lobby are waited for before the best copy so far is taken. Whoever was kicked in the last moments may be the first to
 * knock, with a copy that does not know it yet. Above 5 s the members that wait give their sockets up (`ADMISSION_TIMEOUT_MS`); at half, more lobbies
 * come back uncertain first.
 */
export const GATHERING_MS = 3_000;

interface Gathering {
  best: LobbyRecord;
  readonly secretHashes: Set<string>;
  readonly settled: Promise<LobbyRefusal | undefined>;
  readonly finish: () => void;
}

/** `undefined` when the lobby is there now, whoever brought it back. */
export type Restore = (code: LobbyCode, copy: LobbyRecord) => Promise<LobbyRefusal | undefined>;

/** Gathers what the members of a lost lobby bring back, until it is certain which copy is the newest, or the time is up. */
export class LobbyReturns {
  readonly #restore: Restore;
  readonly #gatherings = new Map<LobbyCode, Gathering>();

  constructor(restore: Restore) {
    this.#restore = restore;
  }

  isGathering(code: LobbyCode): boolean {
    return this.#gatherings.has(code);
  }

  /** Resolves once the lobby of `code` is restored, or there is none on its way. */
  async settled(code: LobbyCode): Promise<void> {
    await this.#gatherings.get(code)?.settled;
  }

  /** Somebody who has a seat in `copy`. Resolves as `settled`, with a refusal when the broker cannot take the lobby back. */
  bring(code: LobbyCode, copy: LobbyRecord, secretHash: string): Promise<LobbyRefusal | undefined> {
    const gathering = this.#gatherings.get(code) ?? this.#begin(code, copy);
    if (outranks(copy, gathering.best)) gathering.best = copy;
    gathering.secretHashes.add(secretHash);
    // One alone was perhaps alone when its copy was made, and kicked since.
    if (gathering.secretHashes.size > 1 && isCertain(gathering.best, gathering.secretHashes)) gathering.finish();
    return gathering.settled;
  }

  /** Nobody is waited for any more. */
  close(): void {
    for (const { finish } of this.#gatherings.values()) finish();
  }

  #begin(code: LobbyCode, copy: LobbyRecord): Gathering {
    let finish = (): void => {};
    const timer = setTimeout(() => finish(), GATHERING_MS).unref();
    const over = new Promise<void>((resolve) => {
      finish = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    const settled = over.then(() => this.#restore(code, gathering.best)).finally(() => this.#gatherings.delete(code));
    const gathering: Gathering = { best: copy, secretHashes: new Set(), settled, finish };
    this.#gatherings.set(code, gathering);
    return gathering;
  }
}
