import {
  LOBBY_TIMES,
  parseMemberMessage,
  unreachable,
  type BrokerMessage,
  type ChallengeMessage,
  type GoodbyeReason,
  type ListMessage,
  type LobbyCommand,
  type MemberMessage,
  type MemberMessageParse,
} from "@rollcall/netcode/lobby-protocol";
import type { AddressLimits, LimitedDeed } from "./address-limits.ts";
import type { Counters } from "./counters.ts";
import type { FrameRelay } from "./frame-relay.ts";
import { CLOSE_CODE, type GuardedSocket, type SocketOffence, type SocketUser } from "./guarded-socket.ts";
import type { BrokerLimits } from "./limits.ts";
import type { ListViews } from "./list-views.ts";
import type { LobbyRefusal } from "./lobby-draft.ts";
import { lobbyError, tellsOfLobby } from "./lobby-errors.ts";
import type { MemberSocket } from "./lobby-rooms.ts";
import type { QuickMatch } from "./quick-match.ts";
import type { LobbyService } from "./lobby-service.ts";
import type { Membership, Outcome, Visitor } from "./lobby-visitor.ts";

export interface LobbySocketOptions {
  readonly service: LobbyService;
  readonly quickMatch: QuickMatch;
  readonly listViews: ListViews;
  readonly addresses: AddressLimits;
  readonly limits: BrokerLimits;
  readonly counters: Counters;
  /** Counts answers by command and outcome. */
  readonly requests: Counters;
  readonly uniformErrors: boolean;
  /** Carries frames of this socket; `undefined` where the broker carries none. */
  readonly frames: FrameRelay | undefined;
  readonly nowMs: () => number;
  /** Where the store may be slow: after this, whoever asks is told to come again. */
  readonly answerMsMax?: number | undefined;
  readonly address: string;
  /** The store failed, or the broker has a bug: for the log. */
  readonly handleFailure: (error: unknown) => void;
}

const GOODBYE_CODES: Readonly<Record<GoodbyeReason, number>> = {
  REPLACED: CLOSE_CODE.normal,
  LOBBY_CLOSED: CLOSE_CODE.normal,
  LOBBY_IDLE: CLOSE_CODE.normal,
  KICKED: CLOSE_CODE.policyViolation,
  BANNED: CLOSE_CODE.policyViolation,
  RATE_LIMITED: CLOSE_CODE.policyViolation,
  BAD_REQUEST: CLOSE_CODE.policyViolation,
  SHUTTING_DOWN: CLOSE_CODE.serviceRestart,
};

/**
 * A refused entrance, and a question about a password, is answered at the next multiple of this after it was asked. A lobby that is loaded takes up to some milliseconds longer than one that is not there, and the largest
 * more than the smallest: at half, a busy Redis shows through; double is waited for by whoever mistypes.
 */
const ANSWER_STEP_MS = 25;

/** The store does not answer now. A second is long enough for it to be found away, and then nobody waits for it. */
const RETRY: LobbyRefusal = { code: "RETRY", retryAfterMs: 1_000 };

/** The control socket `/lobby` of one page: frames in, requests to the service, replies and events out. It decides nothing about lobbies. */
export class LobbySocket implements SocketUser, MemberSocket {
  readonly #socket: GuardedSocket;
  readonly #options: LobbySocketOptions;
  #membership: Membership | undefined;
  /** What is being answered: one request at a time. */
  #asked: LobbyCommand["type"] | "unreadable" = "unreadable";
  /** Got a seat that it did not ask for by a code, and has said nothing since: it may have hung up before it heard of it. */
  #isUnheard = false;
  /** Requests whose senders were told to come again, while the store still works on them. */
  readonly #givenUp = new Map<number, LobbyCommand["type"] | "unreadable">();
  #refusedMessages = 0;
  #pings = 0;

  constructor(socket: GuardedSocket, options: LobbySocketOptions) {
    this.#socket = socket;
    this.#options = options;
  }

