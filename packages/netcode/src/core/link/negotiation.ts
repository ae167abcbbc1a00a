import { unreachable } from "../base/assert.ts";
import { sequenceDistance, sequenceOf, type Sequence } from "../base/sequence.ts";
import { TokenBucket } from "../base/token-bucket.ts";
import {
  CANDIDATE_UNITS_MAX,
  CANDIDATES_MAX,
  DESCRIPTION_UNITS_MAX,
  type NegotiationCommand,
  type NegotiationReport,
} from "../ports/negotiation.ts";
import * as LINK_TIMES from "./link-times.ts";
import { isNegotiationText, type NegotiationPacket } from "./negotiation-codec.ts";

/** Characters of all candidates of one description together: they share a message. */
const CANDIDATES_UNITS_MAX = 12_000;
/** Offers of the peer that are taken at once, and one more each second: an honest peer sends a handful in a minute, a lying broker as many as it likes. */
const OFFERS_BURST = 8;
const OFFERS_PER_SECOND = 1;

/**
 * An offer that is behind by less came late. One that is further behind cannot have: somebody on the way made up a generation, and ends that each held to their own would never
 * agree again. At half, a page that restarted in vain for hours is taken for one; at double, one invented step is enough to part them for as many restarts.
 */
const STALE_GENERATIONS = 1_024;

/** What an exchange needs done. */
export interface NegotiationEffects {
  /** `isRepeat`: sent before, and not known to have arrived. */
  send(packet: NegotiationPacketBody, isRepeat: boolean): void;
  command(command: NegotiationCommand): void;
  /** The peer has no connection that our offer fits, or refused it. */
  handleCannot(): void;
  refuse(reason: "negotiation-flood"): void;
}

/** A packet before it is signed with our instance. */
export type NegotiationPacketBody = NegotiationPacket extends infer Packet
  ? Packet extends NegotiationPacket
    ? Omit<Packet, "instance">
    : never
  : never;

/** Our description of the exchange that is under way, or was last. */
interface Local {
  readonly kind: "offer" | "answer";
  readonly generation: Sequence;
  readonly iceRestart: boolean;
  readonly startedMs: number;
  /** `undefined` until it is made. */
  description: string | undefined;
  /** Of an offer: answered. Of an answer: acked. */
  isSettled: boolean;
  readonly candidates: string[];
  candidatesUnits: number;
  ackedCandidates: number;
  /** Candidates of the peer that were applied. */
  remoteCandidates: number;
  resendMs: number;
}

/**
 * The exchange of descriptions with one peer, over ways that lose, double and reorder. Either end may offer, at any time. Each offer has a generation above all
 * that its end knows, odd at one end and even at the other, so that no two are equal; both ends hold to the newest that they know of, and let go of any older one. So
 * where both offer at once one of them stands, as in "perfect negotiation" (W3C webrtc-pc §10.7), and what comes late has no effect. Everything is repeated
 * until acked. A part of `Link`.
 */
export class Negotiation {
  readonly #isEven: boolean;
  readonly #effects: NegotiationEffects;
  #local: Local | undefined;
  /** Newest exchange that this end knows of. */
  #newest = sequenceOf(0);
  /** An own offer that yielded to a newer one of the peer, and is still needed. */
  #yielded: { readonly iceRestart: boolean } | undefined;
  readonly #offers = new TokenBucket(OFFERS_PER_SECOND, OFFERS_BURST);

  /** `isEven`: true at one of both ends. */
  constructor(isEven: boolean, effects: NegotiationEffects) {
    this.#isEven = isEven;
    this.#effects = effects;
  }

  /** An exchange is under way that both ends do not have whole yet. */
  get isBusy(): boolean {
    return this.#local?.isSettled === false;
  }

  /** When the last exchange began; `-Infinity`: none yet. */
  get startedMs(): number {
    return this.#local?.startedMs ?? -Infinity;
  }

  /** Begins a new exchange, in place of any that is not over. */
  offer(nowMs: number, iceRestart: boolean): void {
    const step = (this.#newest & 1) === (this.#isEven ? 0 : 1) ? 2 : 1;
    this.#begin(nowMs, "offer", sequenceOf(this.#newest + step), iceRestart);
    this.#effects.command({ type: "offer", generation: this.#newest, iceRestart });
  }

  /** The connection is gone; or (`isAnother`) the peer is another process, which numbers anew. */
  reset(isAnother: boolean): void {
    this.#local = undefined;
    this.#yielded = undefined;
    if (isAnother) this.#newest = sequenceOf(0);
  }

  handlePacket(nowMs: number, packet: NegotiationPacketBody): void {
    const local = this.#local;
    switch (packet.type) {
      case "offer":
        return this.#handleOffer(nowMs, packet);
      case "answer":
        if (local?.kind !== "offer" || local.generation !== packet.generation || local.description === undefined) return;
        this.#effects.send({ type: "ack", generation: packet.generation, of: "answer", count: 0 }, local.isSettled);
        if (local.isSettled) return;
        local.isSettled = true;
        this.#effects.command({ type: "accept-answer", generation: packet.generation, description: packet.description });
        return;
      case "candidates":
        return this.#handleCandidates(packet);
      case "ack":
        if (local?.generation !== packet.generation) return;
        return this.#handleAck(nowMs, local, packet);
      default:
        return unreachable(packet);
    }
  }

  handleReport(nowMs: number, report: Exclude<NegotiationReport, { readonly type: "state" }>): void {
    const local = this.#local;
    if (local?.generation !== report.generation) return;
    switch (report.type) {
      case "description":
        if (local.description !== undefined) return;
        if (!isNegotiationText(report.description, DESCRIPTION_UNITS_MAX)) return this.#fail(local);
        local.description = report.description;
        this.#sendDescription(nowMs, local, false);
        return this.#sendCandidates(nowMs, local, false);
      case "candidate":
        return this.#addCandidate(nowMs, local, report.candidate);
      case "failed":
        return this.#fail(local);
      default:
        return unreachable(report);
    }
  }

  /** Repeats what was not acked. */
  handleTimeout(nowMs: number): void {
    const local = this.#local;
    if (local === undefined || nowMs < this.timeoutMs) return;
    if (!local.isSettled) this.#sendDescription(nowMs, local, true);
    this.#sendCandidates(nowMs, local, true);
  }

  get timeoutMs(): number {
    const local = this.#local;
    if (local?.description === undefined) return Infinity;
    return local.isSettled && local.ackedCandidates >= local.candidates.length ? Infinity : local.resendMs;
  }

  /** The way to the peer is there again: what waits to be repeated leaves now. */
  hurry(nowMs: number): void {
    if (this.#local !== undefined) this.#local.resendMs = nowMs;
  }

  #begin(nowMs: number, kind: "offer" | "answer", generation: Sequence, iceRestart: boolean): void {
    this.#newest = generation;
    this.#local = {
      kind,
      generation,
      iceRestart,
      startedMs: nowMs,
      description: undefined,
      isSettled: false,
      candidates: [],
      candidatesUnits: 0,
      ackedCandidates: 0,
      remoteCandidates: 0,
      resendMs: Infinity,
    };
  }

