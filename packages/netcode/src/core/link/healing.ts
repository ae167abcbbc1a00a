import { TokenBucket } from "../base/token-bucket.ts";
import { CAPABILITY } from "../ports/transport.ts";
import type { NegotiationCommand, NegotiationReport } from "../ports/negotiation.ts";
import type { DirectSide } from "./direct-side.ts";
import type { LinkOptions } from "./link-options.ts";
import * as LINK_TIMES from "./link-times.ts";
import { Negotiation, type NegotiationPacketBody } from "./negotiation.ts";
import { encodeNegotiation, parseNegotiation } from "./negotiation-codec.ts";
import { PathRepair } from "./path-repair.ts";
import type { RelaySide } from "./relay-side.ts";

/**
 * What was said before is said again to a peer that repeats itself: so often at once, and so often a second. An honest one repeats two things each 400 ms, over up to three ways. At
 * double, a lobby of seven that repeat on purpose makes us say more than the broker lets through (50 messages a second), which then closes our socket.
 */
const REPLIES_BURST = 24;
const REPLIES_PER_SECOND = 20 / 3;

/**
 * Keeps the pair's own connection alive: restarts ICE on it when it falls silent, and gives it up for a new one where that cannot be done or does not help.
 * The exchange of descriptions goes over the connection while that is heard, else by the broker and by a member in the middle. A part of `Link`.
 */
export class Healing {
  readonly #options: LinkOptions;
  readonly #direct: DirectSide;
  readonly #relay: RelaySide;
  readonly #repair: PathRepair;
  readonly #negotiation: Negotiation;
  /** 0: not known yet. */
  #remoteInstance = 0;
  #canRestart = false;
  #isRestarting = false;
  /** Of the call that is being handled. */
  #nowMs = 0;
  /** The call is one about a packet of the peer. */
  #isReplying = false;
  readonly #replies = new TokenBucket(REPLIES_PER_SECOND, REPLIES_BURST);

