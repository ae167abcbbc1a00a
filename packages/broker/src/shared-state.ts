import type { ClaimStore } from "./claim-store.ts";
import type { LobbyDirectory } from "./lobby-directory.ts";
import type { LobbyStore } from "./lobby-store.ts";
import type { NodeBus } from "./node-bus.ts";
import type { NodeTable } from "./node-table.ts";
import type { OnceStore } from "./once-store.ts";

/** The shared state does not answer: what was asked for was not done, or nobody knows. It is safe to ask again in a moment. */
export class StoreUnavailable extends Error {
  override readonly name = "StoreUnavailable";
}

/** All that the nodes of a cluster share. Each call answers or rejects within a second. */
export interface SharedState {
  readonly lobbies: LobbyStore;
  readonly directory: LobbyDirectory;
  readonly once: OnceStore;
  readonly claims: ClaimStore;
  readonly bus: NodeBus;
  readonly nodes: NodeTable;
  /** Frees the connection. Nothing is told to anybody after this. */
  close(): void;
}
