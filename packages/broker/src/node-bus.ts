import type { LobbyCode, PeerId } from "@rollcall/netcode/lobby-protocol";

/**
 * Carries texts between the nodes of a cluster: at most once, in order within a channel. What was sent while a node was cut off from the bus it never
 * hears; it is told when it is back.
 */
export interface NodeBus {
  /** False from the moment that the shared state is found not to answer: whatever is asked of it is refused at once. */
  readonly isUp: boolean;
  /** The clock that all nodes share, in ms; it never goes back. */
  nowMs(): number;
  /** How many nodes got it, this one too if it listens. Rejects within a second. */
  publish(channel: string, text: string): Promise<number>;
  /** Resolves once texts are heard; they go on after an outage. Rejects when the bus is down: it is tried again when it is up. One listener for a channel. */
  subscribe(channel: string, listener: (text: string) => void): Promise<void>;
  unsubscribe(channel: string): void;
  /** `listener` is called each time that the bus is up again: texts were missed. */
  onUp(listener: () => void): void;
}

/** Texts about a lobby: of its members' nodes, and of the store after each write. */
export function lobbyChannel(code: LobbyCode): string {
  return `lobby:{${code}}`;
}

/** Texts for whoever has the signaling socket of this id. */
export function peerChannel(peerId: PeerId): string {
  return `peer:{${peerId}}`;
}

/** Signs of life of all nodes. */
export const NODES_CHANNEL = "nodes";
