import type { ClaimStore } from "./claim-store.ts";
import type { LobbyStore } from "./lobby-store.ts";
import type { NodeBus } from "./node-bus.ts";
import type { OnceStore } from "./once-store.ts";

/** All that the nodes of a cluster share. Each call answers or rejects within a second. */
export interface SharedState {
  readonly lobbies: LobbyStore;
  readonly once: OnceStore;
  readonly claims: ClaimStore;
  readonly bus: NodeBus;
  /** Frees the connection. Nothing is told to anybody after this. */
  close(): void;
}
