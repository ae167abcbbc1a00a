import { Random } from "../src/core/base/random.ts";
import type { PeerId } from "../src/core/base/units.ts";
import type { SessionEvent } from "../src/core/ports/session.ts";
import type { Simulation } from "../src/core/ports/simulation.ts";
import type { Channel } from "../src/core/ports/transport.ts";
import { createDesyncDesk } from "../src/core/rollback/desync-desk.ts";
import { RollbackSession, type RollbackOptions } from "../src/core/rollback/rollback-session.ts";
import { humanInput, testPeerId } from "./test-match.ts";

export interface RepairWorldOptions<Sim extends Simulation> {
  readonly peerCount: number;
  readonly seed: number;
  readonly create: (peer: number) => Sim;
  readonly oneWayMs: number;
  readonly jitterMs?: number;
  /** Of datagrams; reliable messages take a round trip more each time. */
  readonly lossRatio?: number;
  readonly session?: (peer: number) => Pick<RollbackOptions, "inputDelayFrames" | "predictionWindowFrames" | "saveEveryFrames">;
  /** Which seat a peer plays: its own number, unless two are to play one seat, as somebody with two faces does. */
  readonly seatOf?: (peer: number) => number;
  /** What `from` really sends to `to` in place of `bytes`: a hostile peer. Nothing when left out. */
  readonly forge?: (from: number, to: number, channel: Channel, bytes: Uint8Array) => readonly Uint8Array[];
}

export interface RepairPeer<Sim extends Simulation> {
  readonly index: number;
  readonly id: PeerId;
  readonly simulation: Sim;
  readonly session: RollbackSession;
  /** Events with the time at which they came; those of the game are left out. */
  readonly events: { readonly atMs: number; readonly event: SessionEvent }[];
  nextFrameMs: number;
}

interface Flight {
  readonly atMs: number;
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array;
}

/** Peers that play one match with simulations of any kind, in virtual time, one millisecond at a time: for what happens when their states part. */
export class RepairWorld<Sim extends Simulation> {
  nowMs = 0;
  readonly peers: readonly RepairPeer<Sim>[];
  readonly #options: RepairWorldOptions<Sim>;
  readonly #random: Random;
  readonly #input: (player: number, call: number) => number;
  readonly #ids: readonly PeerId[];
  readonly #calls: number[];
  /** Arrival of the last reliable message of each pair: they stay in order. */
  readonly #reliableMs = new Map<string, number>();
  #flights: Flight[] = [];

