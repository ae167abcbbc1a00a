import type { Random } from "../src/core/base/random.ts";
import type { PeerId } from "../src/core/base/units.ts";
import type { Session, SessionEvent, SessionPlayer } from "../src/core/ports/session.ts";
import { FollowSession, type FollowOptions } from "../src/core/rollback/follow-session.ts";
import { createFollowing } from "../src/core/rollback/following.ts";
import { MatchSession, type MatchOptions } from "../src/core/rollback/match-session.ts";
import type { AssociationEnd } from "../src/sim/association-end.ts";
import { SimNetwork } from "../src/sim/sim-network.ts";
import type { LinkConditions } from "../src/sim/sim-link.ts";
import { humanInput, testPeerId } from "./test-match.ts";
import { TestSimulation, type TestSimulationOptions } from "./test-simulation.ts";

const EPOCH = 7;
const FRAME_MS = 1000 / 60;

export interface FollowWorldOptions {
  /** Which peer holds each player; `-1` is a bot. Peers are numbered from 0. */
  readonly seats: readonly number[];
  readonly seed?: number;
  readonly endFrame?: number;
  readonly conditions?: Partial<LinkConditions>;
  /** What `name` sends in place of `bytes`. */
  readonly tamper?: (name: string, bytes: Uint8Array) => Uint8Array;
}

/** Counts its steps. */
class CountedSimulation extends TestSimulation {
  stepTotal = 0;

  override step(...call: Parameters<TestSimulation["step"]>): void {
    this.stepTotal++;
    super.step(...call);
  }
}

/** One peer of the world: a player, a returning one, or a watcher. */
export interface WorldPeer {
  readonly id: PeerId;
  readonly session: Session;
  readonly simulation: CountedSimulation;
  readonly events: SessionEvent[];
  /** When each event came. */
  readonly eventMs: number[];
  /** When a frame was wanted and not to be had. */
  readonly stallMs: number[];
  /** Confirmed checksums by frame. */
  readonly checksums: Map<number, number>;
  readonly inputSize: () => number;
  frozenUntilMs: number;
  isGone: boolean;
  outcome: string;
  paceRatio: number;
  calls: number;
  /** Most frames of one call while it followed. */
  framesMax: number;
  inbox: (() => void)[];
}

/** Members and followers of one match over a simulated network, in virtual time; every checksum that two of them tell of one frame is compared. */
export class FollowWorld {
  readonly network: SimNetwork;
  readonly players: readonly SessionPlayer[];
  readonly peers = new Map<string, WorldPeer>();
  readonly #options: FollowWorldOptions;
  readonly #ends = new Map<string, AssociationEnd>();
  readonly #input: (player: number, call: number) => number;
  readonly #agreed = new Map<number, number>();
  /** Peers that may be wrong for a while. */
  readonly disputed = new Set<string>();
  /** Frames of which two peers told the same checksum. */
  comparedFrames = 0;

  constructor(options: FollowWorldOptions) {
    const { seats, seed = 1 } = options;
    this.#options = options;
    this.network = new SimNetwork({ seed, conditions: { delayMs: 40, jitterMs: 5, ...options.conditions } });
    this.players = seats.map((seat) => ({ peerId: seat < 0 ? undefined : testPeerId(`peer-${seat}`) }));
    this.#input = humanInput(seed);
    for (let index = 0; index <= Math.max(...seats); index++) this.addPlayer(`peer-${index}`);
  }

  get nowMs(): number {
    return this.network.scheduler.nowMs;
  }

  get random(): Random {
    return this.network.random("test");
  }

  /** A `MatchSession`: by default a player from the start. */
  addPlayer(name: string, options: Partial<MatchOptions> = {}): WorldPeer {
    const simulation = this.#simulation();
    const id = testPeerId(name);
    const hostId = testPeerId("peer-0");
    const session = new MatchSession(this.nowMs, {
      localPeerId: id,
      players: this.players,
      hostId,
      matchEpoch: EPOCH,
      simulation,
      loadFollowing: () => createFollowing,
      ...options,
    });
    const seats = options.playerIndexes?.length ?? this.players.filter(({ peerId }) => peerId === id).length;
    // A late joiner's seats are as many as it asks for; while it follows, its inputs are ignored.
    return this.#add(name, id, session, simulation, () => seats);
  }

  /** A `FollowSession`. */
  addWatcher(name: string, options: Partial<FollowOptions> = {}): WorldPeer {
    const simulation = this.#simulation();
    const id = testPeerId(name);
    const session = new FollowSession(this.nowMs, { localPeerId: id, players: this.players, matchEpoch: EPOCH, simulation, ...options });
    return this.#add(name, id, session, simulation, () => 0);
  }

  peer(name: string): WorldPeer {
    const peer = this.peers.get(name);
    if (peer === undefined) throw new Error(`no peer ${name}`);
    return peer;
  }

  match(name: string): MatchSession {
    const { session } = this.peer(name);
    if (!(session instanceof MatchSession)) throw new Error(`${name} plays no match`);
    return session;
  }

  watcher(name: string): FollowSession {
    const { session } = this.peer(name);
    if (!(session instanceof FollowSession)) throw new Error(`${name} does not watch`);
    return session;
  }

  run(forMs: number): void {
    this.network.scheduler.runUntil(this.nowMs + forMs);
  }

  /** Runs until `isDone`, at most `forMs`. Returns the time that it took. */
  runUntil(isDone: () => boolean, forMs = 10_000): number {
    const startMs = this.nowMs;
    while (!isDone()) {
      if (this.nowMs - startMs >= forMs) throw new Error(`not within ${forMs} ms`);
      this.run(1);
    }
    return this.nowMs - startMs;
  }

