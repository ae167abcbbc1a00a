import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { resolveOptions, type BrokerOptions, type BrokerSettings } from "./broker-options.ts";
import type { BrokerHandlers } from "./broker-handlers.ts";
import { BrokerShell } from "./broker-shell.ts";
import { LOBBY_KEPT_MS } from "./cluster-node.ts";
import { limitConnections } from "./connection-limits.ts";
import { IdleDeadline } from "./idle-deadline.ts";
import type { Log } from "./log-entry.ts";
import { monotonicMs } from "./monotonic-ms.ts";
import { connectionsAllowed } from "./open-files.ts";
import { PipelineGuard } from "./pipeline-guard.ts";
import { connectRedis } from "./redis-state.ts";
import { refuseUpgrade, statusOfBroken } from "./refuse-upgrade.ts";
import { StaticFiles } from "./static-files.ts";
import { certificateTime, openTlsFiles, type TlsFiles, type TlsPair } from "./tls-files.ts";
import { asksForWebSocket, responseWithoutUpgrade } from "./unasked-upgrade.ts";

/** A broker that listens. */
export interface Broker {
  readonly port: number;
  /** For people and configuration: `http://host:port`, with `tls` `https://…`. */
  readonly address: string;
  /** Where `metricsPort` listens; `undefined` without one. */
  readonly metricsPort: number | undefined;
  /**
   * Takes nobody new (503, `Retry-After`; `/readyz` is false), moves everybody away over `drainMs`, then closes. Members come back by themselves, to
   * another node or to the broker that starts in this one's place. Idempotent; `close` cuts it short.
   */
  drain(): Promise<void>;
  /** Says goodbye to everybody at once, frees the port. Idempotent. */
  close(): Promise<void>;
}

/** Requests and headers that take longer are not browsers. Slow senders hold a connection this long at most. */
const SERVER_OPTIONS = {
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  connectionsCheckingInterval: 2_000,
  maxHeaderSize: 16_384,
  // It is refused by us: Node would answer by itself, as often as anybody asks.
  requireHostHeader: false,
} as const;
/**
 * A proxy that sends a request into a connection that is just being closed answers with 502; so it is the proxy that closes: those of the large clouds keep idle connections for up to 600 s (Google's
 * advice is 620 s). At half, some pages of such a broker are a 502 now and then; double is for nobody. Where nobody is in front, Node's 5 s hold.
 */
const PROXY_KEEP_ALIVE_MS = 620_000;
/** A handshake has two round trips. Whoever opens a connection and says nothing holds it this long. */
const HANDSHAKE_MS = 10_000;
/** Connections beyond the sockets: requests for `/healthz`, and sockets on their way in or out. */
const SPARE_CONNECTIONS = 1_000;
/** How often it is looked whether the certificate ends. At half, whoever reads the log hears it four times a day; at double, of certificates that live for six days some end untold. */
const CERTIFICATE_LOOK_MS = 12 * 3_600_000;
/** A few machines watch. */
const METRICS_CONNECTIONS = 100;
/** The same of one address, which could else take all places with connections that ask for nothing. */
const SPARE_CONNECTIONS_PER_ADDRESS = 64;

/** Signaling and lobbies as request handlers, for a server that does other things too. What listens is its own: `port`, `host` and options of `createBroker` alone are not used. */
export function createBrokerHandlers(options: BrokerOptions = {}): BrokerHandlers {
  // Nobody would read what is gathered for it.
  const { metricsPort: _, ...others } = options;
  return createShell(resolveOptions(others));
}

