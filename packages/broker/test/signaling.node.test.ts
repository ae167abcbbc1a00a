import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LOBBY_PROTOCOL_VERSION, TOKEN_BEFORE_ADMISSION } from "@rollcall/netcode/lobby-protocol";
import { createBroker, createBrokerHandlers, type Broker } from "../src/index.ts";
import { admission, LobbyClient } from "./lobby-client.ts";
import { PageKey } from "./page-key.ts";
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
  readonly secret: string;
}

async function member(code?: string, port = broker.port): Promise<Member> {
  const lobby = await LobbyClient.open(port);
  const seat = code === undefined ? await lobby.create() : admission(await lobby.join(code));
  return { lobby, id: seat.peerId, token: seat.signalingToken, code: seat.lobby.code, secret: seat.resumeSecret };
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
  // PeerJS writes it as above.
  socket.socket.send('{ "type": "HEARTBEAT" }');
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

test("[BR63] on an open broker, who had a member's id before it was a member's loses it to the owner of its key, and hears and says nothing as it", async () => {
  const { port } = openBroker;
  const ada = await member(undefined, port);
  const lobby = await LobbyClient.open(port);
  const thief = SignalingClient.connect(port, lobby.pageKey.peerId, "whatever", {}, null);
  await thief.signal("OPEN");
  const bob = admission(await lobby.join(ada.code));
  const adaSocket = await SignalingClient.open(port, ada.id, ada.token);
  thief.offer(ada.id);
  adaSocket.offer(bob.peerId, "for bob alone");
  await thief.signal("EXPIRE");
  const bobSocket = await SignalingClient.open(port, bob.peerId, bob.signalingToken);
  expect(await bobSocket.signal("OFFER")).toMatchObject({ payload: { sdp: { sdp: "for bob alone" } } });
  await thief.closed;
  bobSocket.offer(ada.id);
  expect(await adaSocket.signal("OFFER")).toMatchObject({ src: bob.peerId });
  expect([thief.signals.filter(({ type }) => type === "OFFER"), adaSocket.signals.filter(({ type }) => type === "OFFER").length]).toEqual([
    [],
    1,
  ]);
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

test("[ID20] the key opens a member's signaling socket: a thief of its address gets nothing and sends nothing, and the owner stays", async () => {
  const ada = await member();
  const bob = await member(ada.code);
  const [adaSocket, bobSocket] = [await connect(ada), await connect(bob)];
  const thief = SignalingClient.connect(broker.port, ada.id, ada.token, {}, null);
  await thief.challenge();
  thief.offer(bob.id, "stolen");
  expect(await thief.closed).toBe(1008);
  bobSocket.offer(ada.id, "for the owner");
  expect(await adaSocket.signal("OFFER")).toMatchObject({ payload: { sdp: { sdp: "for the owner" } } });
  expect([thief.signals, bobSocket.signals]).toEqual([[], [{ type: "OPEN" }]]);
});

test("[ID20] what comes before the proof is not kept for it either, and a heartbeat disturbs nobody", async () => {
  const ada = await member();
  const bob = await member(ada.code);
  const bobSocket = await connect(bob);
  const early = SignalingClient.connect(broker.port, ada.id, ada.token, {}, null);
  const nonce = await early.challenge();
  early.send({ type: "HEARTBEAT" });
  bobSocket.offer(ada.id, "waiting");
  await bobSocket.settled();
  await early.settled();
  expect(early.signals).toEqual([]);
  early.send(PageKey.of(ada.id)?.proof(nonce));
  expect(await early.signal("OFFER")).toMatchObject({ payload: { sdp: { sdp: "waiting" } } });
  expect(early.signals[0]).toEqual({ type: "OPEN" });
});

test("[ID27] a page that is not admitted yet has its signaling socket up; it is nobody's until the owner of a member's key proves it", async () => {
  for (const { port } of [broker, openBroker]) {
    const ada = await member(undefined, port);
    const adaSocket = await SignalingClient.open(port, ada.id, ada.token);
    const lobby = await LobbyClient.open(port);
    const { pageKey } = lobby;
    const early = SignalingClient.connect(port, pageKey.peerId, TOKEN_BEFORE_ADMISSION, {}, null);
    const nonce = await early.challenge();
    adaSocket.offer(pageKey.peerId, "to nobody");
    await adaSocket.signal("EXPIRE");
    expect(admission(await lobby.join(ada.code)).peerId).toBe(pageKey.peerId);
    adaSocket.offer(pageKey.peerId, "waiting");
    await adaSocket.settled();
    expect(early.signals).toEqual([]);
    early.send(pageKey.proof(nonce));
    expect(await early.signal("OFFER")).toMatchObject({ payload: { sdp: { sdp: "waiting" } } });
    early.offer(ada.id, "back");
    expect(await adaSocket.signal("OFFER")).toMatchObject({ src: pageKey.peerId });
  }
});

test("[ID27] whoever is no member, or has not its key, is sent away from there; a member's socket stays", async () => {
  const ada = await member();
  const adaSocket = await connect(ada);
  for (const id of [ada.id, new PageKey().peerId]) {
    const thief = SignalingClient.connect(broker.port, id, TOKEN_BEFORE_ADMISSION, {}, null);
    await thief.challenge();
    thief.offer(ada.id, "stolen");
    expect(await thief.closed).toBe(1008);
  }
  const stranger = new PageKey();
  const socket = SignalingClient.connect(broker.port, stranger.peerId, TOKEN_BEFORE_ADMISSION, {}, stranger);
  expect([await socket.closed, socket.signals]).toEqual([1008, []]);
  await adaSocket.settled();
  expect(adaSocket.signals).toEqual([{ type: "OPEN" }]);
});

test("[ID21] another key, another's signature, an older nonce, another text and nonsense open nothing", async () => {
  const ada = await member();
  const bob = await member(ada.code);
  const [hers, his] = [PageKey.of(ada.id), PageKey.of(bob.id)];
  if (hers === undefined || his === undefined) throw new Error("expected: keys of both");
  let older = "";
  const attempts: ((nonce: string) => unknown)[] = [
    (nonce) => {
      older = nonce;
      return his.proof(nonce);
    },
    () => hers.proof(older),
    (nonce) => his.proof(nonce, hers.peerId),
    (nonce) => ({ ...hers.proof(nonce), key: his.key }),
    (nonce) => ({ ...his.proof(nonce, hers.peerId), key: hers.key }),
    (nonce) => hers.proof(nonce, his.peerId),
    (nonce) => ({ ...hers.proof(nonce), signature: "A".repeat(86) }),
    (nonce) => ({ ...hers.proof(nonce), key: `${hers.key}A` }),
    () => ({ type: "PROOF" }),
    () => "{",
    () => `{"type":"PROOF","key":${"[".repeat(100)}`,
  ];
  for (const attempt of attempts) {
    const socket = SignalingClient.connect(broker.port, ada.id, ada.token, {}, null);
    socket.send(attempt(await socket.challenge()));
    expect(await socket.closed).toBe(1008);
    expect(socket.signals).toEqual([]);
  }
  expect((await connect(ada)).signals).toEqual([{ type: "OPEN" }]);
});

test("[ID22] a peer id is that of the key, and a key is one member's: of this lobby, of another, or of a seat that somebody comes back to", async () => {
  const ada = await member();
  const bob = await member(ada.code);
  expect(ada.id).toBe(ada.lobby.pageKey.peerId);
  const thieves = await Promise.all([1, 2, 3].map(() => LobbyClient.open(broker.port)));
  for (const thief of thieves) thief.pageKey = ada.lobby.pageKey;
  const elsewhere = await member();
  expect([
    await thieves[0]?.join(ada.code),
    await thieves[1]?.join(elsewhere.code),
    await thieves[2]?.create().catch((error: unknown) => error),
  ]).toMatchObject([{ ok: false, error: { code: "BAD_REQUEST" } }, { ok: false, error: { code: "BAD_REQUEST" } }, expect.any(Error)]);
  bob.lobby.socket.terminate();
  const back = await LobbyClient.open(broker.port);
  back.pageKey = ada.lobby.pageKey;
  expect(await back.resume(ada.code, { secret: bob.secret, freshPage: true })).toMatchObject({ ok: false, error: { code: "BAD_REQUEST" } });
  back.pageKey = new PageKey();
  const again = admission(await back.resume(ada.code, { secret: bob.secret, freshPage: true }));
  expect(again.peerId).toBe(back.pageKey.peerId);
  // The answer was lost: the same page asks again, and is the same peer.
  const twice = await LobbyClient.open(broker.port);
  twice.pageKey = back.pageKey;
  expect(admission(await twice.resume(ada.code, { secret: bob.secret, freshPage: true })).peerId).toBe(again.peerId);
  expect(admission(await (await LobbyClient.open(broker.port)).join(ada.code)).lobby.members).toHaveLength(3);
});

test("[ID22] a fresh page without a key is refused", async () => {
  const ada = await member();
  const back = await LobbyClient.open(broker.port);
  const answer = await back.ask({
    type: "resume",
    protocol: LOBBY_PROTOCOL_VERSION,
    code: ada.code,
    secret: ada.secret,
    freshPage: true,
    lastEvent: 0,
  });
  expect(answer).toMatchObject({ ok: false, error: { code: "BAD_REQUEST" } });
});

test("[BR37] a socket keeps nothing of the request that it began with", async () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  const handlers = createBrokerHandlers({ open: true });
  const requests: WeakRef<object>[] = [];
  const server = createServer().on("upgrade", (request, socket, head) => {
    requests.push(new WeakRef(request));
    handlers.handleUpgrade(request, socket, head);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const lobby = await LobbyClient.open(port);
  const stranger = await SignalingClient.open(port, "stranger", "token");
  expect(requests.length).toBe(2);
  // What a turn of the event loop holds is let go with the next ones.
  while (requests.some((request) => request.deref() !== undefined)) {
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
  }
  expect([lobby.socket, stranger.socket].map(({ readyState }) => readyState)).toEqual([1, 1]);
  await handlers.close();
  server.close();
});
