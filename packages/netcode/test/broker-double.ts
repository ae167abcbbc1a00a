/** A broker in a few lines for tests of its clients: one lobby protocol, no limits, no sockets, no time. Not the real one's rules in every corner. */
import { applyLobbyChange, parseBrokerFrame, writeFramePeer } from "../src/core/ports/lobby-protocol.ts";
import type {
  GameIdentity,
  Admission,
  BrokerMessage,
  GoodbyeReason,
  IceGrant,
  LeaveReason,
  LobbyChange,
  LobbyCommand,
  LobbyErrorCode,
  LobbyState,
  MatchSeat,
  Member,
  MemberMessage,
} from "../src/core/ports/lobby-protocol.ts";
import type { LobbyCode, PeerId } from "../src/core/base/units.ts";
import type { StandInSigner } from "./stand-in-signer.ts";

/* oxlint-disable typescript/switch-exhaustiveness-check -- commands are split by who may give them */
export interface DoubleSocketHandler {
  handleFrame(text: string): void;
  handleBinary?(bytes: Uint8Array): void;
  handleClose(): void;
}

/** One control socket, seen from the member. */
export class DoubleSocket {
  readonly #broker: BrokerDouble;
  readonly #handler: DoubleSocketHandler;
  peerId: PeerId | undefined;
  open = true;

  constructor(broker: BrokerDouble, handler: DoubleSocketHandler) {
    this.#broker = broker;
    this.#handler = handler;
  }

  /** Member → broker. */
  send(text: string): void {
    if (!this.open || this.#broker.deaf) return;
    this.#broker.schedule(() => this.#broker.handleMessage(this, JSON.parse(text) as MemberMessage));
  }

  /** A packet for another member, carried at once. */
  sendBinary(bytes: Uint8Array): boolean {
    const frame = parseBrokerFrame(bytes.slice());
    const target = this.#broker.openSockets.find(({ peerId }) => peerId === frame?.peerId);
    if (!this.open || frame === undefined || target === undefined || this.peerId === undefined) return false;
    this.#broker.carriedFrames++;
    const copy = bytes.slice();
    writeFramePeer(copy, this.peerId);
    this.#broker.schedule(() => {
      if (target.open) target.#handler.handleBinary?.(copy);
    });
    return true;
  }

  /** The member closes. */
  close(): void {
    if (!this.open) return;
    this.open = false;
    this.#broker.schedule(() => this.#broker.handleClosed(this));
  }

  /** Broker → member. */
  deliver(message: BrokerMessage | string): void {
    const text = typeof message === "string" ? message : JSON.stringify(message);
    this.#broker.schedule(() => {
      if (this.open && !this.#broker.mute) this.#handler.handleFrame(text);
    });
  }

  /** The network (or the broker) closes it. */
  drop(): void {
    if (!this.open) return;
    this.#broker.schedule(() => {
      if (!this.open) return;
      this.open = false;
      this.#broker.handleClosed(this);
      this.#handler.handleClose();
    });
  }
}

interface Seat {
  readonly secret: string;
  readonly entranceId: string | undefined;
  peerId: PeerId;
  socket: DoubleSocket | undefined;
}

interface Room {
  state: LobbyState;
  order: number;
  readonly log: { readonly event: number; readonly change: LobbyChange }[];
  readonly seats: Set<Seat>;
}

type Refused = {
  readonly code: LobbyErrorCode;
  readonly retryAfterMs?: number;
  readonly message?: string;
  readonly expected?: GameIdentity;
};

const CODES = ["KXRTM", "BCDFG", "HJKMN", "PQRST"] as const;

export class BrokerDouble {
  readonly sockets: DoubleSocket[] = [];
  readonly received: MemberMessage[] = [];
  readonly rooms = new Map<string, Room>();
  /** Sends again what a resume missed, as the protocol says. */
  replays = true;
  /** Frames from members vanish. */
  deaf = false;
  /** Frames to members vanish. */
  mute = false;
  /** New sockets are refused. */
  refusing = false;
  /** Carries packets of members. */
  relaysFrames = false;
  carriedFrames = 0;
  /** Signs who the members are. */
  signer: StandInSigner | undefined;
  /** What members connect with. */
  iceGrant: IceGrant = { iceServers: [] };
  /** Refuses every command of these types. */
  readonly refusals = new Map<LobbyCommand["type"], Refused>();
  /** What it answers to commands of these types, beside their number, doing nothing. */
  readonly answers = new Map<LobbyCommand["type"], object>();
  /** Lies about a relay-only lobby: tells everybody that it is none. */
  deniesRelayOnly = false;
  readonly schedule: (task: () => void) => void;

  constructor(schedule: (task: () => void) => void = queueMicrotask) {
    this.schedule = schedule;
  }

