/**
 * A broker and its members in virtual time: the real members' machine, socket guard, lobby service and store, between which frames travel with a delay.
 * Needs vitest's fake timers, with `setImmediate` left real.
 */
import { createHash } from "node:crypto";
import { EventEmitter } from "node:events";
import { LobbyMember, type LobbyEntrance, type LobbyMemberEvent, Random } from "@rollcall/netcode/core";
import type { GoodbyeReason, LobbyCode, LobbyCommand, PeerId } from "@rollcall/netcode/lobby-protocol";
import { vi } from "vitest";
import type { WebSocket } from "ws";
import { AddressLimits } from "../src/address-limits.ts";
import { ANSWER_MS_MAX, Cluster } from "../src/cluster.ts";
import { Counters } from "../src/counters.ts";
import { GuardedSocket } from "../src/guarded-socket.ts";
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
  readonly #limits = { ...BROKER_LIMITS, wrongCodesPerMinute: 10_000, lobbiesPerMinute: 60 };
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

  #createGuard(secrets: Secrets): SignalingGuard {
    return new SignalingGuard({
      peerServer: createPeerServer(fail),
      secrets,
      limits: this.#limits,
      counters: this.counters,
      signals: new Counters(),
      open: true,
      lobbyOf: (peerId) => this.#rooms.lobbyOf(peerId),
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
    const socket: GuardedSocket = new GuardedSocket(raw as unknown as WebSocket, {
      connection: raw,
      limits: this.#limits,
      nowMs,
      handleEnd: () => this.#sockets.delete(socket),
      handleFailure: fail,
    });
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

/** One page: the member's machine on a connection that can be cut or held. */
export class VirtualMember {
  readonly name: string;
  /** Of its page. */
  readonly key: string;
  readonly events: LobbyMemberEvent[] = [];
  member: LobbyMember;
  /** Every keepsake heard, in order; `tamper` may put another in the place of the one that it gives back. */
  readonly keepsakes: string[] = [];
  tamper: ((keepsake: string | undefined) => string | undefined) | undefined;
  goodbye: GoodbyeReason | undefined;
  /** Frames stand still on their way, in both directions. */
  isHeld = false;
  /** No new connection comes through. */
  isCutOff = false;
  readonly #world: VirtualWorld;
  #raw: VirtualSocket | undefined;
  #socket = 0;
  readonly #underWay: { readonly dueMs: number; readonly act: () => void }[] = [];

  constructor(world: VirtualWorld, name: string, entrance: LobbyEntrance, seed: number) {
    this.#world = world;
    this.name = name;
    this.key = world.keyOf(`${name}-${seed}`);
    const keys = {
      entranceId: `entrance-${name}-${seed}`.padEnd(16, "0"),
      device: `device-${name}`.padEnd(16, "0"),
      key: this.key,
    };
    this.member = new LobbyMember(nowMs(), { entrance, keys, random: new Random(seed, name) });
  }

  get peerId(): PeerId {
    const peerId = this.member.admission?.peerId;
    if (peerId === undefined) throw new Error(`${this.name} is not admitted`);
    return peerId;
  }

  get secret(): string {
    return this.member.admission?.resumeSecret ?? "";
  }

  get isHost(): boolean {
    const { lobby, admission } = this.member;
    return lobby !== undefined && lobby.hostId === admission?.peerId;
  }

  /** How it ended; `undefined` while it lives. */
  get end(): string | undefined {
    const last = this.events.at(-1);
    return last?.type === "closed" ? (last.failure?.code ?? "left") : undefined;
  }

  request(command: LobbyCommand): number {
    return this.member.request(nowMs(), command);
  }

  replyTo(request: number): string | undefined {
    const reply = this.events.find((event) => event.type === "reply" && event.request === request);
    return reply?.type === "reply" ? (reply.failure?.code ?? "ok") : undefined;
  }

  /** The connection breaks; both ends notice at once. */
  cut(): void {
    this.#raw?.close();
  }

  /** The page is gone, without a word. */
  kill(): void {
    this.cut();
    this.#world.members.delete(this);
  }

  step(): void {
    while (!this.isHeld && (this.#underWay[0]?.dueMs ?? Infinity) <= nowMs()) this.#underWay.shift()?.act();
    if (nowMs() >= this.member.pollTimeoutMs()) this.member.handleTimeout(nowMs());
    this.#drain();
  }

  #drain(): void {
    for (let frame = this.member.pollFrame(); frame !== undefined; frame = this.member.pollFrame()) this.#send(frame);
    for (let action = this.member.pollAction(); action !== undefined; action = this.member.pollAction()) {
      if (action.type === "open-socket") this.#open(action.socket);
      else if (action.socket === this.#socket) this.#later(this.#raw, () => this.#raw?.close());
    }
    for (let event = this.member.pollEvent(); event !== undefined; event = this.member.pollEvent()) {
      this.events.push(event);
      if (event.type === "keepsake") this.keepsakes.push(event.keepsake);
    }
  }

  #send(frame: string): void {
    const raw = this.#raw;
    const text = this.tamper === undefined ? frame : this.#tampered(frame, this.tamper);
    this.#later(raw, () => raw?.emit("message", text, false));
  }

  #tampered(frame: string, tamper: (keepsake: string | undefined) => string | undefined): string {
    const message = JSON.parse(frame) as { command?: { type: string; keepsake?: string | undefined } };
    if (message.command?.type !== "resume") return frame;
    return JSON.stringify({ ...message, command: { ...message.command, keepsake: tamper(message.command.keepsake) } });
  }

  #open(number: number): void {
    this.#socket = number;
    this.#underWay.length = 0;
    const closed = (): void => this.#push(() => this.member.handleSocketClosed(nowMs(), number));
    const broker = this.#world.reach();
    if (!broker.alive || this.isCutOff) {
      this.#raw = undefined;
      closed();
      return;
    }
    const raw = broker.connect(
      (text) => this.#later(raw, () => this.#receive(number, text)),
      () => {
        if (this.#raw === raw) closed();
      },
    );
    this.#raw = raw;
    this.#push(() => this.member.handleSocketOpen(nowMs(), number));
  }

  #receive(number: number, text: string): void {
    if (text.startsWith('{"goodbye":')) this.goodbye = (JSON.parse(text) as { goodbye: GoodbyeReason }).goodbye;
    this.member.handleFrame(nowMs(), number, text);
    this.#drain();
  }

  /** Of an earlier connection nothing arrives. */
  #later(raw: VirtualSocket | undefined, act: () => void): void {
    this.#push(() => {
      if (this.#raw === raw) act();
    });
  }

  #push(act: () => void): void {
    this.#underWay.push({ dueMs: nowMs() + this.#world.latencyMs, act });
  }
}