  /** The process ends without a word. */
  kill(name: string): void {
    this.peer(name).isGone = true;
    this.network.kill(this.peer(name).id);
  }

  /** Nothing gets to `name` or from it for so long. */
  cut(name: string, forMs: number): void {
    const self = [this.peer(name).id];
    const others = [...this.peers.values()].map(({ id }) => id);
    this.network.cut(self, others);
    this.network.cut(others, self);
    this.network.scheduler.schedule(this.nowMs + forMs, () => {
      this.network.restore(self, others);
      this.network.restore(others, self);
    });
  }

  /** The process stands still for so long. */
  freeze(name: string, forMs: number): void {
    this.peer(name).frozenUntilMs = this.nowMs + forMs;
  }

  /** What everybody says of the state after `frame`. */
  checksum(frame: number): number | undefined {
    return this.#agreed.get(frame);
  }

  eventsOf(name: string, type: SessionEvent["type"]): SessionEvent[] {
    return this.peer(name).events.filter((event) => event.type === type);
  }

  /** Stalls of `name` since `fromMs`. */
  stallsSince(name: string, fromMs: number): number {
    return this.peer(name).stallMs.filter((atMs) => atMs >= fromMs).length;
  }

  #simulation(): CountedSimulation {
    const { endFrame } = this.#options;
    const options: TestSimulationOptions = { playerCount: this.players.length, ...(endFrame === undefined ? {} : { endFrame }) };
    return new CountedSimulation(options);
  }

  #add(name: string, id: PeerId, session: Session, simulation: CountedSimulation, inputSize: () => number): WorldPeer {
    const peer: WorldPeer = {
      id,
      session,
      simulation,
      inputSize,
      events: [],
      eventMs: [],
      stallMs: [],
      checksums: new Map(),
      frozenUntilMs: 0,
      isGone: false,
      outcome: "",
      paceRatio: 1,
      calls: 0,
      framesMax: 0,
      inbox: [],
    };
    for (const [otherName, other] of this.peers) {
      const [end, otherEnd] = this.network.associate(
        id,
        (_, bytes) => this.#receive(peer, other.id, bytes),
        other.id,
        (_, bytes) => this.#receive(other, id, bytes),
      );
      this.#ends.set(`${name}>${otherName}`, end);
      this.#ends.set(`${otherName}>${name}`, otherEnd);
    }
    this.peers.set(name, peer);
    this.network.scheduler.schedule(this.nowMs, () => this.#frame(name, peer));
    return peer;
  }

  #receive(peer: WorldPeer, from: PeerId, bytes: Uint8Array): void {
    const task = (): void => {
      peer.session.handlePacket(this.nowMs, from, bytes);
      this.#drain(peer);
    };
    if (peer.isGone) return;
    if (this.nowMs < peer.frozenUntilMs) peer.inbox.push(task);
    else task();
  }

  #frame(name: string, peer: WorldPeer): void {
    const { scheduler } = this.network;
    if (peer.isGone) return;
    if (this.nowMs < peer.frozenUntilMs) {
      scheduler.schedule(peer.frozenUntilMs, () => this.#frame(name, peer));
      return;
    }
    for (const task of peer.inbox.splice(0)) task();
    const seat = Number(name.split("-")[1] ?? 0);
    const inputs = Uint8Array.from({ length: peer.inputSize() }, (_, place) => this.#input(seat * 8 + place, peer.calls));
    peer.calls++;
    const stepsBefore = peer.simulation.stepTotal;
    const isFollowing = !(peer.session instanceof MatchSession && peer.session.role === "player");
    const result = peer.session.advanceFrame(this.nowMs, inputs, Number.POSITIVE_INFINITY);
    if (isFollowing) peer.framesMax = Math.max(peer.framesMax, peer.simulation.stepTotal - stepsBefore);
    peer.outcome = result.outcome;
    peer.paceRatio = result.paceRatio;
    if (result.outcome === "stalled") peer.stallMs.push(this.nowMs);
    this.#drain(peer);
    this.#compare(name, peer);
    scheduler.schedule(this.nowMs + FRAME_MS / result.paceRatio, () => this.#frame(name, peer));
  }

  #drain(peer: WorldPeer): void {
    const { session } = peer;
    const name = [...this.peers].find(([, candidate]) => candidate === peer)?.[0] ?? "";
    for (;;) {
      for (let transmit = session.pollTransmit(); transmit !== undefined; transmit = session.pollTransmit()) {
        const bytes = transmit.bytes.slice();
        this.#ends.get(`${name}>${transmit.to}`)?.send(transmit.channel, this.#options.tamper?.(name, bytes) ?? bytes);
      }
      const event = session.pollEvent();
      if (event === undefined) return;
      peer.events.push(event);
      peer.eventMs.push(this.nowMs);
    }
  }

  #compare(name: string, peer: WorldPeer): void {
    // Who is cut off may confirm frames that the others go on without: only what is settled is part of every history.
    const isFollower = peer.session instanceof FollowSession;
    const confirmedFrame = isFollower ? peer.session.stats().confirmedFrame : this.match(name).source.settledFrame;
    for (let frame = confirmedFrame; frame >= 0 && frame > confirmedFrame - 100 && !peer.checksums.has(frame); frame--) {
      const checksum = peer.session.checksum(frame);
      if (checksum === undefined) break;
      peer.checksums.set(frame, checksum);
      const agreed = this.#agreed.get(frame);
      if (agreed === undefined) this.#agreed.set(frame, checksum);
      else if (agreed !== checksum && this.disputed.has(name)) peer.checksums.delete(frame);
      else if (agreed !== checksum) throw new Error(`${name}: frame ${frame} has checksum ${checksum}, others ${agreed}`);
      else this.comparedFrames++;
    }
  }
}
