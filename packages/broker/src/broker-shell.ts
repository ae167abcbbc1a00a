import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { AddressLimits } from "./address-limits.ts";
import { AdminDesk } from "./admin-desk.ts";
import type { BrokerHandlers } from "./broker-handlers.ts";
import { BrokerMetrics } from "./broker-metrics.ts";
import type { BrokerSettings } from "./broker-options.ts";
import { clientAddress } from "./client-address.ts";
import { ANSWER_MS_MAX, Cluster } from "./cluster.ts";
import { Counters } from "./counters.ts";
import { moveAway } from "./drain.ts";
import type { FollowedFile } from "./followed-file.ts";
import { FrameRelay } from "./frame-relay.ts";
import { GuardedSocket, messageRate, type GuardedSocketOptions, type SocketUser } from "./guarded-socket.ts";
import { IceGrants } from "./ice-grants.ts";
import { LateRefusals } from "./late-refusals.ts";
import { ListViews } from "./list-views.ts";
import { ListingBoard } from "./listing-board.ts";
import { KeyWatch } from "./key-watch.ts";
import { LobbyRooms } from "./lobby-rooms.ts";
import { LobbySeal } from "./lobby-seal.ts";
import { LobbyService } from "./lobby-service.ts";
import { LobbySocket } from "./lobby-socket.ts";
import { failureEntry, type LogEvents } from "./log-entry.ts";
import type { LobbyStore } from "./lobby-store.ts";
import { measureStore } from "./measured-store.ts";
import { MemoryLobbyDirectory } from "./memory-lobby-directory.ts";
import { MemoryLobbyStore } from "./memory-lobby-store.ts";
import { Meters, type SocketKind } from "./meters.ts";
import { monotonicMs } from "./monotonic-ms.ts";
import { isClosed, OperationsDoor, pathOf, type Readiness } from "./operations-door.ts";
import { StoreUnavailable, type SharedState } from "./shared-state.ts";
import { RefusalLog } from "./refusal-log.ts";
import { RETRY_AFTER_SECONDS, statusOfBroken } from "./refuse-upgrade.ts";
import { OriginPolicy } from "./origin-policy.ts";
import { createPeerServer, PEERJS_KEY, type PeerServerAdapter } from "./peer-server.ts";
import { QuickMatch } from "./quick-match.ts";
import { createSecrets, type Secrets } from "./secrets.ts";
import { SignalingGuard } from "./signaling-guard.ts";
import { RosterSigner } from "./roster-signer.ts";
import { openSigningKeys, type SigningKeys } from "./signing-key.ts";
import { createSocketServer } from "./socket-server.ts";
import { SocketSweep } from "./socket-sweep.ts";
import { openTicketOffice, type TicketOffice } from "./ticket-office.ts";
import { asksForWebSocket, responseWithoutUpgrade } from "./unasked-upgrade.ts";
import { openTurnServers, type TurnServer } from "./turn-servers.ts";

/** Sockets get this long to read their goodbye. */
const GOODBYE_MS = 300;

interface Route {
  readonly kind: SocketKind;
  readonly createUser: (socket: GuardedSocket) => SocketUser;
}

