import type { InputSchema } from "../core/game/input-schema.ts";
import type { Transport } from "../core/ports/transport.ts";
import { browserEnvironment } from "./browser-environment.ts";
import * as groups from "./peer-group.ts";
import type { PeerGroup, PeerGroupOptions } from "./peer-group-types.ts";
import { signalingOfPeerServer, type PeerServerOptions } from "./peer-server-signaling.ts";

/**
 * Links peers that the game has brought together by itself, over any transport. Resolves once the link to each is open. Rejects with a `NetcodeError`:
 * `PEER_UNREACHABLE` when one cannot be reached within 16 s or goes, `VERSION_MISMATCH`, `BAD_ARGUMENT`, `CLOSED`; the transport is disposed of then.
 *
 * ```ts
 * const group = await connectPeers({ game, transport, peers: ["ada", "ben"] });
 * const match = group.startMatch({ seed: 7, seats: [{ peer: "ada", name: "Ada" }, { peer: "ben", name: "Ben" }] });
 * match.run({ input: readKeys, render: (view) => draw(view.state) });
 * ```
 */
export function connectPeers<State, Schema extends InputSchema, Result = unknown>(
  options: PeerGroupOptions<State, Schema, Result>,
): Promise<PeerGroup<State, Schema, Result>> {
  return groups.connectPeers(browserEnvironment, options);
}

/** PeerJS against a stock PeerServer, without a lobby: the game passes the ids. PeerJS is loaded by this call. Rejects with a `NetcodeError`, `BAD_ARGUMENT`. */
export async function createPeerServerTransport(options: PeerServerOptions): Promise<Transport> {
  const signaling = signalingOfPeerServer(options);
  const { PeerJsTransport } = await import("../adapters/peerjs.ts");
  return new PeerJsTransport(signaling);
}
