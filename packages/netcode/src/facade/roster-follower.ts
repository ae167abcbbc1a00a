import type { PeerId } from "../core/base/units.ts";
import type { LobbyState } from "../core/ports/lobby-protocol.ts";
import type { Roster } from "../core/ports/roster.ts";
import type { LobbyConnection, LobbyConnectionEvent } from "./lobby-connection.ts";
import { memberOf } from "./lobby-people.ts";
import type { PeerLinks } from "./peer-links.ts";

/** What the lobby makes of its member's events; rosters are settled here. */
export type LobbyRoomEvent = Exclude<LobbyConnectionEvent, { readonly type: "roster" }>;

export interface RosterFollowerOptions {
  readonly connection: LobbyConnection;
  readonly links: PeerLinks;
  readonly localPeerId: PeerId;
  readonly handleEvent: (event: LobbyRoomEvent) => void;
}

/** Between the broker's events and the lobby: what signed rosters say earlier, by way of other members, is told then and not again. */
export class RosterFollower {
  readonly #options: RosterFollowerOptions;
  /** Told to have left, and in the lobby by the broker's events. */
  readonly #left = new Set<PeerId>();
  /** Of the newest roster; 0: none. */
  #number = 0;
  /** What `view` made last, and of which lobby. */
  #viewed: { readonly lobby: LobbyState; readonly view: LobbyState } | undefined;

  constructor(options: RosterFollowerOptions) {
    this.#options = options;
  }

  /** The lobby without who has left: one object until that changes, since who draws it asks whether it is another (React's `useSyncExternalStore` without an end). */
  view(lobby: LobbyState): LobbyState {
    if (this.#left.size === 0) return lobby;
    if (this.#viewed?.lobby !== lobby) {
      this.#viewed = { lobby, view: { ...lobby, members: lobby.members.filter(({ peerId }) => !this.#left.has(peerId)) } };
    }
    return this.#viewed.view;
  }

  /** A newer roster. */
  handleRoster({ number, members, left }: Roster): void {
    const { connection, links, localPeerId, handleEvent } = this.#options;
    const { lobby } = connection;
    if (lobby === undefined) return;
    this.#number = number;
    const here = new Set(members.map(({ peerId }) => peerId));
    for (const { peerId, reason } of left) {
      // Of ourselves the broker has the last word: who does not hear it must not lose its links to that. And who left may be back.
      if (peerId === localPeerId || here.has(peerId)) continue;
      // It came and went while the broker was not heard.
      if (memberOf(lobby, peerId) === undefined) links.removePeer(peerId);
      else if (!this.#left.has(peerId)) {
        const before = this.view(lobby);
        this.#left.add(peerId);
        this.#viewed = undefined;
        handleEvent({ type: "change", change: { type: "member-left", peerId, reason }, before });
      }
    }
    const ownOrder = memberOf(lobby, localPeerId)?.order ?? 0;
    for (const { peerId, order } of number > lobby.event ? members : []) {
      // What else there is to know of a newcomer waits for the broker.
      if (peerId !== localPeerId && memberOf(lobby, peerId) === undefined) links.addPeer(peerId, ownOrder > order ? "dialer" : "acceptor");
    }
  }

  handleEvent(event: LobbyConnectionEvent): void {
    const { connection, links, handleEvent } = this.#options;
    if (event.type === "roster") return links.handleRoster(event.roster);
    const about = event.type === "change" && "peerId" in event.change ? event.change : undefined;
    if (about === undefined || !this.#left.has(about.peerId)) handleEvent(event);
    else if (about.type === "member-left") this.#left.delete(about.peerId);
    const { lobby } = connection;
    if (lobby === undefined || this.#number === 0 || lobby.event < this.#number) return;
    // Newcomers by a roster that are gone again by now.
    for (const { peerId } of links.stats()) if (memberOf(lobby, peerId) === undefined) links.removePeer(peerId);
  }
}
