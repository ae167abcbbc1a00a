import { unreachable } from "../base/assert.ts";
import type { Random } from "../base/random.ts";
import type { PeerId } from "../base/units.ts";
import { PACKET_KIND, type LinkCloseReason, type LinkPath, type LinkStats, type LinkStatus } from "../ports/link.ts";
import type { GameIdentity } from "../ports/lobby-protocol.ts";
import type { Channel, ChannelsClosedReason } from "../ports/transport.ts";
import {
  encodeGoodbye,
  encodeHello,
  encodePing,
  encodeProbe,
  encodeRefusal,
  encodeStreamAck,
  LINK_CHANNELS,
  parseLinkPacket,
  type Hello,
  type LinkPacket,
  type RefusalReason,
} from "./link-codec.ts";
import type { LinkOutput } from "./link-output.ts";
import { carrierDeadlineMs, standingDeadlineMs, type Carrier, type Standing } from "./link-state.ts";
import { ATTEMPTS_MS, ATTEMPTS_MS_REST, LINK_TIMES } from "./link-times.ts";
import { ReliableStream } from "./reliable-stream.ts";
import { RoundTrip } from "./round-trip.ts";

/** The dialer starts every attempt; the acceptor answers. */
export type LinkRole = "dialer" | "acceptor";

export interface LinkOptions {
  readonly localPeerId: PeerId;
  readonly peerId: PeerId;
  readonly role: LinkRole;
  readonly game: GameIdentity;
  readonly capabilities: number;
  /** Our process, in the hello. */
  readonly instance: number;
  readonly random: Random;
  readonly output: LinkOutput;
}

