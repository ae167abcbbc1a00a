import { LOBBY_PROTOCOL_VERSION } from "@rollcall/netcode/lobby-protocol";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import { BrokerCommand } from "./broker-command.ts";
import { admission, LobbyClient, profile, refusal } from "./lobby-client.ts";
import { SignalingClient } from "./signaling-client.ts";

/**
 * One process of the built command serves all of these. After each, the victims from before it are still connected and served, and a newcomer is; at the end it
 * is still the same process, and has not grown.
 */
let broker: BrokerCommand;
let victims: Victims;
let rssBytesAtStart = 0;
/** Node takes some tens of megabytes for its heap under any load. A stock server held 240 MB more after one slow reader, 350 MB after four large messages. */
const RSS_GROWTH_MAX = 128 * 1_048_576;

interface Victims {
  readonly host: LobbyClient;
  readonly hostSignaling: SignalingClient;
  readonly guest: LobbyClient;
  readonly guestSignaling: SignalingClient;
  readonly hostId: string;
  readonly guestId: string;
  readonly code: string;
}

const limits = {
  opensPerMinute: 10_000,
  lobbiesPerMinute: 10_000,
  wrongCodesPerMinute: 10_000,
  socketsPerAddress: 10_000,
  messageBurst: 200,
};

beforeAll(async () => {
  broker = await BrokerCommand.start([], limits);
  rssBytesAtStart = broker.rssBytes;
});

afterAll(async () => {
  expect(broker.isSameProcess).toBe(true);
  expect(broker.rssBytes - rssBytesAtStart).toBeLessThan(RSS_GROWTH_MAX);
  expect(await broker.close()).toBe(0);
});

beforeEach(async () => {
  const host = await LobbyClient.open(broker.port);
  const first = await host.create();
  const guest = await LobbyClient.open(broker.port);
  const second = admission(await guest.join(first.lobby.code));
  victims = {
    host,
    guest,
    code: first.lobby.code,
    hostId: first.peerId,
    guestId: second.peerId,
    hostSignaling: await SignalingClient.open(broker.port, first.peerId, first.signalingToken),
    guestSignaling: await SignalingClient.open(broker.port, second.peerId, second.signalingToken),
  };
});

/** The victims are served on the sockets that they had before, nobody told them anything, and a newcomer finds a working broker. */
async function expectHonestService(): Promise<void> {
  const { host, guest, hostSignaling, guestSignaling, guestId, code } = victims;
  expect((await guest.ask({ type: "set-ready", ready: true })).ok).toBe(true);
  expect(await host.change("member-changed")).toMatchObject({ peerId: guestId, ready: true });
  hostSignaling.offer(guestId, "honest");
  expect(await guestSignaling.signal("OFFER")).toMatchObject({ payload: { sdp: { sdp: "honest" } } });
  for (const { socket } of [host, guest, hostSignaling, guestSignaling]) expect(socket.readyState).toBe(WebSocket.OPEN);
  expect(host.messages.some((message) => "event" in message && message.change.type === "member-disconnected")).toBe(false);
  const newcomer = await LobbyClient.open(broker.port);
  expect((await newcomer.join(code)).ok).toBe(true);
  const health: unknown = await (await fetch(`http://127.0.0.1:${broker.port}/healthz`)).json();
  expect(health).toMatchObject({ status: "ok" });
  expect((health as { refusals: Record<string, number> }).refusals["broker:failure"]).toBeUndefined();
}

/** A socket of the right kind that an attacker may have: a lobby's, or the signaling socket of a lobby of its own. */
async function attacker(kind: "lobby" | "signaling"): Promise<WebSocket> {
  const lobby = await LobbyClient.open(broker.port);
  if (kind === "lobby") return lobby.socket;
  const seat = await lobby.create();
  return (await SignalingClient.open(broker.port, seat.peerId, seat.signalingToken)).socket;
}

async function closeOf(socket: WebSocket): Promise<number> {
  if (socket.readyState === WebSocket.CLOSED) return 0;
  const [code] = (await once(socket, "close")) as [number];
  return code;
}

const deep = (depth: number): string => `{"type":"OFFER","dst":"x","payload":${'{"a":'.repeat(depth)}1${"}".repeat(depth)}}`;

