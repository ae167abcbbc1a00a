import { afterAll, beforeAll } from "vitest";
import { loadNodePackages } from "../src/adapters/node.ts";
import { startPeerServer, type TestPeerServer } from "./peer-server.ts";
import { countPeerConnections, newPeerId, untilInRealTime } from "./real-time-world.ts";
import { describeTransport } from "./transport-contract.ts";

let server: TestPeerServer;

beforeAll(async () => {
  server = await startPeerServer();
});

afterAll(async () => {
  await server.close();
});

describeTransport("PeerJS in Node", async () => {
  let connections: ReturnType<typeof countPeerConnections> | undefined;
  return {
    join: async () => {
      const transport = (await loadNodePackages())({ peerId: newPeerId(), token: "token", broker: server.url, iceServers: [] });
      // The constructor is on globalThis from the first transport on.
      connections ??= countPeerConnections();
      return transport;
    },
    until: untilInRealTime,
    connectionCount: () => connections?.live() ?? 0,
    dispose: async () => connections?.restore(),
  };
});
