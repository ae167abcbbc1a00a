import { parsePeerId } from "../core/base/units.ts";
import { assert } from "../core/base/assert.ts";
import { browserPage } from "./page.ts";
import type { SignalingOptions } from "./signaling-peer.ts";

/** A stock PeerServer, by which peers that know each other's ids connect: no lobby, no admission. */
export interface PeerServerOptions {
  /** Our own id: 1–64 letters, digits, `-` and `_`. Whoever takes it first at the server has it. */
  readonly peerId: string;
  /** Where the server is, with its path: `https://peer.example/myapp`. `http`, `https`, `ws` or `wss`. */
  readonly server: string | URL;
  /** The server's `key`; default `peerjs`. */
  readonly key?: string;
  /** All that ICE may use; default: none, so that peers meet on one network only. */
  readonly iceServers?: readonly RTCIceServer[];
  /** No connection but through a TURN server. */
  readonly relayOnly?: boolean;
}

export function signalingOfPeerServer({
  peerId,
  server,
  key = "peerjs",
  iceServers = [],
  relayOnly = false,
}: PeerServerOptions): SignalingOptions {
  const id = parsePeerId(peerId);
  assert(id !== undefined, `a peer id of 1–64 letters, digits, "-" and "_", got "${peerId}"`);
  // The server asks for one with each socket of the same id: nobody else may know it.
  return { peerId: id, token: browserPage.randomToken(), broker: new URL(server), key, iceServers, relayOnly };
}
