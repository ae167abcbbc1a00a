import type { PeerId } from "../core/base/units.ts";
import * as LINK_TIMES from "../core/link/link-times.ts";
import { Absences } from "../core/lobby/absences.ts";
import type { GoneReason } from "../core/ports/departure.ts";
import type { LinkEvent } from "../core/ports/link.ts";
import type { LobbyChange, Member } from "../core/ports/lobby-protocol.ts";
import { memberOf } from "./lobby-people.ts";
import type { LobbyRoomEvent } from "./roster-follower.ts";

export interface MemberAbsencesOptions {
  readonly memberOf: (peerId: PeerId) => Member | undefined;
  readonly handleGone: (member: Member, reason: GoneReason) => void;
  readonly handleBack: (member: Member) => void;
}

/** Gives the machine of absences what lobby and links say, and the game what comes of it. */
export class MemberAbsences {
  readonly #options: MemberAbsencesOptions;
  readonly #machine = new Absences();

  constructor(options: MemberAbsencesOptions) {
    this.#options = options;
  }

  /** Another member is there; again for a known one does nothing. */
  handleMember(nowMs: number, { peerId, connected }: Member): void {
    this.#machine.handleJoined(nowMs, peerId, connected);
  }

  /** True unless it is a return that was told already. */
  handleLobbyEvent(nowMs: number, event: LobbyRoomEvent): boolean {
    if (event.type !== "change") {
      if (event.type !== "closed") this.#machine.handleBroker(nowMs, event.type === "broker-back");
      return true;
    }
    const isNews = this.#take(nowMs, event.change);
    this.#drain((peerId) => this.#options.memberOf(peerId) ?? memberOf(event.before, peerId));
    return isNews;
  }

  handleLinkEvent(nowMs: number, event: LinkEvent): void {
    if (event.type === "link-open" || event.type === "link-recovered") this.#machine.handleHeard(nowMs, event.peerId);
    else if (event.type === "link-suspect") this.#machine.handleSilent(nowMs, event.peerId, nowMs - LINK_TIMES.suspectMs);
    else if (event.type === "peer-goodbye") this.#machine.handleFarewell(nowMs, event.peerId, event.farewell);
    else if (event.reason === "lost" || event.reason === "unreachable") this.#machine.handleLinkLost(nowMs, event.peerId);
    this.#drain(this.#options.memberOf);
  }

  tick(nowMs: number): void {
    this.#machine.handleTimeout(nowMs);
    this.#drain(this.#options.memberOf);
  }

  reasonOf(peerId: PeerId): GoneReason | undefined {
    return this.#machine.reasonOf(peerId);
  }

  #take(nowMs: number, change: LobbyChange): boolean {
    if (change.type === "member-disconnected") this.#machine.handleDisconnected(nowMs, change.peerId);
    else if (change.type === "member-left") this.#machine.handleLeft(nowMs, change.peerId, change.reason);
    else if (change.type === "member-returned") return this.#machine.handleReturned(nowMs, change.peerId, change.member.peerId);
    return true;
  }

  #drain(find: (peerId: PeerId) => Member | undefined): void {
    for (let event = this.#machine.pollEvent(); event !== undefined; event = this.#machine.pollEvent()) {
      const member = find(event.peerId);
      if (member === undefined) continue;
      if (event.type === "gone") this.#options.handleGone(member, event.reason);
      else this.#options.handleBack(member);
    }
  }
}
