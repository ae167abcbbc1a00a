import type { LobbyCode, LobbyListing } from "@rollcall/netcode/lobby-protocol";
import type { DirectoryEntry, LobbyDirectory } from "./lobby-directory.ts";

/** The public list of one process, which sets the entries of a lobby in their order. */
export class MemoryLobbyDirectory implements LobbyDirectory {
  readonly #games = new Map<string, Map<LobbyCode, LobbyListing>>();
  readonly #watchers = new Map<string, Set<() => void>>();

  set({ game, code, listing }: DirectoryEntry): Promise<void> {
    const listings = this.#games.get(game) ?? new Map<LobbyCode, LobbyListing>();
    if (listing === undefined) listings.delete(code);
    else listings.set(code, listing);
    if (listings.size === 0) this.#games.delete(game);
    else this.#games.set(game, listings);
    for (const handleChange of this.#watchers.get(game) ?? []) handleChange();
    return Promise.resolve();
  }

  list(game: string): Promise<readonly LobbyListing[]> {
    return Promise.resolve([...(this.#games.get(game)?.values() ?? [])]);
  }

  watch(game: string, handleChange: () => void): () => void {
    const watchers = this.#watchers.get(game) ?? new Set<() => void>();
    this.#watchers.set(game, watchers);
    watchers.add(handleChange);
    return () => {
      watchers.delete(handleChange);
      if (watchers.size === 0 && this.#watchers.get(game) === watchers) this.#watchers.delete(game);
    };
  }
}
