import {
  applyLobbyChange,
  type LobbyChange,
  type LobbyErrorCode,
  type LobbyState,
  type GameIdentity,
  type GoodbyeReason,
  type LeaveReason,
  type Member,
  type PasswordVerifier,
  type PeerId,
  assert,
} from "@rollcall/netcode/lobby-protocol";
import { withBan, withoutBan, type BanTime } from "./lobby-bans.ts";
import { heldReservations } from "./lobby-reservations.ts";
import { withReturned } from "./lobby-restoration.ts";
import {
  RECENT_BYTES,
  RECENT_CHANGES,
  type LobbyRecord,
  type NumberedChange,
  type ReservationRecord,
  type SeatRecord,
} from "./lobby-record.ts";

/** Why the machine refused; the shell adds the sentence. */
export interface LobbyRefusal {
  readonly code: LobbyErrorCode;
  /** `VERSION_MISMATCH`: what the lobby runs. */
  readonly expected?: GameIdentity;
  /** From when on it may be asked again. */
  readonly retryAfterMs?: number;
  /** Said in place of an answer: the socket has no business here any more. */
  readonly goodbye?: GoodbyeReason;
  /** `BAD_REQUEST`: what was wrong, as a sentence. */
  readonly detail?: string;
}

/** At half, a page that asks in vain all the time costs twice the writes; at double, a lobby is closed two minutes before its time. */
const NOTED_EACH_MS = 60_000;

/** One step of a lobby while it is being made: changes go through the same reducer that members run. */
export class LobbyDraft {
  readonly changes: NumberedChange[] = [];
  readonly nowMs: number;
  #record: LobbyRecord;

  constructor(record: LobbyRecord, nowMs: number) {
    this.#record = record;
    this.nowMs = nowMs;
  }

  get record(): LobbyRecord {
    return this.#record;
  }

  /** The record to write: `before` itself when nothing was changed. */
  finish(before: LobbyRecord): LobbyRecord {
    return this.#record === before ? before : { ...this.#record, revision: before.revision + 1 };
  }

  get lobby(): LobbyState {
    return this.#record.lobby;
  }

  change(change: LobbyChange): void {
    const event = this.lobby.event + 1;
    const lobby = applyLobbyChange(this.lobby, event, change);
    assert(lobby !== undefined, `a change that fits the lobby, got ${change.type}`);
    const numbered: NumberedChange = { event, change };
    this.changes.push(numbered);
    this.#record = { ...this.#record, lobby, recent: trimRecent([...this.#record.recent, numbered]) };
  }

  member(peerId: PeerId): Member {
    const member = this.lobby.members.find((item) => item.peerId === peerId);
    assert(member !== undefined, "a member of the lobby");
    return member;
  }

  seat(peerId: PeerId): SeatRecord {
    const seat = this.#record.seats.find((item) => item.peerId === peerId);
    assert(seat !== undefined, "a seat for every member");
    return seat;
  }

  takeOrder(): number {
    const order = this.#record.nextOrder;
    this.#record = { ...this.#record, nextOrder: order + 1 };
    return order;
  }

  takeConnection(): number {
    const connection = this.#record.nextConnection;
    this.#record = { ...this.#record, nextConnection: connection + 1 };
    return connection;
  }

  /** The member of `seat` is back in a lobby that was brought back. */
  confirmReturn(seat: number): void {
    this.#record = withReturned(this.#record, seat);
  }

  addSeat(seat: SeatRecord): void {
    this.#record = { ...this.#record, seats: [...this.#record.seats, seat] };
  }

  patchSeat(peerId: PeerId, patch: Partial<SeatRecord>): void {
    const seats = this.#record.seats.map((seat) => (seat.peerId === peerId ? { ...seat, ...patch } : seat));
    this.#record = { ...this.#record, seats };
  }

