/**
 * For games that bring their own connections, or their own way to find each other: transports, and matches on them without a lobby. What plays in a lobby
 * needs nothing of this.
 */
export type { GivenChannels } from "./adapters/borrowed-connection.ts";
export type { PeerServerOptions } from "./adapters/peer-server-signaling.ts";
export { RtcTransport, type PeerConnectionSource, type RtcTransportOptions } from "./adapters/rtc-transport.ts";
export type { Channel, ChannelsClosedReason, SendOutcome, Transport, TransportHandler } from "./core/ports/transport.ts";
export { connectPeers, createPeerServerTransport } from "./facade/own-connection-facade.ts";
export type { GroupMatchOptions, GroupSeat, PeerGroup, PeerGroupEvents, PeerGroupOptions } from "./facade/peer-group-types.ts";
