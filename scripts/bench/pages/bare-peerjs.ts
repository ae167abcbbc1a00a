/** What PeerJS alone needs from nothing to an open data connection: the yardstick of the connect figure. */
import { Peer } from "peerjs";

const where = {
  host: location.hostname,
  port: Number(new URLSearchParams(location.search).get("peer")),
  path: "/",
  config: { iceServers: [] },
};

Object.assign(globalThis, {
  /** Waits for one connection under `id`. Resolves once it can be called. */
  listen: (id: string) =>
    new Promise<void>((resolve, reject) => {
      const peer = new Peer(id, where);
      peer.on("open", () => resolve());
      peer.on("error", reject);
    }),
  /** Milliseconds from making the peer to the open connection. */
  connect: (id: string) =>
    new Promise<number>((resolve, reject) => {
      const startedMs = performance.now();
      const peer = new Peer(where);
      peer.on("error", reject);
      peer.on("open", () => {
        const connection = peer.connect(id, { reliable: true, serialization: "raw" });
        connection.on("open", () => {
          resolve(performance.now() - startedMs);
          peer.destroy();
        });
      });
    }),
});
