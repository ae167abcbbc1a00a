import type { Random } from "../base/random.ts";
import { parseListMessage } from "../ports/list-message.ts";
import { compareListings } from "../ports/listing-order.ts";
import * as LOBBY_LIMITS from "../ports/lobby-limits.ts";
import { LOBBY_PROTOCOL_VERSION } from "../ports/lobby-protocol.ts";
import type {
  GameIdentity,
  LobbyCode,
  LobbyError,
  LobbyFilter,
  LobbyListing,
  LobbyListUpdate,
  ListMessage,
  MemberMessage,
} from "../ports/lobby-protocol.ts";
import { backoffMs } from "./backoff.ts";
import { BROKER_UNREACHABLE, isForGood, type LobbyFailure } from "./lobby-failure.ts";
import type { SocketAction } from "./lobby-member-outputs.ts";
import { ADMISSION_TIMEOUT_MS, ENTRANCE_ATTEMPTS_MAX, MISBEHAVED_WAIT_MS, SOCKET_OPEN_TIMEOUT_MS } from "./member-times.ts";
import { SocketLiveness } from "./socket-liveness.ts";

export interface ListWatchOptions {
  readonly game: GameIdentity;
  readonly filter: LobbyFilter;
  /** For the jitter of the backoff. */
  readonly random: Random;
}

export type ListWatchEvent =
  /** There is a list, or another one. */
  | { readonly type: "list" }
  /** The list is as it was, and nothing more is heard for now; it is asked for again. */
  | { readonly type: "broker-lost" }
  /** The end: there never was a list. */
  | { readonly type: "closed"; readonly failure: LobbyFailure };

type Phase =
  | { readonly name: "waiting" | "opening" | "asking"; readonly deadlineMs: number }
  | { readonly name: "watching" }
  | { readonly name: "closed" };

/**
 * The public list as somebody sees it who looks for a lobby: a state machine on a control socket of its own. Drain as a `LobbyMember`: `pollFrame`,
 * `pollAction`, `pollEvent`. What the broker sends is hostile too: refused and counted.
 */
export class ListWatch {
  readonly #options: ListWatchOptions;
  readonly #liveness = new SocketLiveness();
  readonly #frames: string[] = [];
  readonly #actions: SocketAction[] = [];
  readonly #events: ListWatchEvent[] = [];
  readonly #lobbies = new Map<LobbyCode, LobbyListing>();
  #total = 0;
  #hasList = false;
  #phase: Phase = { name: "closed" };
  #socket = 0;
  #request = 0;
  #failedAttempts = 0;
  #refused = 0;

  constructor(nowMs: number, options: ListWatchOptions) {
    this.#options = options;
    this.#openSocket(nowMs);
  }

