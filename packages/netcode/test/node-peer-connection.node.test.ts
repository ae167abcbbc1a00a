import { createSocket } from "node:dgram";
import { once } from "node:events";
import * as webrtc from "node-datachannel/polyfill";
import { afterEach, describe, expect, it } from "vitest";
import { createPeerConnectionConstructor } from "../src/adapters/node-peer-connection.ts";
import { untilInRealTime } from "./real-time-world.ts";

const PeerConnection = createPeerConnectionConstructor(webrtc);
const connections: InstanceType<typeof PeerConnection>[] = [];

/** One attribute of a STUN message (RFC 8489, 14), padded. */
function attribute(type: number, value: Uint8Array): Buffer {
  const bytes = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
  bytes.writeUInt16BE(type, 0);
  bytes.writeUInt16BE(value.length, 2);
  bytes.set(value, 4);
  return bytes;
}

/** A TURN server that asks everybody who they are, and notes what they say. */
async function askingTurnServer(): Promise<{ readonly port: number; readonly userNames: string[]; readonly close: () => void }> {
  const socket = createSocket("udp4");
  const userNames: string[] = [];
  socket.on("message", (request, { port, address }) => {
    for (let at = 20; at + 4 <= request.length; at += 4 + Math.ceil(request.readUInt16BE(at + 2) / 4) * 4) {
      if (request.readUInt16BE(at) === 0x0006) userNames.push(request.toString("utf8", at + 4, at + 4 + request.readUInt16BE(at + 2)));
    }
    const unauthorized = attribute(0x0009, Uint8Array.of(0, 0, 4, 1));
    const body = Buffer.concat([unauthorized, attribute(0x0014, Buffer.from("realm")), attribute(0x0015, Buffer.from("nonce"))]);
    const answer = Buffer.concat([request.subarray(0, 20), body]);
    answer.writeUInt16BE(0x0113, 0);
    answer.writeUInt16BE(body.length, 2);
    socket.send(answer, port, address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return { port: socket.address().port, userNames, close: () => socket.close() };
}

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

  it("[TR43] a TURN server is told the whole user name that the broker made out", async () => {
    const server = await askingTurnServer();
    const username = "1795972054:K7wq+/x=.3";
    const urls = [`turn:127.0.0.1:${server.port}?transport=udp`];
    const connection = new PeerConnection({ iceServers: [{ urls, username, credential: "p/a+s:s@w=" }] });
    connections.push(connection);
    connection.createDataChannel("reliable");
    await connection.setLocalDescription(await connection.createOffer());
    await untilInRealTime(() => server.userNames.length > 0);
    expect(new Set(server.userNames)).toEqual(new Set([username]));
    server.close();
  });
});
