import type { PeerId } from "../core/base/units.ts";
import { PACKET_KIND } from "../core/ports/link.ts";
import type { MatchAgreement } from "../core/ports/lobby-protocol.ts";
import type { Transmit } from "../core/ports/session.ts";
import { epochOf } from "./match-epoch.ts";
import { MatchPeople } from "./match-people.ts";

export interface MissedMatchOptions {
  readonly nowMs: number;
  readonly localPeerId: PeerId;
  readonly transmit: (transmit: Transmit) => void;
}

/** A match in which we have a seat and that could not be opened here. The others need not wait for us; and where it failed for all of them too, somebody has to end it. */
export class MissedMatch {
  readonly matchNumber: number;
  readonly #people: MatchPeople;

  /** Says so to the others. */
  constructor({ matchNumber, seats }: MatchAgreement, { nowMs, localPeerId, transmit }: MissedMatchOptions) {
    this.matchNumber = matchNumber;
    this.#people = new MatchPeople(nowMs, localPeerId, seats);
    for (const to of this.#people.others)
      transmit({ to, channel: "reliable", bytes: Uint8Array.of(PACKET_KIND.matchLeft, this.matchEpoch) });
  }

  get matchEpoch(): number {
    return epochOf(this.matchNumber);
  }

  handlePacket(_nowMs: number, from: PeerId, bytes: Uint8Array): void {
    if (bytes[0] === PACKET_KIND.matchLeft && bytes.length === 2) this.#people.left(from);
  }

  handlePeerRemoved(before: PeerId, after: PeerId | undefined): void {
    this.#people.removed(before, after);
  }

  /** Nobody plays it. */
  isDeserted(isMember: (peerId: PeerId) => boolean): boolean {
    return this.#people.isDeserted(isMember);
  }
}
