import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createBroker, type Broker } from "../src/index.ts";
import { admission, LobbyClient } from "./lobby-client.ts";
import { SignalingClient } from "./signaling-client.ts";

let broker: Broker;
let openBroker: Broker;

const limits = {
  opensPerMinute: 1_000,
  lobbiesPerMinute: 1_000,
  wrongCodesPerMinute: 1_000,
  socketsPerAddress: 1_000,
  pendingSignalMs: 1_500,
};

beforeAll(async () => {
  broker = await createBroker({ host: "127.0.0.1", limits });
  openBroker = await createBroker({ host: "127.0.0.1", limits, open: true });
});

afterAll(async () => {
  await broker.close();
  await openBroker.close();
});

interface Member {
  readonly lobby: LobbyClient;
  readonly id: string;
  readonly token: string;
  readonly code: string;
}

async function member(code?: string, port = broker.port): Promise<Member> {
  const lobby = await LobbyClient.open(port);
  const seat = code === undefined ? await lobby.create() : admission(await lobby.join(code));
  return { lobby, id: seat.peerId, token: seat.signalingToken, code: seat.lobby.code };
}

const connect = ({ id, token }: Member): Promise<SignalingClient> => SignalingClient.open(broker.port, id, token);

test("[BR50] members of one lobby signal to each other; the source is who sent it, whatever it claims", async () => {
  const ada = await member();
  const bob = await member(ada.code);
  const [adaSocket, bobSocket] = [await connect(ada), await connect(bob)];
  adaSocket.send({
    type: "OFFER",
    dst: bob.id,
    src: "somebody-else",
    payload: { sdp: { type: "offer", sdp: "v=0" }, type: "data", connectionId: "dc_1" },
  });
  expect(await bobSocket.signal("OFFER")).toEqual({
    type: "OFFER",
    src: ada.id,
    dst: bob.id,
    payload: { sdp: { type: "offer", sdp: "v=0" }, type: "data", connectionId: "dc_1" },
  });
  bobSocket.send({ type: "ANSWER", dst: ada.id, payload: { sdp: { type: "answer", sdp: "v=0" }, type: "data", connectionId: "dc_1" } });
  expect(await adaSocket.signal("ANSWER")).toMatchObject({ src: bob.id });
});

test("[BR51] an unknown id, a wrong token, another's token and another key are refused alike, before the upgrade", async () => {
  const ada = await member();
  const bob = await member(ada.code);
  const paths = [
    `/peerjs?key=peerjs&id=stranger&token=x`,
    `/peerjs?key=peerjs&id=${ada.id}&token=x`,
    `/peerjs?key=peerjs&id=${ada.id}&token=${bob.token}`,
    `/peerjs?key=other&id=${ada.id}&token=${ada.token}`,
    `/peerjs?key=peerjs&id=${ada.id}`,
    `/peerjs?key=peerjs&id=%00&token=${ada.token}`,
    `/peerjs`,
  ];
  const statuses = await Promise.all(paths.map((path) => SignalingClient.refusal(broker.port, path)));
  expect(new Set(statuses)).toEqual(new Set([401]));
});

test("[BR52] an offer into another lobby is not delivered, and comes back as EXPIRE like one to nobody", async () => {
  const ada = await member();
  const eve = await member();
  const [adaSocket, eveSocket] = [await connect(ada), await connect(eve)];
  eveSocket.offer(ada.id);
  expect(await eveSocket.signal("EXPIRE")).toEqual({ type: "EXPIRE", src: ada.id, dst: eve.id });
  eveSocket.signals.length = 0;
  eveSocket.offer("0".repeat(32));
  expect(await eveSocket.signal("EXPIRE")).toEqual({ type: "EXPIRE", src: "0".repeat(32), dst: eve.id });
  eveSocket.send({ type: "LEAVE", dst: ada.id });
  await eveSocket.settled();
  await adaSocket.settled();
  expect(adaSocket.signals).toEqual([{ type: "OPEN" }]);
});

test("[BR53] a newer socket of one id gets OPEN, the older one is closed and heard no more", async () => {
  const ada = await member();
  const bob = await member(ada.code);
  const bobSocket = await connect(bob);
  const first = await connect(ada);
  const second = await connect(ada);
  expect(await first.closed).toBe(1000);
  second.offer(bob.id, "second");
  expect(await bobSocket.signal("OFFER")).toMatchObject({ payload: { sdp: { sdp: "second" } } });
  bobSocket.send({ type: "ANSWER", dst: ada.id, payload: { sdp: { type: "answer", sdp: "v=0" }, type: "data", connectionId: "dc_1" } });
  await second.signal("ANSWER");
});

test("[BR54] signals for a member who is about to connect wait for it", async () => {
  const ada = await member();
  const bob = await member(ada.code);
  const adaSocket = await connect(ada);
  adaSocket.offer(bob.id, "early");
  adaSocket.send({ type: "CANDIDATE", dst: bob.id, payload: { candidate: { candidate: "c" }, type: "data", connectionId: "dc_1" } });
  await adaSocket.settled();
  const bobSocket = await connect(bob);
  await bobSocket.signal("CANDIDATE");
  expect(bobSocket.signals.map(({ type }) => type)).toEqual(["OPEN", "OFFER", "CANDIDATE"]);
  expect(bobSocket.signals[1]).toMatchObject({ src: ada.id, dst: bob.id, payload: { sdp: { sdp: "early" } } });
});

