import type { PeerId } from "../core/base/units.ts";
import type { AnswerSeals } from "./answer-gate.ts";
import type { ProveSocket } from "./signaling-proof.ts";

/** What comes with the admission to a lobby. */
export interface SignalingGrant {
  /** `signalingToken` of the admission. */
  readonly token: string;
  /** All that ICE may use: nothing is added to it. */
  readonly iceServers: readonly RTCIceServer[];
  /** Candidates of TURN servers alone are gathered. Default: false. */
  readonly relayOnly?: boolean;
}

/** Without a token the socket comes up, and waits for `admit`. */
export interface SignalingOptions extends Partial<SignalingGrant> {
  readonly peerId: PeerId;
  /** `http:`, `https:`, `ws:` or `wss:`; its path is where the broker is mounted. */
  readonly broker: URL;
  /** Of a PeerServer; default `peerjs`. A broker of ours has none. */
  readonly key?: string;
  /** Answers a broker that asks whose socket it is; left out where none does. */
  readonly prove?: ProveSocket;
  /** Left out where peers have no keys: then answers are taken as they come. */
  readonly seals?: AnswerSeals;
}
