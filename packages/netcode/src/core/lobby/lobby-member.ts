import { assert } from "../base/assert.ts";
import type { Random } from "../base/random.ts";
import { applyLobbyChange, parseBrokerMessage } from "../ports/lobby-protocol.ts";
import type {
  Admission,
  BrokerMessage,
  CommandResult,
  GoodbyeReason,
  LobbyChange,
  LobbyCommand,
  LobbyError,
  LobbyState,
  MemberMessage,
} from "../ports/lobby-protocol.ts";
import { backoffMs } from "./backoff.ts";
import { IceRenewal } from "./ice-renewal.ts";
import { lobbyDifference } from "./lobby-difference.ts";
import { entranceCommand, resumeCommand } from "./lobby-entrance.ts";
import type { EntranceKeys, LobbyEntrance } from "./lobby-entrance.ts";
import { BROKER_UNREACHABLE, LOBBY_CLOSED, TOO_MANY_REQUESTS, departureFailure, goodbyeFailure, isForGood } from "./lobby-failure.ts";
import type { LobbyFailure } from "./lobby-failure.ts";
import type { LobbyMemberEvent, SocketAction } from "./lobby-member-outputs.ts";
import * as MEMBER_TIMES from "./member-times.ts";
import { PendingRequests, isFulfilled } from "./pending-requests.ts";
import { SocketLiveness } from "./socket-liveness.ts";

/**
 * Where the control socket is.
 *
 * waiting → opening → greeting → member; each may fall back to waiting, or end in closed.
 */
type Phase =
  | { readonly name: "waiting"; readonly deadlineMs: number; readonly leastMs: number }
  | { readonly name: "opening"; readonly deadlineMs: number }
  | { readonly name: "greeting"; readonly deadlineMs: number; readonly request: number }
  | { readonly name: "member"; readonly sinceMs: number }
  | { readonly name: "closed"; readonly deadlineMs: number };

const CLOSED: Phase = { name: "closed", deadlineMs: Infinity };

export interface LobbyMemberOptions {
  readonly entrance: LobbyEntrance;
  readonly keys: EntranceKeys;
  /** For the jitter of the backoff. */
  readonly random: Random;
}

/**
 * The lobby as one member sees it: a state machine between a control socket and the game.
 *
 * It asks for the socket (`pollAction`), says who it is, keeps the lobby up to date by numbered events, and comes back to its seat when
 * the socket is lost. After each `handle…`, `request` or `leave`, drain `pollFrame` (text to send on the open socket), then `pollAction`, then
 * `pollEvent`. What the broker sends is hostile too: refused and counted.
 */
export class LobbyMember {
  readonly #entrance: LobbyEntrance;
  readonly #keys: EntranceKeys;
  readonly #random: Random;
  readonly #enterByMs: number;
  readonly #pending = new PendingRequests();
  readonly #liveness = new SocketLiveness();
  readonly #renewal = new IceRenewal();
  readonly #frames: string[] = [];
  readonly #actions: SocketAction[] = [];
  readonly #events: LobbyMemberEvent[] = [];
  readonly #refusals: Record<string, number> = {};
  #phase: Phase = CLOSED;
  #admission: Admission | undefined;
  #lobby: LobbyState | undefined;
  #keepsake: string | undefined;
  #socket = 0;
  #failedAttempts = 0;
  #nextRequest = 1;
  #pingCount = 0;

  constructor(nowMs: number, options: LobbyMemberOptions) {
    this.#entrance = options.entrance;
    this.#keys = options.keys;
    this.#random = options.random;
    this.#enterByMs = nowMs + MEMBER_TIMES.ENTRANCE_TIMEOUT_MS;
    this.#openSocket(nowMs);
  }

  /** The lobby with all events so far; `undefined` before admission. Kept as it was once closed. */
  get lobby(): LobbyState | undefined {
    return this.#lobby;
  }

  /** The newest admission: who we are, and the secret that takes the seat back. */
  get admission(): Admission | undefined {
    return this.#admission;
  }

  /** True while the broker hears us. */
  get connected(): boolean {
    return this.#phase.name === "member";
  }

  /** Frames and messages refused, by reason. */
  get refusals(): Readonly<Record<string, number>> {
    return this.#refusals;
  }

