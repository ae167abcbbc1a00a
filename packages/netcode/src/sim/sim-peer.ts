import { assert } from "../core/base/assert.ts";
import type { PeerId } from "../core/base/units.ts";
import type { DropCause, Session } from "../core/ports/session.ts";
import type { Channel, SendOutcome } from "../core/ports/transport.ts";
import type { MatchCheckers } from "./match-checkers.ts";
import type { PeerPlan } from "./fault-plan.ts";
import type { RecordedSimulation } from "./recorded-simulation.ts";
import type { SimScheduler } from "./sim-scheduler.ts";

/** Real time that a driver catches up at most after a pause; the rest of the pause is lost. */
const CATCH_UP_MS_MAX = 250;
/** Frames that a driver simulates at most between two drawn pictures. */
const FRAMES_PER_PICTURE_MAX = 5;
/** What waits for a frozen peer: 5 s of 7 peers at 60 Hz are 2,100 messages. */
const INBOX_COUNT_MAX = 10_000;

/** What a peer needs of its world. */
export interface SimPeerOptions {
  readonly index: number;
  readonly id: PeerId;
  readonly plan: PeerPlan;
  /** Its input delay changes during the match. */
  readonly isAdaptive: boolean;
  /** Players that this peer plays, by index. */
  readonly localPlayers: readonly number[];
  readonly simulation: RecordedSimulation;
  readonly scheduler: SimScheduler;
  readonly checkers: MatchCheckers;
  readonly createSession: (localMs: number) => Session;
  /** Writes the next inputs of the local players. */
  readonly drawInputs: (into: Uint8Array) => void;
  readonly send: (to: PeerId, channel: Channel, bytes: Uint8Array) => SendOutcome;
}

/**
 * One process of a match: a session, its game, a clock of its own, and a driver that runs fixed steps at the pace that the session asks for, at
 * whatever rate the screen draws.
 */
export class SimPeer {
  readonly index: number;
  readonly id: PeerId;
  readonly localPlayers: readonly number[];
  readonly simulation: RecordedSimulation;
  /** `undefined`: it follows the weather. */
  readonly inputDelayFrames: number | undefined;
  /** The inputs that the session took, by the frame in which it took them. */
  readonly inputsTaken: (Uint8Array | undefined)[] = [];
  /** Sends that found the buffer of the channel full. */
  sendsRefused = 0;
  readonly #options: SimPeerOptions;
  readonly #frameMs: number;
  readonly #inputs: Uint8Array;
  #session: Session | undefined;
  #gone = false;
  #over = false;
  #inbox: (() => void)[] = [];
  #frozenUntilMs = 0;
  #timersFirst = false;
  #lastPictureMs = 0;
  #owedMs = 0;
  #paceRatio = 1;

  constructor(options: SimPeerOptions) {
    this.#options = options;
    this.index = options.index;
    this.id = options.id;
    this.localPlayers = options.localPlayers;
    this.simulation = options.simulation;
    this.inputDelayFrames = options.isAdaptive ? undefined : options.plan.inputDelayFrames;
    this.#frameMs = 1_000 / options.simulation.frameRateHz;
    this.#inputs = new Uint8Array(options.localPlayers.length * options.simulation.inputBytes);
    options.scheduler.schedule(options.plan.startMs, (nowMs) => this.#start(nowMs));
  }

  /** The session; only once `isStarted`. */
  get session(): Session {
    assert(this.#session !== undefined, "a peer that started");
    return this.#session;
  }

  get isStarted(): boolean {
    return this.#session !== undefined;
  }

  /** True until the process was ended. */
  get isAlive(): boolean {
    return !this.#gone;
  }

  /** True once the session said that the match is over for it. */
  get isOver(): boolean {
    return this.#over;
  }

  /** A message came. A frozen process finds it later; one that has not started loses datagrams and keeps the rest. */
  receive(from: PeerId, channel: Channel, bytes: Uint8Array): void {
    if (this.#session === undefined && channel === "unreliable") return;
    if (this.#isFree) this.#handlePacket(this.#localMs(this.#options.scheduler.nowMs), from, bytes);
    else this.#run((localMs) => this.#handlePacket(localMs, from, bytes));
  }

  #handlePacket(localMs: number, from: PeerId, bytes: Uint8Array): void {
    this.#options.checkers.handlePacket(this, from, bytes);
    this.session.handlePacket(localMs, from, bytes);
    this.#drain("packet");
  }

  /** The broker, or `peer` itself, said that `peer` is gone. */
  tellGone(peer: PeerId, cause: DropCause): void {
    this.#run((localMs) => {
      this.session.handlePeerGone(localMs, peer, cause);
      this.#drain("packet");
    });
  }

  /** The player stops the game for all, or lets it go on. */
  pause(pauses: boolean): void {
    if (this.#session === undefined) return;
    this.#run((localMs) => {
      if (pauses) this.session.pause();
      else this.session.resume();
      this.session.handleTimeout(localMs);
      this.#drain("timeout");
    });
  }

