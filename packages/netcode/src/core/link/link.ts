import { unreachable } from "../base/assert.ts";
import type { PeerId } from "../base/units.ts";
import type { LinkCloseReason, LinkPath, LinkStats, LinkStatus } from "../ports/link.ts";
import * as PACKET_KIND from "../ports/packet-kind.ts";
import type { GameIdentity } from "../ports/lobby-protocol.ts";
import type { Channel, ChannelsClosedReason } from "../ports/transport.ts";
import { AttemptSchedule } from "./attempt-schedule.ts";
import { Greeting } from "./greeting.ts";
import {
  encodeGoodbye,
  encodeHello,
  encodePing,
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
import { carrierTimeoutMs, standingTimeoutMs, type Carrier, type Standing } from "./link-state.ts";
import * as LINK_TIMES from "./link-times.ts";
import { ReliableStream } from "./reliable-stream.ts";
import { RoundTrip } from "./round-trip.ts";

/** Our side of the link to one other peer: attempts, greeting, heartbeat, liveness. A child of `LinkMesh`, which documents the calls. */
export class Link {
  readonly role: LinkRole;
  readonly #options: LinkOptions;
  readonly #peerId: PeerId;
  readonly #output: LinkOutput;
  readonly #roundTrip = new RoundTrip();
  readonly #stream = new ReliableStream();
  readonly #schedule: AttemptSchedule;
  #standing: Standing = { kind: "closed" };
  #carrier: Carrier = { kind: "over" };
  #lastHeardMs = 0;
  #isForgiven = false;
  /** 0: no hello yet. */
  #remoteInstance = 0;
  #capabilities = 0;
  #path: LinkPath = "connecting";

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#peerId = options.peerId;
    this.role = options.role;
    this.#output = options.output;
    this.#schedule = new AttemptSchedule(options.random);
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
    const greeting = new Greeting(nowMs, this.role === "dialer" ? nowMs + LINK_TIMES.greetingMs : Infinity);
    this.#carrier = { kind: "greeting", greeting };
    this.#greet(nowMs, greeting);
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
        return this.#waitForAttempt(nowMs, reason === "replaced" ? LINK_TIMES.attemptsMs[0] : this.#schedule.nextPauseMs());
      default:
        return unreachable(this.#carrier);
    }
  }

  handlePacket(nowMs: number, channel: Channel, bytes: Uint8Array): boolean {
    if (this.#carrier.kind !== "greeting" && this.#carrier.kind !== "ready") {
      this.#output.refuse("not-open");
      return true;
    }
    const kind = bytes[0] ?? 0;
    if (kind >= PACKET_KIND.rollbackFirst && kind <= PACKET_KIND.snapshotLast) return this.#takeSessionPacket(nowMs, channel);
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

  sendReliable(nowMs: number, bytes: Uint8Array): boolean {
    if (this.#standing.kind !== "open" && this.#standing.kind !== "suspect") return false;
    if (!this.#stream.send(bytes)) return false;
    this.#flushStream(nowMs);
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
    const streamMs = this.#carrier.kind === "ready" ? this.#stream.timeoutMs : Infinity;
    return Math.min(standingTimeoutMs(this.#standing, this.#lastHeardMs), carrierTimeoutMs(this.#carrier, this.#lastHeardMs), streamMs);
  }

  /**
   * Our process stood still for `lateMs`: no deadline of this link ran in that time. Silence is forgiven once: what the peer sent meanwhile is
   * there now, and timers that are always late (a hidden page without a worker) must not keep a dead peer alive.
   */
  forgive(nowMs: number, lateMs: number): void {
    if (!this.#isForgiven) this.#lastHeardMs = Math.min(nowMs, this.#lastHeardMs + lateMs);
    this.#isForgiven = true;
    if (this.#standing.kind === "connecting") this.#standing.deadlineMs += lateMs;
    if (this.#carrier.kind === "dialing") this.#carrier.deadlineMs += lateMs;
    if (this.#carrier.kind === "greeting") this.#carrier.greeting.deadlineMs += lateMs;
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
    this.#carrier = { kind: "dialing", deadlineMs: nowMs + this.#schedule.nextAttemptMs() };
    this.#output.actions.push({ type: "dial", peerId: this.#peerId });
  }

  #acceptAgain(): void {
    this.#carrier = { kind: "none", attemptMs: Infinity };
    this.#output.actions.push({ type: "accept", peerId: this.#peerId });
  }

  /** The carrier is gone or came to nothing. Who could not be reached in time is tried slowly. */
  #waitForAttempt(nowMs: number, pauseMs: number): void {
    if (this.role === "acceptor") this.#carrier = { kind: "none", attemptMs: Infinity };
    else this.#carrier = { kind: "none", attemptMs: nowMs + (this.#standing.kind === "closed" ? this.#schedule.slowPauseMs() : pauseMs) };
  }

  // Greeting.

  #greet(nowMs: number, greeting: Greeting): void {
    const { capabilities, instance, game, localPeerId } = this.#options;
    if (greeting.takeHello(nowMs)) {
      const known = { knownInstance: this.#remoteInstance, expectedSequence: this.#stream.expectedSequence };
      this.#output.transmit(this.#peerId, "reliable", encodeHello({ capabilities, instance, game, peerId: localPeerId, ...known }));
    }
    if (greeting.takeProbe(nowMs)) this.#output.transmit(this.#peerId, "unreliable", encodeProbe("probe", instance));
  }

  #handleHello(nowMs: number, hello: Hello): void {
    // A repeated hello tells nothing new.
    if (this.#carrier.kind !== "greeting" || this.#carrier.greeting.isPeerKnown) return;
    const { greeting } = this.#carrier;
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
    greeting.isPeerKnown = true;
    if (greeting.isProbeWaiting) this.#output.transmit(this.#peerId, "unreliable", encodeProbe("probe-ack", hello.instance));
    if (greeting.isProbeAcked) this.#becomeReady(nowMs);
  }

  /** The peer's id belongs to a new process, which knows nothing of what the old one agreed. */
  #meetAnotherProcess(nowMs: number): void {
    this.#stream.reset();
    if (this.#standing.kind !== "open" && this.#standing.kind !== "suspect") return;
    this.#close("lost", undefined);
    this.#standing = { kind: "connecting", deadlineMs: nowMs + LINK_TIMES.connectDeadlineMs };
  }

  #becomeReady(nowMs: number): void {
    this.#carrier = { kind: "ready", pingMs: nowMs + LINK_TIMES.pingIntervalMs };
    this.#schedule.reset();
    this.#heard(nowMs);
    this.#flushStream(nowMs);
  }

  /** Says why, waits until that is read, and never tries again. */
  #refuse(nowMs: number, reason: RefusalReason, remoteGame: GameIdentity | undefined): void {
    this.#output.transmit(this.#peerId, "reliable", encodeRefusal(reason, this.#options.game));
    this.#carrier = { kind: "refusing", hangUpMs: nowMs + LINK_TIMES.refusalFlushMs };
    this.#close(reason, remoteGame);
  }

  // Packets.

  #takeSessionPacket(nowMs: number, channel: Channel): boolean {
    const isTaken = channel !== "control" && this.#isBeyondHello(nowMs);
    if (isTaken) this.#heard(nowMs);
    else this.#output.refuse(channel === "control" ? "wrong-channel" : "before-hello");
    return !isTaken;
  }

  /** What only an end sends that has our hello and our probe's answer opens the link here too: the path works both ways. */
  #isBeyondHello(nowMs: number): boolean {
    if (this.#carrier.kind === "greeting" && this.#carrier.greeting.isPeerKnown) this.#becomeReady(nowMs);
    return this.#carrier.kind === "ready";
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
        return this.#flushStream(nowMs);
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
    if (this.#carrier.kind === "greeting" && !this.#carrier.greeting.isPeerKnown) this.#carrier.greeting.isProbeWaiting = true;
    else this.#output.transmit(this.#peerId, "unreliable", encodeProbe("probe-ack", instance));
  }

  #handleProbeAck(nowMs: number, instance: number): void {
    if (this.#carrier.kind !== "greeting" || instance !== this.#options.instance) return;
    if (this.#carrier.greeting.isPeerKnown) this.#becomeReady(nowMs);
    else this.#carrier.greeting.isProbeAcked = true;
  }

  #handleGoodbye(): void {
    this.hangUp();
    if (this.#standing.kind === "closed") return;
    this.#output.events.push({ type: "peer-goodbye", peerId: this.#peerId });
    this.#close("left", undefined);
  }

  #handleFragment(nowMs: number, packet: LinkPacket & { type: "fragment" }): void {
    if (!this.#isBeyondHello(nowMs)) return this.#output.refuse("before-hello");
    const outcome = this.#stream.handleFragment(nowMs, packet.sequence, packet.isLast, packet.part);
    if (outcome === "gap") this.#output.refuse("stream-gap");
    if (outcome === "too-large") this.#output.refuse("stream-too-large");
    const message = this.#stream.takeMessage();
    if (message !== undefined) this.#output.messages.push({ from: this.#peerId, bytes: message });
    this.#flushStream(nowMs);
  }

  #flushStream(nowMs: number): void {
    if (this.#carrier.kind !== "ready") return;
    for (let bytes = this.#stream.pollTransmit(nowMs); bytes !== undefined; bytes = this.#stream.pollTransmit(nowMs)) {
      this.#output.transmit(this.#peerId, "reliable", bytes);
    }
  }

  // Liveness.

  /** A sign of life. It opens, recovers or revives the link, but only once the greeting is through. */
  #heard(nowMs: number): void {
    if (this.#carrier.kind !== "ready") return;
    this.#lastHeardMs = nowMs;
    this.#isForgiven = false;
    const before = this.#standing.kind;
    if (before === "open") return;
    this.#standing = { kind: "open" };
    this.#output.events.push({ type: before === "suspect" ? "link-recovered" : "link-open", peerId: this.#peerId });
  }

  #checkStanding(nowMs: number): void {
    if (nowMs < standingTimeoutMs(this.#standing, this.#lastHeardMs)) return;
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
    if (carrier.kind === "greeting") this.#greet(nowMs, carrier.greeting);
    if (carrier.kind === "ready") this.#keepAlive(nowMs, carrier);
    if (nowMs < carrierTimeoutMs(this.#carrier, this.#lastHeardMs)) return;
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
    this.#flushStream(nowMs);
  }

  #close(reason: LinkCloseReason, remoteGame: GameIdentity | undefined): void {
    if (this.#standing.kind === "closed") return;
    this.#standing = { kind: "closed" };
    this.#output.events.push({ type: "link-closed", peerId: this.#peerId, reason, ...(remoteGame === undefined ? {} : { remoteGame }) });
  }
}
