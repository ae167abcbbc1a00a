import { Random } from "../src/core/base/random.ts";
import { parsePeerId, type PeerId } from "../src/core/base/units.ts";
import type { SessionEvent } from "../src/core/ports/session.ts";
import type { Channel } from "../src/core/ports/transport.ts";
import { createDesyncDesk } from "../src/core/rollback/desync-desk.ts";
import { RollbackSession, type RollbackOptions } from "../src/core/rollback/rollback-session.ts";
import type { SessionSnapshot, SessionStart, SettledSource } from "../src/core/rollback/settled-source.ts";
import { TestSimulation, type TestSimulationOptions } from "./test-simulation.ts";

/** A peer id for tests. */
export function testPeerId(text: string): PeerId {
  const peerId = parsePeerId(text);
  if (peerId === undefined) throw new Error(`not a peer id: ${text}`);
  return peerId;
}

export interface TestMatchOptions {
  /** Which peer holds each player; `-1` is a bot. */
  readonly seats: readonly number[];
  readonly host?: number;
  readonly inputBytes?: number;
  readonly endFrame?: number;
  readonly oneWayMs?: number;
  readonly jitterMs?: number;
  readonly lossRatio?: number;
  readonly seed?: number;
  readonly session?: Pick<RollbackOptions, "inputDelayFrames" | "predictionWindowFrames" | "saveEveryFrames">;
  readonly simulation?: (peer: number) => Partial<TestSimulationOptions>;
  /** Input bytes of `player` in the `call`-th call of its peer. */
  readonly input?: (player: number, call: number) => number;
  /** When each peer begins to call `advanceFrame`, in ms. */
  readonly startMs?: (peer: number) => number;
  /** A clock that runs this much fast. */
  readonly driftRatio?: (peer: number) => number;
  readonly resimulationBudgetFrames?: number;
}

/** A peer of a test. Who joins later, or again, is a new one with the same index. */
export interface TestPeer {
  readonly index: number;
  readonly id: PeerId;
  readonly simulation: TestSimulation;
  readonly session: RollbackSession;
  readonly events: SessionEvent[];
  readonly players: readonly number[];
  readonly payloadBytes: number[];
  alive: boolean;
  outcome: string;
  paceRatio: number;
  calls: number;
  advances: number;
  nextFrameMs: number;
  /** When it joined; 0 at the start. */
  joinedMs: number;
}

interface Flight {
  readonly atMs: number;
  readonly from: number;
  readonly to: number;
  readonly channel: Channel;
  readonly bytes: Uint8Array;
}

/** Some peers in one process and virtual time, one millisecond at a time. */
export class TestMatch {
  nowMs = 0;
  lossRatio: number;
  readonly peers: TestPeer[];
  readonly #ids: readonly PeerId[];
  /** Directed pairs `from>to` over which nothing arrives; what is reliable arrives once the pair works again. */
  readonly broken = new Set<string>();
  readonly #options: TestMatchOptions;
  readonly #random: Random;
  readonly #oneWayMs: number;
  #flights: Flight[] = [];

  constructor(options: TestMatchOptions) {
    this.#options = options;
    this.#random = new Random(options.seed ?? 1);
    this.#oneWayMs = options.oneWayMs ?? 50;
    this.lossRatio = options.lossRatio ?? 0;
    const peerCount = Math.max(0, ...options.seats) + 1;
    // Some more for those who join later.
    this.#ids = Array.from({ length: peerCount + 4 }, (_, index) => testPeerId(`peer-${index}`));
    this.peers = Array.from({ length: peerCount }, (_, index) => {
      const players = options.seats.flatMap((seat, player) => (seat === index ? [player] : []));
      const simulation = this.#simulation(index);
      return this.#newPeer(index, players, simulation, new RollbackSession(0, this.#sessionOptions(index, simulation)));
    });
  }

  /** Peer `index`, who is gone or was not there, joins into the seats `players` while the others play on: peer `by` admits it, and it hears of the match through peer `via`. */
  join(index: number, by: number, players: readonly number[], via: number = by): TestPeer {
    const follower = this.follow(via);
    if (!this.peer(by).session.admit(this.id(index), players)) throw new Error(`peer ${by} may not admit peer ${index}`);
    return this.seat(index, players, follower);
  }

  /** Begins to follow the match through peer `via`. */
  follow(via: number): TestFollower {
    const source = this.peer(via).session;
    const snapshot = source.takeSnapshot();
    if (snapshot === undefined) throw new Error("no snapshot");
    const { seats, inputBytes = 1 } = this.#options;
    const rowBytes = seats.length * inputBytes;
    return new TestFollower(source, snapshot, seats, rowBytes);
  }

