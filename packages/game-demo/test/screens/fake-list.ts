import type { LobbyCode, LobbyList, LobbyListEvents, LobbyListing } from "@rollcall/netcode";
import { Listeners } from "./listeners.ts";

/** A public list in memory. */
export class FakeList implements LobbyList {
  lobbies: readonly LobbyListing[];
  total: number;
  isLive = true;
  readonly #listeners = new Listeners<LobbyListEvents>();

  constructor(lobbies: readonly LobbyListing[] = [], total: number = lobbies.length) {
    this.lobbies = lobbies;
    this.total = total;
  }

  on<Name extends keyof LobbyListEvents>(name: Name, listener: LobbyListEvents[Name]): () => void {
    return this.#listeners.on(name, listener);
  }

  /** Another list, or another state of the connection, as the broker would send it. */
  set(lobbies: readonly LobbyListing[], isLive = true): void {
    this.lobbies = lobbies;
    this.total = lobbies.length;
    this.isLive = isLive;
    this.#listeners.emit("change");
  }

  close(): void {}
}

/** A lobby of three people that waits to start. */
export function fakeListing(code: string, part: Partial<LobbyListing> = {}): LobbyListing {
  const open = { hostName: "Ana", metadata: null, members: 3, capacity: 8, playing: false, password: false, relayOnly: false };
  return { code: code as LobbyCode, ...open, ...part };
}
