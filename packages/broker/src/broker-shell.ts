import type { IncomingMessage, ServerResponse } from "node:http";
import { performance } from "node:perf_hooks";
import type { Duplex } from "node:stream";
import { LOBBY_LIMITS } from "@rollcall/netcode/lobby-protocol";
import { WebSocketServer, type WebSocket } from "ws";
import { AddressLimits } from "./address-limits.ts";
import type { BrokerHandlers } from "./broker-handlers.ts";
import type { BrokerSettings } from "./broker-options.ts";
import { clientAddress } from "./client-address.ts";
import { Counters } from "./counters.ts";
import type { FollowedFile } from "./followed-file.ts";
import { FrameRelay } from "./frame-relay.ts";
import { GuardedSocket, type SocketUser } from "./guarded-socket.ts";
import { IceGrants } from "./ice-grants.ts";
import { LobbyRooms } from "./lobby-rooms.ts";
import { LobbySeal } from "./lobby-seal.ts";
import { LobbyService } from "./lobby-service.ts";
import { LobbySocket } from "./lobby-socket.ts";
import { MemoryLobbyStore } from "./memory-lobby-store.ts";
import { refuseUpgrade } from "./refuse-upgrade.ts";
import { OriginPolicy } from "./origin-policy.ts";
import { createPeerServer, PEERJS_KEY, type PeerServerAdapter } from "./peer-server.ts";
import { createSecrets } from "./secrets.ts";
import { SignalingGuard } from "./signaling-guard.ts";
import { openSigningKeys, type SigningKeys } from "./signing-key.ts";
import { SocketSweep } from "./socket-sweep.ts";
import { openTurnServers, type TurnServer } from "./turn-servers.ts";

/** Sockets get this long to read their goodbye. */
const GOODBYE_MS = 300;

interface Route {
  readonly createUser: (socket: GuardedSocket) => SocketUser;
}

/** Routes requests and upgrades, and owns everything behind them. */
export class BrokerShell implements BrokerHandlers {
  readonly #settings: BrokerSettings;
  readonly #counters = new Counters();
  readonly #addresses: AddressLimits;
  readonly #origins: OriginPolicy;
  readonly #sweep: SocketSweep;
  readonly #service: LobbyService;
  readonly #rooms: LobbyRooms;
  readonly #guard: SignalingGuard;
  readonly #peerServer: PeerServerAdapter;
  readonly #sockets: WebSocketServer;
  readonly #signingKeys: SigningKeys;
  readonly #turnServers: FollowedFile<readonly TurnServer[]>;
  readonly #startedAtMs = monotonicMs();
  #closing: Promise<void> | undefined;