/** Starts a broker. Rejects when a port cannot be had. */
export async function createBroker(options: BrokerOptions = {}): Promise<Broker> {
  const settings = resolveOptions(options);
  const files = options.staticFolder === undefined ? undefined : new StaticFiles(options.staticFolder);
  const server = openServer(options.tls, settings.log, () => shell.noteUnreadable("TLS certificate"));
  const shell = createShell(settings);
  boundConnections(server, settings, () => shell.countRefusedConnection("full"));
  if (settings.trustedProxyHops > 0) server.keepAliveTimeout = PROXY_KEEP_ALIVE_MS;
  const idle = new IdleDeadline(server.keepAliveTimeout + SERVER_OPTIONS.headersTimeout);
  const pipelines = new PipelineGuard(() => shell.countRefusedConnection("pipelined"));
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    if (!pipelines.admit(request.socket, response)) return;
    idle.watch(request.socket, response);
    // Nobody reads it: Node would take all of it, as fast as it comes, only to throw it away. The connection ends with the answer instead.
    if (hasBody(request)) response.shouldKeepAlive = false;
    if (shell.handleRequest(request, response)) return;
    if (!shell.mayRequest(request, response)) return;
    if (files === undefined) response.writeHead(404, { connection: "close" }).end();
    else files.handleRequest(request, response, (error) => shell.noteFailure(error));
  };
  server.on("request", answer);
  // Node would answer an expectation that it does not know by itself, as often as anybody asks.
  server.on("checkExpectation", answer);
  server.on("upgrade", (request, socket, head) => {
    if (!asksForWebSocket(request)) return answer(request, responseWithoutUpgrade(request, socket));
    idle.lift(socket);
    if (pipelines.admitUpgrade(socket) && !shell.handleUpgrade(request, socket, head)) shell.refuseUnknown(request, socket);
  });
  // Behind proxies, all connections are theirs.
  const perAddress = settings.limits.socketsPerAddress + SPARE_CONNECTIONS_PER_ADDRESS;
  if (settings.trustedProxyHops === 0) {
    limitConnections(server, {
      perAddress,
      mayConnect: (address) => shell.mayConnect(address),
      handleRefused: () => shell.countRefusedConnection("address"),
    });
  }
  // Where an answer is under way, another one would stand in the middle of it.
  server.on("clientError", (error, socket) => pipelines.admitUpgrade(socket) && shell.refuseBroken(socket, error));
  const metricsServer = options.metricsPort === undefined ? undefined : createMetricsServer(shell);
  const servers = metricsServer === undefined ? [server] : [server, metricsServer];
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= closeAll(servers, shell));
  try {
    if (metricsServer !== undefined) await listen(metricsServer, options.metricsPort ?? 0, options.metricsHost ?? "127.0.0.1");
    await listen(server, options.port ?? 0, options.host);
  } catch (error) {
    await close();
    throw error;
  }
  const { address, family, port } = addressOf(server);
  return {
    port,
    address: `${options.tls === undefined ? "http" : "https"}://${family === "IPv6" ? `[${address}]` : address}:${port}`,
    metricsPort: metricsServer === undefined ? undefined : addressOf(metricsServer).port,
    drain: async () => {
      await shell.drain();
      await close();
    },
    close,
  };
}

/** Above what the system allows, it would hang up itself, and a look at a file would fail. */
function boundConnections(server: Server, { limits, log }: BrokerSettings, handleRefused: () => void): void {
  const allowed = connectionsAllowed();
  if (allowed < limits.sockets) log({ event: "few-files", connections: allowed, sockets: limits.sockets });
  server.maxConnections = Math.min(limits.sockets + SPARE_CONNECTIONS, allowed);
  server.on("drop", handleRefused);
}

/** One that speaks TLS with the pair that its files say now. Connections that are open keep the pair that they began with. */
function openServer(files: TlsFiles | undefined, log: Log, handleUnreadable: () => void): Server {
  if (files === undefined) return createServer(SERVER_OPTIONS);
  const tellTime = ({ cert }: TlsPair): void => {
    const time = certificateTime(cert, Date.now());
    if (time !== undefined) log({ event: "certificate-time", ...time });
  };
  const handleChange = (pair: TlsPair): void => {
    server.setSecureContext(pair);
    tellTime(pair);
  };
  const followed = openTlsFiles(files, { handleUnreadable, handleChange });
  const server = createTlsServer({ ...SERVER_OPTIONS, ...followed.value, handshakeTimeout: HANDSHAKE_MS });
  tellTime(followed.value);
  const timer = setInterval(() => tellTime(followed.value), CERTIFICATE_LOOK_MS).unref();
  server.once("close", () => {
    clearInterval(timer);
    followed.close();
  });
  return server;
}

function createShell(settings: BrokerSettings): BrokerShell {
  const { redis, limits, log } = settings;
  if (redis === undefined) return new BrokerShell(settings);
  const shared = connectRedis({
    ...redis,
    codeRestMs: limits.codeRestMs,
    keptMs: LOBBY_KEPT_MS,
    steadyMs: monotonicMs,
    handleDown: (reason) => log({ event: "store-down", reason }),
  });
  return new BrokerShell(settings, shared);
}

/** For the machines that watch this one. */
function createMetricsServer(shell: BrokerShell): Server {
  const server = createServer(SERVER_OPTIONS);
  server.maxConnections = METRICS_CONNECTIONS;
  server.on("request", (request, response) => {
    if (!shell.handlePrivateRequest(request, response)) response.writeHead(404, { connection: "close" }).end();
  });
  server.on("clientError", (error, socket) => refuseUpgrade(socket, statusOfBroken(error)));
  return server;
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";
}

function listen(server: Server, port: number, host: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      server.off("error", reject);
      server.on("error", () => undefined);
      resolve();
    });
  });
}

function addressOf(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected: a server that listens on a port");
  return address;
}

async function closeAll(servers: readonly Server[], shell: BrokerShell): Promise<void> {
  // One that never listened has nothing to close, and says so.
  const closed = servers.map((server) => new Promise<void>((resolve) => void server.close(() => resolve())));
  await shell.close();
  for (const server of servers) server.closeAllConnections();
  await Promise.all(closed);
}
