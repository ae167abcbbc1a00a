import { unreachable } from "../base/assert.ts";
import type { PeerId } from "../base/units.ts";
import type { LinkCloseReason, LinkPath, LinkStats, LinkStatus } from "../ports/link.ts";
import * as PACKET_KIND from "../ports/packet-kind.ts";
import type { GameIdentity } from "../ports/lobby-protocol.ts";
import type { Channel, ChannelsClosedReason } from "../ports/transport.ts";
import { AttemptSchedule } from "./attempt-schedule.ts";
import type { Greeting } from "./greeting.ts";
import { LinkCarrier } from "./link-carrier.ts";
import {
  encodeGoodbye,
  encodeHello,
  encodeProbe,
  encodeRefusal,
  isSameGame,
  LINK_CHANNELS,
  parseLinkPacket,
  type Hello,
  type LinkPacket,
  type RefusalReason,
} from "./link-codec.ts";
import type { LinkOptions, LinkRole } from "./link-options.ts";
import type { LinkOutput } from "./link-output.ts";
import { standingTimeoutMs, type Standing } from "./link-state.ts";
import * as LINK_TIMES from "./link-times.ts";
import { RelaySide } from "./relay-side.ts";
import { ReliableStream } from "./reliable-stream.ts";

/**
 * Our side of the link to one other peer: attempts, greeting, heartbeat, liveness, and which way packets take. A child of `LinkMesh`, which
 * documents the calls. Two carriers lie below it, the pair's own connection and another member that forwards; each greets and pings for itself.
 */
export class Link {
  readonly peerId: PeerId;
  readonly role: LinkRole;
  /** The way by another member. */
  readonly relay: RelaySide;
  readonly #options: LinkOptions;
  readonly #output: LinkOutput;
  readonly #stream = new ReliableStream();
  readonly #schedule: AttemptSchedule;
  readonly #direct: LinkCarrier;
  #standing: Standing = { kind: "closed" };
  #lastHeardMs = 0;
  #isForgiven = false;
  /** 0: no hello yet. */
  #remoteInstance = 0;
  #capabilities = 0;
  #path: LinkPath = "connecting";

  constructor(options: LinkOptions) {
    this.#options = options;
    this.peerId = options.peerId;
    this.role = options.role;
    this.#output = options.output;
    this.#schedule = new AttemptSchedule(options.random);
    this.#direct = new LinkCarrier({ kind: "over" }, (channel, bytes) => this.#output.transmit(this.peerId, channel, bytes));
    this.relay = new RelaySide(options.peerId, options.relays);
  }

  get status(): LinkStatus {
    return this.#standing.kind;
  }

  get capabilities(): number {
    return this.#capabilities & this.#options.capabilities;
  }

