import { once } from "node:events";
import { createServer, type Server } from "node:http";
import express from "express";
import { ExpressPeerServer } from "peer";

/** A stock PeerServer on a free port of the loopback interface. */
export interface TestPeerServer {
  readonly url: URL;
  close(): Promise<void>;
}

export async function startPeerServer(): Promise<TestPeerServer> {
  const app = express();
  const server: Server = createServer(app);
  const peerServer = ExpressPeerServer(server, { path: "/" });
  app.use("/", peerServer);
  // Without a listener a broken frame would end the process.
  peerServer.on("error", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected: a port");
  return {
    url: new URL(`http://127.0.0.1:${address.port}/`),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
