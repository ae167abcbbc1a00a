import type { WebSocket } from "ws";
import { LOBBY_TIMES } from "@rollcall/netcode/lobby-protocol";
import type { BrokerLimits } from "./limits.ts";
import { plainFrame } from "./plain-frame.ts";
import { Allowance, type Rate } from "./allowance.ts";
import { unfinishedBytes } from "./unfinished-message.ts";

/** What a socket is used for: the lobby's control socket, or signaling. */
export interface SocketUser {
  /** One text frame. The next one waits until the promise settles. */
  handleText(text: string): void | Promise<void>;
  /** One binary frame; it is not shaped, and waits for nothing. Left out: binary frames are an offence. */
  handleBinary?(bytes: Uint8Array): void;
  /** The peer broke a rule that ends the socket; say goodbye and close it. */
  handleOffence(offence: SocketOffence): void;
  /** Silence for `LOBBY_TIMES.pingIntervalMs`: ask for a sign of life. */
  handleSilence(): void;
  /** The broker is about to close it. */
  handleShutdown(): void;
  /** Once, whoever closed it and however; nothing is handled afterwards. */
  handleClosed(): void;
}

/** What is used of a `Duplex`. */
export interface SocketConnection {
  write(text: string, encoding: "latin1"): unknown;
  end(): unknown;
}

/** A stranger's WebSocket. */
export interface StrangerSocket {
  readonly socket: WebSocket;
  /** What it runs on. */
  readonly connection: SocketConnection;
  /** To which its socket is counted. */
  readonly address: string;
}

/** The same for all sockets. */
export interface GuardedSocketOptions {
  readonly limits: BrokerLimits;
  /** As `messageRate` gives it of these limits. */
  readonly messages: Rate;
  readonly nowMs: () => number;
  /** Once, before the user's `handleClosed`: for whoever counts sockets. */
  readonly handleEnd: (socket: GuardedSocket) => void;
  /** A bug in handling a frame: for the log. The socket is cut, the process goes on. */
  readonly handleFailure: (error: unknown) => void;
}

/** `flood`: more waiting messages, or more pings and pongs, than allowed. `binary`: the protocols here are text. */
export type SocketOffence = "flood" | "binary";

/** WebSocket close codes (RFC 6455 section 7.4.1) that the broker uses. */
export const CLOSE_CODE = { normal: 1000, unsupportedData: 1003, policyViolation: 1008, serviceRestart: 1012 } as const;

/** How long a closing handshake may take before the connection is cut. */
export const CLOSING_MS = 1_000;
/** The same where the peer broke a rule, and is not read any more: a goodbye reaches the far side of the earth in this. At double, a flood's connections are twice as many. */
const DISMISSING_MS = 250;
const OFFENCES: ReadonlySet<number> = new Set([CLOSE_CODE.policyViolation, CLOSE_CODE.unsupportedData]);
/** Waiting messages, and text units in them, above which the connection is no longer read: from here the sender's own buffers fill. */
const PAUSE_ABOVE = 32;
const PAUSE_ABOVE_UNITS = 65_536;
/** A message takes a token for each started part of this length, so that a socket's bytes are bounded with its messages: at half, a page's large settings wait; at double, the sockets of one address keep a core busy with parsing. */
const UNITS_PER_TOKEN = 4_096;
/** Where a WebSocket has its guard. The listeners are the same functions for all: functions of its own would be a twentieth of what a connection keeps. */
const GUARD = Symbol("guard");

/** What a socket may say. */
export function messageRate({ messagesPerSecond, messageBurst }: BrokerLimits): Rate {
  return { perSecond: messagesPerSecond, burst: messageBurst };
}

/**
 * A WebSocket of a stranger, bounded in every direction: what it sends is shaped to the token bucket (late rather than lost, since a mesh of 64 needs
 * bursts), one message is handled at a time, what it does not read is capped, silence ends it, and no error of it goes further than here.
 */
export class GuardedSocket {
  readonly address: string;
  readonly #socket: WebSocket;
  readonly #connection: SocketConnection;
  readonly #options: GuardedSocketOptions;
  #user: SocketUser | undefined;
  /** For messages: full until the first one. */
  #bucket: Allowance | undefined;
  /** For ping and pong frames, which wait for nothing. Most sockets have none. */
  #controls: Allowance | undefined;
  readonly #waiting: string[] = [];
  #waitingUnits = 0;
  #busy = false;
  #open = true;
  #heardAtMs: number;
  #pingedAtMs = -Infinity;
  #resumeTimer: NodeJS.Timeout | undefined;