  handleSocketOpen(nowMs: number, socket: number): void {
    if (socket !== this.#socket || this.#phase.name !== "opening") return;
    this.#liveness.handleHeard(nowMs);
    const request = this.#nextRequest++;
    this.#phase = { name: "greeting", deadlineMs: nowMs + MEMBER_TIMES.ADMISSION_TIMEOUT_MS, request };
    this.#send({ request, command: this.#greeting() });
  }

  /** The socket closed, or could not be opened. */
  handleSocketClosed(nowMs: number, socket: number): void {
    if (socket === this.#socket) this.#loseSocket(nowMs);
  }

  /** Another socket has found the broker: we need not wait any longer than it asked us to. */
  handleBrokerFound(nowMs: number): void {
    if (this.#phase.name === "waiting") this.#phase = { ...this.#phase, deadlineMs: Math.max(nowMs, this.#phase.leastMs) };
  }

  /** One text frame from the broker. */
  handleFrame(nowMs: number, socket: number, text: string): void {
    if (socket !== this.#socket || (this.#phase.name !== "greeting" && this.#phase.name !== "member")) return;
    const parsed = parseBrokerMessage(text);
    if (!parsed.ok) return this.#refuse(parsed.reason);
    this.#liveness.handleHeard(nowMs);
    this.#handleMessage(nowMs, parsed.value);
  }

  handleTimeout(nowMs: number): void {
    this.#handleSocketTimeout(nowMs);
    if (nowMs >= this.#renewalTimeoutMs()) this.#askForIceServers(nowMs);
    for (let late = this.#pending.takeExpired(nowMs); late !== undefined; late = this.#pending.takeExpired(nowMs)) {
      this.#settle(nowMs, late.request, BROKER_UNREACHABLE);
    }
  }

  /** Asks for fresh ICE servers, unless these do not expire or are fresh. Call it before a connection is made or repaired; without a broker nothing comes. True: they are on their way. */
  renewIceServers(nowMs: number): boolean {
    if (this.#phase.name === "member" && this.#renewal.mayAsk(nowMs)) this.#askForIceServers(nowMs);
    return this.#renewal.isAsking;
  }

  /**
   * Asks the broker for something; the answer is the `reply` event with the returned number. A command whose socket is lost is asked again
   * on the next one, unless the lobby shows that it was done.
   */
  request(nowMs: number, command: LobbyCommand): number {
    assert(this.#lobby !== undefined, "a command after the admission");
    const request = this.#nextRequest++;
    if (this.#phase.name === "closed") {
      this.#reply(request, LOBBY_CLOSED);
    } else if (this.#pending.full) {
      this.#reply(request, TOO_MANY_REQUESTS);
    } else {
      this.#pending.add(nowMs, request, command, this.#lobby.matchCount);
      if (this.#phase.name === "member") this.#sendCommand(request, command);
    }
    return request;
  }

  /** Gives the seat up and ends. Without a socket nobody can be told: the broker then keeps the seat until it expires. */
  leave(): void {
    if (this.#phase.name === "closed") return;
    // A join that is not answered yet is taken back in the same breath: the broker works in order.
    const heard = this.#phase.name === "member" || this.#phase.name === "greeting";
    if (heard) this.#sendLeave();
    this.#close(undefined);
  }

  /** Ends and leaves the seat to whoever has its secret, until it expires. */
  abandon(): void {
    if (this.#phase.name !== "closed") this.#close(LOBBY_CLOSED);
  }

  /** Text to send on the open socket. */
  pollFrame(): string | undefined {
    return this.#frames.shift();
  }

  pollAction(): SocketAction | undefined {
    return this.#actions.shift();
  }

  pollEvent(): LobbyMemberEvent | undefined {
    return this.#events.shift();
  }

  pollTimeoutMs(): number {
    return Math.min(this.#entranceTimeoutMs(), this.#socketTimeoutMs(), this.#renewalTimeoutMs(), this.#pending.pollTimeoutMs());
  }

  /** Without a broker there is nobody to ask, and a resume brings fresh ones. */
  #renewalTimeoutMs(): number {
    return this.#phase.name === "member" ? this.#renewal.pollTimeoutMs() : Infinity;
  }

  #askForIceServers(nowMs: number): void {
    if (this.#pending.full) return this.#renewal.handleFailed(nowMs);
    this.#renewal.handleAsked(this.#nextRequest);
    this.request(nowMs, { type: "ice-servers" });
  }

  #entranceTimeoutMs(): number {
    return this.#admission === undefined && this.#phase.name !== "closed" ? this.#enterByMs : Infinity;
  }

  #socketTimeoutMs(): number {
    return this.#phase.name === "member" ? this.#liveness.pollTimeoutMs() : this.#phase.deadlineMs;
  }

  #handleSocketTimeout(nowMs: number): void {
    if (nowMs >= this.#entranceTimeoutMs()) return this.#close(BROKER_UNREACHABLE);
    if (nowMs < this.#socketTimeoutMs()) return;
    if (this.#phase.name === "member") this.#checkLiveness(nowMs);
    else if (this.#phase.name === "waiting") this.#openSocket(nowMs);
    else this.#loseSocket(nowMs);
  }

  #checkLiveness(nowMs: number): void {
    const verdict = this.#liveness.check(nowMs);
    if (verdict === "ping") this.#send({ ping: ++this.#pingCount });
    else if (verdict === "dead") this.#loseSocket(nowMs);
  }

  #openSocket(nowMs: number): void {
    this.#socket++;
    this.#phase = { name: "opening", deadlineMs: nowMs + MEMBER_TIMES.SOCKET_OPEN_TIMEOUT_MS };
    this.#actions.push({ type: "open-socket", socket: this.#socket });
  }

  #greeting(): LobbyCommand {
    if (this.#admission === undefined || this.#lobby === undefined) return entranceCommand(this.#entrance, this.#keys, this.#socket);
    return resumeCommand(this.#keys, { lobby: this.#lobby, secret: this.#admission.resumeSecret, keepsake: this.#keepsake });
  }

  /** The socket is of no use any more: wait a moment, then come back. `leastWaitMs`: the broker asked for it. */
  #loseSocket(nowMs: number, leastWaitMs = 0): void {
    const phase = this.#phase;
    if (phase.name === "closed" || phase.name === "waiting") return;
    if (this.#admission === undefined && this.#failedAttempts + 1 >= MEMBER_TIMES.ENTRANCE_ATTEMPTS_MAX)
      return this.#close(BROKER_UNREACHABLE);
    if (phase.name === "member") {
      if (nowMs - phase.sinceMs >= MEMBER_TIMES.SOCKET_SETTLED_MS) this.#failedAttempts = 0;
      this.#events.push({ type: "broker-lost" });
    }
    this.#frames.length = 0;
    this.#actions.push({ type: "close-socket", socket: this.#socket });
    const waitMs = Math.max(leastWaitMs, backoffMs(this.#failedAttempts, this.#random));
    this.#failedAttempts++;
    this.#phase = { name: "waiting", deadlineMs: nowMs + waitMs, leastMs: nowMs + leastWaitMs };
  }

  #handleMessage(nowMs: number, message: BrokerMessage): void {
    if ("reply" in message) {
      const greeting = this.#phase.name === "greeting" && this.#phase.request === message.reply;
      if (greeting) this.#handleAdmissionReply(nowMs, message);
      else this.#handleReply(nowMs, message);
    } else if ("event" in message) this.#handleEvent(nowMs, message.event, message.change);
    else if ("keepsake" in message) {
      this.#keepsake = message.keepsake;
      this.#events.push({ type: "keepsake", keepsake: message.keepsake });
    } else if ("roster" in message) this.#events.push({ type: "roster", roster: message.roster });
    else if ("goodbye" in message) this.#handleGoodbye(nowMs, message.goodbye);
    else if ("ping" in message) this.#send({ pong: message.ping });
  }

  #handleReply(nowMs: number, message: Extract<BrokerMessage, { reply: number }>): void {
    if (this.#pending.take(message.reply) === undefined) return this.#refuse("reply-unexpected");
    const result = message.ok && message.result !== null && !("lobby" in message.result) ? message.result : undefined;
    if (!this.#renewal.isOurs(message.reply)) return this.#reply(message.reply, message.ok ? undefined : message.error, result);
    const grant = result !== undefined && "iceServers" in result ? result : undefined;
    if (grant === undefined) return this.#renewal.handleFailed(nowMs);
    this.#renewal.handleGrant(nowMs, grant);
    this.#events.push({ type: "ice-servers", grant });
  }

  #handleAdmissionReply(nowMs: number, reply: Extract<BrokerMessage, { reply: number }>): void {
    if (!reply.ok) this.#handleRefused(nowMs, reply.error);
    else if (reply.result === null || !("lobby" in reply.result) || !this.#isOurs(reply.result)) {
      this.#refuse("admission-invalid");
      // A broker that lost the last moment before its restart knows the seat under the id of our page's predecessor, and always will.
      if (this.#admission === undefined) this.#loseSocket(nowMs);
      else this.#close({ code: "SEAT_EXPIRED" });
    } else if (this.#admission === undefined) this.#enter(nowMs, reply.result);
    else this.#comeBack(nowMs, reply.result);
  }

  /** We must be among the members, and keep our peer id while the page lives: every link stands on it. */
  #isOurs(admission: Admission): boolean {
    if (this.#admission !== undefined && this.#admission.peerId !== admission.peerId) return false;
    return admission.lobby.members.some((member) => member.peerId === admission.peerId);
  }

  #handleRefused(nowMs: number, error: LobbyError): void {
    // The first time, the person decides whether to try again; but not about what passes by itself.
    const isFinal = this.#admission === undefined ? error.code !== "RETRY" : isForGood(error);
    if (isFinal) this.#close(error);
    else this.#loseSocket(nowMs, error.retryAfterMs);
  }

  #enter(nowMs: number, admission: Admission): void {
    this.#phase = { name: "member", sinceMs: nowMs };
    this.#failedAttempts = 0;
    this.#admission = admission;
    this.#lobby = admission.lobby;
    this.#renewal.handleGrant(nowMs, admission);
    this.#events.push({ type: "admitted", admission });
  }

  #comeBack(nowMs: number, admission: Admission): void {
    this.#phase = { name: "member", sinceMs: nowMs };
    this.#admission = admission;
    this.#events.push({ type: "broker-back", admission });
    this.#catchUp(admission.lobby);
    for (const pending of this.#pending.list()) {
      if (isFulfilled(pending, admission.lobby, admission.peerId)) {
        this.#pending.take(pending.request);
        this.#settle(nowMs, pending.request, undefined);
      } else this.#sendCommand(pending.request, pending.command);
    }
    this.#renewal.handleGrant(nowMs, admission);
  }

  /** Takes over the lobby of a resume. Events up to it that are sent again are duplicates then. */
  #catchUp(lobby: LobbyState): void {
    const before = this.#lobby;
    assert(before !== undefined, "a lobby before a resume");
    if (lobby.event <= before.event) return;
    this.#lobby = lobby;
    for (const change of lobbyDifference(before, lobby)) this.#events.push({ type: "change", change, before });
  }

  #handleEvent(nowMs: number, event: number, change: LobbyChange): void {
    const before = this.#lobby;
    if (before === undefined || event <= before.event) return this.#refuse("event-duplicate");
    const after = applyLobbyChange(before, event, change);
    if (after === undefined) {
      // While a resume is not answered, its answer brings what is missing.
      if (this.#phase.name !== "member") return;
      this.#refuse("event-gap");
      return this.#loseSocket(nowMs);
    }
    this.#lobby = after;
    this.#events.push({ type: "change", change, before });
    if (change.type === "member-left" && change.peerId === this.#admission?.peerId) this.#close(departureFailure(change.reason));
  }

  #handleGoodbye(nowMs: number, reason: GoodbyeReason): void {
    const failure = goodbyeFailure(reason);
    if (failure !== undefined) this.#close(failure);
    else this.#loseSocket(nowMs, reason === "SHUTTING_DOWN" ? 0 : MEMBER_TIMES.MISBEHAVED_WAIT_MS);
  }

  #close(failure: LobbyFailure | undefined): void {
    // After `leave`, the frames before the action still go out.
    if (failure !== undefined) this.#frames.length = 0;
    // Nobody waits for the seat any more that a slow broker is about to give; a kept seat stays for another try.
    if (failure === BROKER_UNREACHABLE && this.#phase.name === "greeting" && this.#entrance.type !== "resume") this.#sendLeave();
    if (this.#phase.name !== "waiting") this.#actions.push({ type: "close-socket", socket: this.#socket });
    this.#phase = CLOSED;
    for (const { request } of this.#pending.takeAll()) {
      if (!this.#renewal.isOurs(request)) this.#reply(request, failure ?? LOBBY_CLOSED);
    }
    this.#events.push({ type: "closed", failure });
  }

  /** In the host epoch of this moment: what was asked in an earlier one was asked of us, and is asked again only by who knows better. */
  #sendCommand(request: number, command: LobbyCommand): void {
    const hostEpoch = this.#lobby?.hostEpoch;
    this.#send({ request, command, ...(hostEpoch === undefined ? {} : { hostEpoch }) });
  }

  #sendLeave(): void {
    this.#send({ request: this.#nextRequest++, command: { type: "leave" } });
  }

  #send(message: MemberMessage): void {
    this.#frames.push(JSON.stringify(message));
  }

  /** The end of a request without an answer of its own. */
  #settle(nowMs: number, request: number, failure: LobbyFailure | undefined): void {
    if (!this.#renewal.isOurs(request)) this.#reply(request, failure);
    else if (failure !== undefined) this.#renewal.handleFailed(nowMs);
  }

  #reply(request: number, failure: LobbyFailure | undefined, result?: CommandResult): void {
    this.#events.push({ type: "reply", request, failure, result });
  }

  #refuse(reason: string): void {
    this.#refusals[reason] = (this.#refusals[reason] ?? 0) + 1;
  }
}
