import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

export interface SlowWay {
  readonly port: number;
  close(): Promise<void>;
}

/** A way to `port` on this machine on which everything takes half of `roundTripMs` in each direction: requests, the opening of sockets, and each message that goes over them. */
export async function openSlowWay(port: number, roundTripMs: number): Promise<SlowWay> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect({ port, host: "127.0.0.1" });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from.setNoDelay(true));
      // Timers of one length come in the order in which they were set.
      const later = (act: () => void): void => void setTimeout(act, roundTripMs / 2);
      from.on("data", (bytes) => later(() => to.writable && to.write(bytes)));
      from.on("end", () => later(() => to.end()));
      from.on("error", () => to.destroy());
      from.on("close", () => sockets.delete(from));
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
