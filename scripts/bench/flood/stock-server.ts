/** A stock PeerServer for `bench --only flood`, in a process of its own; says its port. */
import { PeerServer } from "peer";

PeerServer({ port: 0, host: "127.0.0.1" }, (server) => {
  const address = server.address();
  console.log(`listening on http://127.0.0.1:${address === null || typeof address === "string" ? 0 : address.port}`);
}).on("error", () => undefined);
