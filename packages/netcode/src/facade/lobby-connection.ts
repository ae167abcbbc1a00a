import type { ControlSocket, OpenControlSocket } from "../adapters/websocket.ts";
import { Random } from "../core/base/random.ts";
import type { EntranceKeys, LobbyEntrance } from "../core/lobby/lobby-entrance.ts";
import { LOBBY_CLOSED, type LobbyFailure } from "../core/lobby/lobby-failure.ts";
import { LobbyMember } from "../core/lobby/lobby-member.ts";
import type { LobbyMemberEvent, SocketAction } from "../core/lobby/lobby-member-outputs.ts";
import type {
  Admission,
  CommandResult,
  GameIdentity,
  IceGrant,
  IceServer,
  LobbyCommand,
  LobbyState,
} from "../core/ports/lobby-protocol.ts";
import { encodeBrokerFrame, parseBrokerFrame } from "../core/ports/broker-frame.ts";
import type { BrokerFrame } from "../core/ports/broker-frame.ts";
import { unreachable } from "../core/base/assert.ts";
import type { BrokerCarrier, BrokerCarrierHandler } from "./broker-carrier.ts";
import { Deferred } from "./deferred.ts";
import { errorOfFailure } from "./netcode-error.ts";
import type { NetcodeError } from "./netcode-error.ts";

/** What the lobby makes of its member's events; the rest is settled here. */
export type LobbyConnectionEvent = Exclude<LaterEvent, { readonly type: "ice-servers" | "keepsake" }>;
type LaterEvent = Exclude<LobbyMemberEvent, { readonly type: "admitted" | "reply" }>;

export interface LobbyConnectionOptions {
  readonly nowMs: () => number;
  readonly openControlSocket: OpenControlSocket;
  readonly lobbyUrl: string;
  readonly game: GameIdentity;
  readonly entrance: LobbyEntrance;
  readonly keys: EntranceKeys;
  readonly seed: number;
}

/** A repair waits so long for fresh ICE servers: half would give up on a slow phone's broker, double holds back a match that stands still. */
const FRESH_WAIT_MS = 1_000;

/**
 * While a link needs the broker (it said so within `HURRY_MS`), it is left to the signaling socket to find it: browsers open sockets to one place one after the other, so that one that hangs holds up the
 * next, and slow down a page with many that failed. Only once in so long this socket is tried, too, and for a second: a broker that was started again may want to see it first. At half, a link waits for it
 * a second in eight; at double, the lobby is back half a minute late where signaling is refused.
 */
const HURRY_MS = 3_000;
const HURRIED_PAUSE_MS = 15_000;
const HURRIED_OPENING_MS = 1_000;

/** Runs a `LobbyMember` on a real control socket and turns its replies into promises. */
export class LobbyConnection implements BrokerCarrier {
  readonly #options: LobbyConnectionOptions;
  readonly #member: LobbyMember;
  readonly #waiters = new Map<number, Deferred<CommandResult | undefined>>();
  readonly #admission = new Deferred<Admission>();
  readonly #reached = new Deferred<void>();
  #isAdmitting = true;
  #socket: { readonly number: number; readonly socket: ControlSocket } | undefined;
  /** The socket that was asked for and is not open yet. */
  #asked: { readonly number: number; readonly sinceMs: number } | undefined;
  /** A socket that waits for the signaling socket to find the broker. */
  #held: number | undefined;
  /** When one was tried last. */
  #triedMs = -Infinity;
  #hurriedUntilMs = -Infinity;
  /** Events wait here until somebody is there for them. */
  readonly #early: LaterEvent[] = [];
  #handleEvent: ((event: LobbyConnectionEvent) => void) | undefined;
  #carrierHandler: BrokerCarrierHandler | undefined;
  /** Oldest first. */
  readonly #freshWaiters: { readonly dueMs: number; readonly deferred: Deferred<void> }[] = [];
  #handleKeepsake: ((keepsake: string) => void) | undefined;
  #handleIceServers: ((servers: readonly IceServer[]) => void) | undefined;
  #draining = false;