/** Routes requests and upgrades, and owns everything behind them. */
export class BrokerShell implements BrokerHandlers {
  readonly #settings: BrokerSettings;
  readonly #counters = new Counters();
  /** One for all who need it. */
  readonly #handleFailure = (error: unknown): void => {
    const isAway = error instanceof StoreUnavailable;
    this.#counters.add(isAway ? "broker:store" : "broker:failure");
    // Away: told once, when it went.
    if (!isAway) this.#settings.log(failureEntry(error));
  };
  readonly #addresses: AddressLimits;
  readonly #lateRefusals: LateRefusals;
  readonly #origins: OriginPolicy;
  readonly #sweep: SocketSweep;
  readonly #refusals: RefusalLog;
  readonly #service: LobbyService;
  readonly #rooms: LobbyRooms;
  readonly #listViews: ListViews;
  readonly #quickMatch: QuickMatch;
  readonly #guard: SignalingGuard;
  readonly #guarding: GuardedSocketOptions;
  readonly #cluster: Cluster | undefined;
  readonly #keyWatch: KeyWatch | undefined;
  readonly #peerServer: PeerServerAdapter;
  readonly #sockets = createSocketServer(this.#handleFailure);
  readonly #signingKeys: SigningKeys;
  readonly #turnServers: FollowedFile<readonly TurnServer[]>;
  readonly #tickets: TicketOffice | undefined;
  readonly #startedAtMs = monotonicMs();
  readonly #meters = new Meters();
  readonly #operations: OperationsDoor;
  #draining: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  /** `shared`: with other nodes; else all of it is in this process. */
  constructor(settings: BrokerSettings, shared?: SharedState) {
    this.#settings = settings;
    const { limits } = settings;
    this.#guarding = this.#createGuarding();
    const handleFailure = this.#handleFailure;
    this.#cluster = shared && new Cluster({ shared, steadyMs: monotonicMs, handleFailure });
    this.#signingKeys = openSigningKeys(settings, () => this.noteUnreadable("signing key"));
    this.#turnServers = openTurnServers(settings, () => this.noteUnreadable("TURN servers"));
    const lasts = (settings.signingKey ?? settings.signingKeyFile) !== undefined;
    const secrets = createSecrets(this.#signingKeys.ring, settings.codeLength);
    this.#addresses = new AddressLimits(limits);
    this.#lateRefusals = new LateRefusals(this.#addresses, this.#counters);
    this.#origins = new OriginPolicy(settings.origins);
    this.#rooms = new LobbyRooms((peerId) => this.#guard.expel(peerId), this.#cluster?.nodeId);
    const held = shared?.lobbies ?? new MemoryLobbyStore(monotonicMs, limits.codeRestMs);
    // Times in a record mean the same at every node.
    const nowMs = shared === undefined ? monotonicMs : (): number => shared.bus.nowMs();
    const wallMs = shared === undefined ? Date.now : (): number => Math.floor(nowMs());
    const signer = new RosterSigner(this.#signingKeys.ring, wallMs);
    this.#keyWatch =
      shared &&
      new KeyWatch({ shared, keys: () => signer.thumbprints(), tickets: () => this.#tickets?.names(), log: settings.log, handleFailure });
    this.#tickets = openTicketOffice({ ...settings, shared, wallMs, handleUnreadable: () => this.noteUnreadable("ticket secrets") });
    const metrics = settings.metrics ? this.#createMetrics(() => held.count()) : undefined;
    const store =
      metrics === undefined ? held : measureStore(held, { observe: (...took) => metrics.observeStore(...took), nowMs: monotonicMs });
    const admin = settings.adminToken === undefined ? undefined : this.#createAdminDesk(store, wallMs);
    const directory = shared?.directory ?? new MemoryLobbyDirectory();
    this.#listViews = new ListViews(directory, handleFailure);
    this.#service = new LobbyService({
      store,
      rooms: this.#rooms,
      secrets,
      limits,
      relaysFrames: settings.relayFrames,
      iceGrants: new IceGrants({ iceServers: settings.iceServers, turn: () => this.#turnServers.value, secrets, wallMs: Date.now }),
      nowMs,
      wallMs,
      signer,
      seal: lasts ? new LobbySeal(this.#signingKeys.ring, wallMs) : undefined,
      board: new ListingBoard(directory, handleFailure, shared !== undefined),
      closedLives: shared?.once,
      seats: this.#cluster?.seats,
      counters: this.#counters,
      handleFailure,
    });
    this.#quickMatch = new QuickMatch({
      directory,
      service: this.#service,
      lobbyOfKey: (key) => this.#rooms.lobbyOf(secrets.peerIdOf(key)) ?? this.#cluster?.lobbyOf(secrets.peerIdOf(key)),
    });
    this.#peerServer = createPeerServer(handleFailure);
    this.#guard = this.#createGuard(secrets);
    shared?.bus.onUp(() => settings.log({ event: "store-up", nodes: this.#cluster?.nodeCount ?? 1 }));
    this.#cluster?.start({ rooms: this.#rooms, service: this.#service, guard: this.#guard });
    this.#refusals = new RefusalLog(this.#counters, settings.log, monotonicMs());
    this.#sweep = new SocketSweep(monotonicMs, limits.sendBuffersBytes, (nowMs) => {
      this.#guard.sweep(nowMs);
      this.#addresses.sweep(nowMs);
      this.#refusals.log(nowMs);
      admin?.sweep(nowMs);
    });
    this.#operations = new OperationsDoor({
      health: () => this.#health(),
      readiness: () => this.#readiness(),
      admin,
      metrics,
      settings,
      counters: this.#counters,
      handleFailure,
    });
  }

  handleRequest(request: IncomingMessage, response: ServerResponse): boolean {
    if (!this.#isOwn(request)) return false;
    if (!this.mayRequest(request, response)) return true;
    if (!this.#isPeerId(request)) this.#operations.handleRequest(request, response, false);
    else if (isClosed(this.#readiness())) {
      response.writeHead(503, { connection: "close", "retry-after": String(RETRY_AFTER_SECONDS) }).end();
    } else if (this.#origins.allows(request, this.#settings.trustedProxyHops > 0)) this.#peerServer.handleRequest(request, response);
    else response.writeHead(403, { connection: "close" }).end();
    return true;
  }

  /** Counts an HTTP request of its address; false: too many, and it is refused. */
  mayRequest(request: IncomingMessage, response: ServerResponse): boolean {
    const address = this.#addressOf(request);
    if (this.#addresses.take(monotonicMs(), address, "requests")) return true;
    this.#lateRefusals.refuseRequest(request, response, address);
    return false;
  }

  /** What came by the port for metrics. */
  handlePrivateRequest(request: IncomingMessage, response: ServerResponse): boolean {
    return this.#operations.handleRequest(request, response, true);
  }

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    if (!asksForWebSocket(request)) return this.#isOwn(request) && this.handleRequest(request, responseWithoutUpgrade(request, socket));
    const path = pathOf(request);
    if (path !== "/lobby" && path !== "/peerjs") return false;
    const address = this.#addressOf(request);
    const refusal = this.#refusal(request, address, monotonicMs());
    if (refusal !== undefined) {
      this.#lateRefusals.refuseSocket(socket, address, refusal);
      return true;
    }
    const route = path === "/lobby" ? this.#lobbyRoute(address) : this.#signalingRoute(request);
    if (route === undefined) this.#lateRefusals.refuseSocket(socket, address, { reason: "token", status: "401 Unauthorized" });
    else {
      // The answer and the first message leave together.
      socket.cork();
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
        if (request.socket === socket) this.#meters.addSocket(route.kind, request.socket);
        this.#addresses.addSocket(address);
        const guarded = new GuardedSocket({ socket: webSocket, connection: socket, address }, this.#guarding);
        this.#sweep.add(guarded);
        guarded.serve(route.createUser(guarded));
      });
      socket.uncork();
    }
    return true;
  }

  /** An upgrade that is not for the broker. */
  refuseUnknown(request: IncomingMessage, socket: Duplex): void {
    this.#lateRefusals.refuseSocket(socket, this.#addressOf(request), { reason: "path", status: "404 Not Found" });
  }

  /** What is no HTTP, or comes too slowly. */
  refuseBroken(socket: Duplex, error: Error): void {
    this.#lateRefusals.refuseBroken(socket, statusOfBroken(error), this.#settings.trustedProxyHops > 0);
  }

  /** Counts a connection of its address, before anything is read from it; false: too many in a short time. */
  mayConnect(address: string): boolean {
    return this.#addresses.take(monotonicMs(), address, "connections");
  }

  /** A connection was cut: before it said anything, or for what it said before it was answered. */
  countRefusedConnection(reason: "address" | "pipelined"): void {
    this.#counters.add(`connection:${reason}`);
  }

  /** A file that was read again makes no sense: what it said before stays. */
  noteUnreadable(file: LogEvents["file-refused"]["file"]): void {
    this.#counters.add("broker:unreadable-file");
    this.#settings.log({ event: "file-refused", file });
  }

  drain(): Promise<void> {
    return (this.#draining ??= this.#drainAll());
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#closeAll());
  }

  #isOwn(request: IncomingMessage): boolean {
    return this.#isPeerId(request) || this.#operations.answers(request, false);
  }

  #isPeerId(request: IncomingMessage): boolean {
    return this.#settings.open && pathOf(request) === `/${PEERJS_KEY}/id`;
  }

  #addressOf(request: IncomingMessage): string {
    return clientAddress(request, this.#settings.trustedProxyHops);
  }

  #refusal(request: IncomingMessage, address: string, nowMs: number): { readonly reason: string; readonly status: string } | undefined {
    const readiness = this.#readiness();
    if (isClosed(readiness)) return { reason: readiness === "keys" ? "keys" : "closing", status: "503 Service Unavailable" };
    if (!this.#addresses.mayOpen(nowMs, address)) return { reason: "address", status: "429 Too Many Requests" };
    if (!this.#origins.allows(request, this.#settings.trustedProxyHops > 0)) return { reason: "origin", status: "403 Forbidden" };
    if (this.#sweep.count >= this.#settings.limits.sockets) return { reason: "full", status: "503 Service Unavailable" };
    return undefined;
  }

  #lobbyRoute(address: string): Route {
    const { limits, uniformErrors } = this.#settings;
    const common = {
      service: this.#service,
      quickMatch: this.#quickMatch,
      listViews: this.#listViews,
      addresses: this.#addresses,
      counters: this.#counters,
      requests: this.#meters.requests,
      nowMs: monotonicMs,
      limits,
      uniformErrors,
      answerMsMax: this.#cluster === undefined ? undefined : ANSWER_MS_MAX,
    };
    const relay = { rooms: this.#rooms, limits, counters: this.#counters, nowMs: monotonicMs };
    return {
      kind: "lobby",
      createUser: (socket) => {
        const frames = this.#settings.relayFrames ? new FrameRelay(relay) : undefined;
        return new LobbySocket(socket, { ...common, address, frames, handleFailure: this.#handleFailure });
      },
    };
  }

  #signalingRoute(request: IncomingMessage): Route | undefined {
    const url = request.url ?? "";
    const query = new URLSearchParams(url.slice(url.indexOf("?") + 1));
    const identity = query.get("key") === PEERJS_KEY ? this.#guard.identify(query.get("id"), query.get("token")) : undefined;
    return identity === undefined ? undefined : { kind: "signaling", createUser: (socket) => this.#guard.accept(identity, socket) };
  }

  #health(): Readonly<Record<string, unknown>> {
    const readiness = this.#readiness();
    return {
      status: isClosed(readiness) ? readiness : "ok",
      uptimeSeconds: Math.floor((monotonicMs() - this.#startedAtMs) / 1000),
      sockets: this.#sweep.count,
      members: this.#rooms.memberCount,
      signaling: this.#guard.clientCount,
      refusals: this.#counters.snapshot(),
    };
  }

  #readiness(): Readiness {
    if (this.#draining !== undefined || this.#closing !== undefined) return "draining";
    if (this.#cluster?.isUp === false || this.#keyWatch?.verdict === "unknown") return "store";
    return this.#keyWatch?.verdict === "others" ? "keys" : "ready";
  }

  #createGuarding(): GuardedSocketOptions {
    const { limits } = this.#settings;
    const handleEnd = (socket: GuardedSocket): void => {
      this.#addresses.removeSocket(socket.address);
      this.#sweep.delete(socket);
    };
    return { limits, messages: messageRate(limits), nowMs: monotonicMs, handleEnd, handleFailure: this.#handleFailure };
  }

  #createGuard(secrets: Secrets): SignalingGuard {
    return new SignalingGuard({
      peerServer: this.#peerServer,
      secrets,
      limits: this.#settings.limits,
      counters: this.#counters,
      signals: this.#meters.signals,
      open: this.#settings.open,
      tickets: this.#tickets,
      lobbyOf: (peerId) => this.#rooms.lobbyOf(peerId),
      isRelayOnly: (code) => this.#rooms.isRelayOnly(code),
      nowMs: monotonicMs,
      cluster: this.#cluster?.forGuard,
    });
  }

  #createMetrics(lobbyCount: () => Promise<number>): BrokerMetrics {
    return new BrokerMetrics({
      meters: this.#meters,
      refusals: this.#counters,
      memberCount: () => this.#rooms.memberCount,
      lobbyCount,
      isReady: () => this.#readiness() === "ready",
      cluster: this.#cluster,
    });
  }

  #createAdminDesk(store: LobbyStore, wallMs: () => number): AdminDesk {
    return new AdminDesk({
      meters: this.#meters,
      refusals: this.#counters,
      codes: () => this.#rooms.codes,
      memberCount: () => this.#rooms.memberCount,
      store,
      limits: this.#settings.limits,
      readiness: () => this.#readiness(),
      memoryBytes: () => process.memoryUsage.rss(),
      nowMs: monotonicMs,
      wallMs,
    });
  }

  /** Whoever has a socket is served until it is moved. */
  async #drainAll(): Promise<void> {
    const { drainMs, log } = this.#settings;
    const sockets = this.#sweep.all();
    log({ event: "draining", sockets: sockets.length, drainMs });
    this.#lateRefusals.close();
    await moveAway(sockets, { drainMs, isOver: () => this.#closing !== undefined });
    await this.close();
  }

  async #closeAll(): Promise<void> {
    this.#listViews.close();
    this.#lateRefusals.close();
    const sockets = this.#sweep.all();
    // The other nodes go on with these lobbies: that their members' sockets closed is written before this one stops.
    if (this.#cluster === undefined) this.#service.close();
    for (const file of [this.#signingKeys, this.#turnServers, this.#tickets]) file?.close();
    this.#sweep.dispose();
    for (const socket of sockets) socket.shutDown();
    if (sockets.length > 0) await new Promise((resolve) => setTimeout(resolve, GOODBYE_MS));
    for (const socket of sockets) socket.terminate();
    this.#service.close();
    await this.#keyWatch?.close();
    await this.#cluster?.close();
    this.#refusals.tell();
    this.#sockets.close();
  }
}