  /** The process stands still until `untilMs`. `timersFirst`: whether timers or messages come first afterwards. */
  freeze(untilMs: number, timersFirst: boolean): void {
    this.#frozenUntilMs = Math.max(this.#frozenUntilMs, untilMs);
    this.#timersFirst = timersFirst;
  }

  /** The process ends. */
  end(): void {
    this.#gone = true;
    this.#inbox = [];
  }

  /** Runs, and nothing waits. */
  get #isFree(): boolean {
    return !this.#gone && this.#session !== undefined && this.#options.scheduler.nowMs >= this.#frozenUntilMs && this.#inbox.length === 0;
  }

  #run(task: (localMs: number) => void): void {
    if (this.#gone) return;
    if (this.#isFree) return task(this.#localMs(this.#options.scheduler.nowMs));
    assert(this.#inbox.length < INBOX_COUNT_MAX, `at most ${INBOX_COUNT_MAX} messages that wait for a peer`);
    this.#inbox.push(() => task(this.#localMs(this.#options.scheduler.nowMs)));
  }

  #localMs(nowMs: number): number {
    const { clockOffsetMs, driftPpm } = this.#options.plan;
    return clockOffsetMs + nowMs * (1 + driftPpm / 1_000_000);
  }

  #start(nowMs: number): void {
    if (this.#gone) return;
    const localMs = this.#localMs(nowMs);
    this.#session = this.#options.createSession(localMs);
    this.#lastPictureMs = localMs;
    this.#options.drawInputs(this.#inputs);
    this.#readInbox();
    this.#drawPicture(nowMs);
  }

  /** One picture of the screen: the driver's turn. */
  #drawPicture(nowMs: number): void {
    const { scheduler, plan } = this.#options;
    if (this.#gone) return;
    if (nowMs < this.#frozenUntilMs) {
      scheduler.schedule(this.#frozenUntilMs, (thawedMs) => this.#drawPicture(thawedMs));
      return;
    }
    if (!this.#timersFirst) this.#readInbox();
    this.#runFrames(this.#localMs(nowMs));
    this.#readInbox();
    this.#timersFirst = false;
    scheduler.schedule(nowMs + 1_000 / plan.renderHz, (nextMs) => this.#drawPicture(nextMs));
  }

  #readInbox(): void {
    if (this.#inbox.length === 0) return;
    const inbox = this.#inbox;
    this.#inbox = [];
    for (const task of inbox) task();
  }

  /** A fixed-step accumulator, as a real driver has one. */
  #runFrames(localMs: number): void {
    const { session } = this;
    if (localMs >= session.pollTimeoutMs()) {
      session.handleTimeout(localMs);
      this.#drain("timeout");
    }
    this.#owedMs += Math.min(localMs - this.#lastPictureMs, CATCH_UP_MS_MAX) * this.#paceRatio;
    this.#lastPictureMs = localMs;
    for (let count = 0; count < FRAMES_PER_PICTURE_MAX && this.#owedMs >= this.#frameMs && !this.#over; count++) {
      const advanced = this.#advance(localMs);
      this.#owedMs -= this.#frameMs;
      if (advanced) continue;
      // A stalled game waits; it does not race afterwards.
      this.#owedMs = Math.min(this.#owedMs, this.#frameMs);
      break;
    }
  }

  /** False when the session stalled or ended. */
  #advance(localMs: number): boolean {
    const { checkers, drawInputs, plan } = this.#options;
    if (plan.stepCostMs !== undefined) this.session.costsMeasured(plan.stepCostMs, plan.stepCostMs / 10);
    // Asked before: a call that ends the match goes back to its last frame.
    const { frame } = this.session;
    const result = this.session.advanceFrame(localMs, this.#inputs, plan.resimulationBudgetFrames);
    const { outcome } = result;
    this.#paceRatio = result.paceRatio;
    if (outcome === "advanced") {
      this.inputsTaken[frame] = this.#inputs.slice();
      drawInputs(this.#inputs);
    }
    this.#over = outcome === "over";
    this.#drain("frame");
    checkers.handleAdvance(this, result);
    return outcome === "advanced";
  }

  #drain(cause: "frame" | "packet" | "timeout"): void {
    const { checkers, send } = this.#options;
    const { session } = this;
    checkers.handleDrain(this, cause);
    for (let transmit = session.pollTransmit(); transmit !== undefined; transmit = session.pollTransmit()) {
      const outcome = send(transmit.to, transmit.channel, transmit.bytes);
      if (outcome === "full") this.sendsRefused++;
      checkers.handleTransmit(this, transmit, outcome);
    }
    for (let event = session.pollEvent(); event !== undefined; event = session.pollEvent()) checkers.handleEvent(this, event);
  }
}
