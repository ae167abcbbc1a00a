import type { Random } from "../base/random.ts";
import type { PeerId } from "../base/units.ts";
import type { GameIdentity } from "../ports/lobby-protocol.ts";
import type { LinkOutput } from "./link-output.ts";
import type { SendPacket } from "./link-carrier.ts";
import type { RosterExchange } from "./roster-exchange.ts";
import type { RelayOffer } from "./route-choice.ts";

/** The dialer starts every attempt; the acceptor answers. */
export type LinkRole = "dialer" | "acceptor";

/** What a link asks of the other links of its mesh. */
export interface RelayAccess {
  /** There are members that could forward. */
  hasOthers(): boolean;
  /** Who could forward to this peer now. */
  offers(nowMs: number, to: PeerId): readonly RelayOffer[];
  /** `via` is there to forward what we hand to it. */
  canForward(nowMs: number, via: PeerId): boolean;
  /** A member went, and it may have forwarded for others: every link looks for its way anew. */
  checkSoon(): void;
  /** Asks `via` to forward a packet. */
  send(via: PeerId, to: PeerId, ...packet: Parameters<SendPacket>): void;
}

export interface LinkOptions {
  readonly localPeerId: PeerId;
  readonly peerId: PeerId;
  readonly role: LinkRole;
  readonly game: GameIdentity;
  readonly capabilities: number;
  /** The pair's own connection shakes hands (`Transport.isMutual`). */
  readonly isMutual: boolean;
  /** Our end of this link, in the hello. */
  readonly instance: number;
  /** The lobby's code, of which both ends prove that they are members; `undefined`: nobody proves anything. */
  readonly lobby: string | undefined;
  readonly random: Random;
  readonly output: LinkOutput;
  readonly relays: RelayAccess;
  /** Who the members are, by the broker's signature. */
  readonly rosters: RosterExchange;
}
