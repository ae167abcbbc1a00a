import { browserPage } from "../adapters/page.ts";
import type { SignalingOptions } from "../adapters/signaling-options.ts";
import { parsePeerId } from "../core/base/units.ts";
import { checkedOptions, checkIceServers } from "./checked-arguments.ts";
import { badArgument } from "./netcode-error.ts";

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

/** What a transport signals by. Throws `BAD_ARGUMENT`. */
export function signalingOfPeerServer(options: PeerServerOptions): SignalingOptions {
  const {
    peerId,
    server,
    key = "peerjs",
    iceServers = [],
    relayOnly = false,
  } = checkedOptions(options, "peerId server key iceServers relayOnly");
  checkIceServers(iceServers);
  const id = parsePeerId(peerId);
  if (id === undefined) throw badArgument(`a peer id of 1–64 letters, digits, "-" and "_", got "${peerId}"`);
  const broker = URL.canParse(String(server)) ? new URL(server) : undefined;
  if (broker === undefined || !/^(?:http|ws)s?:$/.test(broker.protocol))
    throw badArgument(`a server at http, https, ws or wss, such as "https://peer.example/myapp", got "${String(server)}"`);
  // The server asks for one with each socket of the same id: nobody else may know it.
  return { peerId: id, token: browserPage.randomToken(), broker, key, iceServers, relayOnly };
}