export class VirtualWorld {
  latencyMs = 30;
  broker: VirtualBroker = new VirtualBroker();
  readonly members = new Set<VirtualMember>();
  readonly #seed: number;
  #count = 0;

  constructor(seed = 1) {
    this.#seed = seed;
  }

  host(name: string, capacity = 8): VirtualMember {
    return this.#add(name, { type: "create", game: TAG, profile: named(name), capacity, settings: null, metadata: null });
  }

  join(name: string, code: string): VirtualMember {
    return this.#add(name, { type: "join", code, game: TAG, profile: named(name) });
  }

  /** Another page with this secret. */
  resume(name: string, code: string, secret: string, keepsake?: string): VirtualMember {
    return this.#add(name, { type: "resume", code, secret, ...(keepsake === undefined ? {} : { keepsake }) });
  }

  /** The broker that a page gets to. */
  reach(): VirtualBroker {
    return this.broker;
  }

  keyOf(name: string): string {
    return pageKeyOf(name);
  }

  /** Called with each step, for every broker. */
  sweep(): void {
    this.broker.sweep();
  }

  /** kill -9, and after `downMs` a new process with the same key. */
  async restart(downMs: number, signingKey?: string): Promise<void> {
    this.broker.kill();
    // At least until everybody has noticed.
    await this.run(Math.max(downMs, 100));
    this.broker = new VirtualBroker(signingKey);
  }

  /** Called after each step. */
  watch: () => Promise<void> = () => Promise.resolve();

  async run(durationMs: number): Promise<void> {
    for (const endMs = nowMs() + durationMs; nowMs() < endMs;) {
      vi.advanceTimersByTime(STEP_MS);
      this.sweep();
      await this.settle();
      await this.watch();
    }
  }

  /** Runs until `done`, or fails after `mostMs`. */
  async until(done: () => boolean, mostMs = 60_000): Promise<void> {
    const endMs = nowMs() + mostMs;
    while (!done()) {
      if (nowMs() > endMs) throw new Error(`not after ${mostMs} virtual ms: ${String(done)}`);
      await this.run(STEP_MS);
    }
  }

  async settle(): Promise<void> {
    for (const member of this.members) member.step();
    // The service's promises: they wait for no timer.
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }

  /** A page with the key that everybody of this name has. */
  twin(name: string, code: string): VirtualMember {
    return this.#add(name, { type: "join", code, game: TAG, profile: named(name) }, 0);
  }

  #add(name: string, entrance: LobbyEntrance, count: number = this.#count++): VirtualMember {
    const member = new VirtualMember(this, name, entrance, this.#seed * 1_000 + count);
    this.members.add(member);
    return member;
  }
}

/** 32 bytes of its own for each page. */
function pageKeyOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}

function nowMs(): number {
  return Date.now();
}
