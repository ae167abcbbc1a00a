import type { BrokerMessage, GoodbyeReason, LobbyCode, LobbyState, PeerId } from "@rollcall/netcode/lobby-protocol";
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

interface Room {
  readonly relayOnly: boolean;
  readonly sockets: Map<PeerId, MemberSocket>;
}

/** Who is connected to this process, and in which lobby: carries changes to members, and answers who may signal to whom. */
export class LobbyRooms {
  readonly #rooms = new Map<LobbyCode, Room>();
  readonly #codes = new Map<PeerId, LobbyCode>();
  readonly #onPeerGone: (peerId: PeerId) => void;

  /** `onPeerGone`: this peer id is no longer a member of any lobby. */
  constructor(onPeerGone: (peerId: PeerId) => void) {
    this.#onPeerGone = onPeerGone;
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
  enter({ code, relayOnly }: LobbyState, entrance: Entrance, socket: MemberSocket): void {
    const room = this.#rooms.get(code) ?? { relayOnly, sockets: new Map<PeerId, MemberSocket>() };
    this.#rooms.set(code, room);
    const older = room.sockets.get(entrance.peerId);
    room.sockets.set(entrance.peerId, socket);
    this.#codes.set(entrance.peerId, code);
    if (older !== undefined && older !== socket) older.goodbye("REPLACED");
  }

  /** The lobby was brought back, in place of `present` if there was one: whoever is here comes again, to its seat if it has one. */
  restore({ lobby }: LobbyRecord, present: LobbyRecord | undefined): void {
    const room = this.#rooms.get(lobby.code);
    this.#rooms.delete(lobby.code);
    for (const socket of room?.sockets.values() ?? []) socket.goodbye("SHUTTING_DOWN");
    const peerIds = new Set(lobby.members.map((member) => member.peerId));
    for (const { peerId } of present?.lobby.members ?? []) {
      if (!peerIds.has(peerId)) this.#forget(peerId, undefined, undefined);
    }
    for (const peerId of peerIds) this.#codes.set(peerId, lobby.code);
  }

  /** A `BrokerMessage` as JSON, for everybody in the lobby. */
  send(code: LobbyCode, text: string): void {
    for (const socket of this.#rooms.get(code)?.sockets.values() ?? []) socket.sendText(text);
  }

  /** The open socket of a member of this lobby. */
  socketOf(code: LobbyCode, peerId: PeerId): MemberSocket | undefined {
    return this.#rooms.get(code)?.sockets.get(peerId);
  }

  /** The socket of a member closed; the seat stays. */
  exit(code: LobbyCode, peerId: PeerId, socket: MemberSocket): void {
    const sockets = this.#rooms.get(code)?.sockets;
    if (sockets?.get(peerId) === socket) sockets.delete(peerId);
  }

  /** Carries the changes of one step to everybody but who has just come in. */
  publish(code: LobbyCode, changes: readonly NumberedChange[], record: LobbyRecord): void {
    const room = this.#rooms.get(code);
    for (const numbered of changes) {
      this.#settle(code, numbered, room);
      if (room === undefined) continue;
      const text = JSON.stringify({ event: numbered.event, change: numbered.change } satisfies BrokerMessage);
      for (const socket of room.sockets.values()) socket.sendText(text);
    }
    if (record.lobby.members.length > 0) return;
    for (const socket of room?.sockets.values() ?? []) socket.goodbye("LOBBY_CLOSED");
    this.#rooms.delete(code);
  }

  #settle(code: LobbyCode, { change }: NumberedChange, room: Room | undefined): void {
    if (change.type === "member-joined") this.#codes.set(change.member.peerId, code);
    else if (change.type === "member-left") this.#forget(change.peerId, room, change.reason === "kicked" ? "KICKED" : undefined);
    else if (change.type === "member-returned" && change.peerId !== change.member.peerId) {
      this.#codes.set(change.member.peerId, code);
      this.#forget(change.peerId, room, "REPLACED");
    }
  }

  #forget(peerId: PeerId, room: Room | undefined, goodbye: GoodbyeReason | undefined): void {
    const socket = room?.sockets.get(peerId);
    room?.sockets.delete(peerId);
    if (goodbye !== undefined) socket?.goodbye(goodbye);
    if (this.#codes.delete(peerId)) this.#onPeerGone(peerId);
  }
}
