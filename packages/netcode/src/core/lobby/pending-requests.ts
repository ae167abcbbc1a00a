import { unreachable } from "../base/assert.ts";
import type { PeerId } from "../base/units.ts";
import type { LobbyCommand, LobbyState } from "../ports/lobby-protocol.ts";
import { REQUEST_TIMEOUT_MS, REQUESTS_MAX } from "./member-times.ts";

/** A command that the member wants answered. */
export interface PendingRequest {
  readonly request: number;
  readonly command: LobbyCommand;
  readonly deadlineMs: number;
  /** `lobby.matchCount` when it was asked: tells after a lost socket whether our `start` was the one that worked. */
  readonly matchCount: number;
}

/** Commands without an answer yet, in the order in which they were asked. Bounded by `REQUESTS_MAX`. */
export class PendingRequests {
  readonly #pending = new Map<number, PendingRequest>();

  get full(): boolean {
    return this.#pending.size >= REQUESTS_MAX;
  }

  add(nowMs: number, request: number, command: LobbyCommand, matchCount: number): void {
    this.#pending.set(request, { request, command, deadlineMs: nowMs + REQUEST_TIMEOUT_MS, matchCount });
  }

  /** Removes and returns the request that a reply answers; `undefined` for a number that nobody waits for. */
  take(request: number): PendingRequest | undefined {
    const found = this.#pending.get(request);
    this.#pending.delete(request);
    return found;
  }

  /** Removes and returns one request whose time is up. All wait equally long, so the oldest is the first. */
  takeExpired(nowMs: number): PendingRequest | undefined {
    const oldest = this.#oldest();
    return oldest !== undefined && nowMs >= oldest.deadlineMs ? this.take(oldest.request) : undefined;
  }

  /** Removes and returns all, oldest first. */
  takeAll(): PendingRequest[] {
    const all = [...this.#pending.values()];
    this.#pending.clear();
    return all;
  }

  /** All, oldest first. */
  list(): readonly PendingRequest[] {
    return [...this.#pending.values()];
  }

  pollTimeoutMs(): number {
    return this.#oldest()?.deadlineMs ?? Infinity;
  }

  #oldest(): PendingRequest | undefined {
    return this.#pending.values().next().value;
  }
}

/**
 * True when the lobby already is as `pending` wanted it: the broker did it and only the reply was lost. What is not done may be sent
 * again, because every command but `start`, `transfer-host`, `kick`, `ban` and `end-match` sets a value, and these five are told apart here.
 */
export function isFulfilled(pending: PendingRequest, lobby: LobbyState, self: PeerId): boolean {
  const { command } = pending;
  switch (command.type) {
    case "start":
      return lobby.matchCount > pending.matchCount;
    case "transfer-host":
      return lobby.hostId === command.peerId && command.peerId !== self;
    case "kick":
    case "ban":
      return !lobby.members.some((member) => member.peerId === command.peerId);
    case "end-match":
      return lobby.match?.matchNumber !== command.matchNumber;
    // They come with every admission.
    case "ice-servers":
      return true;
    case "create":
    case "join":
    case "resume":
    case "quick-match":
    case "list":
    case "challenge":
    case "leave":
    case "keep-open":
    case "set-profile":
    case "set-ready":
    case "set-settings":
    case "set-metadata":
    case "set-locked":
    case "set-capacity":
    case "set-listed":
    case "set-audience":
    case "set-role":
    case "set-password":
    case "reserve":
    case "unreserve":
    case "bans":
    case "unban":
      return false;
    default:
      return unreachable(command);
  }
}
