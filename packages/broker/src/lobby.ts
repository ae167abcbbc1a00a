/**
 * The lobby as one pure machine: no clock, no randomness, no socket. Time, ids, secrets and seeds come in as arguments.
 *
 *   openLobby(…)                          → a record with its host
 *   stepLobby(record, request, nowMs)     → the next record, numbered changes, and an answer
 *   lobbyDeadlineMs(record)               → when to step with `{ type: "time" }`
 */
import {
  LOBBY_TIMES,
  type EntranceAttempt,
  type LobbyCode,
  type LobbyCommand,
  type PeerId,
  unreachable,
} from "@rollcall/netcode/lobby-protocol";
import { LobbyDraft, nextHost, type LobbyRefusal } from "./lobby-draft.ts";
import {
  joinLobby,
  newSeat,
  reenterSeat,
  resumeSeat,
  type JoinRequest,
  type Origin,
  type ReenterRequest,
  type ResumeRequest,
} from "./lobby-entrance.ts";
import type { LobbyRecord, NumberedChange } from "./lobby-record.ts";
import { commandLobby } from "./lobby-commands.ts";
import { heldReservations, releaseSeats } from "./lobby-reservations.ts";
import { promoteQueued } from "./lobby-roles.ts";
import { cleanProfile } from "./profile.ts";

/** What a member inside may ask. */
export type RoomCommand = Exclude<LobbyCommand, { readonly type: "create" | "join" | "resume" | "quick-match" | "list" | "challenge" }>;

export type LobbyRequest =
  | JoinRequest
  | ReenterRequest
  | ResumeRequest
  /** From the socket `connection` of `peerId`. `seed`: 32 random bits, used by a start. */
  | {
      readonly type: "command";
      readonly peerId: PeerId;
      readonly connection: number;
      readonly command: RoomCommand;
      /** In which the sender takes itself for the host, if it says so. */
      readonly hostEpoch: number | undefined;
      readonly seed: number;
    }
  /** That socket closed or fell silent. `keptMs`: how long the seat waits for its owner. */
  | { readonly type: "disconnected"; readonly peerId: PeerId; readonly connection: number; readonly keptMs: number }
  /** Nothing but the passing of time. */
  | { readonly type: "time" };

/** Who came in, and by which connection. */
export interface Entrance {
  readonly peerId: PeerId;
  readonly connection: number;
}

export type LobbyAnswer =
  | { readonly ok: true; readonly entrance: Entrance | undefined }
  | { readonly ok: false; readonly refusal: LobbyRefusal };

export interface LobbyStep {
  /** The same object as before when nothing changed. */
  readonly record: LobbyRecord;
  /** Also when the request was refused: time may have passed. */
  readonly changes: readonly NumberedChange[];
  readonly answer: LobbyAnswer;
}

export interface LobbyOpening extends Origin {
  readonly nowMs: number;
  /** How long nothing may be done in it. */
  readonly idleMs: number;
  /** Random, and the wall clock. */
  readonly life: LobbyRecord["life"];
  readonly code: LobbyCode;
  readonly terms: LobbyTerms;
  readonly peerId: PeerId;
  readonly secretHash: string;
  readonly entrance: EntranceAttempt | null;
}

/** What its host wants of the lobby. */
export type LobbyTerms = Pick<
  Extract<LobbyCommand, { readonly type: "create" }>,
  "game" | "profile" | "capacity" | "settings" | "metadata" | "relayOnly" | "listed" | "audience" | "password"
>;

/** The connection of whoever opened the lobby. */
export const FIRST_CONNECTION = 1;

/** A new lobby with its host in seat 0. */
export function openLobby(opening: LobbyOpening): LobbyRecord {
  const { nowMs, idleMs, life, code, terms, peerId, secretHash, address, deviceHash, entrance } = opening;
  const { game, capacity, settings, metadata, relayOnly = false, listed = false, audience = 0, password = null } = terms;
  const host = { peerId, seat: 0, order: 1, profile: cleanProfile(terms.profile, 0), ready: false, connected: true };
  return {
    life,
    generation: 0,
    revision: 1,
    restoration: null,
    password,
    lobby: {
      code,
      game,
      capacity,
      locked: false,
      door: { listed, password: password !== null, audience, reserved: 0 },
      relayOnly,
      hostId: peerId,
      hostEpoch: 1,
      settings,
      metadata,
      members: [host],
      match: undefined,
      matchCount: 0,
      idle: false,
      event: 0,
    },
    seats: [newSeat({ peerId, secretHash, address, deviceHash, entrance, connection: FIRST_CONNECTION })],
    nextOrder: 2,
    nextConnection: FIRST_CONNECTION + 1,
    bans: [],
    nextBan: 1,
    idleness: { limitMs: idleMs, sinceMs: nowMs, warnedAtMs: null },
    reservations: [],
    recent: [],
  };
}

