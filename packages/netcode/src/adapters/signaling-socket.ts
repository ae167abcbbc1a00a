import { unreachable } from "../core/base/assert.ts";
import type { PeerId } from "../core/base/units.ts";
import { parseSignalMessage, type MemberSignal, type SignalPayload } from "./signal-message.ts";
import { SignalingProof, type ProveSocket } from "./signaling-proof.ts";

export interface SignalingOptions {
  readonly peerId: PeerId;
  /** `signalingToken` of the admission. */
  readonly token: string;
  /** `http:`, `https:`, `ws:` or `wss:`; its path is where the broker is mounted. */
  readonly broker: URL;
  /** Of a PeerServer; default `peerjs`. A broker of ours has none. */
  readonly key?: string;
  /** Answers a broker that asks whose socket it is; left out where none does. */
  readonly prove?: ProveSocket;
  /** All that ICE may use: nothing is added to it. */
  readonly iceServers: readonly RTCIceServer[];
  /** Candidates of TURN servers alone are gathered. Default: false. */
  readonly relayOnly?: boolean;
}

export interface SignalingListener {
  /** The broker knows us: offers can leave. Again after each reconnect. */
  handleReady(): void;
  handleSignal(signal: MemberSignal): void;
}

/** A socket that was opened but not welcomed by the broker is dropped after this: a server that still holds our old socket stays silent (PeerServer does). */
const WELCOME_MS = 5_000;

/**
 * A socket that brings nothing this long after a description left is half dead: its close event may take minutes. A broker says within 5 s that nobody
 * was there, and PeerServer within 6 (it looks once a second).
 */
const ANSWER_MS = 6_500;

/**
 * A link that needs the socket asks it for a sign of life once it has brought nothing for `QUIET_MS`, and a broker that has given such signs before answers within
 * `ECHO_MS` or is not there any more. At half, a slow line would be taken for a dead one; at double, a page that woke up heals a second later.
 */
const QUIET_MS = 2_500;
const ECHO_MS = 1_200;
/** While a link needs the socket (it asked within `URGENT_MS`), attempts to open it follow each other sooner, and one that hangs is given up sooner. */
const URGENT_MS = 3_000;
const URGENT_RETRY_MS = 250;
const URGENT_WELCOME_MS = 2_000;

/** The signaling socket comes back after a random part of this, doubled with each failure up to `RETRY_MS_MAX`. */
const RETRY_MS = 500;
const RETRY_MS_MAX = 8_000;

/** As often as PeerJS: proxies end a socket that is idle for half a minute, and PeerServer one that says nothing for a whole one. */
const HEARTBEAT_MS = 5_000;
const HEARTBEAT = { type: "HEARTBEAT" };
/** A heartbeat with a word to our broker that an answer is wanted. */
const ECHO_REQUEST = { type: "HEARTBEAT", echo: true };

/** The socket to a broker or a PeerServer, in the words of PeerJS's: it stays up by itself, and what is sent while it is not is lost. */
export class SignalingSocket {
  readonly #url: string;
  readonly #prove: ProveSocket | undefined;
  readonly #listener: SignalingListener;
  /** `undefined`: between two tries. */
  #socket: WebSocket | undefined;
  #isReady = false;
  #failures = 0;
  /** When the first description left to which nothing at all came back; `Infinity`: none. */
  #unansweredMs = Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #echoTimer: ReturnType<typeof setTimeout> | undefined;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #heardMs = -Infinity;
  /** This broker answers when it is asked for a sign of life. A stock PeerServer does not. */
  #hasEcho = false;
  #urgentUntilMs = -Infinity;

