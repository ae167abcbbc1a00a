import { assert, unreachable } from "../core/base/assert.ts";
import { Random } from "../core/base/random.ts";
import { parsePeerId, type PeerId } from "../core/base/units.ts";
import type { Session } from "../core/ports/session.ts";
import type { Simulation } from "../core/ports/simulation.ts";
import type { AssociationEnd } from "./association-end.ts";
import { checkOutcome } from "./check-outcome.ts";
import type { FaultPlan, TimedFault } from "./fault-plan.ts";
import { HeldInputs, type MakeLegal } from "./held-inputs.ts";
import { MatchCheckers } from "./match-checkers.ts";
import { RecordedSimulation } from "./recorded-simulation.ts";
import { SimNetwork } from "./sim-network.ts";
import { SimPeer } from "./sim-peer.ts";

/** Votes after a drop need 2.5 s of silence and a stalled association up to 3 s to come back: what lives must go on by then. */
const HEALING_MS = 5_000;
/** Dropped at the last moment, one follows the match, asks for its seats, and plays 75 frames after it got them. */
const RETURNING_MS = 12_000;
/** A peer that was never heard may be dropped 5 s after the last one started, at 1.5 s. */
const MATCH_MS_MIN = 9_000;
/** The last second is when progress is measured. */
const PROGRESS_MS = 1_000;
/** Paths once everything heals: clean, and no slower than this. */
const HEALED_DELAY_MS_MAX = 50;

/** Everything that a session is made from. */
export interface SessionSetup {
  readonly localPeerId: PeerId;
  readonly players: readonly { readonly peerId: PeerId | undefined }[];
  readonly hostId: PeerId;
  readonly simulation: Simulation;
  readonly plan: FaultPlan;
  readonly peerIndex: number;
}

export interface SimWorldOptions {
  readonly seed: number;
  readonly durationMs: number;
  readonly plan: FaultPlan;
  readonly createSimulation: () => Simulation;
  readonly createSession: (localMs: number, setup: SessionSetup) => Session;
  readonly makeLegal: MakeLegal;
}

/** A whole match in virtual time: peers, their network, and what goes wrong with both. */
export class SimWorld {
  readonly network: SimNetwork;
  readonly checkers: MatchCheckers;
  readonly peers: readonly SimPeer[];
  readonly #options: SimWorldOptions;
  readonly #ids: readonly PeerId[];
  /** By sender, then receiver. */
  readonly #ends: AssociationEnd[][];
  /** By gone peer: who was told by the broker, or heard its goodbye. */
  readonly #told: readonly Set<SimPeer>[];