  constructor({ socket, connection, address }: StrangerSocket, options: GuardedSocketOptions) {
    this.address = address;
    this.#socket = socket;
    this.#connection = connection;
    this.#options = options;
    this.#heardAtMs = options.nowMs();
    Reflect.set(socket, GUARD, this);
    // Before anything else: an `error` event without a listener ends the process.
    socket.on("error", hearEnd);
    socket.on("close", hearEnd);
    socket.on("message", hearMessage);
    socket.on("ping", hearPing);
    socket.on("pong", hearPong);
  }

  /**
   * Who handles what arrives: first in the same turn as the constructor (no frame can have come yet, but the user's own start may have closed the
   * socket), and again when the one before, having found out who is there, hands the socket on. It hears nothing more, not even of the end.
   */
  serve(user: SocketUser): void {
    this.#user = user;
    if (!this.#open) user.handleClosed();
  }

  /** What its WebSocket tells: it has ended, however; */
  handleEnd(): void {
    this.#finish();
  }

  /** a whole message came; */
  handleMessage(data: unknown, isBinary: boolean): void {
    if (!this.#open) return;
    this.#hear();
    if (isBinary) {
      if (this.#user?.handleBinary === undefined || !(data instanceof Uint8Array)) this.#user?.handleOffence("binary");
      else this.#user.handleBinary(data);
      return;
    }
    const text = String(data);
    // Nobody waits, so nobody has to: nearly always.
    const isFree = !this.#busy && this.#waiting.length === 0 && this.#resumeTimer === undefined;
    if (isFree && this.#takeTokens(this.#heardAtMs, text)) return this.#start(text);
    this.#waiting.push(text);
    this.#waitingUnits += text.length;
    if (this.#waiting.length > this.#options.limits.queuedMessages) this.#user?.handleOffence("flood");
    else if (this.#waiting.length > PAUSE_ABOVE || this.#waitingUnits > PAUSE_ABOVE_UNITS) this.#socket.pause();
    this.#work();
  }

  /** a ping; */
  handlePing(data: Buffer): void {
    if (this.#hearControl()) this.#pong(data);
  }

  /** a pong. */
  handlePong(): void {
    this.#hearControl();
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** What it has not read yet. */
  get unreadBytes(): number {
    return this.#open ? this.#socket.bufferedAmount : 0;
  }

  /** What it has begun to say and not finished. */
  get unfinishedBytes(): number {
    return this.#open ? unfinishedBytes(this.#socket) : 0;
  }

  /** Sends, unless the peer has stopped reading: then it is dropped. */
  send(text: string): void {
    if (!this.#open) return;
    if (this.#socket.bufferedAmount + text.length > this.#options.limits.sendBufferBytes) {
      this.terminate();
      return;
    }
    const frame = this.#socket.readyState === this.#socket.OPEN ? plainFrame(text) : undefined;
    if (frame === undefined) this.#socket.send(text, ignoreError);
    else this.#connection.write(frame, "latin1");
  }

  /** Sends what may be lost; false: dropped, since the peer is behind. */
  sendBinary(bytes: Uint8Array): boolean {
    if (!this.#open || this.#socket.bufferedAmount + bytes.length > this.#options.limits.frameBufferBytes) return false;
    this.#socket.send(bytes, { binary: true }, ignoreError);
    return true;
  }

  /** A WebSocket ping frame, which a browser answers by itself, whatever its page is doing. */
  ping(): void {
    if (this.#open && this.#socket.readyState === this.#socket.OPEN) this.#socket.ping(undefined, undefined, ignoreError);
  }

  /** Ends it in good order. For us it is over at once: `handleClosed` is called before this returns. */
  close(code: number, reason: string): void {
    if (!this.#open) return;
    const isOffence = OFFENCES.has(code);
    // A paused connection would not read the answer to the closing handshake.
    if (!isOffence) this.#socket.resume();
    this.#socket.close(code, reason);
    // Whoever floods would else be read, at full speed, until the handshake is over or given up.
    if (isOffence) this.#dismiss();
    setTimeout(() => this.#socket.terminate(), isOffence ? DISMISSING_MS : CLOSING_MS).unref();
    this.#finish();
  }

  /** Nothing is read from it any more, and it hears so: that is the end for a client that was told why. */
  #dismiss(): void {
    this.#socket.pause();
    this.#connection.end();
  }

  terminate(): void {
    this.#socket.terminate();
    this.#finish();
  }

  /** The broker stops. */
  shutDown(): void {
    if (this.#open) this.#user?.handleShutdown();
    this.close(CLOSE_CODE.serviceRestart, "SHUTTING_DOWN");
  }

  /** It was not heard for long, or what it said waits: there may be something to do about it. */
  isQuiet(nowMs: number): boolean {
    return nowMs - this.#heardAtMs >= LOBBY_TIMES.pingIntervalMs || this.#waiting.length > 0;
  }

  /** Called about once a second while it is quiet. */
  sweep(nowMs: number): void {
    if (!this.#open) return;
    const silentMs = nowMs - this.#heardAtMs;
    if (this.#waiting.length > 0) this.#heardAtMs = nowMs;
    else if (silentMs >= LOBBY_TIMES.socketDeadMs) this.terminate();
    else if (silentMs >= LOBBY_TIMES.pingIntervalMs && nowMs - this.#pingedAtMs >= LOBBY_TIMES.pingIntervalMs) {
      this.#pingedAtMs = nowMs;
      this.#user?.handleSilence();
    }
  }

  /** The process was asleep: the silence was its own. */
  forgiveSilence(nowMs: number): void {
    this.#heardAtMs = nowMs;
  }

  #messages(): Allowance {
    return (this.#bucket ??= this.#newBucket());
  }

  #newBucket(): Allowance {
    return new Allowance(this.#heardAtMs, this.#options.messages);
  }

  #hear(): void {
    this.#heardAtMs = this.#options.nowMs();
  }

  /** False: it has ended, or is ended now since there are far too many. */
  #hearControl(): boolean {
    if (!this.#open) return false;
    this.#hear();
    this.#controls ??= this.#newBucket();
    if (!this.#controls.take(this.#heardAtMs)) this.#user?.handleOffence("flood");
    return this.#open;
  }

  /** Unlike `ws` by itself, never to who reads nothing. */
  #pong(data: Buffer): void {
    if (this.#socket.bufferedAmount <= PAUSE_ABOVE_UNITS) this.#socket.pong(data, undefined, ignoreError);
  }

  #work(): void {
    while (this.#open && !this.#busy && this.#waiting.length > 0 && this.#resumeTimer === undefined) {
      const [next = ""] = this.#waiting;
      const nowMs = this.#options.nowMs();
      if (!this.#takeTokens(nowMs, next)) {
        this.#resumeTimer = setTimeout(() => this.#workAgain(), this.#messages().waitMs(nowMs, this.#tokensOf(next)));
        return;
      }
      this.#waiting.shift();
      this.#waitingUnits -= next.length;
      this.#start(next);
    }
    if (this.#open && this.#waiting.length === 0 && this.#socket.isPaused) this.#socket.resume();
  }

  #takeTokens(nowMs: number, text: string): boolean {
    return this.#messages().take(nowMs, this.#tokensOf(text));
  }

  #tokensOf(text: string): number {
    return Math.min(Math.ceil((text.length + 1) / UNITS_PER_TOKEN), this.#options.messages.burst);
  }

  #start(text: string): void {
    const handled = this.#handle(text);
    if (!(handled instanceof Promise)) return;
    this.#busy = true;
    void handled.finally(() => {
      this.#busy = false;
      this.#work();
    });
  }

  #handle(text: string): void | Promise<void> {
    try {
      const handled = this.#user?.handleText(text);
      return handled instanceof Promise ? handled.catch((error: unknown) => this.#fail(error)) : undefined;
    } catch (error) {
      return this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#options.handleFailure(error);
    this.terminate();
  }

  #workAgain(): void {
    this.#resumeTimer = undefined;
    this.#work();
  }

  #finish(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#waiting.length = 0;
    this.#waitingUnits = 0;
    clearTimeout(this.#resumeTimer);
    this.#options.handleEnd(this);
    this.#user?.handleClosed();
  }
}

function guardOf(socket: WebSocket): GuardedSocket | undefined {
  const guard: unknown = Reflect.get(socket, GUARD);
  return guard instanceof GuardedSocket ? guard : undefined;
}

function hearEnd(this: WebSocket): void {
  guardOf(this)?.handleEnd();
}

function hearMessage(this: WebSocket, data: unknown, isBinary: boolean): void {
  guardOf(this)?.handleMessage(data, isBinary);
}

function hearPing(this: WebSocket, data: Buffer): void {
  guardOf(this)?.handlePing(data);
}

function hearPong(this: WebSocket): void {
  guardOf(this)?.handlePong();
}

/** A failed send is followed by `close`, which is handled. */
function ignoreError(): void {}
