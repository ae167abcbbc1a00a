import { assert } from "../core/base/assert.ts";
import type { Random } from "../core/base/random.ts";

/**
 * Losses in bursts after Gilbert and Elliott: a link is in a good or a bad state, and changes with a fixed probability at each packet.
 * Mean length of a burst: 1 / `leaveRatio` packets.
 */
export interface BurstLoss {
  /** Probability per packet, in the good state, of turning bad (0–1). */
  readonly enterRatio: number;
  /** Probability per packet, in the bad state, of turning good (0–1). */
  readonly leaveRatio: number;
  /** Loss in the bad state (0–1). */
  readonly lossRatio: number;
}

/** How a one-way path treats packets. */
export interface LinkConditions {
  /** Least one-way delay. */
  readonly delayMs: number;
  /** Mean of the extra delay. It is skewed as queues are: mostly below the mean, at most four times it. Order is kept. */
  readonly jitterMs: number;
  /** Random loss, each packet for itself (0–1). */
  readonly lossRatio: number;
  /** Loss in bursts, on top. */
  readonly burst: BurstLoss | undefined;
  /** Packets that arrive twice (0–1). */
  readonly duplicateRatio: number;
  /** Packets that later ones overtake (0–1). */
  readonly reorderRatio: number;
  /** Capacity; `Infinity` for none. Headers count. */
  readonly rateBytesPerSecond: number;
  /** Room in front of a full link; what does not fit is lost. */
  readonly queueBytes: number;
}

/** A path without faults and without delay. */
export const CLEAN_CONDITIONS: LinkConditions = {
  delayMs: 0,
  jitterMs: 0,
  lossRatio: 0,
  burst: undefined,
  duplicateRatio: 0,
  reorderRatio: 0,
  rateBytesPerSecond: Infinity,
  queueBytes: 65_536,
};

/** A packet that is overtaken is late by up to this much: about four packets at 60 Hz. */
const REORDER_MS_MAX = 70;

/** What became of one packet. The link reuses the object: read it before the next call. */
export interface Passage {
  /** `Infinity`: lost. */
  arrivalMs: number;
  /** Arrival of a second copy; `Infinity`: none. */
  duplicateMs: number;
}

/** Counts of one link since the start. */
export interface LinkFigures {
  packets: number;
  bytes: number;
  lostAtRandom: number;
  lostInBursts: number;
  lostToQueue: number;
  lostToCut: number;
  duplicated: number;
  reordered: number;
}

/** A one-way path: decides, packet by packet, when it arrives, if at all. */
export class SimLink {
  readonly figures: LinkFigures = {
    packets: 0,
    bytes: 0,
    lostAtRandom: 0,
    lostInBursts: 0,
    lostToQueue: 0,
    lostToCut: 0,
    duplicated: 0,
    reordered: 0,
  };
  readonly #random: Random;
  readonly #passage: Passage = { arrivalMs: Infinity, duplicateMs: Infinity };
  #conditions: LinkConditions;
  #cuts = 0;
  #bad = false;
  #busyUntilMs = 0;
  #lastArrivalMs = 0;

  constructor(random: Random, conditions: LinkConditions) {
    this.#random = random;
    this.#conditions = checkedConditions(conditions);
  }

  get conditions(): LinkConditions {
    return this.#conditions;
  }

  /** Changes conditions from now on; what is under way arrives as decided. */
  change(conditions: Partial<LinkConditions>): void {
    this.#conditions = checkedConditions({ ...this.#conditions, ...conditions });
    if (this.#conditions.burst === undefined) this.#bad = false;
  }

  get isCut(): boolean {
    return this.#cuts > 0;
  }

  /** Nothing passes until `restore`. Cuts count, so that partitions may overlap: each needs its own `restore`. */
  cut(): void {
    this.#cuts++;
  }

  restore(): void {
    assert(this.#cuts > 0, "a restore after a cut");
    this.#cuts--;
  }

  /** Sends one packet of `sizeBytes`, headers included. */
  carry(nowMs: number, sizeBytes: number): Passage {
    const passage = this.#passage;
    passage.arrivalMs = Infinity;
    passage.duplicateMs = Infinity;
    this.figures.packets++;
    this.figures.bytes += sizeBytes;
    if (this.#isLost()) return passage;
    const departureMs = this.#depart(nowMs, sizeBytes);
    if (departureMs === Infinity) return passage;
    passage.arrivalMs = this.#arrive(departureMs);
    if (this.#random.chance(this.#conditions.duplicateRatio)) {
      this.figures.duplicated++;
      passage.duplicateMs = passage.arrivalMs + this.#random.float() * REORDER_MS_MAX;
    }
    return passage;
  }

  #isLost(): boolean {
    const { lossRatio, burst } = this.#conditions;
    if (burst !== undefined) {
      if (this.#random.chance(this.#bad ? burst.leaveRatio : burst.enterRatio)) this.#bad = !this.#bad;
    }
    const atRandom = this.#random.chance(lossRatio);
    const inBurst = burst !== undefined && this.#bad && this.#random.chance(burst.lossRatio);
    if (this.#cuts > 0) this.figures.lostToCut++;
    else if (inBurst) this.figures.lostInBursts++;
    else if (atRandom) this.figures.lostAtRandom++;
    return this.#cuts > 0 || inBurst || atRandom;
  }

  /** When the last byte has left the bottleneck; `Infinity` when its queue is full. */
  #depart(nowMs: number, sizeBytes: number): number {
    const { rateBytesPerSecond, queueBytes } = this.#conditions;
    if (rateBytesPerSecond === Infinity) return nowMs;
    const startMs = Math.max(nowMs, this.#busyUntilMs);
    const queuedBytes = ((startMs - nowMs) * rateBytesPerSecond) / 1_000;
    if (queuedBytes + sizeBytes > queueBytes) {
      this.figures.lostToQueue++;
      return Infinity;
    }
    this.#busyUntilMs = startMs + (sizeBytes * 1_000) / rateBytesPerSecond;
    return this.#busyUntilMs;
  }

  #arrive(departureMs: number): number {
    const { delayMs, jitterMs, reorderRatio } = this.#conditions;
    // 4·u·v: mean 1, at most 4, denser near 0; no logarithm, which engines may round differently.
    const jitter = jitterMs === 0 ? 0 : jitterMs * 4 * this.#random.float() * this.#random.float();
    const arrivalMs = Math.max(departureMs + delayMs + jitter, this.#lastArrivalMs);
    if (reorderRatio > 0 && this.#random.chance(reorderRatio)) {
      this.figures.reordered++;
      return arrivalMs + this.#random.float() * REORDER_MS_MAX;
    }
    this.#lastArrivalMs = arrivalMs;
    return arrivalMs;
  }
}

function checkedConditions(conditions: LinkConditions): LinkConditions {
  const { delayMs, jitterMs, lossRatio, burst, duplicateRatio, reorderRatio, rateBytesPerSecond, queueBytes } = conditions;
  assert(delayMs >= 0 && delayMs < Infinity, "delayMs from 0 on");
  assert(jitterMs >= 0 && jitterMs < Infinity, "jitterMs from 0 on");
  for (const ratio of [lossRatio, duplicateRatio, reorderRatio, burst?.enterRatio ?? 0, burst?.leaveRatio ?? 0, burst?.lossRatio ?? 0]) {
    assert(ratio >= 0 && ratio <= 1, `a ratio within 0 and 1, got ${ratio}`);
  }
  assert(rateBytesPerSecond > 0, "rateBytesPerSecond above 0");
  assert(queueBytes >= 0, "queueBytes from 0 on");
  return conditions;
}
