import { once } from "node:events";
import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";

/** A stock PeerServer on a free port of the loopback interface. */
export interface TestPeerServer {
  readonly url: URL;
  close(): Promise<void>;
}

/** PeerServer's own timers never stop, so it runs in a thread that can be ended. Without an error listener a broken frame would end it. */
const THREAD = `
  const { parentPort, workerData } = require("node:worker_threads");
  const { PeerServer } = require(workerData.peer);
  const server = PeerServer({ host: "127.0.0.1", port: 0, ...workerData.options }, (http) => parentPort.postMessage(http.address().port));
  server.on("error", () => {});
`;

export async function startPeerServer(options: { readonly path: string; readonly key?: string } = { path: "/" }): Promise<TestPeerServer> {
  const thread = new Worker(THREAD, { eval: true, workerData: { peer: createRequire(import.meta.url).resolve("peer"), options } });
  const [port]: unknown[] = await once(thread, "message");
  return {
    url: new URL(options.path, `http://127.0.0.1:${String(port)}/`),
    close: async () => {
      await thread.terminate();
    },
  };
}