  /** `undefined` when the broker is down. */
  connect(handler: DoubleSocketHandler): DoubleSocket | undefined {
    if (this.refusing) return undefined;
    const socket = new DoubleSocket(this, handler);
    this.sockets.push(socket);
    return socket;
  }

  get openSockets(): DoubleSocket[] {
    return this.sockets.filter((socket) => socket.open);
  }

  room(code: string): Room {
    const room = this.rooms.get(code);
    if (room === undefined) throw new Error(`no room ${code}`);
    return room;
  }

  socketOf(peerId: PeerId): DoubleSocket {
    const socket = this.openSockets.find((open) => open.peerId === peerId);
    if (socket === undefined) throw new Error(`no socket of ${peerId}`);
    return socket;
  }

  goodbye(socket: DoubleSocket, reason: GoodbyeReason): void {
    socket.deliver({ goodbye: reason });
    socket.drop();
  }

  /** The seat's time is up. */
  expire(code: string, peerId: PeerId): void {
    this.#remove(this.room(code), peerId, "expired");
  }

  handleMessage(socket: DoubleSocket, message: MemberMessage): void {
    this.received.push(message);
    if ("ping" in message) socket.deliver({ pong: message.ping });
    if (!("request" in message)) return;
    const { request, command } = message;
    const refused = this.refusals.get(command.type);
    const answer = this.answers.get(command.type);
    if (answer !== undefined) {
      socket.deliver(JSON.stringify({ reply: request, ...answer }));
      return;
    }
    const result = refused ?? this.#execute(socket, command);
    if (typeof result === "object" && result !== null && "code" in result) {
      socket.deliver({ reply: request, ok: false, error: { message: `Refused: ${result.code}.`, ...result } });
    } else {
      socket.deliver({ reply: request, ok: true, result });
      if (command.type === "resume" && this.replays) this.#replay(socket, command.lastEvent);
    }
  }

  handleClosed(socket: DoubleSocket): void {
    const room = this.#roomOf(socket);
    const seat = room === undefined ? undefined : seatOf(room, socket.peerId);
    if (room === undefined || seat === undefined || seat.socket !== socket) return;
    seat.socket = undefined;
    this.change(room, { type: "member-disconnected", peerId: seat.peerId });
  }

  /** Applies one change and tells everybody. */
  change(room: Room, change: LobbyChange): void {
    const event = room.state.event + 1;
    const after = applyLobbyChange(room.state, event, change);
    if (after === undefined) throw new Error(`change does not fit: ${JSON.stringify(change)}`);
    room.state = after;
    room.log.push({ event, change });
    for (const seat of room.seats) seat.socket?.deliver({ event, change });
    if (change.type === "member-joined" || change.type === "member-left" || change.type === "member-returned")
      this.#tellRoster(room, change);
  }

