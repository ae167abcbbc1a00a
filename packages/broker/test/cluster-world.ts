/** Nodes that share a store, in virtual time: brokers, a model of Redis, members and signaling sockets that reach any of them. */
import assert from "node:assert/strict";
import type { Random } from "@rollcall/netcode/core";
import type { LobbyCode, PeerId } from "@rollcall/netcode/lobby-protocol";
import type { LobbyRecord } from "../src/lobby-record.ts";
import type { LobbyStore } from "../src/lobby-store.ts";
import { createSecrets } from "../src/secrets.ts";
import { MemoryCluster, type MemoryNode } from "./memory-cluster.ts";
import { PageKey } from "./page-key.ts";
import { VirtualBroker, type VirtualSocket } from "./virtual-broker.ts";
import { VirtualWorld, type VirtualMember } from "./virtual-world.ts";

const KEY = "a signing key that all nodes of this test share";
const SECRETS = createSecrets(KEY);

/** The same for all clusters: to make those of one takes a third as long as to play it, and nothing forgets them. */
const PAGE_KEYS: PageKey[] = [];

interface Node {
  readonly broker: VirtualBroker;
  readonly shared: MemoryNode;
}

/** What was seen of all that was ever written. */
export class History {
  writes = 0;
  /** The host of each epoch of each life. */
  readonly #hosts = new Map<string, PeerId>();
  readonly #members = new Map<LobbyCode, readonly PeerId[]>();
  readonly #lobbyOf = new Map<PeerId, LobbyCode>();
  /** The first thing that was wrong. Whoever wrote it has no ear for that. */
  broken: unknown;
  /** Redis lost everything: an id that its page took to two lobbies may stand in both, until the older seat is over. */
  hasForgotten = false;

  /** A lobby was written. */
  noteWrite(code: LobbyCode, record: LobbyRecord | undefined): void {
    try {
      this.#checkWrite(code, record);
    } catch (error) {
      this.broken ??= error;
    }
  }