  constructor(options: SimWorldOptions) {
    const { plan, seed } = options;
    this.#options = options;
    this.network = new SimNetwork({ seed });
    this.#ids = plan.peers.map((_, index) => simPeerId(index));
    const { scheduler } = this.network;
    this.checkers = new MatchCheckers({ nowMs: () => scheduler.nowMs, peerCount: plan.peers.length, windowFrames: plan.windowFrames });
    this.peers = plan.peers.map((_, index) => this.#createPeer(index));
    this.#told = plan.peers.map(() => new Set());
    this.#ends = this.#connect();
    for (const fault of plan.timed) scheduler.schedule(fault.atMs, () => this.#begin(fault));
    scheduler.schedule(plan.healAtMs, () => this.#heal());
  }

  /** Runs the match to its end, or to its first failure. */
  run(): void {
    const { plan, durationMs } = this.#options;
    const healingMs = plan.kinds.includes("return") ? RETURNING_MS : HEALING_MS;
    const endMs = Math.max(durationMs, plan.healAtMs + healingMs, MATCH_MS_MIN);
    try {
      this.#runUntil(endMs - PROGRESS_MS);
      const confirmedBefore = this.peers.map((peer) => this.checkers.record(peer.index).confirmedFrame);
      this.#runUntil(endMs);
      // Who ended just now may be the first of several.
      if (this.peers.some((peer) => (this.checkers.record(peer.index).ended?.atMs ?? 0) > endMs - PROGRESS_MS))
        this.#runUntil(endMs + PROGRESS_MS);
      if (this.checkers.failures.length === 0) this.#checkOutcome(confirmedBefore);
    } catch (error) {
      this.checkers.fail("exception", -1, 0, error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  }

  #runUntil(endMs: number): void {
    const { scheduler } = this.network;
    while (scheduler.nextMs <= endMs && this.checkers.failures.length === 0) scheduler.runNext();
  }

  #checkOutcome(confirmedBefore: readonly number[]): void {
    const { plan } = this.#options;
    checkOutcome({
      checkers: this.checkers,
      peers: this.peers,
      windowFrames: plan.windowFrames,
      mayReturn: plan.kinds.includes("return"),
      confirmedBefore,
      ranks: plan.ranks.flatMap((peer) => this.peers[peer] ?? []),
      isTold: (peer, gone) => this.#told[gone.index]?.has(peer) === true,
    });
  }

  #createPeer(index: number): SimPeer {
    const { plan, seed, createSimulation, createSession, makeLegal } = this.#options;
    const id = this.#id(index);
    const peerPlan = plan.peers[index];
    assert(peerPlan !== undefined, "a plan for every peer");
    const simulation = new RecordedSimulation(createSimulation(), (frame) => this.checkers.handleStep(index, frame));
    const localPlayers = plan.seats.flatMap((peer, player) => (peer === index ? [player] : []));
    const inputs = localPlayers.map((player) => new HeldInputs(new Random(seed, `inputs ${player}`), simulation.inputBytes, makeLegal));
    const players = plan.seats.map((peer) => ({ peerId: peer === undefined ? undefined : this.#id(peer) }));
    const setup: SessionSetup = { localPeerId: id, players, hostId: this.#id(plan.ranks[0] ?? 0), simulation, plan, peerIndex: index };
    return new SimPeer({
      index,
      id,
      plan: peerPlan,
      isAdaptive: plan.kinds.includes("adaptive"),
      localPlayers,
      simulation,
      scheduler: this.network.scheduler,
      checkers: this.checkers,
      createSession: (localMs) => createSession(localMs, setup),
      drawInputs: (into) => {
        for (let place = 0; place < inputs.length; place++) inputs[place]?.next(into, place * simulation.inputBytes);
      },
      send: (to, channel, bytes) => this.#ends[index]?.[this.#ids.indexOf(to)]?.send(channel, bytes) ?? "closed",
    });
  }

  /** One association for each pair, on links with the planned conditions. */
  #connect(): AssociationEnd[][] {
    const ends: AssociationEnd[][] = this.peers.map(() => []);
    for (const first of this.peers) {
      for (const second of this.peers) {
        const conditions = this.#options.plan.conditions[first.index]?.[second.index];
        if (first === second || conditions === undefined) continue;
        this.network.link(first.id, second.id).change(conditions);
        if (first.index > second.index) continue;
        const [firstEnd, secondEnd] = this.network.associate(
          first.id,
          (channel, bytes) => first.receive(second.id, channel, bytes),
          second.id,
          (channel, bytes) => second.receive(first.id, channel, bytes),
        );
        (ends[first.index] ?? [])[second.index] = firstEnd;
        (ends[second.index] ?? [])[first.index] = secondEnd;
      }
    }
    return ends;
  }

  #begin(fault: TimedFault): void {
    const { scheduler } = this.network;
    this.checkers.note(`fault ${JSON.stringify(fault)}`);
    switch (fault.kind) {
      case "kill":
      case "leave":
        return this.#end(fault);
      case "false-word":
        return this.#tellAll(fault.peer, fault.wordDelaysMs, "lost");
      case "freeze":
        return this.peers[fault.peer]?.freeze(scheduler.nowMs + fault.durationMs, fault.timersFirst);
      case "cut": {
        const senders = fault.senders.map((peer) => this.#id(peer));
        const receivers = fault.receivers.map((peer) => this.#id(peer));
        this.network.cut(senders, receivers);
        return scheduler.schedule(scheduler.nowMs + fault.durationMs, () => this.network.restore(senders, receivers));
      }
      case "pause":
        return this.peers[fault.peer]?.pause(fault.pauses);
      case "weather":
        return this.network.changePair(this.#id(fault.peers[0]), this.#id(fault.peers[1]), fault.conditions);
      default:
        return unreachable(fault);
    }
  }

  #end(fault: TimedFault & { readonly kind: "kill" | "leave" }): void {
    this.peers[fault.peer]?.end();
    this.network.kill(this.#id(fault.peer));
    this.#tellAll(fault.peer, fault.wordDelaysMs, fault.kind === "leave" ? "left" : "lost");
  }

  #tellAll(gone: number, wordDelaysMs: readonly (number | undefined)[], cause: "left" | "lost"): void {
    const { scheduler } = this.network;
    for (const peer of this.peers) {
      const delayMs = wordDelaysMs[peer.index];
      if (peer.index !== gone && delayMs !== undefined) {
        scheduler.schedule(scheduler.nowMs + delayMs, () => {
          this.checkers.note(`${peer.id} is told that ${this.#id(gone)} ${cause}`);
          if (this.peers[gone]?.isAlive === false) this.#told[gone]?.add(peer);
          peer.tellGone(this.#id(gone), cause);
        });
      }
    }
  }

  /** Every fault is over. Cuts have ended by themselves. */
  #heal(): void {
    this.checkers.note("everything heals");
    for (const peer of this.peers) peer.pause(false);
    for (const first of this.#ids) {
      for (const second of this.#ids) {
        if (first === second) continue;
        const link = this.network.link(first, second);
        link.change({
          delayMs: Math.min(link.conditions.delayMs, HEALED_DELAY_MS_MAX),
          jitterMs: Math.min(link.conditions.jitterMs, 2),
          lossRatio: 0,
          burst: undefined,
          duplicateRatio: 0,
          reorderRatio: 0,
          rateBytesPerSecond: Infinity,
        });
      }
    }
  }

  #id(index: number): PeerId {
    const id = this.#ids[index];
    assert(id !== undefined, "a peer of this match");
    return id;
  }
}

/** The name of a simulated peer. */
export function simPeerId(index: number): PeerId {
  const id = parsePeerId(`peer-${index}`);
  assert(id !== undefined, "a peer id");
  return id;
}
