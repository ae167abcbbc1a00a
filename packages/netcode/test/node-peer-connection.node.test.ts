import * as webrtc from "node-datachannel/polyfill";
import { afterEach, describe, expect, it } from "vitest";
import { createPeerConnectionConstructor } from "../src/adapters/node-peer-connection.ts";
import { untilInRealTime } from "./real-time-world.ts";

const PeerConnection = createPeerConnectionConstructor(webrtc);
const connections: InstanceType<typeof PeerConnection>[] = [];

function connect(): { readonly connection: InstanceType<typeof PeerConnection>; readonly told: string[] } {
  const connection = new PeerConnection({ iceServers: [] });
  connections.push(connection);
  const told: string[] = [];
  connection.onicecandidate = ({ candidate }) => void told.push(candidate?.candidate ?? "");
  return { connection, told };
}

function candidateCount(description: RTCSessionDescription): number {
  return description.sdp.split("\n").filter((line) => line.startsWith("a=candidate:")).length;
}

describe("the peer connection of a Node peer", () => {
  afterEach(async () => {
    for (const connection of connections) connection.close();
    await untilInRealTime(() => connections.every(({ connectionState }) => connectionState === "closed"));
    connections.length = 0;
  });

  it("[TR42] the offering end tells its candidates once the answer is applied, the answering end at once", async () => {
    const ada = connect();
    const bob = connect();
    ada.connection.createDataChannel("reliable");
    const offer = await ada.connection.createOffer();
    await untilInRealTime(() => ada.connection.ext_localCandidates.length > 0 && ada.connection.iceGatheringState === "complete");
    expect(ada.told).toEqual([]);
    expect(candidateCount(ada.connection.localDescription)).toBe(0);
    expect(ada.connection.localDescription.type).toBe("offer");

    await bob.connection.setRemoteDescription(offer);
    const answer = await bob.connection.createAnswer();
    await untilInRealTime(() => bob.told.length > 0);
    await ada.connection.setRemoteDescription(answer);
    const gathered = ada.connection.ext_localCandidates.map(({ candidate }) => candidate);
    expect(ada.told).toEqual(gathered);
    expect(candidateCount(ada.connection.localDescription)).toBeGreaterThan(0);
  });
});
