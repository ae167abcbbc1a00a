import type { PeerId } from "../base/units.ts";
import type { Fingerprints } from "./membership.ts";
import type { IceServer } from "./lobby-types.ts";
import type { AttemptEvidence } from "./link-failure.ts";
import type { NegotiationCommand, NegotiationReport } from "./negotiation.ts";

/**
 * The channels between two peers, all on one peer connection.
 *
 * - `unreliable`: unordered, never resent. Datagrams of at most `DATAGRAM_BYTES_MAX`.
 * - `reliable`: ordered, resent. Messages of at most `RELIABLE_BYTES_MAX` (the link splits larger ones).
 * - `control`: ordered, resent, for the link itself (renegotiation, restart, relay); games never see it.
 * - `bulk`: ordered, resent, for files (core/bulk), which pace themselves. It may open after the others, and may be closed without them: then a send on it is `closed`.
 */
export type Channel = "unreliable" | "reliable" | "control" | "bulk";

/** A datagram larger than this is split by SCTP, and one lost fragment loses all: 1,191 B is Chromium's SCTP packet. */
export const DATAGRAM_BYTES_MAX = 1150;

/** Above 16 KiB browsers differ in how they fragment, and one message blocks its association. */
export const RELIABLE_BYTES_MAX = 16_384;

/** What the link puts before a packet that another member forwards: kind 1, hash of a peer id 4. */
export const RELAY_HEADER_BYTES = 5;

/** What the link puts behind a datagram: when it was sent (core/link/staleness.ts). */
export const STAMP_BYTES = 2;

/** Most bytes of a session's datagram, so that it still fits once it is stamped and another member must forward it. */
export const SESSION_DATAGRAM_BYTES_MAX: number = DATAGRAM_BYTES_MAX - RELAY_HEADER_BYTES - STAMP_BYTES;

/** Most bytes of one message, by channel. */
export const CHANNEL_BYTES_MAX: Readonly<Record<Channel, number>> = {
  unreliable: DATAGRAM_BYTES_MAX,
  reliable: RELIABLE_BYTES_MAX,
  control: RELIABLE_BYTES_MAX,
  bulk: RELIABLE_BYTES_MAX,
};

/** What a peer's process can do, as bits that the hello carries: both ends use only what both have. */
export const CAPABILITY = {
  /** Can restart ICE on a live peer connection. The Node binding cannot. */
  iceRestart: 1,
  /** Can carry audio and video. */
  media: 2,
} as const;

/** What became of a send. `full`: the channel's buffer is over its limit, nothing was queued. `closed`: no open channel to that peer. */
export type SendOutcome = "sent" | "full" | "closed";

/** Why the channels to a peer are gone. */
export type ChannelsClosedReason =
  /** The other end closed them, or its connection ended. */
  | "remote"
  /** The attempt never got as far as open channels (no such peer, signaling or ICE failed). */
  | "unreachable"
  /** A newer attempt of the same peer took over. */
  | "replaced";

/**
 * What a transport reports. Never called from inside `dial`, `hangUp`, `send` or `dispose`, so that a caller need not be reentrant.
 * `bytes` are valid during the call only.
 */
export interface TransportHandler {
  /** `unreliable`, `reliable` and `control` to `peer` are open at this end. The other end may open later: what is sent before is lost on `unreliable`. */
  handleChannelsOpen(peer: PeerId): void;
  handleChannelsClosed(peer: PeerId, reason: ChannelsClosedReason): void;
  handlePacket(peer: PeerId, channel: Channel, bytes: Uint8Array): void;
  /** What came of `negotiate`, and what the connection says about itself. */
  handleNegotiation?(peer: PeerId, report: NegotiationReport): void;
  /** `signal` of the other end. Hostile, as anything. */
  handleSignal?(peer: PeerId, bytes: Uint8Array): void;
  /** Signaling is there again. */
  handleSignalingReady?(): void;
}

/**
 * Moves bytes between this peer and others. Implementations: simulated, loopback, PeerJS in a browser, PeerJS in Node, and connections that a game has made itself.
 * It decides nothing: who dials, when to try again and when a peer is lost is the link's (core/link).
 */
export interface Transport {
  readonly localPeerId: PeerId;
  /** `CAPABILITY` bits of this process; none when left out. */
  readonly capabilities?: number;
  /** Both ends of a connection have heard each other before either of them sends anything on a channel, as over SCTP: a packet that comes shows that ours arrive. No promise when left out. */
  readonly isMutual?: boolean;
  /**
   * Starts one attempt to reach `peer`, in place of any earlier one. The outcome comes to the handler, but need not come at all:
   * signaling may be lost without a trace, so the caller keeps its own deadline; within it the transport repeats what got no answer. An attempt that comes *from* a peer is
   * accepted when `accept(peer)` was called before, and refused otherwise.
   */
  dial(peer: PeerId): void;
  /** Lets `peer` reach us. Its newest attempt replaces an older one. */
  accept(peer: PeerId): void;
  /** Closes the channels, frees the peer connection, forgets the peer; no event follows. Does nothing for an unknown peer. */
  hangUp(peer: PeerId): void;
  /** Copies or transmits `bytes` before it returns. More than `CHANNEL_BYTES_MAX[channel]` or none at all is a caller's bug: it throws. */
  send(peer: PeerId, channel: Channel, bytes: Uint8Array): SendOutcome;
  /** Bytes handed to `send` that have not left yet; 0 for an unknown peer. */
  bufferedBytes(peer: PeerId, channel: Channel): number;
  /** How packets travel: `undefined` until known. */
  path(peer: PeerId): "direct" | "turn" | undefined;
  /** Fresh ICE servers, for every attempt that begins from now on. Left out by a transport that uses none. */
  setIceServers?(servers: readonly IceServer[]): void;
  /** The network may be another one: what signaling has may be dead without a word. Left out by a transport that has none. */
  handleNetworkChange?(): void;
  /** What both ends of the open connection to `peer` are known by, as this end sees it; `undefined` while there is none, or where it cannot be told. */
  fingerprints?(peer: PeerId): Fingerprints | undefined;
  /** What was seen while `peer` was tried, since it was open last; `undefined` for an unknown peer. */
  evidence?(peer: PeerId): AttemptEvidence | undefined;
  /** Makes or applies a description of the connection to `peer`, with `CAPABILITY.iceRestart`. Commands are carried out in order; does nothing without a connection. */
  negotiate?(peer: PeerId, command: NegotiationCommand): void;
  /** Sends `bytes` to a peer that was dialed or accepted by way of the broker, once, if signaling is there: it may be lost, doubled, overtaken. */
  signal?(peer: PeerId, bytes: Uint8Array): void;
  setHandler(handler: TransportHandler): void;
  /** Frees every peer connection, timer and socket. Idempotent; everything after it is refused quietly. */
  dispose(): void;
}
