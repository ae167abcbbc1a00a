import {
  assert,
  LOBBY_TIMES,
  normalizeLobbyCode,
  type CommandResult,
  type IceGrant,
  type LobbyCode,
  type LobbyCommand,
  type PeerId,
} from "@rollcall/netcode/lobby-protocol";
import type { IceGrants } from "./ice-grants.ts";
import type { BrokerLimits } from "./limits.ts";
import type { Counters } from "./counters.ts";
import { FIRST_CONNECTION, openLobby, stepLobby, type Entrance, type LobbyRequest, type LobbyStep, type RoomCommand } from "./lobby.ts";
import { arrivalOf, originOf, withoutSecrets } from "./lobby-arrival.ts";
import { KEY_TAKEN, type ReenterRequest } from "./lobby-entrance.ts";
import { listBans } from "./lobby-bans.ts";
import type { ListingBoard } from "./listing-board.ts";
import { LobbyDeadlines } from "./lobby-deadlines.ts";
import { LobbyPasswords } from "./lobby-password.ts";
import { changesAfter, type LobbyRecord, type NumberedChange } from "./lobby-record.ts";
import type { MemberSocket } from "./lobby-rooms.ts";
import { KEEPSAKE_AGE_MS } from "./lobby-seal.ts";
import { LostLobbies } from "./lost-lobbies.ts";
import { MemberPapers, type MemberPapersOptions } from "./member-papers.ts";
import { MemoryOnceStore } from "./memory-once-store.ts";
import type { OnceStore } from "./once-store.ts";
import type { LobbyStore } from "./lobby-store.ts";
import { STEP_MS_MAX, type SeatClaims } from "./seat-claims.ts";
import type { HandleOutcome, Membership, Order, Visitor } from "./lobby-visitor.ts";
import type { Secrets } from "./secrets.ts";
import { TaskQueues } from "./task-queues.ts";

type CommandOf<Type extends LobbyCommand["type"]> = Extract<LobbyCommand, { readonly type: Type }>;

export interface LobbyServiceOptions extends MemberPapersOptions {
  readonly store: LobbyStore;
  readonly secrets: Secrets;
  readonly limits: BrokerLimits;
  readonly iceGrants: IceGrants;
  /** Told to members: the broker carries their frames. */
  readonly relaysFrames: boolean;
  readonly wallMs: () => number;
  /** Remembers which lobbies are over, so that nobody brings one back. Default: in memory, until this process ends. */
  readonly closedLives?: OnceStore | undefined;
  /** Where other nodes write the same store: which lobby an id is a member's of, among all of them. */
  readonly seats?: SeatClaims | undefined;
  /** Keeps the public list. */
  readonly board: ListingBoard;
  readonly counters: Counters;
}

/** Writes that other brokers may win before this one gives up; each loss means that one of them succeeded. */
const ATTEMPTS = 16;
/** Codes tried for a new lobby. With one code in a hundred taken, all of them fail once in 10³². */
const CODE_ATTEMPTS = 16;
/** Until a change that the store did not take is tried again. */
const RETRY_MS = 1_000;

/** `undefined`: there is no such lobby, or nobody waits for it any more. */
type HandleStep = (step: LobbyStep | undefined) => void;
type IsWaiting = () => boolean;

interface LobbyWrite {
  readonly version: number;
  readonly next: LobbyRecord | undefined;
  /** What is known of the lobby that somebody enters by it. When nobody knows whether it was done, this node looks after that seat. */
  readonly known: LobbyRecord | undefined;
  readonly notAfterMs: number;
}

/** Runs requests through the machine and the store: load, step, compare-and-set, and again when another broker was faster. */
export class LobbyService {
  readonly passwords: LobbyPasswords;
  readonly #options: LobbyServiceOptions;
  /** Changes of a lobby leave in the order of their numbers. */
  readonly #queues = new TaskQueues<LobbyCode>();
  readonly #deadlines: LobbyDeadlines;
  readonly #papers: MemberPapers;
  readonly #lost: LostLobbies;
  readonly #closedLives: OnceStore;
  #closed = false;