test("[BR55] what a member does not fetch in time comes back as one EXPIRE", async () => {
  const ada = await member();
  const bob = await member(ada.code);
  const adaSocket = await connect(ada);
  adaSocket.offer(bob.id);
  adaSocket.offer(bob.id);
  expect(await adaSocket.signal("EXPIRE")).toEqual({ type: "EXPIRE", src: bob.id, dst: ada.id });
  expect(adaSocket.signals.filter(({ type }) => type === "EXPIRE")).toHaveLength(1);
});

test("[BR56] LEAVE to one peer reaches that peer; LEAVE without a destination ends the socket, and leaves no ghost", async () => {
  const ada = await member();
  const bob = await member(ada.code);
  const [adaSocket, bobSocket] = [await connect(ada), await connect(bob)];
  adaSocket.send({ type: "LEAVE", dst: bob.id });
  expect(await bobSocket.signal("LEAVE")).toMatchObject({ src: ada.id });
  adaSocket.send({ type: "LEAVE" });
  expect(await adaSocket.closed).toBe(1000);
  const again = await connect(ada);
  bobSocket.offer(ada.id);
  expect(await again.signal("OFFER")).toMatchObject({ src: bob.id });
});

test("[BR57] who leaves or is kicked loses the signaling socket, and the token opens nothing any more", async () => {
  const ada = await member();
  const bob = await member(ada.code);
  const bobSocket = await connect(bob);
  await ada.lobby.ask({ type: "kick", peerId: LobbyClient.peerId(bob.id) });
  expect(await bobSocket.closed).toBe(1008);
  expect(await SignalingClient.refusal(broker.port, `/peerjs?key=peerjs&id=${bob.id}&token=${bob.token}`)).toBe(401);
  const adaSocket = await connect(ada);
  await ada.lobby.ask({ type: "leave" });
  expect(await adaSocket.closed).toBe(1008);
});

test("[BR58] a heartbeat is answered with nothing, and a client that only sends heartbeats stays", async () => {
  const ada = await member();
  const socket = await connect(ada);
  for (let index = 0; index < 5; index++) socket.send({ type: "HEARTBEAT" });
  await socket.settled();
  expect(socket.signals).toEqual([{ type: "OPEN" }]);
});

test("[BR59] without --open a stock client finds neither an id nor a socket", async () => {
  expect((await fetch(`http://127.0.0.1:${broker.port}/peerjs/id`)).status).toBe(404);
  expect((await fetch(`http://127.0.0.1:${broker.port}/peerjs/peers`)).status).toBe(404);
});

test("[BR60] with --open stock clients get an id, OPEN, relays, EXPIRE and ID-TAKEN", async () => {
  const { port } = openBroker;
  const id = await (await fetch(`http://127.0.0.1:${port}/peerjs/id?ts=1`)).text();
  expect(id).toMatch(/^[0-9a-f-]{36}$/);
  expect((await fetch(`http://127.0.0.1:${port}/peerjs/peers`)).status).toBe(404);
  const stock = await SignalingClient.open(port, id, "token-1");
  const other = await SignalingClient.open(port, "other", "token-2");
  other.offer(id);
  expect(await stock.signal("OFFER")).toMatchObject({ src: "other", dst: id });
  stock.offer("absent");
  expect(await stock.signal("EXPIRE")).toEqual({ type: "EXPIRE", src: "absent", dst: id });
  const thief = SignalingClient.connect(port, id, "token-3");
  expect(await thief.signal("ID-TAKEN")).toMatchObject({ type: "ID-TAKEN" });
  await thief.closed;
  other.send({ type: "CANDIDATE", dst: id, payload: { candidate: { candidate: "c" }, type: "data", connectionId: "dc_1" } });
  await stock.signal("CANDIDATE");
  const again = await SignalingClient.open(port, id, "token-1");
  expect(await stock.closed).toBe(1000);
  again.socket.close();
  await again.closed;
  await SignalingClient.open(port, id, "token-4");
});

test("[BR61] on an open broker, members and stock clients do not reach each other", async () => {
  const ada = await member(undefined, openBroker.port);
  const adaSocket = await SignalingClient.open(openBroker.port, ada.id, ada.token);
  const stock = await SignalingClient.open(openBroker.port, "stock", "t");
  stock.offer(ada.id);
  await stock.signal("EXPIRE");
  adaSocket.offer("stock");
  await adaSocket.signal("EXPIRE");
  expect([adaSocket.signals.some(({ type }) => type === "OFFER"), stock.signals.some(({ type }) => type === "OFFER")]).toEqual([
    false,
    false,
  ]);
  expect(await SignalingClient.refusal(openBroker.port, `/peerjs?key=peerjs&id=${ada.id}&token=guess`)).toBe(401);
});

test("[BR62] a closed socket frees its id", async () => {
  const ada = await member();
  const bob = await member(ada.code);
  const socket = await connect(ada);
  socket.socket.terminate();
  await once(socket.socket, "close");
  const bobSocket = await connect(bob);
  bobSocket.offer(ada.id, "waiting");
  const again = await connect(ada);
  expect(await again.signal("OFFER")).toMatchObject({ payload: { sdp: { sdp: "waiting" } } });
});
