import type { DataConnection } from "peerjs";
import type { PeerId } from "../core/base/units.ts";
import type { AnswerGate } from "./answer-gate.ts";
import { AttemptWitness } from "./attempt-witness.ts";
import type { DescriptionExchange } from "./description-exchange.ts";
import { OfferGate, type OfferRefusal } from "./offer-gate.ts";
import type { RtcChannels } from "./rtc-channels.ts";

/** Why a message of signaling or of a channel was refused. */
export type Refusal =
  | "no-connection"
  | OfferRefusal
  | "malformed-signal"
  | "not-accepted"
  | "unsigned-answer"
  | "bad-candidate"
  | "bad-description"
  | "bad-message";

/** One peer connection in the making or in use. */
export interface Attempt {
  readonly connection: DataConnection;
  readonly peerConnection: RTCPeerConnection;
  readonly channels: RtcChannels;
  readonly exchange: DescriptionExchange;
  /** What comes back for our offer; `undefined`: the offer is the peer's. */
  readonly answers: AnswerGate | undefined;
  /** Aborted when the attempt is over. */
  readonly end: AbortController;
  /** When something came last, once it is open. */
  heardMs: number;
  repeats: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** What we know of one peer. */
export interface Contact {
  readonly peer: PeerId;
  accepts: boolean;
  /** A dial that waits for the signaling socket. */
  isDialPending: boolean;
  readonly offers: OfferGate;
  /** Since it was open last. */
  witness: AttemptWitness;
  /** Attempts of ours since then whose addresses did not reach each other. */
  iceFailures: number;
  /** Somebody made up an answer since then. */
  wasLiedTo: boolean;
  attempt: Attempt | undefined;
}

/** Somebody that nothing was tried with. */
export function newContact(peer: PeerId): Contact {
  return {
    peer,
    accepts: false,
    isDialPending: false,
    offers: new OfferGate(),
    witness: new AttemptWitness(),
    iceFailures: 0,
    wasLiedTo: false,
    attempt: undefined,
  };
}
