import { normalizeLobbyCode, type Admission, type IceServer, type LobbyCode, type LobbyCommand } from "@rollcall/netcode/lobby-protocol";
import type { BrokerLimits } from "./limits.ts";
import {
  FIRST_CONNECTION,
  lobbyDeadlineMs,
  openLobby,
  stepLobby,
  type Entrance,
  type LobbyRequest,
  type LobbyStep,
  type RoomCommand,
} from "./lobby.ts";
import type { LobbyRefusal } from "./lobby-draft.ts";
import type { LobbyRecord, NumberedChange } from "./lobby-record.ts";
import type { LobbyRooms, MemberSocket } from "./lobby-rooms.ts";
import type { LobbyStore } from "./lobby-store.ts";
import type { Secrets } from "./secrets.ts";

type CommandOf<Type extends LobbyCommand["type"]> = Extract<LobbyCommand, { readonly type: Type }>;

/** A socket's place in a lobby. */
export interface Membership extends Entrance {
  readonly code: LobbyCode;
}

/** What came of a request. Handed over in the same breath as the events around it, so that their order on the socket is the order they happened in. */
export type Outcome =
  | { readonly ok: true; readonly membership: Membership; readonly admission: Admission; readonly missed: readonly NumberedChange[] }
  | { readonly ok: true; readonly membership: undefined }
  | { readonly ok: false; readonly refusal: LobbyRefusal };

export type HandleOutcome = (outcome: Outcome) => void;

/** Whoever asks to come in. */
export interface Visitor {
  readonly socket: MemberSocket;
  readonly address: string;
  readonly handleOutcome: HandleOutcome;
}

export interface LobbyServiceOptions {
  readonly store: LobbyStore;
  readonly rooms: LobbyRooms;
  readonly secrets: Secrets;
  readonly limits: BrokerLimits;
  readonly iceServers: readonly IceServer[];
  readonly nowMs: () => number;
  /** The store failed where nobody waits for an answer. */
  readonly handleFailure: (error: unknown) => void;
}

/** Writes that other brokers may win before this one gives up; each loss means that one of them succeeded. */
const ATTEMPTS = 16;
/** Codes tried for a new lobby. With one code in a hundred taken, all of them fail once in 10³². */
const CODE_ATTEMPTS = 16;
/** Until a change that the store did not take is tried again. */
const RETRY_MS = 1_000;

/** Runs requests through the machine and the store: load, step, compare-and-set, and again when another broker was faster. */
export class LobbyService {
  readonly #options: LobbyServiceOptions;
  /** The end of each lobby's queue. One request at a time per lobby and process: changes leave in the order of their numbers. */
  readonly #queues = new Map<LobbyCode, Promise<void>>();
  readonly #timers = new Map<LobbyCode, NodeJS.Timeout>();
  #closed = false;

  constructor(options: LobbyServiceOptions) {
    this.#options = options;
  }

  async create(visitor: Visitor, command: CommandOf<"create">): Promise<void> {
    const { store, secrets, limits } = this.#options;
    if ((await store.count()) >= limits.lobbies) {
      visitor.handleOutcome({ ok: false, refusal: { code: "SERVER_FULL" } });
      return;
    }
    const secret = secrets.newResumeSecret();
    const { game, profile, capacity, settings, metadata } = command;
    for (let attempt = 0; attempt < CODE_ATTEMPTS; attempt++) {
      const code = secrets.newCode();
      const peerId = secrets.newPeerId();
      const opening = {
        code,
        game,
        profile,
        capacity,
        settings,
        metadata,
        peerId,
        secretHash: secrets.hash(secret),
        address: visitor.address,
      };
      const record = openLobby(opening);
      if (!(await store.compareAndSet(code, 0, record))) continue;
      this.#admit(visitor, { code, peerId, connection: FIRST_CONNECTION }, secret, record, []);
      return;
    }
    visitor.handleOutcome({ ok: false, refusal: { code: "SERVER_FULL" } });
  }

  async join(visitor: Visitor, command: CommandOf<"join">): Promise<void> {
    const { secrets } = this.#options;
    const secret = secrets.newResumeSecret();
    const { game, profile } = command;
    const request = {
      type: "join",
      game,
      profile,
      address: visitor.address,
      peerId: secrets.newPeerId(),
      secretHash: secrets.hash(secret),
    } as const;
    await this.#enter(visitor, command.code, { request, secret, lastEvent: Infinity, notFound: "LOBBY_NOT_FOUND" });
  }

  /** An unknown code and a wrong secret look the same here too, or this would be the way to try codes. */
  async resume(visitor: Visitor, command: CommandOf<"resume">): Promise<void> {
    const { secrets } = this.#options;
    const { secret, freshPage, lastEvent } = command;
    const request = { type: "resume", secretHash: secrets.hash(secret), freshPage, peerId: secrets.newPeerId() } as const;
    await this.#enter(visitor, command.code, { request, secret, lastEvent: freshPage ? Infinity : lastEvent, notFound: "SEAT_EXPIRED" });
  }