  constructor(options: LinkOptions, direct: DirectSide, relay: RelaySide) {
    this.#options = options;
    this.#direct = direct;
    this.#relay = relay;
    const isPolite = options.role === "acceptor";
    this.#repair = new PathRepair(isPolite);
    this.#negotiation = new Negotiation(isPolite, {
      send: (packet, isRepeat) => this.#send(packet, isRepeat),
      command: (command) => this.#act(command),
      handleCannot: () => this.#rebuild(),
      refuse: (reason) => options.output.refuse(reason),
    });
  }

  /** ICE is being restarted. */
  get isRestarting(): boolean {
    return this.#isRestarting;
  }

  /** A hello was accepted: who the peer is, and what both ends can do. */
  meet(instance: number, capabilities: number): void {
    if (instance !== this.#remoteInstance) this.#negotiation.reset(true);
    this.#remoteInstance = instance;
    this.#canRestart = (capabilities & CAPABILITY.iceRestart) !== 0;
  }

  /** A packet came over the connection. */
  handleHeard(): void {
    if (!this.#isRestarting && this.#repair.isSettled) return;
    this.#isRestarting = false;
    this.#repair.settle();
  }

  /** The connection is gone. */
  handleClosed(): void {
    this.#isRestarting = false;
    this.#negotiation.reset(false);
    this.#repair.settle();
    this.#repair.connectedMs = -Infinity;
  }

  /** Our network may be another one, or we slept. The next restart is due from `fromMs` on. */
  hurry(nowMs: number, fromMs: number = nowMs): void {
    this.#repair.hurry(nowMs, fromMs);
    this.#negotiation.hurry(nowMs);
  }

  /** The broker can be reached again. */
  handleSignalingReady(nowMs: number): void {
    if (this.#isRestarting) this.#tryAgain(nowMs, nowMs);
  }

  /** So can the peer, which has just found the broker and restarts by itself. */
  handlePeerFound(nowMs: number): void {
    this.#tryAgain(nowMs, nowMs + LINK_TIMES.restartCourtesyMs);
  }

  /** An exchange that began just now knows all that another one would. */
  #tryAgain(nowMs: number, fromMs: number): void {
    this.hurry(nowMs, Math.max(fromMs, this.#negotiation.startedMs + LINK_TIMES.restartAgainMs));
  }

  check(nowMs: number): void {
    this.#nowMs = nowMs;
    const { carrier } = this.#direct;
    if (carrier.state.kind !== "ready") return;
    if (nowMs >= this.#rebuildMs) return this.#rebuild();
    if (this.#canRestart && nowMs >= this.#repair.restartMs(carrier.lastHeardMs)) {
      this.#isRestarting = true;
      this.#repair.handleStarted(nowMs);
      this.#negotiation.offer(nowMs, true);
    }
    this.#negotiation.handleTimeout(nowMs);
  }

  get timeoutMs(): number {
    const { carrier } = this.#direct;
    if (carrier.state.kind !== "ready") return Infinity;
    const restartMs = this.#canRestart ? this.#repair.restartMs(carrier.lastHeardMs) : Infinity;
    return Math.min(this.#rebuildMs, restartMs, this.#negotiation.timeoutMs);
  }

  /** Bytes of an exchange, whatever way they came. */
  handlePacket(nowMs: number, bytes: Uint8Array): void {
    this.#nowMs = nowMs;
    this.#isReplying = true;
    this.#take(nowMs, bytes);
    this.#isReplying = false;
  }

  handleReport(nowMs: number, report: NegotiationReport): void {
    this.#nowMs = nowMs;
    if (report.type !== "state") return this.#negotiation.handleReport(nowMs, report);
    if (report.state === "rerouted") return this.#direct.carrier.tryAtOnce(nowMs);
    if (report.state === "connected") {
      this.#repair.connectedMs = Math.min(this.#repair.connectedMs, nowMs);
      return this.#direct.carrier.tryAtOnce(nowMs);
    }
    this.#repair.connectedMs = Infinity;
    if (report.state === "failed" && !this.#canRestart && this.#direct.carrier.state.kind === "ready") return this.#rebuild();
    // What we found out before is no news.
    if (!this.#isRestarting) this.#repair.hurry(nowMs, nowMs);
  }

  #take(nowMs: number, bytes: Uint8Array): void {
    const { output } = this.#options;
    const packet = parseNegotiation(bytes);
    if (packet === undefined) return output.refuse("malformed");
    const { carrier } = this.#direct;
    if (carrier.state.kind !== "ready") {
      // Nothing here that could be renewed. The peer need not find that out by waiting.
      if (packet.type === "offer" && !this.#direct.isOver)
        this.#send({ type: "ack", generation: packet.generation, of: "cannot", count: 0 }, true);
      return output.refuse("not-open");
    }
    const isCannot = packet.type === "ack" && packet.of === "cannot";
    // A process that has taken the peer's place cannot, and it alone may say so: while we hear the peer nobody believes it.
    if (isCannot ? nowMs - carrier.lastHeardMs < LINK_TIMES.hurriedSilenceMs : packet.instance !== this.#remoteInstance)
      return output.refuse("negotiation-stale");
    const wasBusy = this.#negotiation.isBusy;
    const { startedMs } = this.#negotiation;
    this.#negotiation.handlePacket(nowMs, packet);
    if (packet.type === "offer" && this.#negotiation.startedMs === nowMs && this.#negotiation.isBusy)
      this.#handleTheirs(nowMs, packet.iceRestart);
    if (wasBusy && !this.#negotiation.isBusy) this.#repair.handleExchanged(nowMs, startedMs);
  }

  /** The peer began an exchange: as good as our own. */
  #handleTheirs(nowMs: number, iceRestart: boolean): void {
    this.#isRestarting ||= iceRestart;
    this.#repair.handleStarted(nowMs);
  }

  #rebuild(): void {
    this.handleClosed();
    this.#direct.rebuild(this.#nowMs);
  }

  get #rebuildMs(): number {
    const { lastHeardMs } = this.#direct.carrier;
    return this.#canRestart ? this.#repair.rebuildMs(lastHeardMs) : lastHeardMs + LINK_TIMES.stalledMs;
  }

  /**
   * By the connection itself while it is heard, else by every other way. Into a silent one nothing is put that SCTP would resend: with a window of one packet by then, that alone
   * would leave every 3 s, and once the path is back datagrams would wait for it.
   */
  #send(packet: NegotiationPacketBody, isRepeat: boolean): void {
    const { output, peerId, instance } = this.#options;
    const bytes = encodeNegotiation({ ...packet, instance });
    const { carrier } = this.#direct;
    const isHeard = carrier.state.kind === "ready" && !carrier.isSilent(this.#nowMs, LINK_TIMES.negotiationHeardMs);
    if (isHeard && !isRepeat) return output.transmit(peerId, "control", bytes);
    if (isRepeat && this.#isReplying && !this.#replies.take(this.#nowMs)) return output.refuse("negotiation-flood");
    if (this.#relay.carrier.state.kind === "ready") this.#relay.carrier.send("reliable", bytes);
    output.actions.push({ type: "signal", peerId, bytes });
  }

  #act(command: NegotiationCommand): void {
    this.#options.output.actions.push({ type: "negotiate", peerId: this.#options.peerId, command });
  }
}
