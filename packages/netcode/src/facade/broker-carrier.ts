import type { BrokerFrame } from "../core/ports/broker-frame.ts";

/** What comes of the broker as a carrier. */
export interface BrokerCarrierHandler {
  /** A packet of another member. Valid during the call only. */
  handleFrame(frame: BrokerFrame): void;
  /** Whether the broker carries packets now: it may be gone, or not do it at all. */
  handleCarrier(isThere: boolean): void;
}

/** The broker as the last way to carry packets, for pairs that have no other. */
export interface BrokerCarrier {
  /** False: dropped, since the broker is gone or the socket is behind. */
  sendFrame(frame: BrokerFrame): boolean;
  /** From now on; says at once whether the broker carries. */
  followFrames(handler: BrokerCarrierHandler): void;
  /** A link is silent and needs the broker for its repair: said again and again, while that lasts. */
  hurry(): void;
  /** The signaling socket is open: the broker is there. */
  handleBrokerFound(): void;
}