  async command({ code, peerId, connection }: Membership, command: RoomCommand, handleOutcome: HandleOutcome): Promise<void> {
    const request = { type: "command", peerId, connection, command, seed: this.#options.secrets.newSeed() } as const;
    await this.#transact(code, request, (step) => {
      if (step === undefined) handleOutcome({ ok: false, refusal: { code: "NOT_MEMBER" } });
      else handleOutcome(step.answer.ok ? { ok: true, membership: undefined } : { ok: false, refusal: step.answer.refusal });
    });
  }

  /** The socket of a member closed. */
  disconnected({ code, peerId, connection }: Membership, socket: MemberSocket): void {
    this.#options.rooms.exit(code, peerId, socket);
    this.#maintain(code, { type: "disconnected", peerId, connection });
  }

  /** No timer runs after this. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  async #enter(
    visitor: Visitor,
    codeText: string,
    entry: { request: LobbyRequest; secret: string; lastEvent: number; notFound: "LOBBY_NOT_FOUND" | "SEAT_EXPIRED" },
  ): Promise<void> {
    const code = normalizeLobbyCode(codeText);
    const notFound = { ok: false, refusal: { code: entry.notFound } } as const;
    if (code === undefined) {
      visitor.handleOutcome(notFound);
      return;
    }
    await this.#transact(code, entry.request, (step) => {
      if (step === undefined) visitor.handleOutcome(notFound);
      else if (!step.answer.ok) visitor.handleOutcome({ ok: false, refusal: step.answer.refusal });
      else if (step.answer.entrance !== undefined) {
        const missed = missedChanges(step.record, entry.lastEvent);
        this.#admit(visitor, { code, ...step.answer.entrance }, entry.secret, step.record, missed);
      }
    });
  }

  #admit(visitor: Visitor, membership: Membership, secret: string, record: LobbyRecord, missed: readonly NumberedChange[]): void {
    const { rooms, secrets, iceServers } = this.#options;
    const { code, peerId } = membership;
    rooms.enter(code, membership, visitor.socket);
    const admission = { lobby: record.lobby, peerId, resumeSecret: secret, signalingToken: secrets.signalingToken(peerId), iceServers };
    visitor.handleOutcome({ ok: true, membership, admission, missed });
  }

  /** `handleStep` gets `undefined` when there is no such lobby. It runs right after the write and the events. */
  #transact(code: LobbyCode, request: LobbyRequest, handleStep: (step: LobbyStep | undefined) => void): Promise<void> {
    const before = this.#queues.get(code) ?? Promise.resolve();
    const own = before.then(() => this.#attempt(code, request, handleStep));
    const tail = own
      .catch(() => undefined)
      .finally(() => {
        if (this.#queues.get(code) === tail) this.#queues.delete(code);
      });
    this.#queues.set(code, tail);
    return own;
  }

  async #attempt(code: LobbyCode, request: LobbyRequest, handleStep: (step: LobbyStep | undefined) => void): Promise<void> {
    const { store, rooms, nowMs } = this.#options;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { version, record } = await store.load(code);
      if (record === undefined) {
        handleStep(undefined);
        return;
      }
      const step = stepLobby(record, request, nowMs());
      const over = step.record.lobby.members.length === 0;
      if (step.record !== record && !(await store.compareAndSet(code, version, over ? undefined : step.record))) continue;
      rooms.publish(code, step.changes, step.record);
      this.#schedule(code, step.record);
      handleStep(step);
      return;
    }
    throw new Error("The lobby store is too busy.");
  }

  #schedule(code: LobbyCode, record: LobbyRecord): void {
    clearTimeout(this.#timers.get(code));
    this.#timers.delete(code);
    const deadlineMs = lobbyDeadlineMs(record);
    if (deadlineMs === Infinity || this.#closed) return;
    const timer = setTimeout(() => this.#maintain(code, { type: "time" }), Math.max(0, Math.ceil(deadlineMs - this.#options.nowMs())));
    this.#timers.set(code, timer.unref());
  }

  /** What must happen although nobody waits for it: tried until the store takes it. */
  #maintain(code: LobbyCode, request: LobbyRequest): void {
    if (this.#closed) return;
    this.#transact(code, request, () => undefined).catch((error: unknown) => {
      this.#options.handleFailure(error);
      setTimeout(() => this.#maintain(code, request), RETRY_MS).unref();
    });
  }
}

/** Changes after `lastEvent`, when all of them are still known; else none: the whole state comes with the admission anyway. */
function missedChanges(record: LobbyRecord, lastEvent: number): readonly NumberedChange[] {
  const missed = record.recent.filter((item) => item.event > lastEvent);
  return missed[0]?.event === lastEvent + 1 ? missed : [];
}
