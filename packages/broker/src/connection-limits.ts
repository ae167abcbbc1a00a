import type { Server } from "node:http";
import type { Socket } from "node:net";
import { addressKey } from "./client-address.ts";

export interface ConnectionLimitOptions {
  /** At a time. */
  readonly perAddress: number;
  /** Counts one more of this address; false: too many in a short time. */
  readonly mayConnect: (address: string) => boolean;
  /** One was cut. */
  readonly handleRefused: () => void;
}

/**
 * Cuts the connections that one address has beyond its number, or makes beyond its rate, before they have cost anything: `server` hears of the others alone. Reading a request in order to
 * refuse it costs several times what an accepted connection does, and a handshake of TLS many times.
 */
export function limitConnections(server: Server, { perAddress, mayConnect, handleRefused }: ConnectionLimitOptions): void {
  const counts = new Map<string, number>();
  const serve = server.listeners("connection");
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    const address = addressKey(socket.remoteAddress ?? "") ?? "unknown";
    const count = counts.get(address) ?? 0;
    if (count >= perAddress || !mayConnect(address)) {
      handleRefused();
      socket.destroy();
      return;
    }
    counts.set(address, count + 1);
    // Not `once`, which keeps two objects more for each socket.
    socket.on("close", () => {
      const left = (counts.get(address) ?? 1) - 1;
      if (left === 0) counts.delete(address);
      else counts.set(address, left);
    });
    for (const listener of serve) Reflect.apply(listener, server, [socket]);
  });
}
