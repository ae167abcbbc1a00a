import type { PeerId } from "../base/units.ts";
import type { Farewell } from "./departure.ts";
import type { LinkFailure } from "./link-failure.ts";
import type { GameIdentity } from "./lobby-protocol.ts";
import type { MembershipProof, Verified } from "./membership.ts";
import type { NegotiationCommand } from "./negotiation.ts";

/** How packets reach a peer. `peer` and `broker` are relays; `connecting` while there is no way yet. */
export type LinkPath = "direct" | "turn" | "peer" | "broker" | "connecting";

/**
 * The life of a link, as people may see it.
 *
 * connecting → open ⇄ suspect → closed; connecting → closed when every attempt failed.
 */
export type LinkStatus = "connecting" | "open" | "suspect" | "closed";

/**
 * The exact stage of a link (docs/spec/link.md has the table).
 *
 * new → signaling → checking → open → suspect → restarting | rebuilding → open; lost after 20 s of silence, and still tried; closed for good.
 */
export type LinkStage = "new" | "signaling" | "checking" | "open" | "suspect" | "restarting" | "rebuilding" | "lost" | "closed";

/** Why a link closed. */
export type LinkCloseReason =
  | "left" // the peer said goodbye
  | "removed" // we hung up: no longer a member
  | "unreachable" // the connection deadline passed
  | "lost" // silent, and every new attempt failed
  | "version-mismatch" // hello refused: another game, version, content or protocol
  | "protocol-error" // hello refused: not ours
  | "identity-mismatch" // the peer could not prove that the id is its own, and that nobody sits in between
  | "not-invited"; // the secret of the lobby's invite was asked for, and not there

/** What a link tells. `link-open` comes once, and again only after `link-closed`; `link-recovered` follows `link-suspect`. */
export type LinkEvent =
  | { readonly type: "link-open"; readonly peerId: PeerId }
  | { readonly type: "link-suspect"; readonly peerId: PeerId }
  | { readonly type: "link-recovered"; readonly peerId: PeerId }
  /** The peer said that it leaves (page closed, left the lobby). */
  | { readonly type: "peer-goodbye"; readonly peerId: PeerId; readonly farewell: Farewell }
  | {
      readonly type: "link-closed";
      readonly peerId: PeerId;
      readonly reason: LinkCloseReason;
      readonly remoteGame?: GameIdentity;
      readonly failure?: LinkFailure;
    };

/** A session's message: a whole one of the reliable stream, or a datagram that another member forwarded. The receiver owns `bytes`. */
export interface LinkMessage {
  readonly from: PeerId;
  readonly channel: "reliable" | "unreliable";
  readonly bytes: Uint8Array;
}

/** What the link machine wants its transport to do. */
export type LinkAction =
  | { readonly type: "dial"; readonly peerId: PeerId }
  | { readonly type: "accept"; readonly peerId: PeerId }
  | { readonly type: "hang-up"; readonly peerId: PeerId }
  /** `MembershipKeeper.prove`; the answer goes to `handleProved` with `request`. */
  | { readonly type: "prove"; readonly peerId: PeerId; readonly request: number; readonly transcript: Uint8Array }
  /** `MembershipKeeper.check`; the answer goes to `handleChecked` with `request`. */
  | {
      readonly type: "check";
      readonly peerId: PeerId;
      readonly request: number;
      readonly transcript: Uint8Array;
      readonly proof: MembershipProof;
    }
  /** `MembershipKeeper.verify`; the answer goes to `handleVerified` with `request`. */
  | {
      readonly type: "verify";
      readonly request: number;
      readonly key: Uint8Array;
      readonly signed: Uint8Array;
      readonly signature: Uint8Array;
    }
  /** `Transport.negotiate`. Before an offer the ICE servers may be made fresh, for a moment. */
  | { readonly type: "negotiate"; readonly peerId: PeerId; readonly command: NegotiationCommand }
  /** `Transport.signal`: may be lost. */
  | { readonly type: "signal"; readonly peerId: PeerId; readonly bytes: Uint8Array };

/** One link in figures, of the path that is used: RTT by the link's own pings, loss of all datagrams that we sent. */
export interface LinkStats {
  readonly peerId: PeerId;
  readonly status: LinkStatus;
  /** How sure we are who it is; left out until it has proved it, and where nobody asks. */
  readonly verified?: Verified;
  readonly stage: LinkStage;
  readonly path: LinkPath;
  /** Who forwards what we send, where `path` is `peer`. */
  readonly via?: PeerId;
  readonly rttMs: number;
  readonly jitterMs: number;
  readonly lossRatio: number;
}

/** First byte of every message on every channel: says whose it is. */
export * as PACKET_KIND from "./packet-kind.ts";
