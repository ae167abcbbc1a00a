import type { LobbyCode } from "@rollcall/netcode/lobby-protocol";
import { gameKeyOf, type LobbyDirectory } from "./lobby-directory.ts";
import { listingOf } from "./lobby-listing.ts";
import type { LobbyRecord } from "./lobby-record.ts";

/** Keeps the public list as the lobbies are that this process writes. */
export class ListingBoard {
  readonly #directory: LobbyDirectory;
  readonly #handleFailure: (error: unknown) => void;
  /** What the list says of lobbies that are in it, as JSON: most changes of a lobby change nothing there. */
  readonly #told = new Map<LobbyCode, string>();
  readonly #isShared: boolean;

  /** `isShared`: other nodes write the same lobbies, and the same list. */
  constructor(directory: LobbyDirectory, handleFailure: (error: unknown) => void, isShared = false) {
    this.#directory = directory;
    this.#handleFailure = handleFailure;
    this.#isShared = isShared;
  }

  /** Another node wrote the lobby, and told the list; unless it died, or our word before that comes later. */
  handleElsewhere(record: LobbyRecord): void {
    if (this.#told.has(record.lobby.code)) this.handleWritten(record);
  }

  /** This node has nobody in the lobby any more, or it is over: others tell of it. */
  forget(code: LobbyCode): void {
    this.#told.delete(code);
  }

  /** Lobbies of which something is remembered. */
  get size(): number {
    return this.#told.size;
  }

  /** The lobby was written. Nobody waits for the list. */
  handleWritten(record: LobbyRecord): void {
    const listing = listingOf(record);
    const { life, revision, lobby } = record;
    const { code, game } = lobby;
    const text = listing === undefined ? undefined : JSON.stringify(listing);
    // What this node has not told, another one may have.
    if (this.#told.get(code) === text && !(this.#isShared && text === undefined)) return;
    if (text === undefined) this.#told.delete(code);
    else this.#told.set(code, text);
    const entry = { game: gameKeyOf(game), code, age: { openedAtMs: life.openedAtMs, revision }, listing };
    this.#directory.set(entry).catch((error: unknown) => {
      this.#handleFailure(error);
      // The next change tells it.
      if (this.#told.get(code) === text) this.#told.delete(code);
    });
  }
}
