import { Peer } from "peerjs";
import { PeerTransport } from "./peer-transport.ts";
import type { SignalingOptions } from "./signaling-options.ts";

/** The transport of a browser: WebRTC, with PeerJS for first contact. */
export class PeerJsTransport extends PeerTransport {
  constructor(options: SignalingOptions) {
    super(Peer, options);
  }
}
