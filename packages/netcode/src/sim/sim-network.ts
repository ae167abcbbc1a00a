import { assert } from "../core/base/assert.ts";
import { Random } from "../core/base/random.ts";
import type { PeerId } from "../core/base/units.ts";
import { AssociationEnd, type ReceiveMessage } from "./association-end.ts";
import { CLEAN_CONDITIONS, SimLink, type LinkConditions, type LinkFigures } from "./sim-link.ts";
import { SimScheduler } from "./sim-scheduler.ts";

export interface SimNetworkOptions {
  /** All randomness of the network: each link and each use has its own stream of it. */
  readonly seed: number;
  /** Conditions of links that were not set one by one; default: perfect. */
  readonly conditions?: Partial<LinkConditions>;
}

/** Two ends of one association, in the order of the peers that were named. */
export type Association = readonly [AssociationEnd, AssociationEnd];

/**
 * A network of peers in virtual time: a one-way link for each ordered pair, made when it is first used.
 *
 * ```ts
 * const network = new SimNetwork({ seed: 7, conditions: LINK_PROFILES.wifi });
 * const [ada] = network.associate(adaId, () => {}, bobId, (channel, bytes) => …);
 * ada.send("unreliable", Uint8Array.of(1));
 * network.scheduler.runUntil(1_000);
 * ```
 */
export class SimNetwork {
  readonly scheduler: SimScheduler = new SimScheduler();
  readonly #seed: number;
  readonly #defaults: LinkConditions;
  readonly #links = new Map<string, SimLink>();
  readonly #killed = new Set<PeerId>();
  readonly #addresses = new Map<PeerId, number>();

  constructor(options: SimNetworkOptions) {
    this.#seed = options.seed;
    this.#defaults = { ...CLEAN_CONDITIONS, ...options.conditions };
  }

  /** An independent stream of randomness of this network's seed. */
  random(label: string): Random {
    return new Random(this.#seed, label);
  }

  /** The path from one peer to another. */
  link(from: PeerId, to: PeerId): SimLink {
    const key = `${from}>${to}`;
    let link = this.#links.get(key);
    if (link === undefined) {
      link = new SimLink(this.random(`link ${key}`), this.#defaults);
      if (this.#killed.has(from) || this.#killed.has(to)) link.cut();
      this.#links.set(key, link);
    }
    return link;
  }

  /** Both directions between two peers. */
  changePair(first: PeerId, second: PeerId, conditions: Partial<LinkConditions>): void {
    this.link(first, second).change(conditions);
    this.link(second, first).change(conditions);
  }

  /** No packet from a peer of `senders` to a peer of `receivers`, until `restore` with the same arguments. Other direction: call again, swapped. */
  cut(senders: readonly PeerId[], receivers: readonly PeerId[]): void {
    for (const from of senders) for (const to of receivers) if (from !== to) this.link(from, to).cut();
  }

  restore(senders: readonly PeerId[], receivers: readonly PeerId[]): void {
    for (const from of senders) for (const to of receivers) if (from !== to) this.link(from, to).restore();
  }

  /** The process of `peer` ends without a word: silence in both directions, for ever. */
  kill(peer: PeerId): void {
    if (this.#killed.has(peer)) return;
    this.#killed.add(peer);
    for (const [key, link] of this.#links) if (key.startsWith(`${peer}>`) || key.endsWith(`>${peer}`)) link.cut();
  }

  /** Another process under the id of one that was killed: what is sent from now on passes again. */
  revive(peer: PeerId): void {
    if (!this.#killed.delete(peer)) return;
    for (const [key, link] of this.#links) if (key.startsWith(`${peer}>`) || key.endsWith(`>${peer}`)) link.restore();
  }

  isKilled(peer: PeerId): boolean {
    return this.#killed.has(peer);
  }

  /** The address of `peer` is another one from now on: what was connected with the old one is dead until ICE is restarted. */
  changeAddress(peer: PeerId): void {
    this.#addresses.set(peer, this.addressOf(peer) + 1);
  }

  /** Names the present address of `peer`. */
  addressOf(peer: PeerId): number {
    return this.#addresses.get(peer) ?? 0;
  }

  /** Opens an association at once, without a handshake. A transport makes its own after one, and says when its path is dead. */
  associate(
    first: PeerId,
    receiveAtFirst: ReceiveMessage,
    second: PeerId,
    receiveAtSecond: ReceiveMessage,
    isPathAlive: () => boolean = () => true,
  ): Association {
    assert(first !== second, "two different peers");
    const firstEnd = new AssociationEnd(this.scheduler, this.link(first, second), receiveAtFirst, isPathAlive);
    const secondEnd = new AssociationEnd(this.scheduler, this.link(second, first), receiveAtSecond, isPathAlive);
    firstEnd.connect(secondEnd);
    secondEnd.connect(firstEnd);
    return [firstEnd, secondEnd];
  }

  /** Counts of all links together. */
  figures(): LinkFigures {
    const sum: LinkFigures = {
      packets: 0,
      bytes: 0,
      lostAtRandom: 0,
      lostInBursts: 0,
      lostToQueue: 0,
      lostToCut: 0,
      duplicated: 0,
      reordered: 0,
    };
    for (const { figures } of this.#links.values()) {
      sum.packets += figures.packets;
      sum.bytes += figures.bytes;
      sum.lostAtRandom += figures.lostAtRandom;
      sum.lostInBursts += figures.lostInBursts;
      sum.lostToQueue += figures.lostToQueue;
      sum.lostToCut += figures.lostToCut;
      sum.duplicated += figures.duplicated;
      sum.reordered += figures.reordered;
    }
    return sum;
  }
}