  #checkWrite(code: LobbyCode, record: LobbyRecord | undefined): void {
    this.writes++;
    for (const peerId of this.#members.get(code) ?? []) this.#lobbyOf.delete(peerId);
    this.#members.delete(code);
    if (record === undefined) return;
    const { lobby, seats, life } = record;
    const ids = lobby.members.map(({ peerId }) => peerId);
    assert.equal(new Set(ids).size, ids.length, "an id has one seat of a lobby");
    assert.equal(new Set(lobby.members.map(({ seat }) => seat)).size, ids.length, "a seat is one member's");
    assert.deepEqual(seats.map(({ peerId }) => peerId).toSorted(), ids.toSorted(), "a seat for each member");
    assert.ok(ids.length <= lobby.capacity, "no more members than seats");
    for (const peerId of ids) {
      if (!this.hasForgotten) assert.equal(this.#lobbyOf.get(peerId), undefined, "an id is a member's of one lobby");
      this.#lobbyOf.set(peerId, code);
    }
    this.#members.set(code, ids);
    this.noteHost(`${life.id} ${lobby.hostEpoch}`, lobby.hostId);
  }

  noteHost(epoch: string, hostId: PeerId): void {
    assert.equal(this.#hosts.get(epoch) ?? hostId, hostId, "an epoch has one host");
    this.#hosts.set(epoch, hostId);
  }
}

/** A page's signaling socket, or a stock client's. It comes back, anywhere, when it is lost. */
export class VirtualSignal {
  readonly id: string;
  readonly token: string;
  /** A stock client: no key, no lobby. */
  readonly isStranger: boolean;
  readonly heard: string[] = [];
  /** Called when it is served. */
  onOpen: () => void = () => undefined;
  /** Where it is open. */
  at: VirtualBroker | undefined;
  /** Somebody else had the id once. */
  isTaken = false;
  /** Its page is gone. */
  isOver = false;
  #raw: VirtualSocket | undefined;
  readonly #abandoned = new Set<VirtualSocket | undefined>();
  #opened = 0;

  constructor(id: string, token: string, isStranger: boolean) {
    this.id = id;
    this.token = token;
    this.isStranger = isStranger;
  }

  get opened(): number {
    return this.#opened;
  }

  get isConnecting(): boolean {
    return this.#raw !== undefined;
  }

  connect(broker: VirtualBroker): void {
    if (!broker.alive || this.#raw !== undefined || this.isOver) return;
    // Both come a moment later, in their order.
    const later = (act: () => void): void => void setTimeout(act, 1);
    const raw = broker.signal(this.id, this.token, {
      hear: (text) => later(() => this.#raw === raw && this.#hear(broker, text)),
      end: () =>
        later(() => {
          this.#abandoned.delete(raw);
          if (this.#raw !== raw) return;
          this.#raw = undefined;
          this.at = undefined;
        }),
    });
    this.#raw = raw;
  }

  cut(): void {
    this.#raw?.close();
  }

  /** The page takes its socket for dead, and its broker does not. */
  abandon(): void {
    if (this.at !== undefined) this.#abandoned.add(this.#raw);
    this.#raw = undefined;
    this.at = undefined;
  }

  /** Sockets that brokers serve for this id. */
  get served(): number {
    return this.#abandoned.size + (this.at === undefined ? 0 : 1);
  }

  send(dst: string, mark: string): void {
    this.#say({ type: "OFFER", dst, payload: { sdp: { type: "offer", sdp: mark }, type: "data", connectionId: "dc_1" } });
  }

  #say(message: unknown): void {
    const raw = this.#raw;
    if (raw !== undefined) setTimeout(() => raw.emit("message", JSON.stringify(message), false), 1);
  }

  #hear(broker: VirtualBroker, text: string): void {
    const message = JSON.parse(text) as { type: string; nonce?: string; payload?: { sdp?: { sdp?: string } } };
    if (message.type === "CHALLENGE") this.#say(PageKey.of(this.id)?.proof(message.nonce ?? ""));
    else if (message.type === "ID-TAKEN") this.isTaken = true;
    else if (message.type === "OPEN") {
      this.at = broker;
      this.#opened++;
      this.onOpen();
    } else if (message.type === "OFFER") this.heard.push(message.payload?.sdp?.sdp ?? "");
  }
}

export class ClusterWorld extends VirtualWorld {
  readonly redis: MemoryCluster;
  readonly history: History = new History();
  readonly nodes: Node[] = [];
  readonly signals: VirtualSignal[] = [];
  /** Of the next way to Redis or back. */
  delayMs = 0;
  readonly #random: Random;
  /** Which key each page has. */
  readonly #pages = new Map<string, number>();
  #started = 0;

  constructor(seed: number, random: Random, nodeCount: number) {
    super(seed);
    this.#random = random;
    this.redis = new MemoryCluster({ nowMs: Date.now, delayMs: () => (this.delayMs === 0 ? 0 : random.integer(this.delayMs)) });
    this.#checkWrites(this.redis.lobbies);
    for (let index = 0; index < nodeCount; index++) this.startNode();
    this.watch = async () => this.#look();
  }

  startNode(): void {
    const shared = this.redis.node();
    this.nodes.push({ shared, broker: new VirtualBroker(KEY, { shared, nodeId: `node-${++this.#started}` }) });
  }

  /** kill -9; another one takes its place later. */
  killNode(index: number): void {
    const [node] = this.nodes.splice(index, 1);
    node?.broker.kill();
  }

  override reach(): VirtualBroker {
    const node = this.nodes[this.#random.integer(Math.max(1, this.nodes.length))];
    assert.ok(node !== undefined, "a node");
    return node.broker;
  }

  override keyOf(name: string): string {
    const index = this.#pages.get(name) ?? this.#pages.size;
    this.#pages.set(name, index);
    return (PAGE_KEYS[index] ??= new PageKey(`page ${index}`)).key;
  }

  /** The node that claims the id of this page stands still right after it, once. */
  standStill({ key }: VirtualMember, stillMs: number): void {
    const seat = `seat:{${SECRETS.peerIdOf(key)}}`;
    this.redis.stillMs = (claimed) => {
      if (claimed !== seat) return 0;
      this.redis.stillMs = () => 0;
      return stillMs;
    };
  }

  /** Redis is another machine by now, and empty. */
  forget(): void {
    this.history.hasForgotten = true;
    this.redis.forget();
    this.redis.state = "down";
    this.#checkWrites(this.redis.lobbies);
  }

  override sweep(): void {
    for (const { broker } of this.nodes) broker.sweep();
  }

  async stored(code: LobbyCode): Promise<LobbyRecord | undefined> {
    return (await this.redis.lobbies.load(code)).record;
  }

  addSignal(signal: VirtualSignal): void {
    this.signals.push(signal);
    signal.onOpen = () => {
      // No outage here is as long as a lease.
      const others = this.signals.filter(({ id, token, served }) => id === signal.id && token !== signal.token && served > 0);
      if (signal.isStranger && !this.history.hasForgotten) assert.deepEqual(others, [], `nobody else has ${signal.id} when it opens`);
    };
  }

  /** How many sockets are served for each id. */
  served(): Map<string, number> {
    const served = new Map<string, number>();
    for (const signal of this.signals) served.set(signal.id, (served.get(signal.id) ?? 0) + signal.served);
    return served;
  }

  /** The sockets that their pages know to be open. */
  openSignals(): Map<string, VirtualSignal> {
    return new Map(this.signals.filter(({ at }) => at !== undefined).map((signal) => [signal.id, signal]));
  }

  end(): void {
    for (const { broker } of this.nodes.splice(0)) broker.kill();
    this.broker.kill();
  }

  #checkWrites(lobbies: LobbyStore): void {
    const compareAndSet = lobbies.compareAndSet.bind(lobbies);
    lobbies.compareAndSet = async (code, version, next) => {
      const isWritten = await compareAndSet(code, version, next);
      if (isWritten) this.history.noteWrite(code, next);
      return isWritten;
    };
  }

  #look(): void {
    if (this.history.broken !== undefined) throw this.history.broken;
    for (const { member } of this.members) {
      const { lobby } = member;
      if (lobby !== undefined) this.history.noteHost(`${lobby.code} ${lobby.hostEpoch}`, lobby.hostId);
    }
  }
}

/** Those of `members` that are not over. */
export function livingOf(world: VirtualWorld, members: readonly VirtualMember[]): VirtualMember[] {
  return members.filter((member) => world.members.has(member) && member.end === undefined);
}
