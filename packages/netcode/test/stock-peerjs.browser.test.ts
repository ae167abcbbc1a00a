import { Peer, type DataConnection } from "peerjs";
import { afterEach, expect, inject, it } from "vitest";
import { PeerTransport } from "../src/adapters/peer-transport.ts";
import { newPeerId, untilInRealTime } from "./real-time-world.ts";

let ours: PeerTransport;
let theirs: Peer;
/** What our end tells. */
let told: string[] = [];

async function meet(): Promise<void> {
  const server = new URL(inject("peerServerUrl"));
  told = [];
  ours = new PeerTransport({ peerId: newPeerId(), token: "token", broker: server, iceServers: [] });
  ours.setHandler({
    handleChannelsOpen: () => told.push("open"),
    handleChannelsClosed: (_peer, reason) => told.push(reason),
    handlePacket: (_peer, channel, bytes) => told.push(`${channel} ${bytes.join(",")}`),
  });
  theirs = new Peer(newPeerId(), { host: server.hostname, port: Number(server.port), path: server.pathname, config: { iceServers: [] } });
  await new Promise<void>((resolve) => theirs.on("open", () => resolve()));
}

/** What a connection of the stock client tells. */
function listen(connection: DataConnection, into: string[]): void {
  connection.on("open", () => into.push("open"));
  connection.on("data", (data) => into.push(data instanceof ArrayBuffer ? new Uint8Array(data).join(",") : typeof data));
  connection.on("error", ({ type }) => into.push(type));
}

afterEach(() => {
  ours.dispose();
  theirs.destroy();
});

it("[TR70] a stock PeerJS client takes our offer, and bytes pass both ways", async () => {
  await meet();
  const heard: string[] = [];
  let connection: DataConnection | undefined;
  theirs.on("connection", (made) => {
    connection = made;
    listen(made, heard);
  });
  const peer = theirs.id as PeerTransport["localPeerId"];
  ours.dial(peer);
  await untilInRealTime(() => told.includes("open") && heard.includes("open"));
  ours.send(peer, "reliable", Uint8Array.of(1, 2));
  await connection?.send(Uint8Array.of(3, 4));
  await untilInRealTime(() => told.length === 2 && heard.length === 2);
  expect([told, heard]).toEqual([
    ["open", "reliable 3,4"],
    ["open", "1,2"],
  ]);
});

it("[TR70] we take the offer of a stock PeerJS client that numbers its attempts, and bytes pass both ways", async () => {
  await meet();
  const peer = theirs.id as PeerTransport["localPeerId"];
  ours.accept(peer);
  const heard: string[] = [];
  await untilInRealTime(() => ours.evidence(peer)?.isBrokerReachable === true);
  const connection = theirs.connect(ours.localPeerId, {
    label: "reliable",
    reliable: true,
    serialization: "raw",
    metadata: { attempt: 1 },
  });
  listen(connection, heard);
  await untilInRealTime(() => told.includes("open") && heard.includes("open"));
  await connection.send(Uint8Array.of(5));
  ours.send(peer, "reliable", Uint8Array.of(6));
  await untilInRealTime(() => told.length === 2 && heard.length === 2);
  expect([told, heard]).toEqual([
    ["open", "reliable 5"],
    ["open", "6"],
  ]);
});
