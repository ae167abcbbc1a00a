import { untilInRealTime, newPeerId } from "./real-time-world.ts";
import { RtcTransport } from "../src/adapters/rtc-transport.ts";
import { connectPair } from "./connect-pair.ts";
import { describeTransport } from "./transport-contract.ts";

describeTransport("RtcTransport on connections of the game", async () => {
  const transports: RtcTransport[] = [];
  const connections: RTCPeerConnection[] = [];
  return {
    join: async () => {
      const transport = new RtcTransport({ peerId: newPeerId() });
      for (const other of transports) {
        const pair = await connectPair();
        connections.push(...pair);
        transport.setConnection(other.localPeerId, pair[0]);
        other.setConnection(transport.localPeerId, pair[1]);
      }
      transports.push(transport);
      return transport;
    },
    until: untilInRealTime,
    // They are the game's, and stay.
    connectionCount: () => 0,
    dispose: async () => {
      for (const connection of connections) connection.close();
    },
  };
});