const MALFORMED = [
  "{",
  "",
  "null",
  "5",
  '"text"',
  "[]",
  "[[]]",
  "{}",
  '{"type":"OFFER"',
  '{"__proto__":{"type":"HEARTBEAT"}}',
  '{"constructor":{"prototype":{"x":1}}}',
  '{"type":{"toString":1}}',
  '{"request":"1"}',
  '{"request":-1,"command":{}}',
  '{"ping":1e999}',
  "\u0000",
  deep(20),
  deep(2_000),
] as const;

test.each(["lobby", "signaling"] as const)(
  "[BR70] malformed text on %s: the third closes the socket, and nothing else happens",
  async (kind) => {
    for (const text of MALFORMED) {
      const socket = await attacker(kind);
      for (let index = 0; index < 3; index++) socket.send(text);
      expect(await closeOf(socket)).toBe(1008);
    }
    await expectHonestService();
  },
);

test("[BR71] a 12 kB nested message to a victim does not close the victim's socket", async () => {
  const { hostSignaling, guestId } = victims;
  hostSignaling.send(`{"type":"OFFER","dst":"${guestId}","payload":${'{"a":'.repeat(1_900)}1${"}".repeat(1_900)}}`);
  hostSignaling.send(`{"type":"CANDIDATE","dst":"${guestId}","payload":${"[".repeat(6_000)}${"]".repeat(6_000)}}`);
  await hostSignaling.settled();
  await expectHonestService();
});

test.each(["lobby", "signaling"] as const)("[BR72] frames over 64 KiB and binary frames close the sender of %s", async (kind) => {
  const large = await attacker(kind);
  large.send("x".repeat(1_048_576));
  expect(await closeOf(large)).toBe(1009);
  const binary = await attacker(kind);
  binary.send(Buffer.from('{"ping":1}'));
  expect(await closeOf(binary)).toBe(kind === "lobby" ? 1008 : 1003);
  await expectHonestService();
});

