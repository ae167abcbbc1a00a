/** A broker in virtual time: the real socket guard, lobby service and store, without a network. Needs vitest's fake timers. */
import { EventEmitter } from "node:events";
import type { LobbyCode, PeerId } from "@rollcall/netcode/lobby-protocol";
import type { WebSocket } from "ws";
import { AddressLimits } from "../src/address-limits.ts";
import { ANSWER_MS_MAX, Cluster } from "../src/cluster.ts";
import { Counters } from "../src/counters.ts";
import { GuardedSocket, messageRate } from "../src/guarded-socket.ts";
import { IceGrants } from "../src/ice-grants.ts";
import { BROKER_LIMITS } from "../src/limits.ts";
import { openLobby } from "../src/lobby.ts";
import type { LobbyRecord } from "../src/lobby-record.ts";
import { ListingBoard } from "../src/listing-board.ts";
import { ListViews } from "../src/list-views.ts";
import { MemoryLobbyDirectory } from "../src/memory-lobby-directory.ts";
import { QuickMatch } from "../src/quick-match.ts";
import { LobbyRooms } from "../src/lobby-rooms.ts";
import { LobbySeal } from "../src/lobby-seal.ts";
import { LobbyService } from "../src/lobby-service.ts";
import { LobbySocket } from "../src/lobby-socket.ts";
import type { LobbyStore } from "../src/lobby-store.ts";
import { MemoryLobbyStore } from "../src/memory-lobby-store.ts";
import { createPeerServer } from "../src/peer-server.ts";
import { StoreUnavailable, type SharedState } from "../src/shared-state.ts";
import { SignalingGuard } from "../src/signaling-guard.ts";
import { createSecrets, type Secrets } from "../src/secrets.ts";
import { named, peer, TAG } from "./lobby-fixture.ts";

/** How finely time passes. */
export const STEP_MS = 25;
const ADDRESS = "192.0.2.1";
const KEY = "a signing key of this test, long enough";

/** What the guard uses of a WebSocket. */
export class VirtualSocket extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  readonly bufferedAmount = 0;
  readonly isPaused = false;
  readonly #toMember: (text: string) => void;
  readonly #end: () => void;

  constructor(toMember: (text: string) => void, end: () => void) {
    super();
    this.#toMember = toMember;
    this.#end = end;
  }

  send(text: string): void {
    if (this.readyState === 1) this.#toMember(text);
  }
  /** A browser answers by itself. */
  ping(): void {
    this.emit("pong");
  }
  pause(): void {}
  resume(): void {}
  end(): void {}
  /** A frame, which for a short text has a head of two bytes. */
  write(frame: string): void {
    this.send(frame.slice(frame.charCodeAt(1) < 126 ? 2 : 4));
  }
  close(): void {
    if (this.readyState !== 1) return;
    this.readyState = 3;
    this.#end();
    this.emit("close");
  }
  terminate(): void {
    this.close();
  }
}

/** What is shared may be away; anything else is a bug. */
function fail(error: unknown): void {
  if (!(error instanceof StoreUnavailable)) throw error;
}

/** One process of the command. What it knew ends with it. */
export class VirtualBroker {
  readonly store: LobbyStore;
  readonly counters: Counters = new Counters();
  readonly #addresses: AddressLimits;
  readonly #rooms: LobbyRooms;
  readonly #service: LobbyService;
  readonly #directory = new MemoryLobbyDirectory();
  readonly #listViews = new ListViews(this.#directory, fail);
  readonly #quickMatch: QuickMatch;
  readonly #sockets = new Set<GuardedSocket>();
  /** Of a node of many. */
  readonly cluster: Cluster | undefined;
  readonly guard: SignalingGuard | undefined;
  readonly #shared: SharedState | undefined;
  readonly #limits = { ...BROKER_LIMITS, wrongCodesPerMinute: 10_000, opensPerMinute: 10_000, lobbiesPerMinute: 60 };
  #alive = true;

