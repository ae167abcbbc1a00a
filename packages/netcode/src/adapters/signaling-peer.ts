import type { DataConnection, Peer } from "peerjs";
import { assert } from "../core/base/assert.ts";
import type { PeerId } from "../core/base/units.ts";
import { TOKEN_BEFORE_ADMISSION } from "../core/ports/lobby-protocol.ts";
import { isRelayedCandidate, withoutOwnAddresses, withoutRelatedAddress } from "./hidden-addresses.ts";
import { answerText, type AnswerSeals } from "./answer-gate.ts";
import { hasTurn, iceRung } from "./ice-ladder.ts";
import { lookForNetwork } from "./network-probe.ts";
import { RELIABLE_LABEL } from "./rtc-channels.ts";
import { isAnswer, type OutgoingAnswer } from "./outgoing-answer.ts";
import { linkPayload } from "./signal-message.ts";
import type { SignalingGrant, SignalingOptions } from "./signaling-options.ts";
import { SignalingProof, type ProveSocket, type SocketProof } from "./signaling-proof.ts";

/** The constructor of `peerjs`. An argument, because Node imports it differently. */
export type PeerConstructor = new (id: string, options: ConstructorParameters<typeof Peer>[1]) => Peer;

export interface SignalingListener {
  /** The broker knows us: offers can leave. Again after each reconnect. */
  handleReady(): void;
  /** A message arrived. True: PeerJS may act on it. */
  admitMessage(message: unknown): boolean;
  /** PeerJS made a connection of an offer that was admitted; called before it answers. */
  handleConnection(connection: DataConnection): void;
  /** PeerJS could make no connection of the message that was admitted last. */
  handleConnectionRefused(): void;
}

/** A socket that was opened but not welcomed by the broker is dropped after this: a server that still holds our old socket stays silent (PeerServer does). */
const WELCOME_MS = 5_000;

/**
 * A socket that brings nothing this long after a description left is half dead: its close event may take minutes. A broker says within 5 s that nobody
 * was there, and PeerServer within 6 (it looks once a second).
 */
const ANSWER_MS = 6_500;
/** What waits for something is repeated sooner than this. What was said before such a pause (an answer, an ack) needed nothing back, and its age says nothing of the socket. */
const ANSWER_PAUSE_MS = 3_000;

/**
 * A link that needs the socket asks it for a sign of life once it has brought nothing for `QUIET_MS`, and a broker that has given such signs before answers within
 * `ECHO_MS` or is not there any more. At half, a slow line would be taken for a dead one; at double, a page that woke up heals a second later.
 */
const QUIET_MS = 2_500;
const ECHO_MS = 1_200;
/** The same where the browser says that the network is another one, and a socket of the old one is likely dead. At half, the line of a phone that has just changed cells would be; at double, a changed address heals half a second later. */
const MOVED_ECHO_MS = 600;
/** A timer that is later belongs to a page that stood still: what came meanwhile is handled after it. */
const STALL_MS = 200;
/**
 * While a link needs the socket (it asked within `URGENT_MS`), one that hangs is given up sooner: a system sends a lost first packet again after 1 s and 3 s. Not often: Chromium lets a page whose sockets
 * failed wait before it opens the next one, for a time that doubles with each failure of the last 3 to 6 minutes, divided by one more than the sockets that opened in them: 0.3 s after 12 failures where none did, 1 to 5 s
 * from 16 on. Measured: of one attempt each 2 s, 12 in the first 28 s and 3 in the next 40 s sent anything.
 */
const URGENT_MS = 3_000;
const URGENT_RETRY_MS = 75;
/** And half of it more with each that failed: 9 in a minute, 12 in 90 s. */
const URGENT_WELCOME_MS = 2_000;
/** One that failed sooner did not hang: there is no network at all, or nobody at the other end. */
const HUNG_MS = 1_000;
/** The network is back: an attempt that is older began before that, most likely. */
const RENEW_MS = 250;
/** The same is believed so often. */
const FOUND_PAUSE_MS = 5_000;

/** The signaling socket comes back after a random part of this, doubled with each failure up to `RETRY_MS_MAX`. */
const RETRY_MS = 500;
const RETRY_MS_MAX = 8_000;

/** PeerJS's heartbeat, with a word to our broker that an answer is wanted. */
const ECHO_REQUEST = { type: "HEARTBEAT", echo: true };

/**
 * The one `Peer` of PeerJS, reduced to first contact: a signaling socket that stays up, and descriptions that go through it. Connections are PeerJS's
 * only until they are handed over.
 */