  get lobbies(): readonly LobbyListing[] {
    return [...this.#lobbies.values()].toSorted(compareListings).slice(0, LOBBY_LIMITS.listings);
  }

  /** How many there are in all. */
  get total(): number {
    return this.#total;
  }

  /** True while changes are heard. */
  get isLive(): boolean {
    return this.#phase.name === "watching";
  }

  /** Messages that were not of the protocol. */
  get refused(): number {
    return this.#refused;
  }

  handleSocketOpen(nowMs: number, socket: number): void {
    if (socket !== this.#socket || this.#phase.name !== "opening") return;
    const { game, filter } = this.#options;
    this.#liveness.handleHeard(nowMs);
    this.#phase = { name: "asking", deadlineMs: nowMs + ADMISSION_TIMEOUT_MS };
    this.#send({ request: ++this.#request, command: { type: "list", protocol: LOBBY_PROTOCOL_VERSION, game, filter } });
  }

  handleSocketClosed(nowMs: number, socket: number): void {
    if (socket === this.#socket) this.#loseSocket(nowMs);
  }

  handleFrame(nowMs: number, socket: number, text: string): void {
    if (socket !== this.#socket || (this.#phase.name !== "asking" && this.#phase.name !== "watching")) return;
    const parsed = parseListMessage(text);
    if (!parsed.ok) {
      this.#refused++;
      return;
    }
    this.#liveness.handleHeard(nowMs);
    this.#handleMessage(nowMs, parsed.value);
  }

  handleTimeout(nowMs: number): void {
    if (nowMs < this.pollTimeoutMs()) return;
    if (this.#phase.name === "waiting") this.#openSocket(nowMs);
    else if (this.#phase.name !== "watching") this.#loseSocket(nowMs);
    else if (this.#liveness.check(nowMs) === "ping") this.#send({ ping: this.#request });
    else this.#loseSocket(nowMs);
  }

  close(): void {
    if (this.#phase.name !== "closed" && this.#phase.name !== "waiting") this.#actions.push({ type: "close-socket", socket: this.#socket });
    this.#phase = { name: "closed" };
  }

  pollFrame(): string | undefined {
    return this.#frames.shift();
  }

  pollAction(): SocketAction | undefined {
    return this.#actions.shift();
  }

  pollEvent(): ListWatchEvent | undefined {
    return this.#events.shift();
  }

  pollTimeoutMs(): number {
    if (this.#phase.name === "watching") return this.#liveness.pollTimeoutMs();
    return this.#phase.name === "closed" ? Infinity : this.#phase.deadlineMs;
  }

  #handleMessage(nowMs: number, message: ListMessage): void {
    if ("ping" in message) this.#send({ pong: message.ping });
    else if ("list" in message) this.#handleUpdate(nowMs, message.list);
    else if ("goodbye" in message) this.#loseSocket(nowMs, message.goodbye === "SHUTTING_DOWN" ? 0 : MISBEHAVED_WAIT_MS);
    else if ("reply" in message && message.reply === this.#request && this.#phase.name === "asking") {
      if (message.ok) this.#handleList(message.result);
      else this.#handleRefused(nowMs, message.error);
    }
  }

  #handleList({ lobbies, total }: { readonly lobbies: readonly LobbyListing[]; readonly total: number }): void {
    this.#phase = { name: "watching" };
    this.#failedAttempts = 0;
    this.#hasList = true;
    this.#lobbies.clear();
    for (const lobby of lobbies) this.#lobbies.set(lobby.code, lobby);
    this.#total = total;
    this.#events.push({ type: "list" });
  }

  #handleUpdate(nowMs: number, { put, gone, total }: LobbyListUpdate): void {
    if (this.#phase.name !== "watching") return;
    for (const code of gone) this.#lobbies.delete(code);
    for (const lobby of put) {
      // A broker that never takes one away must not fill our memory.
      if (this.#lobbies.size >= 2 * LOBBY_LIMITS.listings) return this.#loseSocket(nowMs, MISBEHAVED_WAIT_MS);
      this.#lobbies.set(lobby.code, lobby);
    }
    this.#total = total;
    this.#events.push({ type: "list" });
  }

  /** Too many questions, or a store that does not answer now: later. Anything else would be refused again. */
  #handleRefused(nowMs: number, error: LobbyError): void {
    if (isForGood(error)) this.#fail(error);
    else this.#loseSocket(nowMs, error.retryAfterMs);
  }

  #openSocket(nowMs: number): void {
    this.#socket++;
    this.#phase = { name: "opening", deadlineMs: nowMs + SOCKET_OPEN_TIMEOUT_MS };
    this.#actions.push({ type: "open-socket", socket: this.#socket });
  }

  #loseSocket(nowMs: number, leastWaitMs = 0): void {
    if (this.#phase.name === "closed" || this.#phase.name === "waiting") return;
    if (!this.#hasList && this.#failedAttempts + 1 >= ENTRANCE_ATTEMPTS_MAX) return this.#fail(BROKER_UNREACHABLE);
    if (this.#phase.name === "watching") this.#events.push({ type: "broker-lost" });
    this.#frames.length = 0;
    this.#actions.push({ type: "close-socket", socket: this.#socket });
    const waitMs = Math.max(leastWaitMs, backoffMs(this.#failedAttempts++, this.#options.random));
    this.#phase = { name: "waiting", deadlineMs: nowMs + waitMs };
  }

  #fail(failure: LobbyFailure): void {
    this.close();
    this.#events.push({ type: "closed", failure });
  }

  #send(message: MemberMessage): void {
    this.#frames.push(JSON.stringify(message));
  }
}