  handleText(text: string): void | Promise<void> {
    this.#isUnheard = false;
    const parsed = parseMemberMessage(text);
    if (!parsed.ok) {
      this.#refuseMessage(parsed);
      return undefined;
    }
    const message = parsed.value;
    if ("ping" in message) this.#send({ pong: message.ping });
    if (!("request" in message)) return undefined;
    const answering = this.#answer(message).catch((error: unknown) => {
      if (!this.#givenUp.has(message.request)) this.#refuse(message.request, RETRY);
      this.#options.handleFailure(error);
    });
    return this.#options.answerMsMax === undefined ? answering : this.#inTime(message.request, answering, this.#options.answerMsMax);
  }

  /** Until it is answered, or was told to come again. */
  #inTime(request: number, answering: Promise<void>, msMax: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#refuse(request, RETRY);
        this.#givenUp.set(request, this.#asked);
        resolve();
      }, msMax);
      void answering.finally(() => {
        clearTimeout(timer);
        this.#givenUp.delete(request);
        resolve();
      });
    });
  }

  handleBinary(bytes: Uint8Array): void {
    const { frames, counters } = this.#options;
    if (frames === undefined) this.handleOffence("binary");
    // On its way to the lobby again, or out of it: what it sends meanwhile is lost.
    else if (this.#membership === undefined) counters.add("frame:no-lobby");
    else {
      const outcome = frames.handle(this.#membership, bytes);
      if (outcome === "malformed") this.#countRefused("frame:malformed");
      else if (outcome === "flood") this.handleOffence("flood");
    }
  }

  sendFrame(bytes: Uint8Array): boolean {
    return this.#socket.sendBinary(bytes);
  }

  handleOffence(offence: SocketOffence): void {
    this.#options.counters.add(`lobby:${offence}`);
    this.goodbye(offence === "flood" ? "RATE_LIMITED" : "BAD_REQUEST");
  }

  handleSilence(): void {
    this.#send({ ping: ++this.#pings });
  }

  handleShutdown(): void {
    this.goodbye("SHUTTING_DOWN");
  }

  handleClosed(): void {
    this.#options.listViews.forget(this);
    if (this.#membership !== undefined)
      this.#options.service.disconnected(this.#membership, this, this.#isUnheard ? LOBBY_TIMES.unheardSeatKeptMs : undefined);
    this.#membership = undefined;
  }

  sendText(text: string): void {
    this.#socket.send(text);
  }

  goodbye(reason: GoodbyeReason): void {
    this.#send({ goodbye: reason });
    this.#socket.close(GOODBYE_CODES[reason], reason);
  }

  #answer({ request, command, hostEpoch }: Extract<MemberMessage, { readonly request: number }>): Promise<void> {
    this.#asked = command.type;
    switch (command.type) {
      case "create":
      case "join":
      case "resume":
      case "quick-match":
      case "list":
      case "challenge":
        if (this.#membership !== undefined) {
          this.#refuse(request, { code: "BAD_REQUEST", detail: "This socket is in a lobby already. Leave it first." });
          return Promise.resolve();
        }
        if (command.type === "challenge") return this.#challenge(request, command);
        return command.type === "list" ? this.#list(request, command) : this.#enter(request, command);
      case "leave":
      case "ice-servers":
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
      case "kick":
      case "ban":
      case "bans":
      case "unban":
      case "transfer-host":
      case "start":
      case "end-match":
        if (this.#membership === undefined) {
          this.#refuse(request, { code: "NOT_MEMBER" });
          return Promise.resolve();
        }
        return this.#options.service.command(
          this.#membership,
          { command, hostEpoch, isWaiting: () => !this.#givenUp.has(request) },
          (outcome) => {
            if (outcome.ok && command.type === "leave") this.#membership = undefined;
            this.#reply(request, outcome);
          },
        );
      default:
        return unreachable(command);
    }
  }

  #enter(request: number, command: Extract<LobbyCommand, { type: "create" | "join" | "resume" | "quick-match" }>): Promise<void> {
    const { service, quickMatch, address } = this.#options;
    const visitor = (handleOutcome: Visitor["handleOutcome"]): Visitor => ({
      socket: this,
      address,
      takeLobby: () => this.#may("lobbies"),
      isWaiting: () => !this.#givenUp.has(request),
      handleOutcome,
    });
    if (command.type === "create") {
      if (!this.#may("lobbies")) return this.#refuseTooMany(request, "lobbies");
      const answered = visitor((outcome) => this.#reply(request, outcome));
      return service.create(answered, command);
    }
    if (command.type === "quick-match") {
      if (!this.#may("lists")) return this.#refuseTooMany(request, "lists");
      const answered = visitor((outcome) => this.#replyToOpening(request, outcome));
      return quickMatch.find(answered, command, () => this.#socket.isOpen && !this.#givenUp.has(request));
    }
    // Counted before the answer is known: many sockets at once would else all guess with the last try.
    const mayGuess = this.#may("wrongCodes");
    if (command.type === "join" && !mayGuess) return this.#refuseTooMany(request, "wrongCodes");
    // Each loads a lobby, and a resume may bring the keepsake of one, which takes milliseconds to open: an attempt for each socket is enough for a page, and 40 a second of each socket would leave no time for others.
    if (!this.#may("entrances")) {
      if (mayGuess) this.#refund("wrongCodes");
      return this.#refuseTooMany(request, "entrances");
    }
    if (command.type === "join") return this.#answerGuess(request, true, (handleOutcome) => service.join(visitor(handleOutcome), command));
    // The owner of a seat gets in although others at the address have guessed: its secret cannot be guessed.
    return this.#answerGuess(request, mayGuess, (handleOutcome) => service.resume(visitor(handleOutcome), command));
  }

  /** Lets in at once; refuses at a moment that tells nothing of what was looked up and how long that took. */
  async #answerGuess(request: number, counted: boolean, ask: (handleOutcome: Visitor["handleOutcome"]) => Promise<void>): Promise<void> {
    const askedMs = this.#options.nowMs();
    let refusal: LobbyRefusal | undefined;
    try {
      await ask((outcome) => {
        if (outcome.ok) this.#reply(request, outcome);
        else refusal = outcome.refusal;
      });
    } catch (error) {
      if (counted) this.#refund("wrongCodes");
      this.#refund("entrances");
      throw error;
    }
    // Whoever was told to come again learned nothing, and comes again.
    const isGivenUp = this.#givenUp.has(request);
    const isGuess = refusal !== undefined && !isGivenUp;
    if (counted && !isGuess) this.#refund("wrongCodes");
    if (isGivenUp) this.#refund("entrances");
    if (refusal === undefined || !isGuess) return;
    await this.#untilNextStep(askedMs);
    this.#refuseGuess(request, refusal, counted);
  }

  async #untilNextStep(askedMs: number): Promise<void> {
    const tookMs = this.#options.nowMs() - askedMs;
    await new Promise((resolve) => setTimeout(resolve, ANSWER_STEP_MS * (Math.floor(tookMs / ANSWER_STEP_MS) + 1) - tookMs));
  }

  #refuseGuess(request: number, refusal: LobbyRefusal, counted: boolean): void {
    const { uniformErrors } = this.#options;
    if (!counted) {
      void this.#refuseTooMany(request, "wrongCodes");
      return;
    }
    const isRight = tellsOfLobby(refusal);
    // The code was no guess. Where that is not told, the count must not tell it either.
    if (isRight && !uniformErrors && refusal.code !== "WRONG_PASSWORD") this.#refund("wrongCodes");
    this.#refuse(request, isRight && uniformErrors ? { code: "LOBBY_NOT_FOUND" } : refusal);
  }

  /** Whoever opens too many lobbies is told when the next may be. */
  #replyToOpening(request: number, outcome: Outcome): void {
    if (!outcome.ok && outcome.refusal.code === "RATE_LIMITED") void this.#refuseTooMany(request, "lobbies");
    else this.#reply(request, outcome);
  }

  async #challenge(request: number, command: Extract<LobbyCommand, { type: "challenge" }>): Promise<void> {
    const { service, nowMs } = this.#options;
    const askedMs = nowMs();
    if (!this.#may("challenges")) return this.#refuseTooMany(request, "challenges");
    const result = await service.passwords.challenge(command);
    await this.#untilNextStep(askedMs);
    if (this.#givenUp.has(request)) return;
    this.#options.requests.add("challenge ok");
    this.#send({ reply: request, ok: true, result });
  }

  #list(request: number, { game, filter }: Extract<LobbyCommand, { type: "list" }>): Promise<void> {
    const { listViews, requests } = this.#options;
    if (!this.#may("lists")) return this.#refuseTooMany(request, "lists");
    return listViews.watch(this, { game, filter }, (result) => {
      // It asks again.
      if (this.#givenUp.has(request)) return listViews.forget(this);
      requests.add("list ok");
      this.#send({ reply: request, ok: true, result });
    });
  }

  /** Counts it. */
  #may(deed: LimitedDeed): boolean {
    const { addresses, address, nowMs } = this.#options;
    return addresses.take(nowMs(), address, deed);
  }

  #refund(deed: LimitedDeed): void {
    const { addresses, address, nowMs } = this.#options;
    addresses.refund(nowMs(), address, deed);
  }

  #refuseTooMany(request: number, deed: LimitedDeed): Promise<void> {
    const { addresses, address, nowMs } = this.#options;
    this.#refuse(request, { code: "RATE_LIMITED", retryAfterMs: addresses.waitMs(nowMs(), address, deed) });
    return Promise.resolve();
  }

  #reply(request: number, outcome: Outcome): void {
    const givenUp = this.#givenUp.get(request);
    if (givenUp !== undefined) {
      const keptMs = givenUp === "quick-match" ? LOBBY_TIMES.unheardSeatKeptMs : undefined;
      // It comes again, and takes the seat over.
      if (outcome.ok && outcome.membership !== undefined) this.#options.service.disconnected(outcome.membership, this, keptMs);
      return;
    }
    if (!outcome.ok) {
      this.#refuse(request, outcome.refusal);
      return;
    }
    this.#options.requests.add(`${this.#asked} ok`);
    if (outcome.membership === undefined) {
      this.#send({ reply: request, ok: true, result: outcome.result });
      return;
    }
    if (!this.#socket.isOpen) {
      this.#giveBack(outcome.membership);
      return;
    }
    this.#options.listViews.forget(this);
    this.#membership = outcome.membership;
    this.#isUnheard = this.#asked === "quick-match";
    for (const { event, change } of outcome.missed) this.#send({ event, change });
    this.#send({ reply: request, ok: true, result: outcome.admission });
  }

  /** Gone while the store was writing: the seat must not look taken. One that nobody asked for by its code must not be kept for somebody who may never come, either. */
  #giveBack(membership: Membership): void {
    const { service, handleFailure } = this.#options;
    if (this.#asked === "quick-match") service.command(membership, { command: { type: "leave" } }, () => undefined).catch(handleFailure);
    else service.disconnected(membership, this);
  }

  #send(message: BrokerMessage | ListMessage | ChallengeMessage): void {
    this.#socket.send(JSON.stringify(message));
  }

  #refuse(request: number, refusal: LobbyRefusal): void {
    this.#options.counters.add(`lobby:${refusal.goodbye ?? refusal.code}`);
    this.#options.requests.add(`${this.#asked} ${refusal.goodbye ?? refusal.code}`);
    if (refusal.goodbye !== undefined) {
      this.goodbye(refusal.goodbye);
      return;
    }
    this.#send({ reply: request, ok: false, error: lobbyError(refusal) });
  }

  #refuseMessage(parsed: Extract<MemberMessageParse, { ok: false }>): void {
    this.#asked = "unreadable";
    if (parsed.request === undefined) {
      this.#countRefused(`lobby:${parsed.reason}`);
      return;
    }
    this.#options.counters.add(`lobby:${parsed.reason}`);
    const detail = `Not of the protocol: ${parsed.path}.`;
    this.#refuse(parsed.request, parsed.reason === "other-protocol" ? { code: "VERSION_MISMATCH" } : { code: "BAD_REQUEST", detail });
  }

  #countRefused(reason: string): void {
    this.#options.counters.add(reason);
    if (++this.#refusedMessages >= this.#options.limits.refusedMessages) this.goodbye("BAD_REQUEST");
  }
}
