import { unreachable } from "../base/assert.ts";
import * as PACKET_KIND from "../ports/packet-kind.ts";
import { STAMP_BYTES } from "../ports/transport.ts";
import { Greeting } from "./greeting.ts";
import { encodePing, encodeProbe } from "./link-codec.ts";
import type { Carrier } from "./link-state.ts";
import * as LINK_TIMES from "./link-times.ts";
import { pathCostMs } from "./path-cost.ts";
import { RoundTrip, type Ping } from "./round-trip.ts";
import { LeastDelay, readStamp, stampOf } from "./staleness.ts";

/** Puts a packet on the way; the link's channels only. */
export type SendPacket = (channel: "unreliable" | "reliable", bytes: Uint8Array) => void;

/** How often a ready carrier pings. */
export interface PingPace {
  /** After the last datagram of any kind. */
  readonly idleMs: number;
  /** After the last ping; `Infinity`: a session's datagrams are enough, unless the peer wants to measure. */
  readonly measureMs: number;
  /** We want answers: told in the ping. */
  readonly isWanted: boolean;
  /** Our packets may go another way: told in the ping. */
  readonly isDetoured: boolean;
}

/** One way to the peer, the pair's own connection or another member that forwards: greeting, heartbeat and measure. A part of `Link`. */
export class LinkCarrier {
  state: Carrier;
  roundTrip: RoundTrip = new RoundTrip();
  lastHeardMs: number = -Infinity;
  /** Most of the stream waits for a sign of life. */
  isHeld = false;
  #leastDelay = new LeastDelay();
  readonly #send: SendPacket;
  /** When the newest ping was acked. */
  #answeredMs = -Infinity;
  #sentMs = 0;
  /** When a datagram of above was let through. */
  #takenMs = -Infinity;
  #pingedMs = 0;
  /** The peer's last ping wants an answer, and got none yet. */
  #isAsked = false;
  /** When the peer said last that its packets may come another way, or was not through with the greeting. */
  #detouredMs = -Infinity;
  /** Our pings come whatever a session sends, and ask for answers. */
  #isMeasured = false;
  /** The peer is heard again after a silence, and it is not known that it hears us: no ping that left since `#doubtedFromMs` was acked yet. */
  #isDoubted = false;
  #doubtedFromMs = 0;

  constructor(state: Carrier, send: SendPacket) {
    this.state = state;
    this.#send = send;
  }

  send(channel: "unreliable" | "reliable", bytes: Uint8Array): void {
    if (channel === "unreliable") this.roundTrip.countSent();
    this.#send(channel, bytes);
  }

  /** Packets pass here, so far as we know. */
  get isCarrying(): boolean {
    return this.state.kind === "greeting" || this.state.kind === "ready";
  }

  /** Packets can be sent: begins the greeting. */
  open(nowMs: number, deadlineMs: number, isPeerKnown: boolean): Greeting {
    const greeting = new Greeting(nowMs, deadlineMs, isPeerKnown);
    this.state = { kind: "greeting", greeting };
    return greeting;
  }

  becomeReady(nowMs: number): void {
    this.state = { kind: "ready" };
    this.lastHeardMs = nowMs;
    this.#answeredMs = nowMs;
    this.#sentMs = nowMs;
    this.#pingedMs = nowMs;
    this.#detouredMs = nowMs;
    this.#isDoubted = false;
  }

  /** The peer is heard here, and says nothing of another way: what comes by one is not its own. */
  isOnlyWay(nowMs: number): boolean {
    if (this.state.kind !== "ready" || nowMs - this.lastHeardMs > LINK_TIMES.onlyWayMs) return false;
    return nowMs - this.#detouredMs > LINK_TIMES.detourKeptMs;
  }

