/**
 * For games that bring their own connections, or their own way to find each other: transports, and matches on them without a lobby. What plays in a lobby
 * needs nothing of this.
 */
export type { GivenChannels } from "./adapters/borrowed-connection.ts";
export { RtcTransport, type PeerConnectionSource, type RtcTransportOptions } from "./adapters/rtc-transport.ts";
export type { Fingerprints } from "./core/ports/membership.ts";
export type { NegotiationCommand, NegotiationReport } from "./core/ports/negotiation.ts";
export {
  CAPABILITY,
  type Channel,
  type ChannelsClosedReason,
  type SendOutcome,
  type Transport,
  type TransportHandler,
} from "./core/ports/transport.ts";
export { connectPeers, createPeerServerTransport } from "./facade/own-connection-facade.ts";
export type { GroupMatchOptions, GroupSeat, PeerGroup, PeerGroupEvents, PeerGroupOptions } from "./facade/peer-group-types.ts";
export type { PeerServerOptions } from "./facade/peer-server-signaling.ts";
