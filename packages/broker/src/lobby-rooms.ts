import type { BrokerMessage, GoodbyeReason, LeaveReason, LobbyCode, LobbyState, PeerId } from "@rollcall/netcode/lobby-protocol";
import type { Entrance } from "./lobby.ts";
import type { LobbyRecord, NumberedChange } from "./lobby-record.ts";

/** The open control socket of a member. */
export interface MemberSocket {
  /** A `BrokerMessage` as JSON: written once for all members. */
  sendText(text: string): void;
  /** A packet of another member; false: dropped. */
  sendFrame(bytes: Uint8Array): boolean;
  /** Says why, and closes. */
  goodbye(reason: GoodbyeReason): void;
}

interface Guest {
  readonly socket: MemberSocket;
  /** Of its seat. */
  readonly connection: number;
}

interface Room {
  readonly relayOnly: boolean;
  readonly guests: Map<PeerId, Guest>;
  /** The last event that everybody here has. */
  event: number;
  /** Of the record that was told last, where nodes share it: 0 before the first. */
  version: number;
  /** Its newest change, with the lobby's life: what follows must follow on this. `undefined`: not known. */
  newest: string | undefined;
  /** Connected seats, where nodes share them. */
  seats: readonly PlacedSeat[];
  /** Everybody here was told that the lobby will be closed. */
  isIdle: boolean;
}

/** A connected seat, and the node that has its socket. */
export interface PlacedSeat {
  readonly peerId: PeerId;
  readonly connection: number;
  readonly node: string;
}

/** What was stored of a lobby, and what this step of it changed: nothing, where another node made it. */
export interface WrittenLobby {
  readonly record: LobbyRecord;
  readonly version: number;
  readonly changes: readonly NumberedChange[];
}

/** What a member that leaves hears; who leaves by itself needs none. */
const GOODBYES: Readonly<Record<LeaveReason, GoodbyeReason | undefined>> = {
  left: undefined,
  kicked: "KICKED",
  banned: "BANNED",
  expired: undefined,
};

/** Who is connected to this process, and in which lobby: carries changes to members, and answers who may signal to whom. */
export class LobbyRooms {
  readonly #rooms = new Map<LobbyCode, Room>();
  readonly #codes = new Map<PeerId, LobbyCode>();
  /** Both of them the other way round: a node that lets thousands of lobbies go at once must not look through all members for each. */
  readonly #peerIds = new Map<LobbyCode, Set<PeerId>>();
  /** Of ids that went from one lobby to another, of which this node has not heard everything in order. */
  readonly #otherCodes = new Map<PeerId, LobbyCode>();
  readonly #onPeerGone: (peerId: PeerId) => void;
  /** The name of this node; `undefined`: it is alone. */
  readonly #nodeId: string | undefined;
  /** Called with the first socket of a lobby here. */
  onOpened: (code: LobbyCode) => void = () => undefined;

  /** `onPeerGone`: this peer id is no longer a member of any lobby. `nodeId`: other nodes write the same lobbies. */
  constructor(onPeerGone: (peerId: PeerId) => void, nodeId?: string) {
    this.#onPeerGone = onPeerGone;
    this.#nodeId = nodeId;
  }

  get memberCount(): number {
    return this.#codes.size;
  }