  /** Takes a member out. A lobby host hands over first, so that the host is a member at every moment. */
  remove(peerId: PeerId, reason: LeaveReason): void {
    if (this.lobby.hostId === peerId) {
      const successor = nextHost(this.lobby, peerId, "anybody");
      if (successor !== undefined) this.makeHost(successor.peerId);
    }
    this.change({ type: "member-left", peerId, reason });
    this.#record = { ...this.#record, seats: this.#record.seats.filter((seat) => seat.peerId !== peerId) };
    this.endDesertedMatch();
  }

  makeHost(peerId: PeerId): void {
    this.change({ type: "host-changed", hostId: peerId, hostEpoch: this.lobby.hostEpoch + 1 });
  }

  setPassword(password: PasswordVerifier | null): void {
    this.#record = { ...this.#record, password };
    this.change({ type: "door-changed", door: { ...this.lobby.door, password: password !== null } });
  }

  setReservations(reservations: readonly ReservationRecord[]): void {
    this.#record = { ...this.#record, reservations };
    const reserved = heldReservations(this.#record).length;
    if (reserved !== this.lobby.door.reserved) this.change({ type: "door-changed", door: { ...this.lobby.door, reserved } });
  }

  /** Keeps a member out that is about to be removed. */
  ban(peerId: PeerId, time: BanTime): void {
    this.#record = withBan(this.#record, { seat: this.seat(peerId), member: this.member(peerId), nowMs: this.nowMs, ...time });
  }

  unban(id: number): void {
    this.#record = withoutBan(this.#record, id);
  }

  /** Somebody did something. What changed nothing is noted once a minute, so that it costs no write each time. */
  touch(hasEffect: boolean): void {
    const { idleness } = this.#record;
    const isWarned = idleness.warnedAtMs !== null;
    if (!hasEffect && !isWarned && this.nowMs - idleness.sinceMs < NOTED_EACH_MS) return;
    this.#record = { ...this.#record, idleness: { ...idleness, sinceMs: this.nowMs, warnedAtMs: null } };
    if (isWarned) this.change({ type: "idle-changed", idle: false });
  }

  /** Nothing was done for too long. */
  warnOfEnd(): void {
    this.#record = { ...this.#record, idleness: { ...this.#record.idleness, warnedAtMs: this.nowMs } };
    this.change({ type: "idle-changed", idle: true });
  }

  /** Takes everybody out, the host last. */
  end(): void {
    const { hostId, members } = this.lobby;
    for (const { peerId } of members) if (peerId !== hostId) this.remove(peerId, "expired");
    this.remove(hostId, "expired");
  }

  /** A match that none of its people is here to end would keep the room shut for good. */
  endDesertedMatch(): void {
    const match = this.lobby.match;
    if (match === undefined) return;
    const here = new Set(this.lobby.members.map((member) => member.peerId));
    if (match.seats.some((seat) => seat.kind === "person" && here.has(seat.peerId))) return;
    this.change({ type: "match-ended", matchNumber: match.matchNumber });
    this.touch(true);
  }
}

/** Who is host after `peerId`: of the connected members the player that has been here longest, else who watches longest; for `anybody` also one that is away. */
export function nextHost(lobby: LobbyState, peerId: PeerId, among: "connected" | "anybody"): Member | undefined {
  const others = lobby.members
    .filter((member) => member.peerId !== peerId)
    .sort((left, right) => Number(left.role !== undefined) - Number(right.role !== undefined) || left.order - right.order);
  const connected = others.find((member) => member.connected);
  return among === "connected" ? connected : (connected ?? others[0]);
}

function trimRecent(recent: readonly NumberedChange[]): readonly NumberedChange[] {
  let bytes = 0;
  let first = recent.length;
  while (first > 0 && recent.length - first < RECENT_CHANGES) {
    bytes += JSON.stringify(recent[first - 1]).length;
    if (bytes > RECENT_BYTES) break;
    first--;
  }
  return recent.slice(first);
}
