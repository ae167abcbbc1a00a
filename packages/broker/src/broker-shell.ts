import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { WebSocketServer } from "ws";
import { AddressLimits } from "./address-limits.ts";
import { BrokerCore } from "./broker-core.ts";
import type { BrokerHandlers } from "./broker-handlers.ts";
import type { BrokerSettings } from "./broker-options.ts";
import { clientAddress } from "./client-address.ts";
import { ANSWER_MS_MAX } from "./cluster.ts";
import { moveAway } from "./drain.ts";
import { FrameRelay } from "./frame-relay.ts";
import { GuardedSocket, messageRate, type GuardedSocketOptions, type SocketUser } from "./guarded-socket.ts";
import { LateRefusals } from "./late-refusals.ts";
import { LobbySocket } from "./lobby-socket.ts";
import type { LogEvents } from "./log-entry.ts";
import type { SocketKind } from "./meters.ts";
import { monotonicMs } from "./monotonic-ms.ts";
import { isClosed, OperationsDoor, pathOf, type Readiness } from "./operations-door.ts";
import type { SharedState } from "./shared-state.ts";
import { RefusalLog } from "./refusal-log.ts";
import { RETRY_AFTER_SECONDS, statusOfBroken } from "./refuse-upgrade.ts";
import { OriginPolicy } from "./origin-policy.ts";
import { PEERJS_KEY } from "./peer-server.ts";
import { createSocketServer } from "./socket-server.ts";
import { SocketSweep } from "./socket-sweep.ts";
import { isOldHttp, namesItsHost } from "./request-head.ts";
import { asksForWebSocket, responseWithoutUpgrade } from "./unasked-upgrade.ts";

/** Sockets get this long to read their goodbye. */
const GOODBYE_MS = 300;

interface Route {
  readonly kind: SocketKind;
  readonly createUser: (socket: GuardedSocket) => SocketUser;
}

/** The doors of a broker: routes requests and upgrades to what stands behind them, and bounds who comes. */
export class BrokerShell implements BrokerHandlers {
  readonly #settings: BrokerSettings;
  readonly #core: BrokerCore;
  readonly #addresses: AddressLimits;
  readonly #lateRefusals: LateRefusals;
  readonly #origins: OriginPolicy;
  readonly #sweep: SocketSweep;
  readonly #refusals: RefusalLog;
  readonly #guarding: GuardedSocketOptions;
  readonly #sockets: WebSocketServer;
  readonly #startedAtMs = monotonicMs();
  readonly #operations: OperationsDoor;
  #draining: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  /** `shared`: with other nodes; else all of it is in this process. */
  constructor(settings: BrokerSettings, shared?: SharedState) {
    this.#settings = settings;
    const { limits, log } = settings;
    const core = new BrokerCore({ settings, shared, readiness: () => this.#readiness() });
    this.#core = core;
    const { counters, handleFailure, admin, metrics } = core;
    this.#guarding = this.#createGuarding();
    this.#sockets = createSocketServer(handleFailure);
    this.#addresses = new AddressLimits(limits);
    this.#lateRefusals = new LateRefusals(this.#addresses, counters);
    this.#origins = new OriginPolicy(settings.origins);
    this.#refusals = new RefusalLog(counters, log, monotonicMs());
    this.#sweep = new SocketSweep(monotonicMs, limits.sendBuffersBytes, (nowMs) => {
      core.guard.sweep(nowMs);
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
      counters,
      handleFailure,
    });
  }