  constructor(options: RepairWorldOptions<Sim>) {
    this.#options = options;
    this.#random = new Random(options.seed, "repair world");
    this.#input = humanInput(options.seed);
    const seatOf = options.seatOf ?? ((peer: number): number => peer);
    this.#ids = Array.from({ length: options.peerCount }, (_, index) => testPeerId(`peer-${seatOf(index)}`));
    this.#calls = this.#ids.map(() => 0);
    const seats = [...new Set(this.#ids)].map((peerId) => ({ peerId }));
    this.peers = this.#ids.map((id, index) => {
      const simulation = options.create(index);
      const session = new RollbackSession(0, {
        localPeerId: id,
        hostId: this.#ids[0] ?? id,
        players: seats,
        matchEpoch: 3,
        simulation,
        loadDesync: () => createDesyncDesk,
        ...options.session?.(index),
      });
      return { index, id, simulation, session, events: [], nextFrameMs: this.#random.float() * 20 };
    });
  }

  peer(index: number): RepairPeer<Sim> {
    const peer = this.peers[index];
    if (peer === undefined) throw new Error(`no peer ${index}`);
    return peer;
  }

  run(durationMs: number): void {
    for (const endMs = this.nowMs + durationMs; this.nowMs < endMs;) this.#millisecond();
  }

  /** False when `condition` did not hold within `limitMs`. */
  runUntil(condition: () => boolean, limitMs: number): boolean {
    for (const endMs = this.nowMs + limitMs; !condition(); this.#millisecond()) if (this.nowMs >= endMs) return false;
    return true;
  }

  /** Events of one type of one peer since `sinceMs`. */
  eventsOf<Type extends SessionEvent["type"]>(index: number, type: Type, sinceMs = 0): readonly (SessionEvent & { readonly type: Type })[] {
    return this.peer(index).events.flatMap(({ atMs, event }) => (atMs >= sinceMs && isOfType(event, type) ? [event] : []));
  }

  /** The newest frame that all of `peers` have confirmed, with the checksums that they have of it. */
  newest(peers: readonly RepairPeer<Sim>[] = this.peers): { readonly frame: number; readonly checksums: readonly (number | undefined)[] } {
    const frame = Math.min(...peers.map(({ session }) => session.confirmedFrame));
    return { frame, checksums: peers.map(({ session }) => session.checksum(frame)) };
  }

  get areEqual(): boolean {
    const { checksums } = this.newest();
    return !checksums.includes(undefined) && new Set(checksums).size === 1;
  }

  #millisecond(): void {
    this.nowMs++;
    const arrived = this.#flights.filter(({ atMs }) => atMs <= this.nowMs);
    if (arrived.length > 0) {
      this.#flights = this.#flights.filter(({ atMs }) => atMs > this.nowMs);
      for (const { from, to, bytes } of arrived) {
        this.peer(to).session.handlePacket(this.nowMs, this.peer(from).id, bytes);
        this.#drain(this.peer(to));
      }
    }
    for (const peer of this.peers) {
      if (this.nowMs >= peer.nextFrameMs) this.#frame(peer);
      if (this.nowMs >= peer.session.pollTimeoutMs()) peer.session.handleTimeout(this.nowMs);
      this.#drain(peer);
    }
  }

  #frame(peer: RepairPeer<Sim>): void {
    const { inputBytes } = peer.simulation;
    const call = (this.#calls[peer.index] = (this.#calls[peer.index] ?? 0) + 1);
    const row = Uint8Array.from({ length: inputBytes }, () => this.#input(peer.index, call));
    const { paceRatio } = peer.session.advanceFrame(this.nowMs, row, Number.POSITIVE_INFINITY);
    peer.nextFrameMs += 1000 / 60 / paceRatio;
  }

  #drain(peer: RepairPeer<Sim>): void {
    const { session, index } = peer;
    for (let transmit = session.pollTransmit(); transmit !== undefined; transmit = session.pollTransmit()) {
      const { channel } = transmit;
      const bytes = transmit.bytes.slice();
      for (const [to, id] of this.#ids.entries()) {
        if (id !== transmit.to) continue;
        for (const sent of this.#options.forge?.(index, to, channel, bytes) ?? [bytes]) this.#send(index, to, channel, sent);
      }
    }
    for (let event = session.pollEvent(); event !== undefined; event = session.pollEvent()) {
      if (event.type !== "game") peer.events.push({ atMs: this.nowMs, event });
    }
  }

  #send(from: number, to: number, channel: Channel, bytes: Uint8Array): void {
    const { oneWayMs, jitterMs = 0, lossRatio = 0 } = this.#options;
    let atMs = this.nowMs + oneWayMs + this.#random.float() * jitterMs;
    if (channel === "unreliable") {
      if (this.#random.chance(lossRatio)) return;
    } else {
      while (this.#random.chance(lossRatio)) atMs += 2 * oneWayMs + jitterMs;
      const pair = `${from}>${to}`;
      atMs = Math.max(atMs, this.#reliableMs.get(pair) ?? 0);
      this.#reliableMs.set(pair, atMs);
    }
    this.#flights.push({ atMs, from, to, bytes });
  }
}

function isOfType<Type extends SessionEvent["type"]>(event: SessionEvent, type: Type): event is SessionEvent & { readonly type: Type } {
  return event.type === type;
}
