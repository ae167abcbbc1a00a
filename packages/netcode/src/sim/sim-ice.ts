import { unreachable } from "../core/base/assert.ts";
import type { Random } from "../core/base/random.ts";
import type { PeerId } from "../core/base/units.ts";
import type { NegotiationCommand, NegotiationReport } from "../core/ports/negotiation.ts";
import type { SimNetwork } from "./sim-network.ts";

/** Making or applying a description takes a browser up to this long; an address of ours is found up to this long after it. */
const DESCRIBE_MS_MAX = 20;
const GATHER_MS_MAX = 80;
/** A check that got no answer is sent again. */
const CHECK_MS = 100;
/** ICE gives up (Chromium: 15 s). */
const CHECKS_MS_MAX = 15_000;
/** The path is looked at each second; a dead one shows in the state of the connection after so many looks (Chromium: 5 to 7 s, and 16 s). */
const WATCH_MS = 1_000;
const DISCONNECTED_WATCHES = 6;
const FAILED_WATCHES = 16;
const CHECK_BYTES = 100;

/** Which end: the one that dialled, or the one that answered. */
export type IceSide = 0 | 1;

interface IceEnd {
  readonly peer: PeerId;
  /** Names the own description; 0 for the first one. */
  local: number;
  remote: number;
  isOffering: boolean;
  /** Address of the other end, as its newest description's candidate says. */
  remoteAddress: number | undefined;
  busyUntilMs: number;
}

/**
 * ICE of one simulated connection: which addresses it uses, and how new descriptions change that. What lies above, the association with all that it holds,
 * does not notice a restart but for the packets that come again.
 */
export class SimIce {
  isClosed = false;
  readonly #network: SimNetwork;
  readonly #random: Random;
  readonly #report: (side: IceSide, report: NegotiationReport) => void;
  readonly #ends: readonly [IceEnd, IceEnd];
  readonly #name: string;
  #descriptions = 0;
  #path: readonly [number, number];
  #isBroken = false;
  #isBrokenForGood = false;
  /** Counts rounds of checks, so that an older one stops. */
  #round = 0;

  constructor(network: SimNetwork, peers: readonly [PeerId, PeerId], report: (side: IceSide, report: NegotiationReport) => void) {
    this.#network = network;
    this.#random = network.random(`ice ${peers[0]} ${peers[1]} ${network.scheduler.nowMs}`);
    this.#report = report;
    this.#ends = [newEnd(peers[0]), newEnd(peers[1])];
    this.#name = `${peers[0]}-${peers[1]}-${this.#random.uint32()}`;
    this.#path = this.#addresses;
    this.#watch(0);
  }

  get isPathAlive(): boolean {
    return !this.#isBroken && !this.#isBrokenForGood && this.#isCurrent;
  }

  /** Nothing passes until a restart, or (`isForGood`) ever again, although ICE has its path. */
  break(isForGood: boolean): void {
    this.#isBroken = true;
    this.#isBrokenForGood ||= isForGood;
  }

  negotiate(side: IceSide, command: NegotiationCommand): void {
    const { scheduler } = this.#network;
    const end = this.#ends[side];
    // One after the other, as a browser's chain of operations.
    end.busyUntilMs = Math.max(end.busyUntilMs, scheduler.nowMs) + this.#random.float() * DESCRIBE_MS_MAX;
    scheduler.schedule(end.busyUntilMs, () => this.#run(side, end, command));
  }

  #run(side: IceSide, end: IceEnd, command: NegotiationCommand): void {
    const { generation } = command;
    switch (command.type) {
      case "offer":
        end.isOffering = true;
        return this.#describe(side, end, generation);
      case "accept-offer":
        if (!this.#takeRemote(end, command.description)) return this.#report(side, { type: "failed", generation });
        // An own offer is rolled back by it.
        end.isOffering = false;
        this.#describe(side, end, generation);
        return this.#check();
      case "accept-answer":
        if (!end.isOffering || !this.#takeRemote(end, command.description)) return this.#report(side, { type: "failed", generation });
        end.isOffering = false;
        return this.#check();
      case "add-candidates":
        for (const candidate of command.candidates) {
          const [, description, address] = candidate.split(" ");
          if (Number(description) === end.remote) end.remoteAddress = Number(address);
        }
        return this.#check();
      default:
        return unreachable(command);
    }
  }

  #describe(side: IceSide, end: IceEnd, generation: number): void {
    const { scheduler } = this.#network;
    const local = ++this.#descriptions;
    end.local = local;
    this.#report(side, { type: "description", generation, description: `sim ${this.#name} ${local}` });
    scheduler.schedule(scheduler.nowMs + this.#random.float() * GATHER_MS_MAX, () => {
      if (end.local !== local) return;
      this.#report(side, { type: "candidate", generation, candidate: `candidate ${local} ${this.#network.addressOf(end.peer)}` });
    });
  }