/** A WebSocket whose bytes after the handshake are ours. */
async function rawSocket(bytes: Buffer): Promise<Socket> {
  const socket = connect(broker.port, "127.0.0.1");
  socket.on("error", () => undefined);
  const key = Buffer.alloc(16).toString("base64");
  socket.write(
    `GET /lobby HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  );
  await once(socket, "data");
  socket.resume();
  socket.write(bytes);
  return socket;
}

test.each([
  ["an unmasked frame", Buffer.from([0x81, 0x02, 0x7b, 0x7d])],
  ["reserved bits", Buffer.from([0xf1, 0x80, 0, 0, 0, 0])],
  ["an unknown opcode", Buffer.from([0x83, 0x80, 0, 0, 0, 0])],
  ["a continuation of nothing", Buffer.from([0x80, 0x80, 0, 0, 0, 0])],
  ["a length of 2^63", Buffer.from([0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
  ["broken UTF-8", Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe])],
  ["a close frame of one byte", Buffer.from([0x88, 0x81, 0, 0, 0, 0, 0x03])],
  ["a close code of 999", Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe7])],
  ["a ping of 126 bytes", Buffer.concat([Buffer.from([0x89, 0xfe, 0, 126, 0, 0, 0, 0]), Buffer.alloc(126)])],
  [
    "20,000 fragments of one byte",
    Buffer.concat([
      Buffer.from([0x01, 0x81, 0, 0, 0, 0, 0x20]),
      ...Array.from({ length: 20_000 }, () => Buffer.from([0x00, 0x81, 0, 0, 0, 0, 0x20])),
    ]),
  ],
])("[BR73] %s ends that socket alone", async (_what, bytes) => {
  const socket = await rawSocket(bytes);
  await once(socket, "close");
  await expectHonestService();
});

const REQUESTS = [
  "GET /lobby HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
  "GET /lobby HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
  "POST /lobby HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n",
  "GET /lobby HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 1\r\n\r\n",
  "GET //evil%zz/lobby?%zz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
  "GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n",
  "GET /peerjs?id=%ff%fe&token=%&key=peerjs HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
  "CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
  `GET /${"x".repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
  "POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\nxxxx",
  "GET / HTTP/9.9\r\n\r\n",
  "\u0000\u0001\u0002\r\n\r\n",
].map((text) => [text.slice(0, 90), text] as const);

test.each(REQUESTS)("[BR74] the request %j is refused", async (_title, text) => {
  const socket = connect(broker.port, "127.0.0.1");
  socket.on("error", () => undefined);
  let answer = "";
  socket.on("data", (data: Buffer) => (answer += data.toString()));
  socket.end(text);
  await once(socket, "close");
  expect(answer).toMatch(/^(HTTP\/1\.1 4\d\d |$)/);
  await expectHonestService();
});

test("[BR75] a socket that resets during the handshake harms nobody", async () => {
  for (let index = 0; index < 50; index++) {
    const socket = connect(broker.port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write(
      "GET /lobby HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    );
    socket.resetAndDestroy();
  }
  await expectHonestService();
});

test.each(["lobby", "signaling"] as const)(
  "[BR76] a flood on %s ends that socket; a burst within the limit is served whole",
  async (kind) => {
    const polite = await LobbyClient.open(broker.port);
    for (let index = 1; index <= 220; index++) polite.send({ ping: index });
    await polite.find((message): message is { pong: number } => "pong" in message && message.pong === 220);
    expect(polite.messages).toHaveLength(220);
    const rude = await attacker(kind);
    const ended = closeOf(rude);
    for (let index = 0; index < 20_000; index++) rude.send(kind === "lobby" ? '{"ping":1}' : '{"type":"HEARTBEAT"}');
    expect(await ended).toBe(1008);
    await expectHonestService();
  },
);

test("[BR77] a member that does not read is dropped, and the others are told that it is disconnected", async () => {
  const small = await BrokerCommand.start([], {
    ...limits,
    sendBufferBytes: 65_536,
    messagesPerSecond: 1_000_000,
    messageBurst: 1_000_000,
  });
  const host = await LobbyClient.open(small.port);
  const { code } = (await host.create()).lobby;
  const stuck = await LobbyClient.open(small.port);
  const seat = admission(await stuck.join(code));
  stuck.socket.pause();
  const watch = { told: false };
  const told = host.change("member-disconnected").finally(() => (watch.told = true));
  // The system's own buffers come first: some megabytes on a loopback.
  const settings = "x".repeat(4_000);
  while (!watch.told) await Promise.all(Array.from({ length: 100 }, () => host.ask({ type: "set-settings", settings })));
  expect((await told).peerId).toBe(seat.peerId);
  expect((await host.ask({ type: "set-settings", settings: null })).ok).toBe(true);
  await small.close();
  await expectHonestService();
});

test("[BR78] prototype keys, oversized names and foreign fields change nothing but the answer", async () => {
  const client = await LobbyClient.open(broker.port);
  const create = (extra: string): string =>
    `{"request":1000,"command":{"type":"create","protocol":${LOBBY_PROTOCOL_VERSION},"game":{"id":"tag","version":1,"contentHash":"0123abcd"},"capacity":8,"settings":null,"metadata":null,${extra}}}`;
  client.send(create('"profile":{"name":"x","colour":0,"choices":null,"__proto__":{"polluted":true}}'));
  client.send(create(`"profile":{"name":"${"n".repeat(65)}","colour":0,"choices":null}`));
  const reply = await client.find((message) => "reply" in message);
  expect(reply).toMatchObject({ reply: 1000, ok: false, error: { code: "BAD_REQUEST" } });
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  await client.create({ name: "<img src=x>\u202e" });
  await expectHonestService();
});

test("[BR79] a member cannot speak for another, be another, or reach into another lobby", async () => {
  const eve = await LobbyClient.open(broker.port);
  const seat = await eve.create();
  const socket = await SignalingClient.open(broker.port, seat.peerId, seat.signalingToken);
  socket.send({
    type: "OFFER",
    src: victims.hostId,
    dst: victims.guestId,
    payload: { sdp: { type: "offer", sdp: "v=0" }, type: "data", connectionId: "c" },
  });
  await socket.signal("EXPIRE");
  expect((await eve.ask({ type: "kick", peerId: LobbyClient.peerId(victims.guestId) })).ok).toBe(true);
  expect(refusal(await eve.ask({ type: "transfer-host", peerId: LobbyClient.peerId(victims.hostId) })).code).toBe("BAD_REQUEST");
  expect(victims.guestSignaling.signals).toEqual([{ type: "OPEN" }]);
  await expectHonestService();
});

test("[BR80] the 65th socket and the 61st attempt of one address are refused, other addresses are served", async () => {
  const strict = await BrokerCommand.start(["--trusted-proxy-hops", "1"], { opensPerMinute: 70 });
  const from = (address: string): { headers: Record<string, string> } => ({ headers: { "x-forwarded-for": address } });
  await Promise.all(Array.from({ length: 64 }, () => LobbyClient.open(strict.port, from("192.0.2.1"))));
  expect(await SignalingClient.refusal(strict.port, "/lobby", from("192.0.2.1"))).toBe(429);
  await LobbyClient.open(strict.port, from("192.0.2.2"));
  await strict.close();
  const standard = await BrokerCommand.start(["--trusted-proxy-hops", "1"]);
  for (let index = 0; index < 60; index++) await (await LobbyClient.open(standard.port, from("192.0.2.1"))).close();
  expect(await SignalingClient.refusal(standard.port, "/lobby", from("192.0.2.1"))).toBe(429);
  await LobbyClient.open(standard.port, from("192.0.2.2"));
  await standard.close();
});

test("[BR81] after ten wrong codes an address gets no answer to codes, right or wrong, over however many sockets; kept seats still open", async () => {
  const strict = await BrokerCommand.start();
  const host = await LobbyClient.open(strict.port);
  const seat = await host.create();
  const sockets = await Promise.all([1, 2, 3].map(() => LobbyClient.open(strict.port)));
  const guesses = await Promise.all(Array.from({ length: 12 }, (_, index) => (sockets[index % 3] ?? host).join("BBBBB")));
  const codes = guesses.map((reply) => refusal(reply).code);
  expect(codes.filter((code) => code === "LOBBY_NOT_FOUND")).toHaveLength(10);
  expect(codes.filter((code) => code === "RATE_LIMITED")).toHaveLength(2);
  const [guesser] = sockets;
  const right = guesser && refusal(await guesser.join(seat.lobby.code));
  expect(right?.code).toBe("RATE_LIMITED");
  expect(right?.retryAfterMs).toBeGreaterThan(0);
  expect(right?.retryAfterMs).toBeLessThanOrEqual(6_000);
  const back = await LobbyClient.open(strict.port);
  expect((await back.resume(seat.lobby.code, { secret: seat.resumeSecret, freshPage: true })).ok).toBe(true);
  expect(refusal(await (await LobbyClient.open(strict.port)).resume(seat.lobby.code, { secret: "wrong" })).code).toBe("RATE_LIMITED");
  await strict.close();
});

test("[BR82] a page of a foreign origin is refused, a listed one is served", async () => {
  const listed = await BrokerCommand.start(["--origins", "https://play.example"]);
  expect(await SignalingClient.refusal(broker.port, "/lobby", { origin: "https://evil.example" })).toBe(403);
  expect(await SignalingClient.refusal(listed.port, "/lobby", { origin: "http://localhost:5173" })).toBe(403);
  await LobbyClient.open(listed.port, { origin: "https://play.example" });
  await LobbyClient.open(listed.port);
  await LobbyClient.open(broker.port, { origin: "http://localhost:5173" });
  await listed.close();
});

test("[BR83] everything but /healthz is 404", async () => {
  for (const path of ["/", "/peerjs", "/peerjs/id", "/lobby", "/healthz/x", "/../healthz%00"]) {
    expect((await fetch(`http://127.0.0.1:${broker.port}${path}`)).status).toBe(404);
  }
  expect((await fetch(`http://127.0.0.1:${broker.port}/healthz`, { method: "POST", body: "x" })).status).toBe(405);
});

test("[BR84] who joins and hangs up before the answer leaves no seat that looks taken", async () => {
  const client = await LobbyClient.open(broker.port);
  client.send({
    request: 1,
    command: {
      type: "join",
      protocol: LOBBY_PROTOCOL_VERSION,
      key: client.pageKey.key,
      code: victims.code,
      game: { id: "tag", version: 1, contentHash: "0123abcd" },
      profile: profile("Gone"),
    },
  });
  client.socket.terminate();
  const { peerId } = await victims.host.change("member-disconnected");
  const state = await LobbyClient.open(broker.port).then((other) => other.join(victims.code));
  expect(admission(state).lobby.members.find((member) => member.peerId === peerId)).toMatchObject({
    connected: false,
    profile: { name: "Gone" },
  });
});