  /** The carrier of what we send. */
  get #carrier(): LinkCarrier {
    return this.relay.isUsed ? this.relay.carrier : this.#direct;
  }

  /** Refused, removed or told goodbye: nothing happens any more. */
  get #isOver(): boolean {
    return this.#direct.state.kind === "over" || this.#direct.state.kind === "refusing";
  }

  start(nowMs: number): void {
    this.#standing = { kind: "connecting", deadlineMs: nowMs + LINK_TIMES.connectDeadlineMs };
    this.relay.start(nowMs);
    if (this.role === "dialer") this.#attempt(nowMs);
    else this.#acceptAgain();
  }

  hangUp(): void {
    this.#output.actions.push({ type: "hang-up", peerId: this.peerId });
    this.#direct.state = { kind: "over" };
    this.relay.close();
  }

  handleChannelsOpen(nowMs: number): void {
    if (this.#isOver) return;
    this.#greet(nowMs, this.#direct, this.#direct.open(nowMs, this.role === "dialer" ? nowMs + LINK_TIMES.greetingMs : Infinity, false));
  }

  handleChannelsClosed(nowMs: number, reason: ChannelsClosedReason): void {
    switch (this.#direct.state.kind) {
      case "over":
        return;
      case "refusing":
        return this.hangUp();
      case "none":
      case "dialing":
      case "greeting":
      case "ready":
        // A newer attempt opens in a moment; if it does not, the pause is over soon enough.
        return this.#waitForAttempt(nowMs, reason === "replaced" ? LINK_TIMES.attemptsMs[0] : this.#schedule.nextPauseMs());
      default:
        return unreachable(this.#direct.state);
    }
  }

  handlePacket(nowMs: number, channel: Channel, bytes: Uint8Array): boolean {
    return this.#take(nowMs, this.#direct, channel, bytes);
  }

  /** The same for a packet that `via` forwarded. */
  handleRelayed(nowMs: number, via: PeerId, channel: Channel, bytes: Uint8Array): boolean {
    const carrier = this.#isOver ? undefined : this.relay.arrive(nowMs, via, bytes, this.#remoteInstance !== 0);
    if (carrier === undefined) this.#output.refuse("not-open");
    return carrier === undefined || this.#take(nowMs, carrier, channel, bytes);
  }

  /** Something that only neighbours say to each other came over our own connection: true when it may be taken. */
  admitNeighbour(nowMs: number, channel: Channel): boolean {
    const isAdmitted = this.#isCarrying(this.#direct) && this.#isBeyondHello(nowMs, this.#direct);
    if (channel === "unreliable") this.#direct.roundTrip.countReceived();
    if (isAdmitted) this.#heard(nowMs, this.#direct);
    else this.#output.refuse("before-hello");
    return isAdmitted;
  }

  handleSent(nowMs: number): void {
    this.#carrier.handleSent(nowMs);
  }

  /** What the peer is to forward, or what we forward to it. */
  transmitForwarded(channel: Channel, bytes: Uint8Array): void {
    if (channel === "unreliable") this.countSent();
    this.#output.transmit(this.peerId, channel, bytes);
  }

  /** A datagram that is not the peer's own left over the pair's own connection. */
  countSent(): void {
    this.#direct.roundTrip.countSent();
  }

  sendReliable(nowMs: number, bytes: Uint8Array): boolean {
    if (this.#standing.kind !== "open" && this.#standing.kind !== "suspect") return false;
    if (!this.#stream.send(bytes)) return false;
    this.#flushStream(nowMs);
    return true;
  }

  sayGoodbye(): void {
    for (const carrier of [this.#direct, this.relay.carrier]) {
      if (!this.#isCarrying(carrier)) continue;
      carrier.send("unreliable", encodeGoodbye());
      carrier.send("reliable", encodeGoodbye());
    }
    this.#direct.state = { kind: "over" };
    this.relay.close();
    this.#standing = { kind: "closed" };
  }

  handleTimeout(nowMs: number): void {
    this.#checkStanding(nowMs);
    this.#checkDirect(nowMs);
    if (!this.#isOver) this.#checkRelay(nowMs);
  }

  pollTimeoutMs(): number {
    const streamMs = this.#carrier.state.kind === "ready" ? this.#stream.timeoutMs : Infinity;
    const carriersMs = Math.min(this.#direct.timeoutMs(this.relay.directPace), this.#isOver ? Infinity : this.relay.timeoutMs);
    return Math.min(standingTimeoutMs(this.#standing, this.#lastHeardMs), carriersMs, streamMs);
  }

  /**
   * Our process stood still for `lateMs`: no deadline of this link ran in that time. Silence is forgiven once: what the peer sent meanwhile is
   * there now, and timers that are always late (a hidden page without a worker) must not keep a dead peer alive.
   */
  forgive(nowMs: number, lateMs: number): void {
    if (!this.#isForgiven) {
      this.#lastHeardMs = Math.min(nowMs, this.#lastHeardMs + lateMs);
      this.#direct.forgive(nowMs, lateMs);
      this.relay.carrier.forgive(nowMs, lateMs);
    }
    this.#isForgiven = true;
    const { state } = this.#direct;
    if (this.#standing.kind === "connecting") this.#standing.deadlineMs += lateMs;
    if (state.kind === "dialing") state.deadlineMs += lateMs;
    if (state.kind === "greeting") state.greeting.deadlineMs += lateMs;
  }

  setPath(path: LinkPath): void {
    this.#path = path;
  }

  stats(): LinkStats {
    const { roundTrip } = this.#carrier;
    const { via } = this.relay;
    const isOpen = this.#standing.kind === "open" || this.#standing.kind === "suspect";
    return {
      peerId: this.peerId,
      status: this.#standing.kind,
      path: isOpen ? (via === undefined ? this.#path : "peer") : "connecting",
      ...(via === undefined ? {} : { via }),
      rttMs: roundTrip.rttMs,
      jitterMs: roundTrip.jitterMs,
      lossRatio: roundTrip.lossRatio,
    };
  }

  /** The pair's own connection; `undefined` while it does not work both ways. */
  neighbour(nowMs: number): LinkCarrier | undefined {
    return this.#direct.isUsable(nowMs, LINK_TIMES.pathSilentMs, LINK_TIMES.pathUnansweredMs) ? this.#direct : undefined;
  }

  // Attempts.

  #attempt(nowMs: number): void {
    this.#direct.state = { kind: "dialing", deadlineMs: nowMs + this.#schedule.nextAttemptMs() };
    this.#output.actions.push({ type: "dial", peerId: this.peerId });
  }

  #acceptAgain(): void {
    this.#direct.state = { kind: "none", attemptMs: Infinity };
    this.#output.actions.push({ type: "accept", peerId: this.peerId });
  }

  /** Nothing is lost by waiting: the peer could not be reached in time, or is reached another way. */
  get #isUnhurried(): boolean {
    return this.#standing.kind === "closed" || this.relay.carrier.state.kind === "ready";
  }

  /** The connection is gone or came to nothing. */
  #waitForAttempt(nowMs: number, pauseMs: number): void {
    const afterMs = this.#isUnhurried ? this.#schedule.slowPauseMs() : pauseMs;
    this.#direct.state = { kind: "none", attemptMs: this.role === "acceptor" ? Infinity : nowMs + afterMs };
  }

  // Greeting.

  #greet(nowMs: number, carrier: LinkCarrier, greeting: Greeting): void {
    const { capabilities, instance, game, localPeerId } = this.#options;
    if (greeting.takeHello(nowMs)) {
      const known = { knownInstance: this.#remoteInstance, expectedSequence: this.#stream.expectedSequence };
      carrier.send("reliable", encodeHello({ capabilities, instance, game, peerId: localPeerId, ...known }));
    }
    if (greeting.takeProbe(nowMs)) carrier.send("unreliable", encodeProbe("probe", instance));
  }

  #handleHello(nowMs: number, carrier: LinkCarrier, hello: Hello): void {
    const { state } = carrier;
    if (carrier === this.relay.carrier) return this.#handleRelayedHello(nowMs, hello);
    // A repeated hello tells nothing new.
    if (state.kind !== "greeting" || state.greeting.isPeerKnown) return;
    if (hello.peerId !== this.peerId) {
      this.#output.refuse("bad-hello");
      return this.#refuse(nowMs, "protocol-error", undefined);
    }
    if (!isSameGame(hello.game, this.#options.game)) {
      this.#output.refuse("version-mismatch");
      return this.#refuse(nowMs, "version-mismatch", hello.game);
    }
    this.#acceptHello(nowMs, carrier, state.greeting, hello);
  }

  /**
   * Who forwards has our game's identity, and so has whom it forwards for: another one is a lie. So is another process while the one that we know is
   * heard on its own connection.
   */
  #handleRelayedHello(nowMs: number, hello: Hello): void {
    const { carrier } = this.relay;
    const isKnown = hello.instance === this.#remoteInstance;
    if (hello.peerId !== this.peerId || !isSameGame(hello.game, this.#options.game) || (!isKnown && this.#isHeardDirectly(nowMs))) {
      return this.#output.refuse("relay-forbidden");
    }
    if (isKnown) return;
    const greeting = carrier.state.kind === "greeting" ? carrier.state.greeting : carrier.open(nowMs, Infinity, false);
    this.#acceptHello(nowMs, carrier, greeting, hello);
    this.#greet(nowMs, carrier, greeting);
  }

  #acceptHello(nowMs: number, carrier: LinkCarrier, greeting: Greeting, hello: Hello): void {
    if (this.#remoteInstance !== 0 && this.#remoteInstance !== hello.instance) this.#meetAnotherProcess(nowMs, carrier);
    this.#remoteInstance = hello.instance;
    this.#capabilities = hello.capabilities;
    const isKnown = this.#stream.replay(hello.knownInstance === this.#options.instance ? hello.expectedSequence : undefined);
    if (!isKnown) this.#output.refuse("bad-ack");
    greeting.isPeerKnown = true;
    if (greeting.isProbeWaiting) carrier.send("unreliable", encodeProbe("probe-ack", hello.instance));
    if (greeting.isProbeAcked) this.#becomeReady(nowMs, carrier);
  }

  /** The peer's id belongs to a new process, which knows nothing of what the old one agreed. */
  #meetAnotherProcess(nowMs: number, carrier: LinkCarrier): void {
    this.#stream.reset();
    this.#direct.forgetMeasures();
    this.relay.carrier.forgetMeasures();
    if (carrier === this.#direct) this.relay.close();
    if (this.#standing.kind !== "open" && this.#standing.kind !== "suspect") return;
    this.#close("lost", undefined);
    this.#standing = { kind: "connecting", deadlineMs: nowMs + LINK_TIMES.connectDeadlineMs };
  }

  #becomeReady(nowMs: number, carrier: LinkCarrier): void {
    carrier.becomeReady(nowMs);
    if (carrier === this.#direct) this.#schedule.reset();
    this.#heard(nowMs, carrier);
    this.relay.checkSoon();
    if (!this.#isOver) this.#checkRelay(nowMs);
    this.#flushStream(nowMs);
  }

  /** Says why, waits until that is read, and never tries again. */
  #refuse(nowMs: number, reason: RefusalReason, remoteGame: GameIdentity | undefined): void {
    this.#direct.send("reliable", encodeRefusal(reason, this.#options.game));
    this.#direct.state = { kind: "refusing", hangUpMs: nowMs + LINK_TIMES.refusalFlushMs };
    this.relay.close();
    this.#close(reason, remoteGame);
  }

  // Packets.

  #take(nowMs: number, carrier: LinkCarrier, channel: Channel, bytes: Uint8Array): boolean {
    if (!this.#isCarrying(carrier)) {
      this.#output.refuse("not-open");
      return true;
    }
    if (channel === "unreliable") carrier.roundTrip.countReceived();
    const kind = bytes[0] ?? 0;
    if (kind >= PACKET_KIND.rollbackFirst && kind <= PACKET_KIND.snapshotLast) return this.#takeSessionPacket(nowMs, carrier, channel);
    const allowed = LINK_CHANNELS[kind];
    if (allowed === undefined) this.#output.refuse("unknown-kind");
    else if (!allowed.includes(channel)) this.#output.refuse("wrong-channel");
    else this.#handleOwn(nowMs, carrier, parseLinkPacket(bytes));
    this.#heard(nowMs, carrier);
    return true;
  }

  #takeSessionPacket(nowMs: number, carrier: LinkCarrier, channel: Channel): boolean {
    const isTaken = channel !== "control" && this.#isBeyondHello(nowMs, carrier);
    if (isTaken) this.#heard(nowMs, carrier);
    else this.#output.refuse(channel === "control" ? "wrong-channel" : "before-hello");
    return !isTaken;
  }

  #isCarrying({ state }: LinkCarrier): boolean {
    return state.kind === "greeting" || state.kind === "ready";
  }

  #isHeardDirectly(nowMs: number): boolean {
    return this.#direct.state.kind === "ready" && nowMs - this.#direct.lastHeardMs < LINK_TIMES.suspectMs;
  }

  /** What only an end sends that has our hello and our probe's answer opens the link here too: the path works both ways. */
  #isBeyondHello(nowMs: number, carrier: LinkCarrier): boolean {
    if (carrier.state.kind === "greeting" && carrier.state.greeting.isPeerKnown) this.#becomeReady(nowMs, carrier);
    return carrier.state.kind === "ready";
  }

  #handleOwn(nowMs: number, carrier: LinkCarrier, packet: LinkPacket): void {
    const isRelayed = carrier === this.relay.carrier;
    switch (packet.type) {
      case "hello":
        return this.#handleHello(nowMs, carrier, packet.hello);
      case "foreign-hello":
        this.#output.refuse("version-mismatch");
        return !isRelayed && carrier.state.kind === "greeting" ? this.#refuse(nowMs, "version-mismatch", undefined) : undefined;
      case "refusal":
        if (isRelayed) return this.#output.refuse("relay-forbidden");
        if (carrier.state.kind !== "greeting") return;
        this.hangUp();
        return this.#close(packet.reason, packet.reason === "version-mismatch" ? packet.game : undefined);
      case "probe":
        return carrier.handleProbe(packet.instance);
      case "probe-ack":
        return this.#handleProbeAck(nowMs, carrier, packet.instance);
      case "ping":
        if (isRelayed) this.#isBeyondHello(nowMs, carrier);
        if (!carrier.handlePing(nowMs, packet.ping)) this.#output.refuse("bad-ack");
        return;
      case "goodbye":
        return isRelayed && this.#isHeardDirectly(nowMs) ? this.#output.refuse("relay-forbidden") : this.#handleGoodbye();
      case "stream-ack":
        if (!this.#stream.handleAck(packet.expectedSequence)) this.#output.refuse("bad-ack");
        return this.#flushStream(nowMs);
      case "fragment":
        return this.#handleFragment(nowMs, carrier, packet);
      case "malformed":
        return this.#output.refuse("malformed");
      default:
        return unreachable(packet);
    }
  }

  #handleProbeAck(nowMs: number, carrier: LinkCarrier, instance: number): void {
    if (carrier.state.kind !== "greeting" || instance !== this.#options.instance) return;
    if (carrier.state.greeting.isPeerKnown) this.#becomeReady(nowMs, carrier);
    else carrier.state.greeting.isProbeAcked = true;
  }

  #handleGoodbye(): void {
    this.hangUp();
    if (this.#standing.kind === "closed") return;
    this.#output.events.push({ type: "peer-goodbye", peerId: this.peerId });
    this.#close("left", undefined);
  }

  #handleFragment(nowMs: number, carrier: LinkCarrier, packet: LinkPacket & { type: "fragment" }): void {
    if (!this.#isBeyondHello(nowMs, carrier)) return this.#output.refuse("before-hello");
    const outcome = this.#stream.handleFragment(nowMs, packet.sequence, packet.isLast, packet.part);
    if (outcome === "gap") this.#output.refuse("stream-gap");
    if (outcome === "too-large") this.#output.refuse("stream-too-large");
    const message = this.#stream.takeMessage();
    if (message !== undefined) this.#output.messages.push({ from: this.peerId, channel: "reliable", bytes: message });
    this.#flushStream(nowMs);
  }

  #flushStream(nowMs: number): void {
    const carrier = this.#carrier;
    if (carrier.state.kind !== "ready") return;
    for (let bytes = this.#stream.pollTransmit(nowMs); bytes !== undefined; bytes = this.#stream.pollTransmit(nowMs)) {
      carrier.send("reliable", bytes);
    }
  }

  // Liveness.

  /** A sign of life. It opens, recovers or revives the link, but only once the greeting is through. */
  #heard(nowMs: number, carrier: LinkCarrier): void {
    if (carrier.state.kind !== "ready") return;
    carrier.lastHeardMs = nowMs;
    this.#lastHeardMs = nowMs;
    this.#isForgiven = false;
    const before = this.#standing.kind;
    if (before === "open") return;
    this.#standing = { kind: "open" };
    this.#output.events.push({ type: before === "suspect" ? "link-recovered" : "link-open", peerId: this.peerId });
  }

  #checkStanding(nowMs: number): void {
    if (nowMs < standingTimeoutMs(this.#standing, this.#lastHeardMs)) return;
    switch (this.#standing.kind) {
      case "connecting":
        return this.#close("unreachable", undefined);
      case "open":
        this.#standing = { kind: "suspect" };
        this.#output.events.push({ type: "link-suspect", peerId: this.peerId });
        return;
      case "suspect":
        return this.#close("lost", undefined);
      case "closed":
        return;
      default:
        return unreachable(this.#standing);
    }
  }

  #checkDirect(nowMs: number): void {
    const { state } = this.#direct;
    const pace = this.relay.directPace;
    if (state.kind === "greeting") this.#greet(nowMs, this.#direct, state.greeting);
    if (state.kind === "ready") this.#direct.keepAlive(nowMs, pace);
    this.#flushStream(nowMs);
    if (nowMs < this.#direct.timeoutMs(pace)) return;
    switch (state.kind) {
      case "none":
        return this.#attempt(nowMs);
      case "dialing":
      case "greeting":
        return this.#isUnhurried ? this.#waitForAttempt(nowMs, 0) : this.#attempt(nowMs);
      case "ready":
        // Silent for too long. Both ends let go, so that one dead direction is enough; the dialer tries anew.
        if (this.role === "dialer") return this.#attempt(nowMs);
        this.#output.actions.push({ type: "hang-up", peerId: this.peerId });
        return this.#acceptAgain();
      case "refusing":
        return this.hangUp();
      case "over":
        return;
      default:
        return unreachable(state);
    }
  }

  #checkRelay(nowMs: number): void {
    const { carrier } = this.relay;
    const hasMoved = this.relay.check(nowMs, this.#direct, { isNew: this.#standing.kind === "connecting", isPeerKnown: this.#remoteInstance !== 0 });
    if (carrier.state.kind === "greeting") this.#greet(nowMs, carrier, carrier.state.greeting);
    if (!hasMoved) return;
    this.#stream.changeWay(this.relay.isUsed);
    this.#flushStream(nowMs);
  }

  #close(reason: LinkCloseReason, remoteGame: GameIdentity | undefined): void {
    if (this.#standing.kind === "closed") return;
    this.#standing = { kind: "closed" };
    this.#output.events.push({ type: "link-closed", peerId: this.peerId, reason, ...(remoteGame === undefined ? {} : { remoteGame }) });
  }
}
