/** Whole rollback matches over link meshes, in virtual time: what a page is made of, without the page. */
import { Random } from "../src/core/base/random.ts";
import type { PeerId } from "../src/core/base/units.ts";
import { LinkMesh } from "../src/core/link/link-mesh.ts";
import type { LinkEvent } from "../src/core/ports/link.ts";
import type { SessionEvent } from "../src/core/ports/session.ts";
import { createDesyncDesk } from "../src/core/rollback/desync-desk.ts";
import { RollbackSession } from "../src/core/rollback/rollback-session.ts";
import { PeerLinks } from "../src/facade/peer-links.ts";
import type { LinkConditions } from "../src/sim/sim-link.ts";
import { SimNetwork } from "../src/sim/sim-network.ts";
import { SIGNALING_DEFAULTS, SimSignaling } from "../src/sim/sim-signaling.ts";
import { SimTransport } from "../src/sim/sim-transport.ts";
import { TAG } from "./link-world.ts";
import { humanInput, testPeerId } from "./test-match.ts";
import { TestSimulation } from "./test-simulation.ts";

const FRAME_MS = 1_000 / 60;
/** How often a page ticks: the links' deadlines and the frames are looked at so often. */
const TICK_MS = 2;

export interface RelayMatchOptions {
  readonly seed: number;
  readonly peerCount: number;
  readonly conditions: Partial<LinkConditions>;
  readonly inputDelayFrames?: number;
}

/** One player with links, transport and, once the match has started, a session. */
export class RelayMatchPeer {
  readonly id: PeerId;
  readonly index: number;
  readonly links: PeerLinks;
  readonly transport: SimTransport;
  readonly mesh: LinkMesh;
  readonly linkEvents: LinkEvent[] = [];
  readonly events: SessionEvent[] = [];
  readonly simulation: TestSimulation;
  session: RollbackSession | undefined;
  /** Calls of `advanceFrame` that had no frame for us, after synchronisation. */
  stalls = 0;
  nextFrameMs = 0;
  readonly #world: RelayMatchWorld;

  constructor(world: RelayMatchWorld, index: number) {
    this.#world = world;
    this.index = index;
    this.id = testPeerId(`peer-${index}`);
    this.simulation = new TestSimulation({ playerCount: world.options.peerCount });
    this.mesh = new LinkMesh({ localPeerId: this.id, game: TAG, random: new Random(world.options.seed, this.id) });
    this.transport = new SimTransport(world.network, world.signaling, this.id);
    this.links = new PeerLinks({
      nowMs: () => world.nowMs,
      transport: this.transport,
      mesh: this.mesh,
      handleSessionPacket: (from, _channel, bytes) => {
        this.session?.handlePacket(world.nowMs, from, bytes);
        this.drain();
      },
      handleEvent: (event) => this.linkEvents.push(event),
    });
  }

  start(ids: readonly PeerId[]): void {
    this.session = new RollbackSession(this.#world.nowMs, {
      localPeerId: this.id,
      players: ids.map((peerId) => ({ peerId })),
      hostId: ids[0] ?? this.id,
      matchEpoch: 7,
      simulation: this.simulation,
      inputDelayFrames: this.#world.options.inputDelayFrames ?? 2,
      loadDesync: () => createDesyncDesk,
    });
    this.nextFrameMs = this.#world.nowMs;
  }

  tick(nowMs: number, input: number): void {
    this.links.tick();
    const { session } = this;
    if (session === undefined) return;
    if (nowMs >= session.pollTimeoutMs()) session.handleTimeout(nowMs);
    if (nowMs >= this.nextFrameMs) {
      const { outcome, paceRatio } = session.advanceFrame(nowMs, Uint8Array.of(input), Infinity);
      if (outcome === "stalled" && this.events.some(({ type }) => type === "synchronized")) this.stalls++;
      this.nextFrameMs += FRAME_MS / paceRatio;
    }
    this.drain();
  }

  drain(): void {
    const { session } = this;
    if (session === undefined) return;
    for (let transmit = session.pollTransmit(); transmit !== undefined; transmit = session.pollTransmit()) this.links.transmit(transmit);
    for (let event = session.pollEvent(); event !== undefined; event = session.pollEvent()) this.events.push(event);
  }
}

export class RelayMatchWorld {
  readonly options: RelayMatchOptions;
  readonly network: SimNetwork;
  readonly signaling: SimSignaling;
  readonly peers: readonly RelayMatchPeer[];
  readonly #input: (player: number, call: number) => number;
  readonly #calls: number[] = [];

  constructor(options: RelayMatchOptions) {
    this.options = options;
    this.network = new SimNetwork({ seed: options.seed, conditions: options.conditions });
    this.signaling = new SimSignaling(this.network.scheduler, this.network.random("signaling"), SIGNALING_DEFAULTS);
    this.#input = humanInput(options.seed);
    this.peers = Array.from({ length: options.peerCount }, (_, index) => new RelayMatchPeer(this, index));
  }

  get nowMs(): number {
    return this.network.scheduler.nowMs;
  }

  peer(index: number): RelayMatchPeer {
    const peer = this.peers[index];
    if (peer === undefined) throw new Error(`expected: a peer ${index}`);
    return peer;
  }

  /** Between these two nothing passes any more, or again. */
  cutPair(first: number, second: number): void {
    const ids = [this.peer(first).id, this.peer(second).id];
    this.network.cut(ids, ids);
  }

  restorePair(first: number, second: number): void {
    const ids = [this.peer(first).id, this.peer(second).id];
    this.network.restore(ids, ids);
  }

  /** Links everybody to everybody. False: some pair was not open within `limitMs`. */
  connect(limitMs: number): boolean {
    for (const peer of this.peers) {
      for (const other of this.peers) if (other !== peer) peer.links.addPeer(other.id, other.index < peer.index ? "dialer" : "acceptor");
    }
    for (const endMs = this.nowMs + limitMs; this.nowMs < endMs;) {
      if (this.peers.every((peer) => peer.links.stats().every(({ status }) => status === "open"))) return true;
      this.run(TICK_MS);
    }
    return false;
  }

  startMatch(): void {
    const ids = this.peers.map(({ id }) => id);
    for (const peer of this.peers) peer.start(ids);
  }

  run(ms: number): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs;) {
      this.network.scheduler.runUntil(this.nowMs + TICK_MS);
      for (const peer of this.peers) {
        if (this.network.isKilled(peer.id)) continue;
        const call = (this.#calls[peer.index] ?? 0) + 1;
        this.#calls[peer.index] = call;
        // An input holds for as long as a person holds a key, whatever the tick is.
        peer.tick(this.nowMs, this.#input(peer.index, Math.floor(call / 8)));
      }
    }
  }

  /** Frames that every peer of `peers` has a checksum of; throws when two differ. */
  agreedFrames(peers: readonly RelayMatchPeer[] = this.peers): number {
    let agreed = 0;
    const newest = Math.min(...peers.map(({ session }) => session?.stats().confirmedFrame ?? -1));
    for (let frame = 0; frame <= newest; frame++) {
      const checksums = peers.map(({ session }) => session?.checksum(frame));
      if (checksums.includes(undefined)) continue;
      if (new Set(checksums).size !== 1) throw new Error(`frame ${frame}: checksums ${checksums.join(", ")}`);
      agreed++;
    }
    return agreed;
  }
}