  /** `node`: one of many, that share that. */
  constructor(signingKey: string = KEY, node?: { readonly shared: SharedState; readonly nodeId: string }) {
    const { codeRestMs } = this.#limits;
    const secrets = createSecrets(signingKey);
    const shared = node?.shared;
    this.#shared = shared;
    this.cluster = node && new Cluster({ shared: node.shared, steadyMs: nowMs, handleFailure: fail }, node.nodeId);
    this.store = shared?.lobbies ?? new MemoryLobbyStore(nowMs, codeRestMs);
    this.#addresses = new AddressLimits(this.#limits);
    this.#rooms = new LobbyRooms((peerId) => this.guard?.expel(peerId), node?.nodeId);
    this.#service = new LobbyService({
      store: this.store,
      rooms: this.#rooms,
      secrets,
      limits: this.#limits,
      relaysFrames: false,
      iceGrants: new IceGrants({ iceServers: [], turn: () => [], secrets, wallMs: nowMs }),
      nowMs,
      wallMs: nowMs,
      seal: new LobbySeal(signingKey, nowMs),
      signer: undefined,
      board: new ListingBoard(this.#directory, fail),
      closedLives: shared?.once,
      seats: this.cluster?.seats,
      counters: this.counters,
      handleFailure: fail,
    });
    this.#quickMatch = new QuickMatch({
      directory: this.#directory,
      service: this.#service,
      lobbyOfKey: (key) => this.#rooms.lobbyOf(secrets.peerIdOf(key)),
    });
    if (this.cluster === undefined) return;
    this.guard = this.#createGuard(secrets);
    this.cluster.start({ rooms: this.#rooms, service: this.#service, guard: this.guard });
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** To which lobby this member's signals go. */
  lobbyOf(peerId: PeerId): LobbyCode | undefined {
    return this.#rooms.lobbyOf(peerId);
  }

  #createGuard(secrets: Secrets): SignalingGuard {
    return new SignalingGuard({
      peerServer: createPeerServer(fail),
      secrets,
      limits: this.#limits,
      counters: this.counters,
      signals: new Counters(),
      open: true,
      lobbyOf: (peerId) => this.lobbyOf(peerId),
      isRelayOnly: () => false,
      nowMs,
      cluster: this.cluster?.forGuard,
    });
  }

  /** A signaling socket, as PeerJS opens it; `undefined`: refused before the upgrade. */
  signal(id: string, token: string, ends: { readonly hear: (text: string) => void; readonly end: () => void }): VirtualSocket | undefined {
    const { guard } = this;
    const identity = guard?.identify(id, token);
    if (guard === undefined || identity === undefined) return undefined;
    const raw = new VirtualSocket((text) => this.#alive && ends.hear(text), ends.end);
    const socket = this.#guarded(raw);
    socket.serve(guard.accept(identity, socket));
    return raw;
  }

  #guarded(raw: VirtualSocket): GuardedSocket {
    const socket = new GuardedSocket(
      { socket: raw as unknown as WebSocket, connection: raw, address: "192.0.2.1" },
      {
        limits: this.#limits,
        messages: messageRate(this.#limits),
        nowMs,
        handleEnd: (ended) => this.#sockets.delete(ended),
        handleFailure: fail,
      },
    );
    this.#sockets.add(socket);
    return socket;
  }

  connect(toMember: (text: string) => void, end: () => void): VirtualSocket {
    const raw = new VirtualSocket((text) => this.#alive && toMember(text), end);
    const socket = this.#guarded(raw);
    socket.serve(
      new LobbySocket(socket, {
        service: this.#service,
        quickMatch: this.#quickMatch,
        listViews: this.#listViews,
        addresses: this.#addresses,
        limits: this.#limits,
        counters: this.counters,
        requests: new Counters(),
        uniformErrors: false,
        frames: undefined,
        nowMs,
        answerMsMax: this.cluster && ANSWER_MS_MAX,
        address: ADDRESS,
        handleFailure: fail,
      }),
    );
    return raw;
  }

  sweep(): void {
    if (nowMs() % 1_000 < STEP_MS) this.guard?.sweep(nowMs());
    for (const socket of this.#sockets) socket.sweep(nowMs());
  }

  async lobby(code: LobbyCode): Promise<LobbyRecord | undefined> {
    return (await this.store.load(code)).record;
  }

  /** A lobby that somebody opens here, under a code of our choice. */
  async open(code: LobbyCode, name: string): Promise<LobbyRecord> {
    const record = openLobby({
      nowMs: nowMs(),
      idleMs: this.#limits.lobbyIdleMs,
      terms: { game: TAG, profile: named(name), capacity: 8, settings: null, metadata: null, audience: 0 },
      life: { id: `life of ${name}`, openedAtMs: nowMs() },
      code,
      peerId: peer(name),
      secretHash: `secret of ${name}`,
      address: "192.0.2.9",
      deviceHash: null,
      entrance: null,
    });
    if (!(await this.store.compareAndSet(code, 0, record))) throw new Error("the code is in use");
    return record;
  }

  /** Nobody opens a lobby here for a minute. */
  exhaustLobbies(): void {
    while (this.#addresses.take(nowMs(), ADDRESS, "lobbies"));
  }

  /** kill -9: nobody is told, but every connection is cut by the system. */
  kill(): void {
    this.#alive = false;
    this.#service.close();
    // In this order nobody is told.
    this.#shared?.close();
    void this.cluster?.close();
    for (const socket of this.#sockets) socket.terminate();
  }
}

function nowMs(): number {
  return Date.now();
}
