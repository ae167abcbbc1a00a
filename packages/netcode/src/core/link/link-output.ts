import type { PeerId } from "../base/units.ts";
import type { LinkAction, LinkEvent, LinkMessage } from "../ports/link.ts";
import type { Transmit } from "../ports/session.ts";
import type { Channel } from "../ports/transport.ts";

/** Why a packet was refused. */
export type LinkRefusal =
  | "unknown-peer" // from nobody that we hold a link with
  | "not-open" // no open channels, or the link is closed
  | "before-hello" // a session's packet before both hellos
  | "unknown-kind" // a first byte of nobody
  | "wrong-channel" // a kind that does not belong on this channel
  | "malformed" // not one of the link's messages
  | "bad-hello" // another peer's id, or not readable
  | "version-mismatch" // another game, version, content or link version
  | "bad-proof" // no proof of who it is, or none that was asked for
  | "no-certificate" // no roster of the broker has the peer, so far
  | "roster-malformed" // not a roster
  | "roster-key" // signed by no key that we know of
  | "roster-forged" // the signature is wrong
  | "roster-foreign" // of another lobby
  | "roster-old" // there was a newer one
  | "roster-expired"
  | "bad-ack" // acks what was never sent
  | "stream-gap" // a part of the reliable stream is missing
  | "stream-too-large" // a message above the limit
  | "relay-no-way" // to forward: to nobody that we have a connection to
  | "relay-nested" // to forward: what was forwarded already, or is between neighbours
  | "relay-too-much" // to forward: more than one member may ask for
  | "relay-needless" // forwarded, although the peer is heard on its own connection and says nothing of another way
  | "relay-forbidden" // forwarded: what a member in the middle must not be believed
  | "stale" // a datagram that waited somewhere, later than the path's least delay by more than 250 ms
  | "negotiation-stale" // an exchange with another process, or a word against who is heard
  | "negotiation-flood"; // more offers, or more often the same, than of an honest peer

/** What the links of one mesh want done, in order, until somebody polls it. */
export class LinkOutput {
  readonly actions: LinkAction[] = [];
  readonly transmits: Transmit[] = [];
  readonly events: LinkEvent[] = [];
  readonly messages: LinkMessage[] = [];
  #requests = 0;
  readonly #refusals = new Map<LinkRefusal, number>();

  /** A number for something that takes a moment. */
  nextRequest(): number {
    return ++this.#requests;
  }

  transmit(to: PeerId, channel: Channel, bytes: Uint8Array): void {
    this.transmits.push({ to, channel, bytes });
  }

  refuse(reason: LinkRefusal): void {
    this.#refusals.set(reason, (this.#refusals.get(reason) ?? 0) + 1);
  }

  /** Counts a reason; true where there is none. */
  admits(reason: LinkRefusal | undefined): boolean {
    if (reason !== undefined) this.refuse(reason);
    return reason === undefined;
  }

  refusals(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#refusals);
  }
}