  #handleOffer(nowMs: number, { generation, iceRestart, description }: NegotiationPacketBody & { readonly type: "offer" }): void {
    const local = this.#local;
    if (generation === this.#newest && local?.kind !== "offer") {
      // Our answer was lost, or is on its way.
      return local === undefined ? this.#sayCannot(generation) : this.#sendDescription(nowMs, local, true);
    }
    const distance = sequenceDistance(generation, this.#newest);
    if (distance <= 0 && distance > -STALE_GENERATIONS) return;
    if (!this.#offers.take(nowMs)) return this.#effects.refuse("negotiation-flood");
    const hasYielded = local?.kind === "offer" && !local.isSettled && !(local.iceRestart && iceRestart);
    if (hasYielded) this.#yielded = { iceRestart: local.iceRestart };
    this.#begin(nowMs, "answer", generation, iceRestart);
    this.#effects.command({ type: "accept-offer", generation, description });
  }

  #handleCandidates({ generation, candidates }: NegotiationPacketBody & { readonly type: "candidates" }): void {
    const local = this.#local;
    // One that overtakes its description is sent again.
    if (local?.generation !== generation || (local.kind === "offer" && !local.isSettled)) return;
    const fresh = candidates.slice(local.remoteCandidates);
    local.remoteCandidates = Math.max(local.remoteCandidates, candidates.length);
    this.#effects.send({ type: "ack", generation, of: "candidates", count: candidates.length }, fresh.length === 0);
    if (fresh.length > 0) this.#effects.command({ type: "add-candidates", generation, candidates: fresh });
  }

  #handleAck(nowMs: number, local: Local, { of, count }: NegotiationPacketBody & { readonly type: "ack" }): void {
    switch (of) {
      case "answer":
        if (local.kind !== "answer" || local.isSettled) return;
        local.isSettled = true;
        if (this.#yielded !== undefined) {
          const { iceRestart } = this.#yielded;
          this.#yielded = undefined;
          this.offer(nowMs, iceRestart);
        }
        return;
      case "candidates":
        local.ackedCandidates = Math.min(local.candidates.length, Math.max(local.ackedCandidates, count));
        return;
      case "cannot":
        if (local.kind !== "offer" || local.isSettled) return;
        this.#local = undefined;
        return this.#effects.handleCannot();
      default:
        return unreachable(of);
    }
  }

  #addCandidate(nowMs: number, local: Local, candidate: string): void {
    const units = local.candidatesUnits + candidate.length;
    const isFull = local.candidates.length >= CANDIDATES_MAX || units > CANDIDATES_UNITS_MAX;
    if (isFull || !isNegotiationText(candidate, CANDIDATE_UNITS_MAX)) return;
    local.candidates.push(candidate);
    local.candidatesUnits = units;
    this.#sendCandidates(nowMs, local, false);
  }

  #sendDescription(nowMs: number, { kind, generation, iceRestart, description }: Local, isRepeat: boolean): void {
    if (description === undefined) return;
    this.#restartTimer(nowMs);
    if (kind === "offer") this.#effects.send({ type: "offer", generation, iceRestart, description }, isRepeat);
    else this.#effects.send({ type: "answer", generation, description }, isRepeat);
  }

  #sendCandidates(nowMs: number, local: Local, isRepeat: boolean): void {
    if (local.description === undefined || local.ackedCandidates >= local.candidates.length) return;
    this.#restartTimer(nowMs);
    this.#effects.send({ type: "candidates", generation: local.generation, candidates: [...local.candidates] }, isRepeat);
  }

  #restartTimer(nowMs: number): void {
    if (this.#local === undefined) return;
    const isOld = nowMs - this.#local.startedMs > LINK_TIMES.restartOldMs;
    this.#local.resendMs = nowMs + LINK_TIMES.negotiationResendMs * (isOld ? 5 : 1);
  }

  #fail(local: Local): void {
    this.#local = undefined;
    if (local.kind === "answer") this.#sayCannot(local.generation);
  }

  #sayCannot(generation: Sequence): void {
    this.#effects.send({ type: "ack", generation, of: "cannot", count: 0 }, true);
  }
}