  constructor(options: SignalingOptions, listener: SignalingListener) {
    this.#url = urlOf(options);
    this.#prove = options.prove;
    this.#listener = listener;
    this.#open();
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** A description, or a candidate of one that was sent. */
  send(type: "OFFER" | "ANSWER" | "CANDIDATE", peer: PeerId, payload: SignalPayload): void {
    if (!this.#isReady) return;
    if (type !== "CANDIDATE") this.#unansweredMs = Math.min(this.#unansweredMs, performance.now());
    this.#write({ type, dst: peer, payload });
  }

  /** Before a description is repeated: a socket that brings nothing is given up. */
  giveUpIfDead(): void {
    if (this.#isReady && performance.now() - this.#unansweredMs > ANSWER_MS) this.#drop();
  }

  /** A link needs the socket now: before it sends. */
  hurry(): void {
    const nowMs = performance.now();
    this.#urgentUntilMs = nowMs + URGENT_MS;
    this.giveUpIfDead();
    if (this.#isReady && nowMs - this.#heardMs > QUIET_MS) this.#askForEcho();
  }

  /** For good. */
  dispose(): void {
    this.#forget();
    clearTimeout(this.#timer);
  }

  #open(): void {
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    const whileOurs = (handle: () => void) => (): void => {
      if (this.#socket === socket) handle();
    };
    const proof =
      this.#prove &&
      new SignalingProof(this.#prove, {
        send: (message) => whileOurs(() => this.#write(message))(),
        welcome: whileOurs(() => this.#handleWelcome()),
      });
    socket.addEventListener("message", ({ data }: MessageEvent<unknown>) => whileOurs(() => this.#handleMessage(readJson(data), proof))());
    socket.addEventListener(
      "close",
      whileOurs(() => this.#drop()),
    );
    // `close` follows. In Node an error that nobody listens for ends the process.
    socket.addEventListener("error", () => {});
    this.#heartbeat = setInterval(() => this.#write(HEARTBEAT), HEARTBEAT_MS);
    this.#timer = setTimeout(() => this.#drop(), this.#isUrgent ? URGENT_WELCOME_MS : WELCOME_MS);
  }

  #handleMessage(message: unknown, proof: SignalingProof | undefined): void {
    this.#unansweredMs = Infinity;
    this.#heardMs = performance.now();
    if (proof?.handleMessage(message) === true) return;
    const signal = parseSignalMessage(message);
    switch (signal.type) {
      case "welcome":
        return this.#handleWelcome();
      case "rejected":
        return this.#drop();
      case "echo":
        this.#hasEcho = true;
        return;
      case "unused":
        return;
      case "offer":
      case "answer":
      case "candidate":
      case "link":
      case "absent":
      case "malformed":
        return this.#listener.handleSignal(signal);
      default:
        return unreachable(signal);
    }
  }

  #handleWelcome(): void {
    if (this.#isReady) return;
    clearTimeout(this.#timer);
    this.#isReady = true;
    this.#failures = 0;
    this.#write(ECHO_REQUEST);
    this.#listener.handleReady();
  }

  #askForEcho(): void {
    if (!this.#hasEcho || this.#echoTimer !== undefined) return;
    const askedMs = performance.now();
    this.#write(ECHO_REQUEST);
    this.#echoTimer = setTimeout(() => {
      this.#echoTimer = undefined;
      if (this.#heardMs < askedMs) this.#drop();
    }, ECHO_MS);
  }

  get #isUrgent(): boolean {
    return performance.now() < this.#urgentUntilMs;
  }

  #write(message: unknown): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  /** Gives the socket up, and tries another one later. */
  #drop(): void {
    this.#forget();
    // Full jitter: the members of a restarted broker come back spread out.
    const pauseMsMax = this.#isUrgent ? URGENT_RETRY_MS : Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** this.#failures);
    this.#failures++;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#open(), Math.random() * pauseMsMax);
  }

  #forget(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#isReady = false;
    clearTimeout(this.#echoTimer);
    this.#echoTimer = undefined;
    clearInterval(this.#heartbeat);
    socket?.close();
  }
}

function urlOf({ broker, key = "peerjs", peerId, token }: SignalingOptions): string {
  const url = new URL(broker);
  url.protocol = broker.protocol === "https:" || broker.protocol === "wss:" ? "wss:" : "ws:";
  url.pathname = `${broker.pathname.replace(/\/$/, "")}/peerjs`;
  url.search = new URLSearchParams({ key, id: peerId, token }).toString();
  return url.href;
}

/** `undefined` where it is none: so no message. */
function readJson(data: unknown): unknown {
  try {
    return typeof data === "string" ? JSON.parse(data) : undefined;
  } catch {
    return undefined;
  }
}