  constructor(options: LobbyConnectionOptions) {
    this.#options = options;
    this.#member = new LobbyMember(options.nowMs(), {
      entrance: options.entrance,
      keys: options.keys,
      random: new Random(options.seed, "lobby"),
    });
    this.#drain();
  }

  /** Once the broker is there and is being asked. Never rejects: what goes wrong is told by `admitted`. */
  get reached(): Promise<void> {
    return this.#reached.promise;
  }

  /** Rejects with a `NetcodeError`. */
  get admitted(): Promise<Admission> {
    return this.#admission.promise;
  }

  get lobby(): LobbyState | undefined {
    return this.#member.lobby;
  }

  get connected(): boolean {
    return this.#member.connected;
  }

  /** Why the lobby is over already, before anybody attached: whoever was admitted may be kicked, or replaced by another tab, in the next moment. */
  get endedEarly(): NetcodeError | undefined {
    const last = this.#early.at(-1);
    return last?.type === "closed" ? this.#errorOf(last.failure ?? LOBBY_CLOSED) : undefined;
  }

  /** From now on `handleEvent` gets every event after the admission, those that wait at once. */
  attach(handleEvent: (event: LobbyConnectionEvent) => void): void {
    this.#handleEvent = handleEvent;
    for (let event = this.#early.shift(); event !== undefined; event = this.#early.shift()) this.#deliver(event, handleEvent);
    this.#drain();
  }

  /** From now on `handleIceServers` gets every fresh set after that of the first admission. */
  followIceServers(handleIceServers: (servers: readonly IceServer[]) => void): void {
    this.#handleIceServers = handleIceServers;
  }

  /** From now on `handleKeepsake` gets every newer keepsake, for a page that comes after this one. */
  followKeepsakes(handleKeepsake: (keepsake: string) => void): void {
    this.#handleKeepsake = handleKeepsake;
  }

  hurry(): void {
    this.#hurriedUntilMs = this.#options.nowMs() + HURRY_MS;
  }

  handleBrokerFound(): void {
    const nowMs = this.#options.nowMs();
    this.#triedMs = -Infinity;
    this.#release(nowMs);
    this.#member.handleBrokerFound(nowMs);
  }

  tick(nowMs: number): void {
    this.#settleFresh(nowMs);
    this.#release(nowMs);
    this.#giveUpOpening(nowMs);
    if (nowMs < this.#member.pollTimeoutMs()) return;
    this.#member.handleTimeout(nowMs);
    this.#drain();
  }

  /** Rejects with a `NetcodeError`. */
  async request(command: LobbyCommand): Promise<void> {
    await this.ask(command);
  }

  /** The same for a command that brings something. */
  ask(command: LobbyCommand): Promise<CommandResult | undefined> {
    const waiter = new Deferred<CommandResult | undefined>();
    this.#waiters.set(this.#member.request(this.#options.nowMs(), command), waiter);
    this.#drain();
    return waiter.promise;
  }

  /** Asks for fresh ICE servers, which come as an event; nothing comes where they do not expire, or while the broker is gone. */
  renewIceServers(): void {
    this.#member.renewIceServers(this.#options.nowMs());
    this.#drain();
  }

  /** The same before a connection is repaired: settles when they are there, or after a second without them. `undefined`: they need not be asked for. */
  refreshIceServers(): Promise<void> | undefined {
    const nowMs = this.#options.nowMs();
    if (this.#handleIceServers === undefined || !this.#member.renewIceServers(nowMs)) return undefined;
    const fresh = { dueMs: nowMs + FRESH_WAIT_MS, deferred: new Deferred<void>() };
    this.#freshWaiters.push(fresh);
    this.#drain();
    return fresh.deferred.promise;
  }

  sendFrame(frame: BrokerFrame): boolean {
    const bytes = this.#carries ? encodeBrokerFrame(frame) : undefined;
    return bytes !== undefined && this.#socket?.socket.sendBinary?.(bytes) === true;
  }

  followFrames(handler: BrokerCarrierHandler): void {
    this.#carrierHandler = handler;
    handler.handleCarrier(this.#carries);
  }

  leave(): void {
    this.#member.leave();
    this.#drain();
  }

  /** Ends without giving up the seat. */
  abandon(): void {
    this.#member.abandon();
    this.#drain();
  }

  #drain(): void {
    // An event's listener may ask for something: the outer loop goes on with that.
    if (this.#draining) return;
    this.#draining = true;
    try {
      for (let more = true; more;) {
        this.#drainSocket();
        more = this.#drainEvent();
      }
    } finally {
      this.#draining = false;
    }
  }

  #drainSocket(): void {
    for (let frame = this.#member.pollFrame(); frame !== undefined; frame = this.#member.pollFrame()) this.#socket?.socket.send(frame);
    for (let action = this.#member.pollAction(); action !== undefined; action = this.#member.pollAction()) this.#act(action);
  }

  #act(action: SocketAction): void {
    switch (action.type) {
      case "open-socket":
        this.#held = action.socket;
        this.#release(this.#options.nowMs());
        break;
      case "close-socket":
        if (this.#held === action.socket) this.#held = undefined;
        if (this.#socket?.number === action.socket) this.#socket.socket.close();
        break;
      default:
        unreachable(action);
    }
  }

  #open(number: number): void {
    const { nowMs, openControlSocket, lobbyUrl } = this.#options;
    this.#triedMs = nowMs();
    this.#asked = { number, sinceMs: this.#triedMs };
    try {
      const socket = openControlSocket(lobbyUrl, {
        handleOpen: () => {
          this.#settleOpening(number);
          this.#handle(() => this.#member.handleSocketOpen(nowMs(), number));
          this.#reached.resolve();
        },
        handleFrame: (text) => this.#handle(() => this.#member.handleFrame(nowMs(), number, text)),
        handleBinary: (bytes) => this.#handleBinary(number, bytes),
        handleClose: () => {
          this.#settleOpening(number);
          this.#handle(() => this.#member.handleSocketClosed(nowMs(), number));
        },
      });
      this.#socket = { number, socket };
    } catch {
      // A page served by https may not open a plain socket, and the constructor says so by throwing.
      this.#member.handleSocketClosed(nowMs(), number);
    }
  }

  /** Opens the socket that waits, if it need not wait. */
  #release(nowMs: number): void {
    const number = this.#held;
    if (number === undefined || (nowMs < this.#hurriedUntilMs && nowMs - this.#triedMs < HURRIED_PAUSE_MS)) return;
    this.#held = undefined;
    this.#open(number);
  }

  /** It is open, or never will be. */
  #settleOpening(number: number): void {
    if (this.#asked?.number === number) this.#asked = undefined;
  }

  #giveUpOpening(nowMs: number): void {
    if (this.#asked === undefined || nowMs >= this.#hurriedUntilMs || nowMs - this.#asked.sinceMs < HURRIED_OPENING_MS) return;
    const { number } = this.#asked;
    this.#asked = undefined;
    this.#member.handleSocketClosed(nowMs, number);
    this.#drain();
  }

  #handle(input: () => void): void {
    input();
    this.#drain();
  }

  /** True when there was one. */
  #drainEvent(): boolean {
    const event = this.#member.pollEvent();
    if (event === undefined) return false;
    if (event.type === "admitted") {
      this.#isAdmitting = false;
      this.#admission.resolve(event.admission);
    } else if (event.type === "closed" && this.#isAdmitting) {
      this.#isAdmitting = false;
      this.#admission.reject(this.#errorOf(event.failure ?? LOBBY_CLOSED));
    } else if (event.type === "reply") this.#settle(event);
    else if (this.#handleEvent === undefined) this.#early.push(event);
    else this.#deliver(event, this.#handleEvent);
    return true;
  }

  #deliver(event: LaterEvent, handleEvent: (event: LobbyConnectionEvent) => void): void {
    if (event.type === "ice-servers") this.#takeIceServers(event.grant);
    else if (event.type === "keepsake") this.#handleKeepsake?.(event.keepsake);
    else {
      if (event.type === "broker-back") this.#takeIceServers(event.admission);
      if (event.type !== "change" && event.type !== "roster") this.#carrierHandler?.handleCarrier(this.#carries);
      handleEvent(event);
    }
  }

  #takeIceServers({ iceServers }: IceGrant): void {
    this.#handleIceServers?.(iceServers);
    this.#settleFresh(Infinity);
  }

  #settleFresh(nowMs: number): void {
    for (let next = this.#freshWaiters[0]; next !== undefined && next.dueMs <= nowMs; next = this.#freshWaiters[0]) {
      this.#freshWaiters.shift();
      next.deferred.resolve();
    }
  }

  get #carries(): boolean {
    return this.#member.connected && this.#member.admission?.relaysFrames === true;
  }

  #handleBinary(number: number, bytes: Uint8Array): void {
    const frame = this.#socket?.number === number && this.#carries ? parseBrokerFrame(bytes) : undefined;
    if (frame !== undefined) this.#carrierHandler?.handleFrame(frame);
  }

  #settle({ request, failure, result }: Extract<LobbyMemberEvent, { readonly type: "reply" }>): void {
    const waiter = this.#waiters.get(request);
    this.#waiters.delete(request);
    if (failure === undefined) waiter?.resolve(result);
    else waiter?.reject(this.#errorOf(failure));
  }

  #errorOf(failure: LobbyFailure): NetcodeError {
    return errorOfFailure(failure, this.#options.game);
  }
}