export class SignalingPeer {
  readonly #peerConstructor: PeerConstructor;
  readonly #options: SignalingOptions;
  readonly #listener: SignalingListener;
  /** PeerJS makes each connection with what stands here then. */
  readonly #config: RTCConfiguration = {};
  /** `undefined`: not a member yet. */
  #token: string | undefined;
  #handleAdmitted: () => void = () => {};
  /** Who is no member has nothing to prove: the broker would send us away. */
  readonly #admitted = new Promise<void>((resolve) => (this.#handleAdmitted = resolve));
  #peer: Peer;
  #failures = 0;
  /** When the first description left to which nothing at all came back; `Infinity`: none. */
  #unansweredMs = Infinity;
  /** When the last one left. */
  #askedMs = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #echoTimer: ReturnType<typeof setTimeout> | undefined;
  #heardMs = -Infinity;
  /** This broker answers when it is asked for a sign of life. A stock PeerServer does not. */
  #hasEcho = false;
  #urgentUntilMs = -Infinity;
  /** When we began to open the socket last. */
  #triedMs = performance.now();
  /** Until then it is not believed that the network is back: it was, and there is no broker. */
  #doubtedUntilMs = -Infinity;
  #isLooking = false;
  /** The newest: whoever makes us repeat an answer does not make us sign it again. */
  #sealed: { readonly text: string; readonly seal: Promise<SocketProof> } | undefined;
  #disposed = false;

  constructor(constructor: PeerConstructor, options: SignalingOptions, listener: SignalingListener) {
    this.#peerConstructor = constructor;
    this.#options = options;
    this.#listener = listener;
    const { token, iceServers = [] } = options;
    if (token !== undefined) this.#take({ ...options, token, iceServers });
    this.#peer = this.#create();
  }

  get isReady(): boolean {
    return this.#peer.open;
  }

  /** A connection can begin, and gather addresses. What it sends before the socket is ready is lost. */
  get canConnect(): boolean {
    return !this.#peer.disconnected && !this.#peer.destroyed;
  }

  get isRelayOnly(): boolean {
    return this.#config.iceTransportPolicy === "relay";
  }

