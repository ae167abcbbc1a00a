import type { Server, Socket } from "node:net";
import { connectionAddress, networkOf, NETWORK_TIMES, noteAddress, remoteKey } from "./client-address.ts";

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
  const count = (address: string, change: number): void => {
    add(address, change);
    add(networkOf(address), change);
  };
  // One for all sockets, each of which has its address noted by then.
  function release(this: Socket): void {
    count(connectionAddress(this), -1);
  }
  const refuses = (address: string): boolean => {
    const isRefused = isFull(address, perAddress) || isFull(networkOf(address), NETWORK_TIMES * perAddress) || !mayConnect(address);
    if (isRefused) handleRefused();
    return isRefused;
  };
  /** Of the one that Node makes a socket of just now: not to be asked for again. */
  let admitted: string | undefined;
  server.once("listening", () => {
    refuseEarly(server, (remoteAddress, serve) => {
      const address = remoteKey(remoteAddress);
      if (refuses(address)) return false;
      admitted = address;
      serve();
      admitted = undefined;
      return true;
    });
  });
  server.on("connection", (socket) => {
    const address = admitted === undefined ? connectionAddress(socket) : noteAddress(socket, admitted);
    if (admitted === undefined && refuses(address)) {
      socket.destroy();
      return;
    }
    count(address, 1);
    // Not `once`, which keeps two objects more for each socket.
    socket.on("close", release);
  });
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
 * where this one has none at all, the caller has to do without. `admit`: serves one, or gives false.
 */
function refuseEarly(server: Server, admit: (remoteAddress: string | undefined, serve: () => void) => boolean): void {
  const listener: unknown = Reflect.get(server, "_handle");
  if (!isRawListener(listener)) return;
  const serve = listener.onconnection;
  listener.onconnection = (status, connection) => {
    const found: { readonly address?: string } = {};
    connection?.getpeername(found);
    const serveNow = (): void => Reflect.apply(serve, listener, [status, connection]);
    if (connection === undefined) serveNow();
    else if (!admit(found.address, serveNow)) connection.close();
  };
}

function isRawListener(value: unknown): value is RawListener {
  return typeof value === "object" && value !== null && "onconnection" in value && typeof value.onconnection === "function";
}
