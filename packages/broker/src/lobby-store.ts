import type { LobbyCode } from "@rollcall/netcode/lobby-protocol";
import type { LobbyRecord } from "./lobby-record.ts";

/** What a store holds under a code. */
export interface StoredLobby {
  /** 0: the code is free. Rises with each write. */
  readonly version: number;
  /** `undefined` with a version above 0: closed, and the code is resting. */
  readonly record: LobbyRecord | undefined;
}

/**
 * Keeps lobbies. Asynchronous, and written by compare-and-set alone, so that memory and a shared database serve the same machine: two brokers that
 * seat the last joiner at once cannot both succeed.
 *
 * A record is plain JSON and is not changed after it was given to the store. A store that nodes share tells each write on `lobbyChannel(code)` of
 * their bus.
 */
export interface LobbyStore {
  load(code: LobbyCode): Promise<StoredLobby>;
  /**
   * Writes `next` if the version still is `expectedVersion`; false, and nothing written, when it is not. `undefined` closes the lobby: its code
   * rests for the time that the store was made with, and is then free. Rejects when it cannot tell: it was written then, or it never will be.
   * `notAfterMs`: a store that nodes share writes nothing after this, by the clock that they share, however long the node stood still meanwhile.
   */
  compareAndSet(code: LobbyCode, expectedVersion: number, next: LobbyRecord | undefined, notAfterMs?: number): Promise<boolean>;
  /** Somebody is in this lobby; false: the store has none. One that nodes share forgets a lobby for which nobody says so for minutes: all of its nodes died. */
  keep(code: LobbyCode): Promise<boolean>;
  /** Lobbies held, without closed ones. */
  count(): Promise<number>;
}
