import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { resolveOptions, type BrokerOptions } from "./broker-options.ts";
import type { BrokerHandlers } from "./broker-handlers.ts";
import { BrokerShell } from "./broker-shell.ts";
import { refuseUpgrade } from "./refuse-upgrade.ts";

/** A broker that listens. */
export interface Broker {
  readonly port: number;
  /** For people and configuration: `http://host:port`. */
  readonly address: string;
  /** Says goodbye to everybody, frees the port. Idempotent. */
  close(): Promise<void>;
}

/** Requests and headers that take longer are not browsers. Slow senders hold a connection this long at most. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 15_000;
const TIMEOUT_CHECK_MS = 2_000;
const HEADER_BYTES_MAX = 16_384;
/** Connections beyond the sockets: requests for `/healthz`, and sockets on their way in or out. */
const SPARE_CONNECTIONS = 1_000;

/** Signaling and lobbies as request handlers, for a server that does other things too. `port` and `host` are not used. */
export function createBrokerHandlers(options: BrokerOptions = {}): BrokerHandlers {
  return new BrokerShell(resolveOptions(options));
}

/** Starts a broker. Rejects when the port cannot be had. */
export async function createBroker(options: BrokerOptions = {}): Promise<Broker> {
  const settings = resolveOptions(options);
  const shell = new BrokerShell(settings);
  const server = createServer({
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    maxHeaderSize: HEADER_BYTES_MAX,
  });
  server.maxConnections = settings.limits.sockets + SPARE_CONNECTIONS;
  server.on("request", (request, response) => {
    if (!shell.handleRequest(request, response)) response.writeHead(404, { connection: "close" }).end();
  });
  server.on("upgrade", (request, socket, head) => {
    if (!shell.handleUpgrade(request, socket, head)) refuseUpgrade(socket, "404 Not Found");
  });
  server.on("clientError", (_error, socket) => refuseUpgrade(socket, "400 Bad Request"));
  try {
    await listen(server, options.port ?? 0, options.host);
  } catch (error) {
    await shell.close();
    throw error;
  }
  const { address, family, port } = addressOf(server);
  let closing: Promise<void> | undefined;
  return {
    port,
    address: `http://${family === "IPv6" ? `[${address}]` : address}:${port}`,
    close: () => (closing ??= closeAll(server, shell)),
  };
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

async function closeAll(server: Server, shell: BrokerShell): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  await shell.close();
  server.closeAllConnections();
  await closed;
}
