import type { Server } from "node:net";
import { addressKey, networkOf, NETWORK_TIMES } from "./client-address.ts";

export interface ConnectionLimitOptions {
  /** At a time; of an IPv6 /48 sixteen times as many. */
  readonly perAddress: number;
  /** Counts one more of this address; false: too many in a short time. */
  readonly mayConnect: (address: string) => boolean;
  /** One was cut. */
  readonly handleRefused: () => void;
}

/** Cuts the connections that one address has beyond its number, or makes beyond its rate, before they have cost anything. */
export function limitConnections(server: Server, { perAddress, mayConnect, handleRefused }: ConnectionLimitOptions): void {
  const counts = new Map<string, number>();
  const isFull = (key: string | undefined, count: number): boolean => key !== undefined && (counts.get(key) ?? 0) >= count;
  const add = (key: string | undefined, count: number): void => {
    if (key === undefined) return;
    const sum = (counts.get(key) ?? 0) + count;
    if (sum <= 0) counts.delete(key);
    else counts.set(key, sum);
  };
  const refuses = (address: string): boolean => {
    const isRefused = isFull(address, perAddress) || isFull(networkOf(address), NETWORK_TIMES * perAddress) || !mayConnect(address);
    if (isRefused) handleRefused();
    return isRefused;
  };
  let isEarly = false;
  server.once("listening", () => (isEarly = refuseEarly(server, (remote) => refuses(keyOf(remote)))));
  server.on("connection", (socket) => {
    const address = keyOf(socket.remoteAddress);
    if (!isEarly && refuses(address)) {
      socket.destroy();
      return;
    }
    const network = networkOf(address);
    add(address, 1);
    add(network, 1);
    // Not `once`, which keeps two objects more for each socket.
    socket.on("close", () => {
      add(address, -1);
      add(network, -1);
    });
  });
}

/** Of who has hung up already, the system does not know it. */
function keyOf(remoteAddress: string | undefined): string {
  return addressKey(remoteAddress ?? "") ?? "unknown";
}

/** What Node makes a `Socket` of. */
interface RawConnection {
  /** 0: `found` has it. */
  getpeername(found: { readonly address?: string }): number;
  close(): void;
}

/** What Node listens with. */
interface RawListener {
  onconnection: (status: number, connection?: RawConnection) => void;
}

/**
 * Refuses connections before Node makes sockets of them, and so before TLS and HTTP. A socket that was made and destroyed at once costs four times the processor time of the program, and
 * lives until all garbage is looked for: of 3,000 a second, everybody waits several milliseconds once a second. Node has no public way to it by address (`maxConnections` does it for all);
 * false: this one has none at all, and the caller has to do without.
 */
function refuseEarly(server: Server, refuses: (remoteAddress: string | undefined) => boolean): boolean {
  const listener: unknown = Reflect.get(server, "_handle");
  if (!isRawListener(listener)) return false;
  const serve = listener.onconnection;
  listener.onconnection = (status, connection) => {
    const found: { readonly address?: string } = {};
    connection?.getpeername(found);
    if (connection !== undefined && refuses(found.address)) connection.close();
    else Reflect.apply(serve, listener, [status, connection]);
  };
  return true;
}

function isRawListener(value: unknown): value is RawListener {
  return typeof value === "object" && value !== null && "onconnection" in value && typeof value.onconnection === "function";
}