  /** The rest of `join`: waits for the seat, and begins to play. `rowsKnown`: how many frames before its state it has the inputs of, as far as anybody remembers them. */
  seat(index: number, players: readonly number[], follower: TestFollower, rowsKnown: number = Number.POSITIVE_INFINITY): TestPeer {
    this.runUntil(() => follower.seatFrame(this.id(index)) !== undefined, 5000);
    const joinFrame = follower.seatFrame(this.id(index)) ?? 0;
    const simulation = this.#simulation(index);
    const settled = follower.catchUp(simulation);
    const rows = (frame: number): Uint8Array | undefined => (settled.frame - frame <= rowsKnown ? settled.rows(frame) : undefined);
    const start = { ...settled, rows, joinFrame };
    // The news takes its time, like all packets.
    this.run(this.#oneWayMs);
    const session = new RollbackSession(this.nowMs, { ...this.#sessionOptions(index, simulation), start });
    const peer = this.#newPeer(index, players, simulation, session);
    this.peers[index] = peer;
    return peer;
  }

  id(index: number): PeerId {
    const id = this.#ids[index];
    if (id === undefined) throw new Error(`no peer ${index}`);
    return id;
  }

  #simulation(index: number): TestSimulation {
    const options = this.#options;
    return new TestSimulation({
      playerCount: options.seats.length,
      ...(options.inputBytes === undefined ? {} : { inputBytes: options.inputBytes }),
      ...(options.endFrame === undefined ? {} : { endFrame: options.endFrame }),
      ...options.simulation?.(index),
    });
  }

  #sessionOptions(index: number, simulation: TestSimulation): RollbackOptions {
    const { seats, host = 0, session } = this.#options;
    return {
      localPeerId: this.id(index),
      players: seats.map((seat) => ({ peerId: seat < 0 ? undefined : this.id(seat) })),
      hostId: this.id(host),
      matchEpoch: 7,
      simulation,
      loadDesync: () => createDesyncDesk,
      ...session,
    };
  }

  #newPeer(index: number, players: readonly number[], simulation: TestSimulation, session: RollbackSession): TestPeer {
    return {
      index,
      id: this.id(index),
      simulation,
      session,
      events: [],
      players,
      payloadBytes: [],
      alive: true,
      outcome: "",
      paceRatio: 1,
      calls: 0,
      advances: 0,
      nextFrameMs: this.nowMs + (this.nowMs > 0 ? 0 : (this.#options.startMs?.(index) ?? 0)),
      joinedMs: this.nowMs,
    };
  }

  peer(index: number): TestPeer {
    const peer = this.peers[index];
    if (peer === undefined) throw new Error(`no peer ${index}`);
    return peer;
  }

  get alive(): readonly TestPeer[] {
    return this.peers.filter((peer) => peer.alive);
  }

  /** Breaks the pair in both directions. */
  breakPair(a: number, b: number): void {
    this.broken.add(`${a}>${b}`).add(`${b}>${a}`);
  }

  run(durationMs: number): void {
    for (const endMs = this.nowMs + durationMs; this.nowMs < endMs;) this.#millisecond();
  }

  runUntil(condition: () => boolean, limitMs: number): void {
    for (const endMs = this.nowMs + limitMs; !condition();) {
      if (this.nowMs >= endMs) throw new Error(`not within ${limitMs} ms: ${condition.toString()}`);
      this.#millisecond();
    }
  }

  #millisecond(): void {
    this.nowMs++;
    const arrived = this.#flights.filter((flight) => flight.atMs <= this.nowMs && !this.broken.has(`${flight.from}>${flight.to}`));
    if (arrived.length > 0) {
      this.#flights = this.#flights.filter((flight) => !arrived.includes(flight));
      for (const flight of arrived) {
        const to = this.peers[flight.to];
        if (to?.alive !== true) continue;
        to.session.handlePacket(this.nowMs, this.id(flight.from), flight.bytes);
        this.drain(to);
      }
    }
    for (const peer of this.alive) {
      if (this.nowMs >= peer.nextFrameMs) this.#frame(peer);
      if (this.nowMs >= peer.session.pollTimeoutMs()) peer.session.handleTimeout(this.nowMs);
      this.drain(peer);
    }
  }

  #frame(peer: TestPeer): void {
    const bytes = this.#options.inputBytes ?? 1;
    const input = this.#options.input ?? (() => 0);
    const row = Uint8Array.from(
      { length: peer.players.length * bytes },
      (_, index) => input(peer.players[Math.floor(index / bytes)] ?? 0, peer.calls) & 0xff,
    );
    peer.calls++;
    const result = peer.session.advanceFrame(this.nowMs, row, this.#options.resimulationBudgetFrames ?? Number.POSITIVE_INFINITY);
    peer.outcome = result.outcome;
    peer.paceRatio = result.paceRatio;
    if (result.outcome === "advanced") peer.advances++;
    // Who joined catches up: the frames that the others are past need no waiting.
    const present = Math.max(...this.alive.map(({ session }) => session.stats().frame));
    const lag = present - peer.session.stats().frame;
    if (peer.joinedMs > 0 && result.outcome === "advanced" && lag > 0) return;
    const drift = 1 + (this.#options.driftRatio?.(peer.index) ?? 0);
    peer.nextFrameMs += 1000 / 60 / result.paceRatio / drift;
  }

  drain(peer: TestPeer): void {
    for (let transmit = peer.session.pollTransmit(); transmit !== undefined; transmit = peer.session.pollTransmit()) {
      const { channel, bytes } = transmit;
      const recipient = transmit.to;
      const to = this.#ids.indexOf(recipient);
      if (channel === "unreliable") peer.payloadBytes.push(bytes.length);
      const isBroken = this.broken.has(`${peer.index}>${to}`);
      if (channel === "unreliable" && (isBroken || this.#random.chance(this.lossRatio))) continue;
      const jitterMs = (this.#options.jitterMs ?? 0) * this.#random.float();
      const atMs = this.nowMs + this.#oneWayMs + (channel === "unreliable" ? jitterMs : 0);
      this.#flights.push({ atMs, from: peer.index, to, channel, bytes: bytes.slice() });
    }
    for (let event = peer.session.pollEvent(); event !== undefined; event = peer.session.pollEvent()) peer.events.push(event);
  }

  /** Confirmed frames that all of `peers` hold a checksum of; throws when two differ. */
  agreedFrames(peers: readonly TestPeer[] = this.alive): number {
    let agreed = 0;
    const newest = Math.min(...peers.map((peer) => peer.session.stats().confirmedFrame));
    for (let frame = 0; frame <= newest; frame++) {
      const checksums = peers.map((peer) => peer.session.checksum(frame));
      if (checksums.includes(undefined)) continue;
      if (new Set(checksums).size !== 1) throw new Error(`frame ${frame}: checksums ${checksums.join(", ")}`);
      agreed++;
    }
    return agreed;
  }

  eventsOf(index: number, type: SessionEvent["type"]): SessionEvent[] {
    return this.peer(index).events.filter((event) => event.type === type);
  }
}

/** Somebody who follows a match by what is settled, without a network between. */
export class TestFollower {
  readonly #source: SettledSource;
  readonly #snapshot: SessionSnapshot;
  readonly #seats: readonly number[];
  readonly #rowBytes: number;

  constructor(source: SettledSource, snapshot: SessionSnapshot, seats: readonly number[], rowBytes: number) {
    this.#source = source;
    this.#snapshot = snapshot;
    this.#seats = seats;
    this.#rowBytes = rowBytes;
  }

  /** The first frame of `peerId` in its next seat, once that is settled. */
  seatFrame(peerId: PeerId): number | undefined {
    const { settledFrame } = this.#source;
    if (settledFrame < this.#snapshot.frame) return undefined;
    const entries = this.#source.entriesFrom(settledFrame);
    return entries.findLast((entry) => entry.type === "seat-to-player" && entry.peerId === peerId)?.frame;
  }

  /** Brings `simulation` up to what is settled now. */
  catchUp(simulation: TestSimulation): Omit<SessionStart, "joinFrame"> {
    const source = this.#source;
    const timeline = source.entriesFrom(0);
    if (!simulation.deserialize(this.#snapshot.bytes)) throw new Error("a snapshot that is no state");
    const rows = new Map<number, Uint8Array>();
    const frame = source.settledFrame + 1;
    let { stepFrame } = this.#snapshot;
    for (let past = source.oldestFrame; past < frame; past++) {
      const row = new Uint8Array(this.#rowBytes);
      source.copyRow(past, row);
      rows.set(past, row);
      if (past < this.#snapshot.frame) continue;
      const seats = this.#seats.map((seat) => (seat < 0 ? 1 : 0));
      let isPaused = false;
      for (const entry of timeline) {
        if (entry.frame > past) break;
        if (entry.type === "pause" || entry.type === "resume") isPaused = entry.type === "pause";
        if ("playerIndexes" in entry) for (const player of entry.playerIndexes) seats[player] = entry.type === "seat-to-bot" ? 1 : 0;
      }
      if (!isPaused) simulation.step(stepFrame++, row, Uint8Array.from(seats), () => {});
    }
    return { frame, stepFrame, timeline, rows: (past) => rows.get(past) };
  }
}

/** Key presses of a person: some bits, held for a few frames, from a seed. */
export function humanInput(seed: number): (player: number, call: number) => number {
  const keys = new Map<number, { values: number[]; random: Random }>();
  return (player, call) => {
    let track = keys.get(player);
    if (track === undefined) keys.set(player, (track = { values: [], random: new Random(seed, `player ${player}`) }));
    while (track.values.length <= call) {
      const value = track.random.integer(32);
      // 4–24 frames: 70–400 ms between changes of direction or buttons.
      for (let held = 4 + track.random.integer(21); held > 0; held--) track.values.push(value);
    }
    return track.values[call] ?? 0;
  };
}
