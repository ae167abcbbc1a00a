/** What PeerJS alone needs from nothing to an open data connection: the yardstick of the connect figure. An end that is open does not know yet whether the other one is: the first answer says so. */
import { Peer } from "peerjs";

const where = {
  host: location.hostname,
  port: Number(new URLSearchParams(location.search).get("peer")),
  path: "/",
  config: { iceServers: [] },
};

/** Milliseconds from making the peer. */
export interface BareTimes {
  readonly openMs: number;
  /** The other end has sent something back. */
  readonly answeredMs: number;
}

Object.assign(globalThis, {
  /** Waits for one connection under `id`, and echoes what comes. Resolves once it can be called. */
  listen: (id: string) =>
    new Promise<void>((resolve, reject) => {
      const peer = new Peer(id, where);
      peer.on("open", () => resolve());
      peer.on("error", reject);
      peer.on("connection", (connection) => connection.on("data", (data) => void connection.send(data)));
    }),
  connect: (id: string) =>
    new Promise<BareTimes>((resolve, reject) => {
      const startedMs = performance.now();
      const peer = new Peer(where);
      peer.on("error", reject);
      peer.on("open", () => {
        const connection = peer.connect(id, { reliable: true, serialization: "raw" });
        connection.on("open", () => {
          const openMs = performance.now() - startedMs;
          connection.on("data", () => {
            resolve({ openMs, answeredMs: performance.now() - startedMs });
            peer.destroy();
          });
          void connection.send(new Uint8Array(1));
        });
      });
    }),
});