  #takeRemote(end: IceEnd, description: string): boolean {
    const [type, name, remote] = description.split(" ");
    if (type !== "sim" || name !== this.#name) return false;
    end.remote = Number(remote);
    end.remoteAddress = undefined;
    return true;
  }

  /** Starts checking once both ends have each other's descriptions and one of them an address; the other one then sees where packets come from. */
  #check(): void {
    const [first, second] = this.#ends;
    const isMatched = first.local !== 0 && first.local === second.remote && second.local === first.remote;
    if (!isMatched || (first.remoteAddress === undefined && second.remoteAddress === undefined)) return;
    this.#sendCheck(++this.#round, this.#network.scheduler.nowMs + CHECKS_MS_MAX, first, second);
  }

  #sendCheck(round: number, endMs: number, first: IceEnd, second: IceEnd): void {
    const { scheduler } = this.#network;
    if (round !== this.#round || scheduler.nowMs > endMs) return;
    scheduler.schedule(scheduler.nowMs + CHECK_MS, () => this.#sendCheck(round, endMs, first, second));
    const addresses = this.#addresses;
    const isKnown = first.remoteAddress === addresses[1] || second.remoteAddress === addresses[0];
    const there = this.#network.link(first.peer, second.peer).carry(scheduler.nowMs, CHECK_BYTES).arrivalMs;
    if (!isKnown || there === Infinity) return;
    scheduler.schedule(there, () => {
      const back = this.#network.link(second.peer, first.peer).carry(scheduler.nowMs, CHECK_BYTES).arrivalMs;
      if (back !== Infinity) scheduler.schedule(back, () => this.#succeed(round, addresses));
    });
  }

  #succeed(round: number, addresses: readonly [number, number]): void {
    if (round !== this.#round) return;
    this.#round++;
    this.#path = addresses;
    this.#isBroken = false;
    this.#tell("connected");
  }

  #tell(state: "connected" | "disconnected" | "failed"): void {
    this.#report(0, { type: "state", state });
    this.#report(1, { type: "state", state });
  }

  /** Watches the path, as the consent checks of a browser do. Addresses only: what is broken for good is so above ICE. */
  #watch(watches: number): void {
    const { scheduler } = this.#network;
    const [first, second] = this.#ends;
    const isCut = this.#network.link(first.peer, second.peer).isCut || this.#network.link(second.peer, first.peer).isCut;
    const deadWatches = this.#isCurrent && !isCut ? 0 : watches + 1;
    if (deadWatches === DISCONNECTED_WATCHES) this.#tell("disconnected");
    if (deadWatches === FAILED_WATCHES) this.#tell("failed");
    if (deadWatches === 0 && watches >= DISCONNECTED_WATCHES) this.#tell("connected");
    if (!this.isClosed) scheduler.schedule(scheduler.nowMs + WATCH_MS, () => this.#watch(deadWatches));
  }

  get #isCurrent(): boolean {
    const [first, second] = this.#addresses;
    return this.#path[0] === first && this.#path[1] === second;
  }

  get #addresses(): readonly [number, number] {
    return [this.#network.addressOf(this.#ends[0].peer), this.#network.addressOf(this.#ends[1].peer)];
  }
}

function newEnd(peer: PeerId): IceEnd {
  return { peer, local: 0, remote: 0, isOffering: false, remoteAddress: undefined, busyUntilMs: 0 };
}