  constructor(options: LobbyServiceOptions) {
    const { nowMs } = options;
    this.#options = options;
    this.passwords = new LobbyPasswords(options);
    this.#deadlines = new LobbyDeadlines(nowMs, (code) => this.#maintain(code, { type: "time" }));
    this.#closedLives = options.closedLives ?? new MemoryOnceStore(nowMs);
    this.#papers = new MemberPapers(options);
    this.#lost = new LostLobbies({ ...options, closedLives: this.#closedLives }, this.#queues, (code, record) =>
      this.#deadlines.note(code, record, { isFollowed: true }),
    );
  }

  /**
   * An entrance that can be asked again always draws the same codes, so that its second attempt finds what the first one opened, whichever broker
   * of the store had heard it.
   */
  async create(visitor: Visitor, command: CommandOf<"create">): Promise<void> {
    const { store, secrets, limits, iceGrants, nowMs, wallMs, seats } = this.#options;
    const { key, relayOnly = false } = command;
    if (relayOnly && !iceGrants.hasTurn) return visitor.handleOutcome({ ok: false, refusal: { code: "NO_TURN_SERVER" } });
    const peerId = secrets.peerIdOf(key);
    const arrival = arrivalOf(secrets, visitor, command);
    const { entrance } = arrival.seat;
    const isFull = (await store.count()) >= limits.lobbies;
    // A full broker may still hold what an earlier attempt opened.
    const mayOpen = !isFull && this.#options.rooms.lobbyOf(peerId) === undefined;
    if (entrance !== null && entrance.attempt > 1) {
      // The key may have changed since the first attempt, and the code with it.
      for (const code of secrets.formerCodesOf(entrance.id)) {
        if (await this.#reenter(visitor, code, { ...arrival.seat, entrance }, arrival.secret)) return;
      }
    }
    const attempts = !mayOpen && entrance === null ? 0 : CODE_ATTEMPTS;
    for (let index = 0; index < attempts; index++) {
      const code = entrance === null ? secrets.newCode() : secrets.codeOf(entrance.id, index);
      const life = { id: secrets.newResumeSecret(), openedAtMs: wallMs() };
      const opened = openLobby({ nowMs: nowMs(), idleMs: limits.lobbyIdleMs, life, code, peerId, terms: command, ...arrival.seat });
      const record = seats?.place(opened, peerId) ?? opened;
      const notAfterMs = nowMs() + STEP_MS_MAX;
      const claimed = mayOpen ? await seats?.take(peerId, code) : undefined;
      if (claimed === false) return visitor.handleOutcome({ ok: false, refusal: KEY_TAKEN });
      // Told to come again meanwhile: nobody would come into it.
      if (visitor.isWaiting?.() === false) return claimed && seats?.withdraw(claimed);
      if (mayOpen && (await this.#write(code, { version: 0, next: record, known: record, notAfterMs }))) {
        this.#admit(visitor, { code, peerId, connection: FIRST_CONNECTION }, arrival.secret, record, []);
        this.#noteWritten(code, record, []);
        return;
      }
      if (entrance !== null && (await this.#reenter(visitor, code, { ...arrival.seat, entrance }, arrival.secret))) return;
      if (claimed !== undefined) await seats?.withdraw(claimed);
    }
    visitor.handleOutcome({ ok: false, refusal: mayOpen || isFull ? { code: "SERVER_FULL" } : KEY_TAKEN });
  }

  async join(visitor: Visitor, command: CommandOf<"join">): Promise<void> {
    const { code, key } = command;
    const { secrets } = this.#options;
    const peerId = secrets.peerIdOf(key);
    if (this.#isElsewhere(peerId, code)) return visitor.handleOutcome({ ok: false, refusal: KEY_TAKEN });
    const { seat, secret } = arrivalOf(secrets, visitor, command);
    const { game, profile, as = "player" } = command;
    const request = { type: "join", game, profile, as, password: this.passwords.proofOf(command), peerId, ...seat } as const;
    await this.#enter(visitor, code, { request, secret, lastEvent: Infinity, notFound: "LOBBY_NOT_FOUND" });
  }

  /** An unknown code and a wrong secret look the same here too, or this would be the way to try codes. */
  async resume(visitor: Visitor, command: CommandOf<"resume">): Promise<void> {
    const { secrets } = this.#options;
    const { code, key, secret, freshPage, lastEvent } = command;
    // Also of a page that says that it is not fresh: a lobby that was brought back may know its predecessor.
    const freshPeerId = key === undefined ? undefined : secrets.peerIdOf(key);
    if (freshPage && freshPeerId === undefined) {
      return visitor.handleOutcome({ ok: false, refusal: { code: "BAD_REQUEST", detail: "A fresh page has a key of its own." } });
    }
    if (freshPeerId !== undefined && this.#isElsewhere(freshPeerId, code)) return visitor.handleOutcome({ ok: false, refusal: KEY_TAKEN });
    const refusal = await this.#lost.bringBack(visitor, command, secrets.hash(secret));
    if (refusal !== undefined) return visitor.handleOutcome({ ok: false, refusal });
    const request = {
      type: "resume",
      secretHash: secrets.hash(secret),
      freshPeerId,
      ...originOf(secrets, visitor, command.device),
    } as const;
    await this.#enter(visitor, code, { request, secret, lastEvent: freshPage ? Infinity : lastEvent, notFound: "SEAT_EXPIRED" });
  }

  async command({ code, peerId, connection }: Membership, order: Order, handleOutcome: HandleOutcome): Promise<void> {
    const { command, hostEpoch, isWaiting } = order;
    const seed = this.#options.secrets.newSeed();
    const stored = withoutSecrets(this.#options.secrets, command);
    const request = { type: "command", peerId, connection, command: stored, hostEpoch, seed } as const;
    const handleStep: HandleStep = (step) => {
      if (step === undefined) handleOutcome({ ok: false, refusal: { code: "NOT_MEMBER" } });
      else if (!step.answer.ok) handleOutcome({ ok: false, refusal: step.answer.refusal });
      else handleOutcome({ ok: true, membership: undefined, result: this.#resultOf(command, { code, peerId }, step.record) });
    };
    await this.#transact(code, request, handleStep, isWaiting);
  }

  #resultOf({ type }: RoomCommand, { code, peerId }: Pick<Membership, "code" | "peerId">, record: LobbyRecord): CommandResult | null {
    if (type === "ice-servers") return this.#grantOf(code, peerId, record);
    return type === "bans" ? { bans: listBans(record, this.#options.nowMs()) } : null;
  }

  #grantOf(code: LobbyCode, peerId: PeerId, { lobby }: LobbyRecord): IceGrant {
    const member = lobby.members.find((item) => item.peerId === peerId);
    assert(member !== undefined, "a member to be granted servers");
    return this.#options.iceGrants.grant(code, member.seat);
  }

  /** The socket of a member closed. `keptMs`: how long its seat is kept. */
  disconnected({ code, peerId, connection }: Membership, socket: MemberSocket, keptMs: number = LOBBY_TIMES.seatKeptMs): void {
    this.#options.rooms.exit(code, peerId, socket);
    this.#maintain(code, { type: "disconnected", peerId, connection, keptMs });
  }

  /** The node that had the socket of this seat has died. */
  lost(code: LobbyCode, { peerId, connection }: Entrance): Promise<void> {
    return this.#transact(code, { type: "disconnected", peerId, connection, keptMs: LOBBY_TIMES.seatKeptMs }, () => undefined);
  }

  /** Another node wrote the lobby, up to `version`; without one, it may have. Rejects when the store does not answer. */
  catchUp(code: LobbyCode, version: number = Infinity): Promise<void> {
    const { store, rooms, board } = this.#options;
    return this.#queues.run(code, async () => {
      const known = rooms.versionOf(code);
      if (known === undefined || known >= version) return;
      const found = await store.load(code);
      if (found.record === undefined) return this.#lose(code, found.version);
      const news = rooms.publish(code, { record: found.record, version: found.version, changes: [] });
      this.#deadlines.note(code, found.record, { isFollowed: true, isOfOther: true });
      board.handleElsewhere(found.record);
      if (found.version > known) this.#papers.handleWritten(code, found.record, news);
    });
  }

  /** The store has it no more: it is over, or lost, and then its members bring it back. */
  #lose(code: LobbyCode, version: number): void {
    this.forget(code);
    this.#options.rooms.lose(code, version === 0 ? "SHUTTING_DOWN" : "LOBBY_CLOSED");
  }

  /** This node has nobody in the lobby any more. */
  forget(code: LobbyCode): void {
    this.#papers.forget(code);
    this.#options.board.forget(code);
    this.#deadlines.unfollow(code);
  }

  /** The id is a member's of another lobby. One that merely knows the key could else be taken for it. */
  #isElsewhere(peerId: PeerId, code: string): boolean {
    const held = this.#options.rooms.lobbyOf(peerId);
    return held !== undefined && held !== normalizeLobbyCode(code);
  }

  /** No timer runs after this. */
  close(): void {
    this.#closed = true;
    this.#deadlines.close();
    this.#lost.close();
    this.#papers.close();
  }

  /** True when the lobby of `code` is the one that this entrance opened: the visitor has its answer. */
  async #reenter(visitor: Visitor, code: LobbyCode, seat: Omit<ReenterRequest, "type">, secret: string): Promise<boolean> {
    let isOurs = false;
    const handleStep: HandleStep = (step) => {
      if (step === undefined) return;
      const { answer, record } = step;
      isOurs = answer.ok || answer.refusal.code !== "SEAT_EXPIRED";
      if (!answer.ok && isOurs) visitor.handleOutcome({ ok: false, refusal: answer.refusal });
      else if (answer.ok && answer.entrance !== undefined) this.#admit(visitor, { code, ...answer.entrance }, secret, record, []);
    };
    await this.#transact(code, { type: "reenter", ...seat }, handleStep, visitor.isWaiting);
    return isOurs;
  }

  async #enter(
    visitor: Visitor,
    codeText: string,
    entry: { request: LobbyRequest; secret: string; lastEvent: number; notFound: "LOBBY_NOT_FOUND" | "SEAT_EXPIRED" },
  ): Promise<void> {
    const code = normalizeLobbyCode(codeText);
    if (code !== undefined) await this.#lost.settled(code);
    const notFound = { ok: false, refusal: { code: entry.notFound } } as const;
    if (code === undefined) return visitor.handleOutcome(notFound);
    const handleStep: HandleStep = (step) => {
      if (step === undefined) visitor.handleOutcome(notFound);
      else if (!step.answer.ok) visitor.handleOutcome({ ok: false, refusal: step.answer.refusal });
      else if (step.answer.entrance !== undefined) {
        const missed = changesAfter(step.record, entry.lastEvent);
        this.#admit(visitor, { code, ...step.answer.entrance }, entry.secret, step.record, missed);
      }
    };
    await this.#transact(code, entry.request, handleStep, visitor.isWaiting);
  }

  #admit(visitor: Visitor, membership: Membership, secret: string, record: LobbyRecord, missed: readonly NumberedChange[]): void {
    const { rooms, secrets, relaysFrames } = this.#options;
    const { code, peerId } = membership;
    rooms.enter(record.lobby, membership, visitor.socket);
    this.#deadlines.note(code, record, { isFollowed: true });
    const admission = {
      lobby: record.lobby,
      peerId,
      resumeSecret: secret,
      signalingToken: secrets.signalingToken(peerId),
      ...this.#grantOf(code, peerId, record),
      ...(relaysFrames ? { relaysFrames } : {}),
      ...this.#papers.authorityOf(record),
    };
    visitor.handleOutcome({ ok: true, membership, admission, missed });
    this.#papers.greet(code, peerId, record);
  }

  /** `handleStep` gets `undefined` when there is no such lobby. It runs right after the write and the events. */
  #transact(code: LobbyCode, request: LobbyRequest, handleStep: HandleStep, isWaiting: IsWaiting = () => true): Promise<void> {
    return this.#queues.run(code, () => (isWaiting() ? this.#attempt(code, request, handleStep) : Promise.resolve(handleStep(undefined))));
  }

  async #attempt(code: LobbyCode, request: LobbyRequest, handleStep: HandleStep): Promise<void> {
    const { store, rooms, nowMs, handleFailure, seats } = this.#options;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const notAfterMs = nowMs() + STEP_MS_MAX;
      const { version, record } = await store.load(code);
      if (record === undefined) {
        if (rooms.versionOf(code) !== undefined) this.#lose(code, version);
        return handleStep(undefined);
      }
      const made = stepLobby(record, request, nowMs());
      const entered = made.answer.ok ? made.answer.entrance?.peerId : undefined;
      const step = seats === undefined || entered === undefined ? made : { ...made, record: seats.place(made.record, entered) };
      const ids = await seats?.admit(code, record, step);
      if (ids === false) return handleStep({ record, changes: [], answer: { ok: false, refusal: KEY_TAKEN } });
      const over = step.record.lobby.members.length === 0;
      const write = { version, next: over ? undefined : step.record, known: entered && record, notAfterMs };
      if (step.record !== record && !(await this.#write(code, write))) {
        if (ids?.came !== undefined) await seats?.withdraw(ids.came);
        continue;
      }
      // Not of an uncertain copy, whose owner could else end what the others are about to bring back.
      if (over && step.record.restoration === null) this.#closedLives.take(record.life.id, KEEPSAKE_AGE_MS).catch(handleFailure);
      if (ids !== undefined) seats?.settle(ids);
      rooms.publish(code, { ...step, version: step.record === record ? version : version + 1 });
      this.#deadlines.note(code, step.record, { isFollowed: rooms.versionOf(code) !== undefined });
      handleStep(step);
      if (step.record !== record) this.#noteWritten(code, step.record, step.changes);
      return;
    }
    throw new Error("The lobby store is too busy.");
  }

  #write(code: LobbyCode, { version, next, known, notAfterMs }: LobbyWrite): Promise<boolean> {
    const { store, rooms, seats } = this.#options;
    const writing = store.compareAndSet(code, version, next, notAfterMs);
    if (seats !== undefined && known !== undefined) writing.catch(() => rooms.follow(known));
    return writing;
  }

  #noteWritten(code: LobbyCode, record: LobbyRecord, changes: readonly NumberedChange[]): void {
    const { board, rooms, seats } = this.#options;
    this.#papers.handleWritten(code, record, changes);
    board.handleWritten(record);
    // By a deadline of a time when somebody was here: no other node tells this one when to forget it.
    if (seats !== undefined && rooms.versionOf(code) === undefined) this.forget(code);
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