  constructor(settings: BrokerSettings) {
    this.#settings = settings;
    const { limits } = settings;
    this.#signingKeys = openSigningKeys(settings, () => this.#noteUnreadable("signing key file"));
    this.#turnServers = openTurnServers(settings, () => this.#noteUnreadable("TURN servers file"));
    const { ring } = this.#signingKeys;
    const lasts = (settings.signingKey ?? settings.signingKeyFile) !== undefined;
    const secrets = createSecrets(ring);
    this.#addresses = new AddressLimits(limits);
    this.#origins = new OriginPolicy(settings.origins);
    this.#rooms = new LobbyRooms((peerId) => this.#guard.expel(peerId));
    this.#service = new LobbyService({
      store: new MemoryLobbyStore(monotonicMs, limits.codeRestMs),
      rooms: this.#rooms,
      secrets,
      limits,
      relaysFrames: settings.relayFrames,
      iceGrants: new IceGrants({ iceServers: settings.iceServers, turn: () => this.#turnServers.value, secrets, wallMs: Date.now }),
      nowMs: monotonicMs,
      wallMs: Date.now,
      seal: lasts ? new LobbySeal(ring, Date.now) : undefined,
      counters: this.#counters,
      handleFailure: (error) => this.#logFailure(error),
    });
    this.#peerServer = createPeerServer((error) => this.#logFailure(error));
    this.#guard = new SignalingGuard({
      peerServer: this.#peerServer,
      secrets,
      limits,
      counters: this.#counters,
      open: settings.open,
      lobbyOf: (peerId) => this.#rooms.lobbyOf(peerId),
      isRelayOnly: (code) => this.#rooms.isRelayOnly(code),
      nowMs: monotonicMs,
    });
    this.#sweep = new SocketSweep(monotonicMs, (nowMs) => {
      this.#guard.sweep(nowMs);
      this.#addresses.sweep(nowMs);
    });
    // Compression off: a small frame could else unpack to a large one, and every socket would hold a window of memory.
    this.#sockets = new WebSocketServer({
      noServer: true,
      maxPayload: LOBBY_LIMITS.frameBytes,
      perMessageDeflate: false,
      clientTracking: false,
    });
    this.#sockets.on("error", (error) => this.#logFailure(error));
  }

  handleRequest(request: IncomingMessage, response: ServerResponse): boolean {
    const path = pathOf(request);
    if (path === "/healthz") {
      this.#answerHealth(request, response);
      return true;
    }
    if (!this.#settings.open || path !== `/${PEERJS_KEY}/id`) return false;
    if (this.#origins.allows(request, this.#settings.trustedProxyHops > 0)) this.#peerServer.handleRequest(request, response);
    else response.writeHead(403, { connection: "close" }).end();
    return true;
  }

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const path = pathOf(request);
    if (path !== "/lobby" && path !== "/peerjs") return false;
    socket.on("error", () => socket.destroy());
    const nowMs = monotonicMs();
    const address = clientAddress(request, this.#settings.trustedProxyHops);
    const refusal = this.#refusal(request, address, nowMs);
    if (refusal !== undefined) {
      this.#refuse(socket, refusal);
      return true;
    }
    const route = path === "/lobby" ? this.#lobbyRoute(address) : this.#signalingRoute(request);
    if (route === undefined) this.#refuse(socket, { reason: "token", status: "401 Unauthorized" });
    else this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.#accept(webSocket, route, address));
    return true;
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  #refusal(request: IncomingMessage, address: string, nowMs: number): { readonly reason: string; readonly status: string } | undefined {
    if (this.#closing !== undefined) return { reason: "closing", status: "503 Service Unavailable" };
    if (!this.#addresses.mayOpen(nowMs, address)) return { reason: "address", status: "429 Too Many Requests" };
    if (!this.#origins.allows(request, this.#settings.trustedProxyHops > 0)) return { reason: "origin", status: "403 Forbidden" };
    if (this.#sweep.count >= this.#settings.limits.sockets) return { reason: "full", status: "503 Service Unavailable" };
    return undefined;
  }

  #refuse(socket: Duplex, { reason, status }: { readonly reason: string; readonly status: string }): void {
    this.#counters.add(`socket:${reason}`);
    refuseUpgrade(socket, status);
  }

  #lobbyRoute(address: string): Route {
    const { limits, uniformErrors } = this.#settings;
    const handleFailure = (error: unknown): void => this.#logFailure(error);
    const common = {
      service: this.#service,
      addresses: this.#addresses,
      counters: this.#counters,
      nowMs: monotonicMs,
      limits,
      uniformErrors,
    };
    const relay = { rooms: this.#rooms, limits, counters: this.#counters, nowMs: monotonicMs };
    return {
      createUser: (socket) => {
        const frames = this.#settings.relayFrames ? new FrameRelay(relay) : undefined;
        return new LobbySocket(socket, { ...common, address, frames, handleFailure });
      },
    };
  }

  #signalingRoute(request: IncomingMessage): Route | undefined {
    const query = new URL(request.url ?? "", "http://broker").searchParams;
    const identity = query.get("key") === PEERJS_KEY ? this.#guard.identify(query.get("id"), query.get("token")) : undefined;
    return identity === undefined ? undefined : { createUser: (socket) => this.#guard.accept(identity, socket) };
  }

  #accept(webSocket: WebSocket, route: Route, address: string): void {
    this.#addresses.addSocket(monotonicMs(), address);
    const socket: GuardedSocket = new GuardedSocket(webSocket, {
      limits: this.#settings.limits,
      nowMs: monotonicMs,
      handleEnd: () => {
        this.#addresses.removeSocket(monotonicMs(), address);
        this.#sweep.delete(socket);
      },
      handleFailure: (error) => this.#logFailure(error),
    });
    this.#sweep.add(socket);
    socket.serve(route.createUser(socket));
  }

  #answerHealth(request: IncomingMessage, response: ServerResponse): void {
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { allow: "GET, HEAD", connection: "close" }).end();
      return;
    }
    const body = JSON.stringify({
      status: this.#closing === undefined ? "ok" : "closing",
      uptimeSeconds: Math.floor((monotonicMs() - this.#startedAtMs) / 1000),
      sockets: this.#sweep.count,
      members: this.#rooms.memberCount,
      signaling: this.#guard.clientCount,
      refusals: this.#counters.snapshot(),
    });
    response.writeHead(200, { "content-type": "application/json", "cache-control": "no-store", "content-length": Buffer.byteLength(body) });
    response.end(request.method === "HEAD" ? undefined : body);
  }

  async #closeAll(): Promise<void> {
    this.#service.close();
    this.#signingKeys.close();
    this.#turnServers.close();
    this.#sweep.dispose();
    const sockets = this.#sweep.all();
    for (const socket of sockets) socket.shutDown();
    if (sockets.length > 0) await new Promise((resolve) => setTimeout(resolve, GOODBYE_MS));
    for (const socket of sockets) socket.terminate();
    this.#sockets.close();
  }

  /** What was read before stays. */
  #noteUnreadable(what: string): void {
    this.#counters.add("broker:unreadable-file");
    this.#settings.log(`failure: the ${what} makes no sense any more; what it said before holds`);
  }

  /** Only what is of our own making: an error's text may quote what a stranger sent. */
  #logFailure(error: unknown): void {
    this.#counters.add("broker:failure");
    this.#settings.log(`failure: ${error instanceof Error ? error.name : typeof error}`);
  }
}

/** Milliseconds that never go back, close to the wall clock at the start. */
function monotonicMs(): number {
  return performance.timeOrigin + performance.now();
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? "").split("?", 1)[0] ?? "";
}