  handleRequest(request: IncomingMessage, response: ServerResponse): boolean {
    if (!this.#isOwn(request)) return false;
    if (!this.mayRequest(request, response)) return true;
    if (!this.#isPeerId(request)) this.#operations.handleRequest(request, response, false);
    else if (isClosed(this.#readiness())) {
      response.writeHead(503, { connection: "close", "retry-after": String(RETRY_AFTER_SECONDS) }).end();
    } else if (this.#origins.allows(request, this.#settings.trustedProxyHops > 0)) this.#core.peerServer.handleRequest(request, response);
    else response.writeHead(403, { connection: "close" }).end();
    return true;
  }

  /** Counts an HTTP request of its address; false: too many, or it does not say for which host it is, and it is refused. */
  mayRequest(request: IncomingMessage, response: ServerResponse): boolean {
    const address = this.#addressOf(request);
    if (!this.#addresses.take(monotonicMs(), address, "requests")) {
      this.#lateRefusals.refuseRequest(request, response, address);
      return false;
    }
    if (namesItsHost(request)) return true;
    this.#core.counters.add("request:host");
    response.writeHead(400, { connection: "close" }).end();
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
        if (request.socket === socket) this.#core.meters.addSocket(route.kind, request.socket);
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
  countRefusedConnection(reason: "address" | "full" | "pipelined"): void {
    this.#core.counters.add(`connection:${reason}`);
  }

  /** Something failed beside what it answers itself. */
  noteFailure(error: unknown): void {
    this.#core.handleFailure(error);
  }

  /** A file that was read again makes no sense: what it said before stays. */
  noteUnreadable(file: LogEvents["file-refused"]["file"]): void {
    this.#core.noteUnreadable(file);
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
    if (!namesItsHost(request)) return { reason: "host", status: "400 Bad Request" };
    // RFC 6455, section 4.2.1. A proxy that passes it on so drops the sockets of some clients and not of others: better of all, and counted.
    if (isOldHttp(request)) return { reason: "http", status: "505 HTTP Version Not Supported" };
    if (!this.#origins.allows(request, this.#settings.trustedProxyHops > 0)) return { reason: "origin", status: "403 Forbidden" };
    if (this.#sweep.count >= this.#settings.limits.sockets) return { reason: "full", status: "503 Service Unavailable" };
    return undefined;
  }

  #lobbyRoute(address: string): Route {
    const { limits, uniformErrors } = this.#settings;
    const { service, quickMatch, listViews, counters, meters, rooms, handleFailure, isShared } = this.#core;
    const common = {
      service,
      quickMatch,
      listViews,
      addresses: this.#addresses,
      counters,
      requests: meters.requests,
      nowMs: monotonicMs,
      limits,
      uniformErrors,
      answerMsMax: isShared ? ANSWER_MS_MAX : undefined,
    };
    const relay = { rooms, limits, counters, nowMs: monotonicMs };
    return {
      kind: "lobby",
      createUser: (socket) => {
        const frames = this.#settings.relayFrames ? new FrameRelay(relay) : undefined;
        return new LobbySocket(socket, { ...common, address, frames, handleFailure });
      },
    };
  }

  #signalingRoute(request: IncomingMessage): Route | undefined {
    const url = request.url ?? "";
    const query = new URLSearchParams(url.slice(url.indexOf("?") + 1));
    const identity = query.get("key") === PEERJS_KEY ? this.#core.guard.identify(query.get("id"), query.get("token")) : undefined;
    return identity === undefined ? undefined : { kind: "signaling", createUser: (socket) => this.#core.guard.accept(identity, socket) };
  }

  #health(): Readonly<Record<string, unknown>> {
    const readiness = this.#readiness();
    return {
      status: isClosed(readiness) ? readiness : "ok",
      uptimeSeconds: Math.floor((monotonicMs() - this.#startedAtMs) / 1000),
      sockets: this.#sweep.count,
      members: this.#core.rooms.memberCount,
      signaling: this.#core.guard.clientCount,
      refusals: this.#core.counters.snapshot(),
    };
  }

  #readiness(): Readiness {
    return this.#draining !== undefined || this.#closing !== undefined ? "draining" : this.#core.readiness;
  }

  #createGuarding(): GuardedSocketOptions {
    const { limits } = this.#settings;
    const handleEnd = (socket: GuardedSocket): void => {
      this.#addresses.removeSocket(socket.address);
      this.#sweep.delete(socket);
    };
    return { limits, messages: messageRate(limits), nowMs: monotonicMs, handleEnd, handleFailure: this.#core.handleFailure };
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
    this.#lateRefusals.close();
    const sockets = this.#sweep.all();
    this.#core.beginClosing();
    this.#sweep.dispose();
    for (const socket of sockets) socket.shutDown();
    if (sockets.length > 0) await new Promise((resolve) => setTimeout(resolve, GOODBYE_MS));
    for (const socket of sockets) socket.terminate();
    await this.#core.close();
    this.#refusals.tell();
    this.#sockets.close();
  }
}