  /** Lobbies of which somebody is or was connected here, and that are not over. */
  get codes(): readonly LobbyCode[] {
    return [...this.#rooms.keys()];
  }

  /** The lobby of a member, connected or with a kept seat. */
  lobbyOf(peerId: PeerId): LobbyCode | undefined {
    return this.#codes.get(peerId);
  }

  /** Whether that lobby hides its members' addresses from each other. */
  isRelayOnly(code: LobbyCode): boolean {
    return this.#rooms.get(code)?.relayOnly === true;
  }

  /** Lets the socket of `entrance` in; an older socket of that member goes. */
  enter(lobby: LobbyState, { peerId, connection }: Entrance, socket: MemberSocket): void {
    const room = this.#rooms.get(lobby.code) ?? this.#open(lobby);
    const older = room.guests.get(peerId)?.socket;
    room.guests.set(peerId, { socket, connection });
    this.#setLobby(peerId, lobby.code);
    if (older !== undefined && older !== socket) older.goodbye("REPLACED");
  }

  /** The lobby was brought back, in place of `present` if there was one: whoever is here comes again, to its seat if it has one. */
  restore({ record, version }: Omit<WrittenLobby, "changes">, present: LobbyRecord | undefined): void {
    const { lobby } = record;
    const room = this.#rooms.get(lobby.code);
    this.#rooms.delete(lobby.code);
    sendAway(room, "SHUTTING_DOWN");
    const peerIds = new Set(lobby.members.map((member) => member.peerId));
    for (const { peerId } of present?.lobby.members ?? []) {
      if (!peerIds.has(peerId)) this.#forget(lobby.code, peerId);
    }
    // Where other nodes write it, too, what comes of it is to be heard.
    if (this.#nodeId !== undefined) this.#note(this.#open(lobby), record, version);
    else this.#meet(lobby);
  }

  /** A `BrokerMessage` as JSON, for everybody in the lobby. */
  send(code: LobbyCode, text: string): void {
    for (const { socket } of this.#rooms.get(code)?.guests.values() ?? []) socket.sendText(text);
  }

  /** The open socket of a member of this lobby. */
  socketOf(code: LobbyCode, peerId: PeerId): MemberSocket | undefined {
    return this.#rooms.get(code)?.guests.get(peerId)?.socket;
  }

  /** The socket of a member closed; the seat stays. */
  exit(code: LobbyCode, peerId: PeerId, socket: MemberSocket): void {
    const guests = this.#rooms.get(code)?.guests;
    if (guests?.get(peerId)?.socket === socket) guests.delete(peerId);
  }

  /** Carries the changes of one step to everybody but who has just come in; and those that other nodes made before it. */
  publish(code: LobbyCode, { record, version, changes }: WrittenLobby): readonly NumberedChange[] {
    const room = this.#rooms.get(code);
    const news = room === undefined ? changes : newsOf(room, record, changes);
    if (room !== undefined && news === undefined) {
      this.#startOver(code, room, { record, version });
      return [];
    }
    // Nobody is left to hear of anything else.
    if (record.lobby.members.length === 0 && record.lobby.idle) this.#empty(room);
    for (const numbered of news ?? []) {
      this.#settle(code, numbered, room);
      if (room === undefined) continue;
      const text = JSON.stringify({ event: numbered.event, change: numbered.change } satisfies BrokerMessage);
      for (const { socket } of room.guests.values()) socket.sendText(text);
    }
    if (record.lobby.members.length === 0) {
      this.#rooms.delete(code);
      sendAway(room, "LOBBY_CLOSED");
    } else if (room !== undefined) this.#note(room, record, version);
    // Nobody here: whether somebody leaves it, this node will not hear.
    else if (this.#nodeId !== undefined) this.#forgetMembers(code, record);
    return news ?? [];
  }

  /** The version that was told last here, 0 before the first; `undefined`: this node does not follow the lobby. */
  versionOf(code: LobbyCode): number | undefined {
    return this.#rooms.get(code)?.version;
  }

  isEmpty(code: LobbyCode): boolean {
    return (this.#rooms.get(code)?.guests.size ?? 0) === 0;
  }

  /** Whose sockets are here. */
  *guests(): Iterable<readonly [LobbyCode, PeerId]> {
    for (const [code, room] of this.#rooms) for (const peerId of room.guests.keys()) yield [code, peerId];
  }

  /** Seats of lobbies that this node follows, whose sockets are at other nodes. */
  *elsewhere(): Iterable<readonly [LobbyCode, PlacedSeat]> {
    for (const [code, { seats }] of this.#rooms) for (const seat of seats) if (seat.node !== this.#nodeId) yield [code, seat];
  }

  /** Seats whose sockets should be here, and are not (yet, or any more). */
  *unattended(): Iterable<readonly [LobbyCode, PlacedSeat]> {
    for (const [code, { seats, guests }] of this.#rooms) {
      for (const seat of seats)
        if (seat.node === this.#nodeId && guests.get(seat.peerId)?.connection !== seat.connection) yield [code, seat];
    }
  }

  /** Whether this node has not read the lobby yet, or misses a socket of it. */
  isUncertain(code: LobbyCode): boolean {
    const room = this.#rooms.get(code);
    if (room === undefined) return false;
    return room.version === 0 || room.seats.some(({ node, peerId }) => node === this.#nodeId && !room.guests.has(peerId));
  }

  /** From now on this node knows who is in the lobby, although nobody of it may be here. */
  follow({ lobby }: LobbyRecord): void {
    if (!this.#rooms.has(lobby.code)) this.#open(lobby);
  }

  /** The lobby is over, or not known any more, or this node does not follow it any more: whoever is here hears so. */
  lose(code: LobbyCode, reason: "LOBBY_CLOSED" | "SHUTTING_DOWN"): void {
    const room = this.#rooms.get(code);
    this.#rooms.delete(code);
    // Of a lobby with somebody in it, this is the one way to end.
    sendAway(room, reason === "LOBBY_CLOSED" && room?.isIdle === true ? "LOBBY_IDLE" : reason);
    for (const peerId of this.#peerIdsOf(code)) this.#forget(code, peerId);
  }

  /** The lobby is over because nothing was done in it. */
  #empty(room: Room | undefined): void {
    sendAway(room, "LOBBY_IDLE");
    room?.guests.clear();
  }

  #open(lobby: LobbyState): Room {
    const { code, relayOnly, event, idle } = lobby;
    const room: Room = { relayOnly, guests: new Map(), event, version: 0, newest: undefined, seats: [], isIdle: idle };
    this.#rooms.set(code, room);
    this.#meet(lobby);
    this.onOpened(code);
    return room;
  }

  /** What was missed is more than the record tells, or was lost: everybody here gets the whole lobby by coming back, and who comes back elsewhere may signal here still. */
  #startOver(code: LobbyCode, room: Room, { record, version }: Omit<WrittenLobby, "changes">): void {
    this.#rooms.delete(code);
    const members = new Set(record.lobby.members.map(({ peerId }) => peerId));
    for (const peerId of this.#peerIdsOf(code)) if (!members.has(peerId)) this.#forget(code, peerId);
    sendAway(room, "SHUTTING_DOWN");
    this.#note(this.#open(record.lobby), record, version);
  }

  /** The record decides whose socket is the newest of a seat, also where that was no change. */
  #note(room: Room, record: LobbyRecord, version: number): void {
    room.event = record.lobby.event;
    room.isIdle = record.lobby.idle;
    room.version = version;
    if (this.#nodeId === undefined) return;
    room.newest = changeOf(record, record.recent.at(-1));
    const seats = new Map(record.seats.map((seat) => [seat.peerId, seat]));
    for (const [peerId, { socket, connection }] of room.guests) {
      const seat = seats.get(peerId);
      if (seat !== undefined && seat.connection > connection) socket.goodbye("REPLACED");
      // Another node took us for dead.
      else if (seat === undefined || seat.disconnectedAtMs !== null) socket.goodbye("SHUTTING_DOWN");
    }
    room.seats = record.seats.flatMap(({ peerId, connection, node = "", disconnectedAtMs }) =>
      disconnectedAtMs === null ? [{ peerId, connection, node }] : [],
    );
  }

  /** As they are now: the caller takes some out. */
  #peerIdsOf(code: LobbyCode): readonly PeerId[] {
    return [...(this.#peerIds.get(code) ?? [])];
  }

  #link(code: LobbyCode, peerId: PeerId): void {
    const peerIds = this.#peerIds.get(code) ?? new Set();
    this.#peerIds.set(code, peerIds.add(peerId));
  }

  #unlink(code: LobbyCode | undefined, peerId: PeerId): void {
    const peerIds = code === undefined ? undefined : this.#peerIds.get(code);
    peerIds?.delete(peerId);
    if (code !== undefined && peerIds?.size === 0) this.#peerIds.delete(code);
  }

  #forgetMembers(code: LobbyCode, { lobby }: LobbyRecord): void {
    for (const { peerId } of lobby.members) {
      if (this.#codes.get(peerId) === code) {
        this.#codes.delete(peerId);
        this.#unlink(code, peerId);
      }
      this.#unlink(this.#otherCodes.get(peerId), peerId);
      this.#otherCodes.delete(peerId);
    }
  }

  #settle(code: LobbyCode, { change }: NumberedChange, room: Room | undefined): void {
    if (change.type === "member-joined") this.#setLobby(change.member.peerId, code);
    else if (change.type === "member-left") this.#leave(code, change.peerId, { room, goodbye: GOODBYES[change.reason] });
    else if (change.type === "member-returned") {
      this.#setLobby(change.member.peerId, code);
      if (change.peerId !== change.member.peerId) this.#leave(code, change.peerId, { room, goodbye: "REPLACED" });
    }
  }

  #leave(code: LobbyCode, peerId: PeerId, { room, goodbye }: { room: Room | undefined; goodbye: GoodbyeReason | undefined }): void {
    const socket = room?.guests.get(peerId)?.socket;
    room?.guests.delete(peerId);
    if (goodbye !== undefined) socket?.goodbye(goodbye);
    this.#forget(code, peerId);
  }

  /** What a record says of its members. Who is not there may have gone to the lobby in which it is known: a record that was brought back does not know that. */
  #meet({ code, members }: LobbyState): void {
    for (const { peerId, connected } of members) {
      const known = this.#codes.get(peerId);
      if (connected || known === undefined || known === code) this.#setLobby(peerId, code);
      else this.#setOther(peerId, code);
    }
  }

  /** Of two lobbies one is history, and which is known only when it is heard there. */
  #setLobby(peerId: PeerId, code: LobbyCode): void {
    const other = this.#codes.get(peerId);
    this.#codes.set(peerId, code);
    this.#link(code, peerId);
    if (other !== undefined && other !== code) this.#setOther(peerId, other);
  }

  #setOther(peerId: PeerId, code: LobbyCode): void {
    const older = this.#otherCodes.get(peerId);
    if (older !== code && older !== this.#codes.get(peerId)) this.#unlink(older, peerId);
    this.#otherCodes.set(peerId, code);
    this.#link(code, peerId);
  }

  #forget(code: LobbyCode, peerId: PeerId): void {
    const other = this.#otherCodes.get(peerId);
    const isNewest = this.#codes.get(peerId) === code;
    this.#unlink(code, peerId);
    if (isNewest || other === code) this.#otherCodes.delete(peerId);
    if (!isNewest) return;
    if (other !== undefined && other !== code) this.#codes.set(peerId, other);
    else if (this.#codes.delete(peerId)) this.#onPeerGone(peerId);
  }
}

/** The changes up to `record` that nobody here has; `undefined` when they are not known any more, or follow on others than were told here. */
function newsOf(room: Room, record: LobbyRecord, changes: readonly NumberedChange[]): readonly NumberedChange[] | undefined {
  const missing = record.lobby.event - room.event;
  // A store that has lost the newest changes gives their numbers to others.
  const before = missing < 0 || room.newest === undefined ? undefined : changeOf(record, record.recent.at(-1 - missing));
  if (before !== undefined && before !== room.newest) return undefined;
  if (missing === changes.length) return changes;
  const news = record.recent.slice(-Math.max(0, missing));
  return missing > 0 && news.length === missing ? news : undefined;
}

function changeOf({ life }: LobbyRecord, numbered: NumberedChange | undefined): string | undefined {
  return numbered && `${life.id} ${numbered.event} ${JSON.stringify(numbered.change)}`;
}

function sendAway(room: Room | undefined, reason: GoodbyeReason): void {
  for (const { socket } of room?.guests.values() ?? []) socket.goodbye(reason);
}