/** One request against one lobby. What is due by `nowMs` happens first, so that the answer does not depend on a timer's promptness. */
export function stepLobby(record: LobbyRecord, request: LobbyRequest, nowMs: number): LobbyStep {
  const draft = new LobbyDraft(record, nowMs);
  passTime(draft, nowMs);
  const before = draft.record;
  const answer: LobbyAnswer = before.lobby.members.length === 0 ? overFor(request) : answerRequest(draft, request, nowMs);
  if (isActivity(request, answer)) draft.touch(draft.record !== before);
  passTime(draft, nowMs);
  promoteQueued(draft);
  return { record: draft.finish(record), changes: draft.changes, answer };
}

/** When the lobby changes by time alone. */
export function lobbyDeadlineMs(record: LobbyRecord): number {
  return Math.min(seatsDeadlineMs(record), idleDeadlineMs(record));
}

/** The same by the absence of members and of who has a reservation alone; `Infinity` while everybody is here. */
export function seatsDeadlineMs(record: LobbyRecord): number {
  let deadlineMs = Math.min(Infinity, ...heldReservations(record).map(({ untilMs }) => untilMs));
  const successor = nextHost(record.lobby, record.lobby.hostId, "connected");
  for (const { peerId, disconnectedAtMs, keptMs } of record.seats) {
    if (disconnectedAtMs === null) continue;
    deadlineMs = Math.min(deadlineMs, disconnectedAtMs + keptMs);
    if (peerId === record.lobby.hostId && successor !== undefined)
      deadlineMs = Math.min(deadlineMs, disconnectedAtMs + LOBBY_TIMES.hostTakeoverMs);
  }
  return deadlineMs;
}

/** Where nothing is done, and nothing is played. */
function idleDeadlineMs({ lobby, idleness }: LobbyRecord): number {
  if (lobby.match !== undefined || lobby.members.length === 0) return Infinity;
  const { limitMs, sinceMs, warnedAtMs } = idleness;
  return warnedAtMs === null ? sinceMs + limitMs : warnedAtMs + LOBBY_TIMES.idleWarningMs;
}

/** What a page does by itself, or has to do again, shows nobody's hand. */
function isActivity(request: LobbyRequest, answer: LobbyAnswer): boolean {
  if (request.type === "join") return answer.ok;
  return request.type === "command" && request.command.type !== "ice-servers" && (answer.ok || answer.refusal.code !== "NOT_MEMBER");
}

function answerRequest(draft: LobbyDraft, request: LobbyRequest, nowMs: number): LobbyAnswer {
  switch (request.type) {
    case "join":
      return joinLobby(draft, request);
    case "reenter":
      return reenterSeat(draft, request);
    case "resume":
      return resumeSeat(draft, request);
    case "command":
      return holdsConnection(draft, request) ? commandLobby(draft, request) : { ok: false, refusal: { code: "NOT_MEMBER" } };
    case "disconnected":
      if (holdsConnection(draft, request)) {
        draft.patchSeat(request.peerId, { disconnectedAtMs: nowMs, keptMs: request.keptMs });
        draft.change({ type: "member-disconnected", peerId: request.peerId });
      }
      return { ok: true, entrance: undefined };
    case "time":
      return { ok: true, entrance: undefined };
    default:
      return unreachable(request);
  }
}

/** A socket that closed, or was replaced by a newer one of the same seat, neither commands nor disconnects it. */
function holdsConnection(draft: LobbyDraft, request: { readonly peerId: PeerId; readonly connection: number }): boolean {
  return draft.record.seats.some(
    ({ peerId, connection, disconnectedAtMs }) =>
      peerId === request.peerId && connection === request.connection && disconnectedAtMs === null,
  );
}

function passTime(draft: LobbyDraft, nowMs: number): void {
  for (const { peerId, disconnectedAtMs, keptMs } of draft.record.seats) {
    if (disconnectedAtMs !== null && nowMs >= disconnectedAtMs + keptMs) draft.remove(peerId, "expired");
  }
  releaseSeats(draft, ({ untilMs }) => nowMs >= untilMs);
  if (nowMs >= idleDeadlineMs(draft.record)) {
    if (draft.lobby.idle) return draft.end();
    draft.warnOfEnd();
  }
  const host = draft.record.seats.find((seat) => seat.peerId === draft.lobby.hostId);
  if (host === undefined || host.disconnectedAtMs === null || nowMs < host.disconnectedAtMs + LOBBY_TIMES.hostTakeoverMs) return;
  const successor = nextHost(draft.lobby, host.peerId, "connected");
  if (successor !== undefined) draft.makeHost(successor.peerId);
}

/** The last seat ran out in this very step. */
function overFor(request: LobbyRequest): LobbyAnswer {
  switch (request.type) {
    case "join":
      return { ok: false, refusal: { code: "LOBBY_NOT_FOUND" } };
    case "reenter":
    case "resume":
      return { ok: false, refusal: { code: "SEAT_EXPIRED" } };
    case "command":
      return { ok: false, refusal: { code: "NOT_MEMBER" } };
    case "disconnected":
    case "time":
      return { ok: true, entrance: undefined };
    default:
      return unreachable(request);
  }
}
