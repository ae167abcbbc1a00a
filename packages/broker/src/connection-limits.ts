import type { Server } from "node:http";
import { addressKey } from "./client-address.ts";

export interface ConnectionLimitOptions {
  readonly perAddress: number;
  /** One was cut. */
  readonly handleRefused: () => void;
}

/** Cuts the connections that one address has beyond its number, before they have cost anything. */
export function limitConnections(server: Pick<Server, "on">, { perAddress, handleRefused }: ConnectionLimitOptions): void {
  const counts = new Map<string, number>();
  server.on("connection", (socket) => {
    const address = addressKey(socket.remoteAddress ?? "") ?? "unknown";
    const count = counts.get(address) ?? 0;
    if (count >= perAddress) {
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
  });
}