/** Our side of the link to one other peer: attempts, greeting, heartbeat, liveness. A child of `LinkMesh`, which documents the calls. */
export class Link {
  readonly role: LinkRole;
  readonly #options: LinkOptions;
  readonly #peerId: PeerId;
  readonly #output: LinkOutput;
  readonly #roundTrip = new RoundTrip();
  readonly #stream = new ReliableStream();
  #standing: Standing = { kind: "closed" };
  #carrier: Carrier = { kind: "over" };
  /** Attempts since the link last worked. */
  #attempts = 0;
  #pauseMs: number = LINK_TIMES.retryPauseMs;
  #lastHeardMs = 0;
  /** 0: no hello yet. */
  #remoteInstance = 0;
  #capabilities = 0;
  #path: LinkPath = "connecting";

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#peerId = options.peerId;
    this.role = options.role;
    this.#output = options.output;
  }

  get status(): LinkStatus {
    return this.#standing.kind;
  }

  get capabilities(): number {
    return this.#capabilities & this.#options.capabilities;
  }

  start(nowMs: number): void {
    this.#standing = { kind: "connecting", deadlineMs: nowMs + LINK_TIMES.connectDeadlineMs };
    if (this.role === "dialer") this.#attempt(nowMs);
    else this.#acceptAgain();
  }

  hangUp(): void {
    this.#output.actions.push({ type: "hang-up", peerId: this.#peerId });
    this.#carrier = { kind: "over" };
  }

  handleChannelsOpen(nowMs: number): void {
    if (this.#carrier.kind === "over" || this.#carrier.kind === "refusing") return;
    this.#carrier = {
      kind: "greeting",
      deadlineMs: this.role === "dialer" ? nowMs + LINK_TIMES.greetingMs : Infinity,
      helloMs: nowMs,
      probeMs: nowMs,
      isPeerKnown: false,
      isProbeWaiting: false,
      isProbeAcked: false,
    };
    this.#greet(nowMs);
  }

  handleChannelsClosed(nowMs: number, reason: ChannelsClosedReason): void {
    switch (this.#carrier.kind) {
      case "over":
        return;
      case "refusing":
        return this.hangUp();
      case "none":
      case "dialing":
      case "greeting":
      case "ready":
        // A newer attempt opens in a moment; if it does not, the pause is over soon enough.
        return this.#waitForAttempt(nowMs, reason === "replaced" ? ATTEMPTS_MS[0] : this.#nextPauseMs());
      default:
        return unreachable(this.#carrier);
    }
  }

  handlePacket(nowMs: number, channel: Channel, bytes: Uint8Array): boolean {
    const carrier = this.#carrier;
    if (carrier.kind !== "greeting" && carrier.kind !== "ready") {
      this.#output.refuse("not-open");
      return true;
    }
    const kind = bytes[0] ?? 0;
    const isSessions = kind >= PACKET_KIND.rollbackFirst && kind <= PACKET_KIND.snapshotLast;
    if (isSessions) return this.#takeSessionPacket(nowMs, channel);
    const allowed = LINK_CHANNELS[kind];
    if (allowed === undefined) this.#output.refuse("unknown-kind");
    else if (!allowed.includes(channel)) this.#output.refuse("wrong-channel");
    else this.#handleOwn(nowMs, parseLinkPacket(bytes));
    this.#heard(nowMs);
    return true;
  }

  handleSent(nowMs: number): void {
    if (this.#carrier.kind === "ready") this.#carrier.pingMs = nowMs + LINK_TIMES.pingIntervalMs;
  }

  sendReliable(bytes: Uint8Array): boolean {
    if (this.#standing.kind !== "open" && this.#standing.kind !== "suspect") return false;
    if (!this.#stream.send(bytes)) return false;
    this.#flushStream();
    return true;
  }

  sayGoodbye(): void {
    if (this.#carrier.kind === "ready" || this.#carrier.kind === "greeting") {
      this.#output.transmit(this.#peerId, "unreliable", encodeGoodbye());
      this.#output.transmit(this.#peerId, "reliable", encodeGoodbye());
    }
    this.#carrier = { kind: "over" };
    this.#standing = { kind: "closed" };
  }

  handleTimeout(nowMs: number): void {
    this.#checkStanding(nowMs);
    this.#checkCarrier(nowMs);
  }

  pollTimeoutMs(): number {
    return Math.min(standingDeadlineMs(this.#standing, this.#lastHeardMs), carrierDeadlineMs(this.#carrier, this.#lastHeardMs));
  }

  /** Our process stood still for `lateMs`: no deadline of this link ran in that time. */
  forgive(nowMs: number, lateMs: number): void {
    this.#lastHeardMs = Math.min(nowMs, this.#lastHeardMs + lateMs);
    if (this.#standing.kind === "connecting") this.#standing.deadlineMs += lateMs;
    if (this.#carrier.kind === "dialing" || this.#carrier.kind === "greeting") this.#carrier.deadlineMs += lateMs;
  }

  setPath(path: LinkPath): void {
    this.#path = path;
  }

  stats(): LinkStats {
    return {
      peerId: this.#peerId,
      status: this.#standing.kind,
      path: this.#standing.kind === "connecting" || this.#standing.kind === "closed" ? "connecting" : this.#path,
      rttMs: this.#roundTrip.rttMs,
      jitterMs: this.#roundTrip.jitterMs,
      lossRatio: this.#roundTrip.lossRatio,
    };
  }

  // Attempts.

  #attempt(nowMs: number): void {
    const lengthMs = ATTEMPTS_MS[this.#attempts] ?? ATTEMPTS_MS_REST;
    this.#attempts++;
    this.#carrier = { kind: "dialing", deadlineMs: nowMs + this.#jittered(lengthMs) };
    this.#output.actions.push({ type: "dial", peerId: this.#peerId });
  }

  #acceptAgain(): void {
    this.#carrier = { kind: "none", attemptMs: Infinity };
    this.#output.actions.push({ type: "accept", peerId: this.#peerId });
  }

  /** The carrier is gone or came to nothing. Who could not be reached in time is tried slowly. */
  #waitForAttempt(nowMs: number, pauseMs: number): void {
    if (this.role === "acceptor") this.#carrier = { kind: "none", attemptMs: Infinity };
    else
      this.#carrier = {
        kind: "none",
        attemptMs: nowMs + this.#jittered(this.#standing.kind === "closed" ? LINK_TIMES.slowRetryMs : pauseMs),
      };
  }

  #nextPauseMs(): number {
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(pauseMs * 2, LINK_TIMES.retryPauseMsMax);
    return pauseMs;
  }

  /** ± 15 %, so that many pairs that failed together do not try together. */
  #jittered(lengthMs: number): number {
    return lengthMs * (0.85 + 0.3 * this.#options.random.float());
  }

  // Greeting.

  #greet(nowMs: number): void {
    const carrier = this.#carrier;
    if (carrier.kind !== "greeting") return;
    if (nowMs >= carrier.helloMs) {
      carrier.helloMs = nowMs + LINK_TIMES.helloIntervalMs;
      this.#output.transmit(this.#peerId, "reliable", this.#encodeHello());
    }
    if (nowMs >= carrier.probeMs) {
      carrier.probeMs = nowMs + LINK_TIMES.probeIntervalMs;
      this.#output.transmit(this.#peerId, "unreliable", encodeProbe("probe", this.#options.instance));
    }
  }

  #encodeHello(): Uint8Array {
    return encodeHello({
      capabilities: this.#options.capabilities,
      instance: this.#options.instance,
      game: this.#options.game,
      peerId: this.#options.localPeerId,
      knownInstance: this.#remoteInstance,
      expectedSequence: this.#stream.expectedSequence,
    });
  }

  #handleHello(nowMs: number, hello: Hello): void {
    const carrier = this.#carrier;
    if (carrier.kind !== "greeting" || carrier.isPeerKnown) return;
    if (hello.peerId !== this.#peerId) {
      this.#output.refuse("bad-hello");
      return this.#refuse(nowMs, "protocol-error", undefined);
    }
    if (!isSameGame(hello.game, this.#options.game)) {
      this.#output.refuse("version-mismatch");
      return this.#refuse(nowMs, "version-mismatch", hello.game);
    }
    if (this.#remoteInstance !== 0 && this.#remoteInstance !== hello.instance) this.#meetAnotherProcess(nowMs);
    this.#remoteInstance = hello.instance;
    this.#capabilities = hello.capabilities;
    const isKnown = this.#stream.replay(hello.knownInstance === this.#options.instance ? hello.expectedSequence : undefined);
    if (!isKnown) this.#output.refuse("bad-ack");
    carrier.isPeerKnown = true;
    if (carrier.isProbeWaiting) this.#output.transmit(this.#peerId, "unreliable", encodeProbe("probe-ack", hello.instance));
    if (carrier.isProbeAcked) this.#becomeReady(nowMs);
  }

  /** The peer's id belongs to a new process, which knows nothing of what the old one agreed. */
  #meetAnotherProcess(nowMs: number): void {
    this.#stream.reset();
    if (this.#standing.kind !== "open" && this.#standing.kind !== "suspect") return;
    this.#close("lost", undefined);
    this.#standing = { kind: "connecting", deadlineMs: nowMs + LINK_TIMES.connectDeadlineMs };
  }

  #becomeReady(nowMs: number): void {
    this.#carrier = { kind: "ready", pingMs: nowMs + LINK_TIMES.pingIntervalMs, streamAckMs: Infinity };
    this.#attempts = 0;
    this.#pauseMs = LINK_TIMES.retryPauseMs;
    this.#heard(nowMs);
    this.#flushStream();
  }

  /** Says why, waits until that is read, and never tries again. */
  #refuse(nowMs: number, reason: RefusalReason, remoteGame: GameIdentity | undefined): void {
    this.#output.transmit(this.#peerId, "reliable", encodeRefusal(reason, this.#options.game));
    this.#carrier = { kind: "refusing", hangUpMs: nowMs + LINK_TIMES.refusalFlushMs };
    this.#close(reason, remoteGame);
  }

  // Packets.

  #takeSessionPacket(nowMs: number, channel: Channel): boolean {
    const carrier = this.#carrier;
    if (channel === "control") {
      this.#output.refuse("wrong-channel");
      return true;
    }
    if (carrier.kind === "greeting") {
      if (!carrier.isPeerKnown) {
        this.#output.refuse("before-hello");
        return true;
      }
      // Only an end that has our hello and our probe's answer sends these: the path works both ways.
      this.#becomeReady(nowMs);
    }
    this.#heard(nowMs);
    return false;
  }

  #handleOwn(nowMs: number, packet: LinkPacket): void {
    switch (packet.type) {
      case "hello":
        return this.#handleHello(nowMs, packet.hello);
      case "foreign-hello":
        this.#output.refuse("version-mismatch");
        return this.#carrier.kind === "greeting" ? this.#refuse(nowMs, "version-mismatch", undefined) : undefined;
      case "refusal":
        if (this.#carrier.kind !== "greeting") return;
        this.hangUp();
        return this.#close(packet.reason, packet.reason === "version-mismatch" ? packet.game : undefined);
      case "probe":
        return this.#handleProbe(packet.instance);
      case "probe-ack":
        return this.#handleProbeAck(nowMs, packet.instance);
      case "ping":
        if (!this.#roundTrip.handlePing(nowMs, packet.ping)) this.#output.refuse("bad-ack");
        return;
      case "goodbye":
        return this.#handleGoodbye();
      case "stream-ack":
        if (!this.#stream.handleAck(packet.expectedSequence)) this.#output.refuse("bad-ack");
        return this.#flushStream();
      case "fragment":
        return this.#handleFragment(nowMs, packet);
      case "malformed":
        return this.#output.refuse("malformed");
      default:
        return unreachable(packet);
    }
  }

  /** Answered only once the peer's hello is accepted: so an answer tells the peer that its hello was. */
  #handleProbe(instance: number): void {
    if (this.#carrier.kind === "greeting" && !this.#carrier.isPeerKnown) this.#carrier.isProbeWaiting = true;
    else this.#output.transmit(this.#peerId, "unreliable", encodeProbe("probe-ack", instance));
  }

  #handleProbeAck(nowMs: number, instance: number): void {
    if (this.#carrier.kind !== "greeting" || instance !== this.#options.instance) return;
    if (this.#carrier.isPeerKnown) this.#becomeReady(nowMs);
    else this.#carrier.isProbeAcked = true;
  }

  #handleGoodbye(): void {
    this.hangUp();
    if (this.#standing.kind === "closed") return;
    this.#output.events.push({ type: "peer-goodbye", peerId: this.#peerId });
    this.#close("left", undefined);
  }

  #handleFragment(nowMs: number, packet: LinkPacket & { type: "fragment" }): void {
    if (this.#carrier.kind === "greeting") {
      if (!this.#carrier.isPeerKnown) return this.#output.refuse("before-hello");
      this.#becomeReady(nowMs);
    }
    const outcome = this.#stream.handleFragment(packet.sequence, packet.isLast, packet.part);
    if (outcome === "gap") this.#output.refuse("stream-gap");
    if (outcome === "too-large") this.#output.refuse("stream-too-large");
    const message = this.#stream.takeMessage();
    if (message !== undefined) this.#output.messages.push({ from: this.#peerId, bytes: message });
    // A message of several parts needs its acks to keep the window moving; a single one can wait for company.
    if (!packet.isLast) this.#sendStreamAck();
    else if (this.#carrier.kind === "ready")
      this.#carrier.streamAckMs = Math.min(this.#carrier.streamAckMs, nowMs + LINK_TIMES.streamAckMs);
  }

  #sendStreamAck(): void {
    if (this.#carrier.kind !== "ready") return;
    this.#carrier.streamAckMs = Infinity;
    this.#output.transmit(this.#peerId, "reliable", encodeStreamAck(this.#stream.expectedSequence));
  }

  #flushStream(): void {
    if (this.#carrier.kind !== "ready") return;
    for (let bytes = this.#stream.pollFragment(); bytes !== undefined; bytes = this.#stream.pollFragment()) {
      this.#output.transmit(this.#peerId, "reliable", bytes);
    }
  }

  // Liveness.

  /** A sign of life. It opens, recovers or revives the link, but only once the greeting is through. */
  #heard(nowMs: number): void {
    if (this.#carrier.kind !== "ready") return;
    this.#lastHeardMs = nowMs;
    const before = this.#standing.kind;
    if (before === "open") return;
    this.#standing = { kind: "open" };
    this.#output.events.push({ type: before === "suspect" ? "link-recovered" : "link-open", peerId: this.#peerId });
  }

  #checkStanding(nowMs: number): void {
    if (nowMs < standingDeadlineMs(this.#standing, this.#lastHeardMs)) return;
    switch (this.#standing.kind) {
      case "connecting":
        return this.#close("unreachable", undefined);
      case "open":
        this.#standing = { kind: "suspect" };
        this.#output.events.push({ type: "link-suspect", peerId: this.#peerId });
        return;
      case "suspect":
        return this.#close("lost", undefined);
      case "closed":
        return;
      default:
        return unreachable(this.#standing);
    }
  }

  #checkCarrier(nowMs: number): void {
    const carrier = this.#carrier;
    if (carrier.kind === "greeting") this.#greet(nowMs);
    if (carrier.kind === "ready") this.#keepAlive(nowMs, carrier);
    if (nowMs < carrierDeadlineMs(this.#carrier, this.#lastHeardMs)) return;
    switch (carrier.kind) {
      case "none":
        return this.#attempt(nowMs);
      case "dialing":
      case "greeting":
        return this.#standing.kind === "closed" ? this.#waitForAttempt(nowMs, 0) : this.#attempt(nowMs);
      case "ready":
        // Silent for too long. Both ends let go, so that one dead direction is enough; the dialer tries anew.
        if (this.role === "dialer") return this.#attempt(nowMs);
        this.hangUp();
        return this.#acceptAgain();
      case "refusing":
        return this.hangUp();
      case "over":
        return;
      default:
        return unreachable(carrier);
    }
  }

  #keepAlive(nowMs: number, carrier: Carrier & { kind: "ready" }): void {
    if (nowMs >= carrier.pingMs) {
      carrier.pingMs = nowMs + LINK_TIMES.pingIntervalMs;
      this.#output.transmit(this.#peerId, "unreliable", encodePing(this.#roundTrip.nextPing(nowMs)));
    }
    if (nowMs >= carrier.streamAckMs) this.#sendStreamAck();
  }

  #close(reason: LinkCloseReason, remoteGame: GameIdentity | undefined): void {
    if (this.#standing.kind === "closed") return;
    this.#standing = { kind: "closed" };
    this.#output.events.push({ type: "link-closed", peerId: this.#peerId, reason, ...(remoteGame === undefined ? {} : { remoteGame }) });
  }
}

function isSameGame(left: GameIdentity, right: GameIdentity): boolean {
  return left.id === right.id && left.version === right.version && left.contentHash === right.contentHash;
}