  get hasTurn(): boolean {
    return hasTurn(this.#config.iceServers ?? []);
  }

  /** We are a member: whose socket it is can be proved now. */
  admit(grant: SignalingGrant): void {
    this.#take(grant);
    // What PeerJS opens its socket with the next time.
    this.#peer.options.token = grant.token;
    if (this.#peer.destroyed || this.#peer.disconnected) this.#retry();
    else this.#expectWelcome();
  }

  /**
   * Starts a connection with what is left to try after `iceFailures`. Its offer leaves by itself if it is made when the socket is ready; an earlier one is lost, and has
   * to be repeated then. `undefined`: the browser makes no connection.
   */
  connect(peer: PeerId, attempt: number, iceFailures: number): DataConnection | undefined {
    if (this.isReady) this.#expectAnswer(performance.now());
    const { iceServers = [], iceTransportPolicy = "all" } = this.#config;
    const rung = iceRung(iceServers, iceTransportPolicy, iceFailures);
    Object.assign(this.#config, { ...rung, iceServers: [...rung.iceServers] });
    try {
      return this.#peer.connect(peer, { reliable: true, serialization: "raw", label: RELIABLE_LABEL, metadata: { attempt } });
    } catch {
      return undefined;
    } finally {
      Object.assign(this.#config, { iceServers, iceTransportPolicy });
    }
  }

  /** Sends the offer of `connection` again, with all candidates so far. */
  repeatOffer(connection: DataConnection): void {
    if (this.#isHalfDead(performance.now())) this.#peer.disconnect();
    const { connectionId, label, metadata, reliable, serialization } = connection;
    this.#sendDescription("OFFER", connection, { connectionId, label, metadata, reliable, serialization });
  }

  repeatAnswer(connection: DataConnection): void {
    this.#sendDescription("ANSWER", connection, { connectionId: connection.connectionId });
  }

  /** An address of ours that was found after the description left. */
  sendCandidate(connection: DataConnection, candidate: RTCIceCandidate): void {
    if (this.isRelayOnly && !isRelayedCandidate(candidate.candidate)) return;
    const line = this.isRelayOnly ? withoutRelatedAddress(candidate.candidate) : candidate.candidate;
    const { sdpMid, sdpMLineIndex, usernameFragment } = candidate;
    const payload = {
      type: "data",
      connectionId: connection.connectionId,
      candidate: { candidate: line, sdpMid, sdpMLineIndex, usernameFragment },
    };
    this.#peer.socket.send({ type: "CANDIDATE", dst: connection.peer, payload });
  }

  /** A link's own bytes, once. */
  sendLink(peer: PeerId, bytes: Uint8Array): void {
    const nowMs = performance.now();
    this.#urgentUntilMs = nowMs + URGENT_MS;
    if (this.#isHalfDead(nowMs)) this.#peer.disconnect();
    else if (this.isReady && nowMs - this.#heardMs > QUIET_MS) this.#askForEcho(ECHO_MS);
    this.#expectAnswer(nowMs);
    if (this.isReady) this.#peer.socket.send({ type: "ANSWER", dst: peer, payload: linkPayload(bytes) });
    else if (!this.#isLooking) this.#lookForNetwork();
  }

  /** Our network may be another one: a socket of the old one brings nothing any more, and nobody says so; one that is gone may open now. */
  handleNetworkChange(): void {
    if (this.isReady && this.#hasEcho) {
      this.#stopAsking();
      this.#askForEcho(MOVED_ECHO_MS);
    } else if (!this.canConnect && !this.#disposed) this.#retry();
  }

  /** For connections that begin from now on. */
  setIceServers(iceServers: readonly RTCIceServer[]): void {
    this.#config.iceServers = [...iceServers];
  }

  /** Closes the socket and every connection. */
  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
    this.#stopAsking();
    this.#urgentUntilMs = -Infinity;
    this.#peer.removeAllListeners();
    this.#peer.destroy();
  }

  #sendDescription(type: "OFFER" | "ANSWER", connection: DataConnection, fields: Record<string, unknown>): void {
    const description: RTCSessionDescription | null | undefined = connection.peerConnection?.localDescription;
    // Not made yet: PeerJS sends it once it is.
    if (!description?.sdp || description.type !== type.toLowerCase()) return;
    if (this.isReady) this.#expectAnswer(performance.now());
    const sdp = this.isRelayOnly ? withoutOwnAddresses(description.sdp) : description.sdp;
    const payload = { ...fields, type: "data", sdp: { type: description.type, sdp } };
    this.#peer.socket.send({ type, dst: connection.peer, payload });
  }

  #take({ token, iceServers, relayOnly = false }: SignalingGrant): void {
    this.#token = token;
    Object.assign(this.#config, { iceServers: [...iceServers], iceTransportPolicy: relayOnly ? "relay" : "all" });
    this.#handleAdmitted();
  }

  #create(): Peer {
    const { peerId, broker, key = "peerjs" } = this.#options;
    const isSecure = broker.protocol === "https:" || broker.protocol === "wss:";
    const peer = new this.#peerConstructor(peerId, {
      host: broker.hostname,
      port: broker.port === "" ? (isSecure ? 443 : 80) : Number(broker.port),
      path: broker.pathname,
      key,
      secure: isSecure,
      token: this.#token ?? TOKEN_BEFORE_ADMISSION,
      config: this.#config,
    });
    peer.on("open", () => this.#handleOpen());
    peer.on("connection", (connection) => this.#listener.handleConnection(connection));
    peer.on("disconnected", () => this.#retryLater());
    // Before the first welcome PeerJS destroys itself on any refusal (a full broker, say); afterwards it only disconnects.
    peer.on("close", () => this.#retryLater());
    // What went wrong shows in the states: a socket that closes, an attempt that does not open.
    peer.on("error", () => {});
    this.#guardMessages(peer);
    this.#expectWelcome();
    return peer;
  }

  /** Puts our judgement in front of PeerJS's message handler, which believes anything. */
  #guardMessages(peer: Peer): void {
    const { socket } = peer;
    const handlers = socket.listeners("message");
    const pass = (message: unknown): void => {
      for (const handler of handlers) handler.call(socket, message);
    };
    const send = socket.send.bind(socket);
    const sendIfOpen = (message: unknown): void => {
      // An offer that is made early would come before our proof, which the broker does not take.
      if (peer.open) send(message);
    };
    const { seals } = this.#options;
    socket.send = (message) => {
      sendIfOpen(message);
      // Signing takes time: the signed one follows.
      if (seals !== undefined && isAnswer(message)) void this.#seal(seals, message).then(sendIfOpen);
    };
    const { prove } = this.#options;
    const proveAdmitted: ProveSocket | undefined = prove && (async (nonce) => (await Promise.all([prove(nonce), this.#admitted]))[0]);
    const proof = proveAdmitted && new SignalingProof(proveAdmitted, { send, welcome: () => pass({ type: "OPEN" }) });
    // Of the peer: its socket says nothing when it is we who give it up.
    peer.on("disconnected", () => proof?.restart());
    assert(handlers.length === 1, "one message handler in PeerJS 1.5.5");
    socket.removeAllListeners("message");
    socket.on("message", (message: unknown) => {
      this.#handleHeard(message);
      if (proof?.handleMessage(message) === true || !this.#listener.admitMessage(message)) return;
      try {
        pass(message);
      } catch {
        this.#listener.handleConnectionRefused();
      }
    });
  }

  async #seal(seals: AnswerSeals, message: OutgoingAnswer): Promise<unknown> {
    const { dst, payload } = message;
    const text = answerText({ from: this.#options.peerId, to: dst, connectionId: payload.connectionId }, payload.sdp.sdp);
    if (this.#sealed?.text !== text) this.#sealed = { text, seal: seals.seal(text) };
    return { ...message, payload: { ...payload, seal: await this.#sealed.seal } };
  }

  #handleOpen(): void {
    clearTimeout(this.#timer);
    this.#failures = 0;
    this.#peer.socket.send(ECHO_REQUEST);
    this.#listener.handleReady();
  }

  #handleHeard(message: unknown): void {
    const nowMs = performance.now();
    this.#unansweredMs = Infinity;
    this.#heardMs = nowMs;
    if (typeof message === "object" && message !== null && "type" in message && message.type === "PONG") this.#hasEcho = true;
  }

  /** Something left to which something comes back. */
  #expectAnswer(nowMs: number): void {
    const sinceMs = nowMs - this.#askedMs > ANSWER_PAUSE_MS ? Infinity : this.#unansweredMs;
    this.#unansweredMs = Math.min(sinceMs, nowMs);
    this.#askedMs = nowMs;
  }

  #isHalfDead(nowMs: number): boolean {
    return this.isReady && nowMs - this.#askedMs <= ANSWER_PAUSE_MS && nowMs - this.#unansweredMs > ANSWER_MS;
  }

  #askForEcho(withinMs: number): void {
    if (!this.#hasEcho || this.#echoTimer !== undefined) return;
    const askedMs = performance.now();
    this.#peer.socket.send(ECHO_REQUEST);
    this.#echoTimer = setTimeout(() => {
      this.#echoTimer = undefined;
      if (this.#heardMs >= askedMs || !this.isReady) return;
      if (performance.now() - askedMs > withinMs + STALL_MS) this.#askForEcho(withinMs);
      else this.#peer.disconnect();
    }, withinMs);
  }

  #stopAsking(): void {
    clearTimeout(this.#echoTimer);
    this.#echoTimer = undefined;
  }

  get #isUrgent(): boolean {
    return performance.now() < this.#urgentUntilMs;
  }

  #expectWelcome(): void {
    clearTimeout(this.#timer);
    const urgentMs = URGENT_WELCOME_MS * (1 + this.#failures / 2);
    if (this.#token !== undefined) this.#timer = setTimeout(() => this.#peer.disconnect(), this.#isUrgent ? urgentMs : WELCOME_MS);
  }

  #retryLater(): void {
    if (this.#disposed) return;
    const hasHung = this.#isUrgent && performance.now() - this.#triedMs > HUNG_MS;
    // Full jitter: the members of a restarted broker come back spread out.
    const pauseMs = hasHung ? URGENT_RETRY_MS : Math.random() * Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** this.#failures);
    this.#failures++;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#retry(), pauseMs);
  }

  /** While a link needs the socket: an attempt to open it that hangs is made anew as soon as the network is back. */
  #lookForNetwork(): void {
    const stunUrls = (this.#config.iceServers ?? []).flatMap(({ urls }) => urls).filter((url) => url.startsWith("stun:"));
    const isWanted = (): boolean => (this.#isLooking = this.#isUrgent && !this.isReady);
    const handleFound = (): void => {
      const nowMs = performance.now();
      if (nowMs < Math.max(this.#triedMs + RENEW_MS, this.#doubtedUntilMs)) return;
      this.#doubtedUntilMs = nowMs + FOUND_PAUSE_MS;
      this.#peer.disconnect();
      this.#retry();
    };
    if (stunUrls.length > 0 && !this.isRelayOnly) lookForNetwork(stunUrls, isWanted, handleFound);
  }

  #retry(): void {
    clearTimeout(this.#timer);
    this.#triedMs = performance.now();
    if (this.#peer.destroyed) {
      this.#peer.removeAllListeners();
      this.#peer = this.#create();
    } else if (this.#peer.disconnected) {
      this.#peer.reconnect();
      this.#expectWelcome();
    }
  }
}