  /**
   * Ready, and nothing came for `silenceMs`; or it is not known yet that who is heard again hears us. ICE lets one end through before the other, by up to 50 ms on two quiet machines, and what that one sends
   * meanwhile is lost: if it is all that was held back, SCTP's window of one packet is full, and nothing else leaves until its timer, which is at 3 s by then.
   */
  isSilent(nowMs: number, silenceMs: number): boolean {
    return this.state.kind === "ready" && (this.#isDoubted || nowMs - this.lastHeardMs >= silenceMs);
  }

  /** Whether anything of the stream may leave. What nobody may hear is held: SCTP would send it again and again, and let nothing else through. */
  takesStream(nowMs: number): boolean {
    this.isHeld = this.isSilent(nowMs, LINK_TIMES.streamHeldMs);
    return this.state.kind === "ready";
  }

  /** Whether a datagram that begins with `kind` may leave: few of a session's to who is silent, none of an application's, which are useless when late. */
  takesDatagram(nowMs: number, kind: number): boolean {
    if (this.isSilent(nowMs, LINK_TIMES.suspectMs)) {
      if (PACKET_KIND.isMessage(kind) || nowMs - this.#takenMs < LINK_TIMES.suspectDatagramIntervalMs) return false;
    }
    this.#takenMs = nowMs;
    return true;
  }

  /** A sign of life. True: the stream may go on, which was held. */
  hear(nowMs: number): boolean {
    const wasHeld = this.isHeld;
    this.#endSilence(nowMs);
    this.isHeld &&= this.#isDoubted;
    return wasHeld && !this.isHeld;
  }

  /** What left in the last second of a silence may have found the path back before anything came from there. */
  #endSilence(nowMs: number): void {
    if (!this.#isDoubted && this.isSilent(nowMs, LINK_TIMES.suspectMs)) {
      this.tryAtOnce(nowMs);
      this.#isDoubted = true;
      this.#doubtedFromMs = nowMs - LINK_TIMES.suspectMs;
    }
    this.lastHeardMs = nowMs;
  }

  /** A session's datagram left on this way. */
  handleSent(nowMs: number): void {
    this.roundTrip.countSent();
    this.#sentMs = nowMs;
  }

  /** When the next ping is due. */
  pingMs(pace: PingPace): number {
    if (this.isSilent(this.#sentMs, LINK_TIMES.suspectMs)) return this.#sentMs + LINK_TIMES.suspectPingIntervalMs;
    const measureMs = this.#isAsked ? Math.min(LINK_TIMES.measureIntervalMs, pace.measureMs) : pace.measureMs;
    return Math.min(this.#sentMs + pace.idleMs, this.#pingedMs + measureMs);
  }

  /** There may be a path again: a ping is due, if nothing came for a while. */
  tryAtOnce(nowMs: number): void {
    if (this.isSilent(nowMs, LINK_TIMES.pathSilentMs)) this.#sentMs = Math.min(this.#sentMs, nowMs - LINK_TIMES.suspectPingIntervalMs);
  }

  keepAlive(nowMs: number, pace: PingPace): void {
    const isMeasured = pace.measureMs < Infinity;
    // Nobody asked until now: that nothing was answered says nothing.
    if (isMeasured && !this.#isMeasured) this.#answeredMs = nowMs;
    this.#isMeasured = isMeasured;
    if (nowMs < this.pingMs(pace)) return;
    this.#sentMs = nowMs;
    this.#pingedMs = nowMs;
    this.#isAsked = false;
    this.send("unreliable", encodePing(this.roundTrip.nextPing(nowMs, pace.isWanted || this.#isDoubted, pace.isDetoured), stampOf(nowMs)));
  }

  /** Why a stamped datagram is refused; `undefined`: it is fresh. */
  judge(nowMs: number, bytes: Uint8Array): "malformed" | "stale" | undefined {
    if (bytes.length <= STAMP_BYTES) return "malformed";
    return this.#leastDelay.isStale(nowMs, readStamp(bytes)) ? "stale" : undefined;
  }

  /** False: it acks what was never sent. A ping that waited somewhere says nothing of the path, but that there is one. */
  handlePing(nowMs: number, ping: Ping, stamp: number): boolean {
    if (ping.isDetoured) this.#detouredMs = nowMs;
    if (this.#leastDelay.isStale(nowMs, stamp)) return true;
    if (this.state.kind === "ready") this.#endSilence(nowMs);
    const isAck = this.roundTrip.handlePing(nowMs, ping);
    if (isAck === true) {
      this.#answeredMs = nowMs;
      this.#isDoubted &&= this.roundTrip.ackedSentMs < this.#doubtedFromMs;
    }
    this.#isAsked = ping.isWanted;
    return isAck !== undefined;
  }

  /** Answered only once the peer's hello is accepted: so an answer tells the peer that its hello was. */
  handleProbe(nowMs: number, instance: number): void {
    this.#detouredMs = nowMs;
    if (this.state.kind === "greeting") this.state.greeting.isProbed = true;
    if (this.state.kind !== "greeting" || this.state.greeting.isPeerKnown) this.send("unreliable", encodeProbe("probe-ack", instance));
  }

  /** True: packets arrive both ways, lately. */
  isUsable(nowMs: number, silentMs: number, unansweredMs: number): boolean {
    if (this.state.kind !== "ready" || nowMs - this.lastHeardMs > silentMs) return false;
    return nowMs - this.#answeredMs <= unansweredMs + this.roundTrip.rttMs;
  }

  /** Expected delay of what we send, its losses included. */
  get costMs(): number {
    return pathCostMs(this.delayMs, this.roundTrip.lossRatio);
  }

  /** One way, and its spread. */
  get delayMs(): number {
    return this.roundTrip.rttMs / 2 + this.roundTrip.jitterMs;
  }

  /** When the state wants something done; `pace` is that of a ready carrier. */
  timeoutMs(pace: PingPace): number {
    switch (this.state.kind) {
      case "none":
        return this.state.attemptMs;
      case "dialing":
        return this.state.deadlineMs;
      case "greeting":
        return this.state.greeting.timeoutMs;
      case "ready":
        return this.pingMs(pace);
      case "refusing":
        return this.state.hangUpMs;
      case "over":
        return Infinity;
      default:
        return unreachable(this.state);
    }
  }

  /** The peer is another process. */
  forgetMeasures(): void {
    this.roundTrip = new RoundTrip();
    this.#leastDelay = new LeastDelay();
  }

  /** Our process stood still. */
  forgive(nowMs: number, lateMs: number): void {
    this.lastHeardMs = Math.min(nowMs, this.lastHeardMs + lateMs);
    this.#answeredMs = Math.min(nowMs, this.#answeredMs + lateMs);
  }
}
