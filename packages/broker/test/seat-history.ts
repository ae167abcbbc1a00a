import type { Admission, LobbyCode, LobbyState, PeerId } from "@rollcall/netcode/lobby-protocol";

/**
 * What people were told, and what was stored, of lobbies that nobody leaves: whoever was told that a seat is its own has it for good, and an id that was
 * let into one lobby is let into no other.
 */
export class SeatHistory {
  readonly violations: string[] = [];
  /** By lobby and number. */
  readonly #events = new Map<string, string>();
  readonly #owners = new Map<string, PeerId>();
  readonly #lobbyOf = new Map<PeerId, LobbyCode>();
  readonly #hosts = new Map<string, PeerId>();

  /** Ids that were told that they are in. */
  get ids(): ReadonlyMap<PeerId, LobbyCode> {
    return this.#lobbyOf;
  }

  get eventCount(): number {
    return this.#events.size;
  }

  noteTold({ peerId, lobby }: Admission): void {
    this.noteStored(lobby);
    const before = this.#lobbyOf.get(peerId);
    if (before !== undefined && before !== lobby.code) this.#complain(`${peerId} is in ${before} and in ${lobby.code}`);
    this.#lobbyOf.set(peerId, lobby.code);
    const seat = lobby.members.find((member) => member.peerId === peerId)?.seat;
    if (seat === undefined) return this.#complain(`${peerId} was told that it is in ${lobby.code}, and is not`);
    const place = `seat ${seat} of ${lobby.code}`;
    const owner = this.#owners.get(place);
    if (owner !== undefined && owner !== peerId) this.#complain(`${place} is ${owner}'s and ${peerId}'s`);
    this.#owners.set(place, peerId);
    for (const [other, id] of this.#owners) {
      if (id === peerId && other !== place) this.#complain(`${peerId} has ${other} and ${place}`);
    }
  }

  /** A lobby as somebody saw it. */
  noteStored({ code, members, hostEpoch, hostId }: LobbyState): void {
    if (new Set(members.map(({ peerId }) => peerId)).size < members.length) this.#complain(`an id is twice in ${code}`);
    if (new Set(members.map(({ seat }) => seat)).size < members.length) this.#complain(`a seat is twice in ${code}`);
    const epoch = `epoch ${hostEpoch} of ${code}`;
    const host = this.#hosts.get(epoch);
    if (host !== undefined && host !== hostId) this.#complain(`${epoch} has the hosts ${host} and ${hostId}`);
    this.#hosts.set(epoch, hostId);
  }

  /** All hear the same of one number. */
  noteFrame(code: LobbyCode | undefined, text: string): void {
    const number = /^\{"event":(\d+),/.exec(text)?.[1];
    if (code === undefined || number === undefined) return;
    const event = `event ${number} of ${code}`;
    const before = this.#events.get(event);
    if (before !== undefined && before !== text) this.#complain(`${event} is ${before} and ${text}`);
    this.#events.set(event, text);
  }

  /** In the end: whoever was told that it is in is there, in its seat. */
  checkStored({ code, members }: LobbyState): void {
    const stored = new Map(members.map(({ seat, peerId }) => [`seat ${seat} of ${code}`, peerId]));
    for (const [place, peerId] of this.#owners) {
      if (place.endsWith(` of ${code}`) && stored.get(place) !== peerId)
        this.#complain(`${place} was ${peerId}'s and is ${stored.get(place)}'s`);
    }
  }

  #complain(text: string): void {
    if (this.violations.length < 100) this.violations.push(text);
  }
}
