import { createHash } from "node:crypto";
import type { GameIdentity, LobbyCode, LobbyListing } from "@rollcall/netcode/lobby-protocol";

/** What is told of one lobby in public. */
export interface DirectoryEntry {
  /** `gameKeyOf` its game. */
  readonly game: string;
  readonly code: LobbyCode;
  /** Rises with each change of a lobby, and with each lobby that gets the code: whoever hears of an older one after a newer ignores it. */
  readonly age: DirectoryAge;
  /** `undefined`: it is not shown any more. */
  readonly listing: LobbyListing | undefined;
}

/** Compared in this order. */
export interface DirectoryAge {
  readonly openedAtMs: number;
  readonly revision: number;
}

/**
 * The public list of lobbies, by game. It may be behind: what stands in it is tried, and what turns out to be gone is taken out. Asynchronous, so that memory
 * and a shared database serve alike.
 */
export interface LobbyDirectory {
  set(entry: DirectoryEntry): Promise<void>;
  /** Everything of a game, in any order. The caller does not change it. */
  list(game: string): Promise<readonly LobbyListing[]>;
  /** Calls `handleChange` soon after something of the game may have changed, until the returned function is called. */
  watch(game: string, handleChange: () => void): () => void;
}

/** Printable, and of one length: a game's id is anybody's text. */
export function gameKeyOf({ id, version, contentHash }: GameIdentity): string {
  return createHash("sha256")
    .update(JSON.stringify([id, version, contentHash]))
    .digest("base64url")
    .slice(0, 22);
}