  /** Once who came in has its answer. */
  #tellRoster(room: Room, change: LobbyChange): void {
    const { signer } = this;
    if (signer === undefined) return;
    const { code, event, members } = room.state;
    const left = change.type === "member-left" ? [{ peerId: change.peerId, reason: change.reason }] : [];
    const roster = signer.sign({ code, number: event, members: members.map(({ peerId, order }) => ({ peerId, order })), left });
    this.schedule(() => {
      for (const seat of room.seats) seat.socket?.deliver({ roster });
    });
  }

  #execute(socket: DoubleSocket, command: LobbyCommand): Admission | IceGrant | null | Refused {
    if (command.type === "create") return this.#reenter(socket, command.entrance?.id) ?? this.#create(socket, command);
    if (command.type === "quick-match") {
      const listed = [...this.rooms.values()].find(({ state }) => state.door.listed && state.members.length < state.capacity);
      if (listed === undefined) return this.#create(socket, { ...command, type: "create", listed: true });
      return this.#join(socket, { ...command, type: "join", code: listed.state.code });
    }
    if (command.type === "join") return this.#reenter(socket, command.entrance?.id) ?? this.#join(socket, command);
    if (command.type === "resume") return this.#resume(socket, command);
    const room = this.#roomOf(socket);
    if (room === undefined || socket.peerId === undefined) return { code: "NOT_MEMBER" };
    if (command.type === "ice-servers") return this.iceGrant;
    return this.#executeMember(room, socket.peerId, command);
  }

  #executeMember(room: Room, self: PeerId, command: LobbyCommand): null | Refused {
    const me = room.state.members.find((member) => member.peerId === self);
    if (me === undefined) return { code: "NOT_MEMBER" };
    switch (command.type) {
      case "leave":
        this.#remove(room, self, "left");
        return null;
      case "set-profile":
        this.change(room, { type: "member-changed", peerId: self, profile: command.profile, ready: me.ready });
        return null;
      case "set-ready":
        this.change(room, { type: "member-changed", peerId: self, profile: me.profile, ready: command.ready });
        return null;
      case "set-role":
        this.change(room, {
          type: "role-changed",
          peerId: command.peerId ?? self,
          ...(command.role === "player" ? {} : { role: command.role }),
        });
        return null;
      case "end-match":
        if (room.state.match?.matchNumber !== command.matchNumber) return { code: "NO_MATCH" };
        this.change(room, { type: "match-ended", matchNumber: command.matchNumber });
        return null;
      default:
        return room.state.hostId === self ? this.#executeHost(room, command) : { code: "NOT_HOST" };
    }
  }

  #executeHost(room: Room, command: LobbyCommand): null | Refused {
    switch (command.type) {
      case "set-settings":
        this.change(room, { type: "settings-changed", settings: command.settings });
        return null;
      case "set-metadata":
        this.change(room, { type: "metadata-changed", metadata: command.metadata });
        return null;
      case "set-locked":
        this.change(room, { type: "locked-changed", locked: command.locked });
        return null;
      case "set-capacity":
        this.change(room, { type: "capacity-changed", capacity: command.capacity });
        return null;
      case "set-listed":
        this.change(room, { type: "door-changed", door: { ...room.state.door, listed: command.listed } });
        return null;
      case "set-audience":
        this.change(room, { type: "door-changed", door: { ...room.state.door, audience: command.audience } });
        return null;
      case "set-password":
        this.change(room, { type: "door-changed", door: { ...room.state.door, password: command.password !== null } });
        return null;
      case "reserve":
        this.change(room, { type: "door-changed", door: { ...room.state.door, reserved: command.reservations.length } });
        return null;
      case "unreserve":
        this.change(room, { type: "door-changed", door: { ...room.state.door, reserved: 0 } });
        return null;
      case "keep-open":
        if (room.state.idle) this.change(room, { type: "idle-changed", idle: false });
        return null;
      case "kick":
      case "ban": {
        const socket = seatOf(room, command.peerId)?.socket;
        this.#remove(room, command.peerId, command.type === "kick" ? "kicked" : "banned");
        if (socket !== undefined) this.goodbye(socket, command.type === "kick" ? "KICKED" : "BANNED");
        return null;
      }
      case "transfer-host":
        this.change(room, { type: "host-changed", hostId: command.peerId, hostEpoch: room.state.hostEpoch + 1 });
        return null;
      case "start":
        return this.#start(room, command);
      default:
        return { code: "BAD_REQUEST" };
    }
  }

  /** The seat that an earlier attempt of this entrance took. */
  #reenter(socket: DoubleSocket, entranceId: string | undefined): Admission | undefined {
    for (const room of this.rooms.values()) {
      const seat = [...room.seats].find((candidate) => entranceId !== undefined && candidate.entranceId === entranceId);
      const member = room.state.members.find((candidate) => candidate.peerId === seat?.peerId);
      if (seat === undefined || member === undefined) continue;
      seat.socket = socket;
      socket.peerId = seat.peerId;
      if (!member.connected) this.change(room, { type: "member-returned", peerId: seat.peerId, member: { ...member, connected: true } });
      return this.#admission(room, seat);
    }
    return undefined;
  }

  #create(socket: DoubleSocket, command: Extract<LobbyCommand, { type: "create" }>): Admission {
    const peerId = peerIdOf(command.key);
    const code = CODES[this.rooms.size % CODES.length] as string as LobbyCode;
    const member: Member = { peerId, seat: 0, order: 1, profile: command.profile, ready: false, connected: true };
    const { game, capacity, settings, metadata, relayOnly = false } = command;
    const fresh = {
      locked: false,
      door: { listed: command.listed === true, password: command.password !== undefined, audience: command.audience ?? 0, reserved: 0 },
      hostId: peerId,
      hostEpoch: 1,
      match: undefined,
      matchCount: 0,
      idle: false,
      event: 1,
    };
    const room: Room = {
      state: { code, game, capacity, settings, metadata, relayOnly: relayOnly && !this.deniesRelayOnly, members: [member], ...fresh },
      order: 1,
      log: [],
      seats: new Set(),
    };
    this.rooms.set(code, room);
    return this.#seat(room, socket, peerId, command.entrance?.id);
  }

  #join(socket: DoubleSocket, command: Extract<LobbyCommand, { type: "join" }>): Admission | Refused {
    const room = this.rooms.get(command.code);
    if (room === undefined) return { code: "LOBBY_NOT_FOUND" };
    const { state } = room;
    if (state.game.contentHash !== command.game.contentHash || state.game.version !== command.game.version)
      return { code: "VERSION_MISMATCH" };
    if (state.locked) return { code: "LOBBY_LOCKED" };
    const isFull = state.members.length >= state.capacity;
    if (isFull && command.as === undefined) return { code: "LOBBY_FULL" };
    const waits = isFull ? { role: "queued" as const, queueNumber: 1 } : {};
    const role = command.as === "spectator" ? { role: command.as } : waits;
    const peerId = peerIdOf(command.key);
    const seat = [...state.members.keys(), state.members.length].find((free) => !state.members.some((member) => member.seat === free)) ?? 0;
    const member: Member = { peerId, seat, order: ++room.order, profile: command.profile, ready: false, connected: true, ...role };
    this.change(room, { type: "member-joined", member });
    return this.#seat(room, socket, peerId, command.entrance?.id);
  }

  #resume(socket: DoubleSocket, command: Extract<LobbyCommand, { type: "resume" }>): Admission | Refused {
    const room = this.rooms.get(command.code);
    if (room === undefined) return { code: "LOBBY_NOT_FOUND" };
    const seat = [...room.seats].find((candidate) => candidate.secret === command.secret);
    const member = room.state.members.find((candidate) => candidate.peerId === seat?.peerId);
    if (seat === undefined || member === undefined) return { code: "SEAT_EXPIRED" };
    const replaced = seat.socket;
    const peerId = command.freshPage && command.key !== undefined ? peerIdOf(command.key) : seat.peerId;
    const order = command.freshPage ? ++room.order : member.order;
    const before = seat.peerId;
    seat.peerId = peerId;
    seat.socket = socket;
    socket.peerId = peerId;
    this.change(room, { type: "member-returned", peerId: before, member: { ...member, peerId, order, connected: true } });
    if (replaced !== undefined && replaced.open) this.goodbye(replaced, "REPLACED");
    return this.#admission(room, seat);
  }

  #start(room: Room, command: Extract<LobbyCommand, { type: "start" }>): null | Refused {
    if (room.state.match !== undefined) return { code: "MATCH_RUNNING" };
    const people = room.state.members
      .filter(({ role }) => role === undefined)
      .flatMap(({ peerId, profile: { guests = [], ...profile } }) =>
        [profile, ...guests].map((player) => ({ kind: "person" as const, peerId, profile: player })),
      )
      .slice(0, command.playerCount);
    const seats: MatchSeat[] = [...people];
    while (seats.length < command.playerCount) {
      const profile = command.botProfiles[seats.length - people.length] ?? { name: "Bot", colour: 0, choices: null };
      seats.push({ kind: "bot", profile });
    }
    const { settings, hostId, matchCount } = room.state;
    const match = { matchNumber: matchCount + 1, seed: 1234 + matchCount, seats, settings, hostId, countdownMs: command.countdownMs };
    this.change(room, { type: "match-started", match });
    return null;
  }

  #remove(room: Room, peerId: PeerId, reason: LeaveReason): void {
    this.change(room, { type: "member-left", peerId, reason });
    const seat = seatOf(room, peerId);
    if (seat !== undefined) room.seats.delete(seat);
    const next = room.state.members[0];
    if (room.state.hostId === peerId && next !== undefined) {
      this.change(room, { type: "host-changed", hostId: next.peerId, hostEpoch: room.state.hostEpoch + 1 });
    }
  }

  #seat(room: Room, socket: DoubleSocket, peerId: PeerId, entranceId: string | undefined): Admission {
    const seat: Seat = { secret: `secret-of-${peerId}-0123456789abcdef`, entranceId, peerId, socket };
    room.seats.add(seat);
    socket.peerId = peerId;
    return this.#admission(room, seat);
  }

  #admission(room: Room, seat: Seat): Admission {
    return {
      lobby: room.state,
      peerId: seat.peerId,
      resumeSecret: seat.secret,
      signalingToken: `token-of-${seat.peerId}-0123456789abcdef`,
      ...(this.relaysFrames ? { relaysFrames: true } : {}),
      ...(this.signer === undefined ? {} : { authority: this.signer.authority }),
      ...this.iceGrant,
    };
  }

  #replay(socket: DoubleSocket, lastEvent: number): void {
    for (const entry of this.#roomOf(socket)?.log ?? []) if (entry.event > lastEvent) socket.deliver(entry);
  }

  #roomOf(socket: DoubleSocket): Room | undefined {
    return [...this.rooms.values()].find((room) => seatOf(room, socket.peerId) !== undefined);
  }
}

/** As `standInCrypto` has it. */
function peerIdOf(key: string): PeerId {
  return Buffer.from(key, "base64url").subarray(-16).toString("hex") as PeerId;
}

function seatOf(room: Room, peerId: PeerId | undefined): Seat | undefined {
  return [...room.seats].find((seat) => seat.peerId === peerId);
}
