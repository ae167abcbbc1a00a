import { once } from "node:events";
import { Agent, get, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { Random } from "@rollcall/netcode/core";
import { LOBBY_PROTOCOL_VERSION } from "@rollcall/netcode/lobby-protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { IS_DEEP } from "../../../scripts/deep.ts";
import {
  AbuseStage,
  closeOf,
  expectHonestService,
  expectUnharmed,
  SOCKET_KINDS,
  stranger,
  writeRaw,
  type SocketKind,
} from "./abuse-stage.ts";
import { clientFrame } from "./client-frame.ts";
import { broken, brokenBytes } from "./fuzz-damage.ts";
import { memberFrame, NO_NAMES, signalingFrame } from "./fuzz-frames.ts";
import { pick } from "./pick.ts";
import { BrokerCommand } from "./broker-command.ts";
import { admission, LobbyClient, profile, refusal } from "./lobby-client.ts";
import { SignalingClient } from "./signaling-client.ts";

/**
 * One process of the built command serves all of these, with the limits that it has by itself, but for one. After each, the honest people who were there from the start are
 * served on the sockets that they had then; the last test says that it is still the same process, and that it never grew.
 */
let stage: AbuseStage;
/** Another, for what a setting changes. */
let other: BrokerCommand;

beforeAll(async () => {
  [stage, other] = await Promise.all([
    // Else nobody could have as many sockets as an address may.
    AbuseStage.start([], { opensPerMinute: 70 }),
    BrokerCommand.start(["--origins", "https://play.example"], {
      sendBufferBytes: 65_536,
      messagesPerSecond: 1_000_000,
      messageBurst: 1_000_000,
    }),
  ]);
}, 60_000);

afterAll(() => Promise.all([stage.broker.close(), other.close()]));

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

test.each(SOCKET_KINDS)("[BR70] malformed text on a %s socket: the third closes it, and nothing else happens", async (kind) => {
  for (const text of MALFORMED) {
    const socket = await stage.attacker(kind);
    for (let index = 0; index < 3; index++) socket.send(text);
    expect(await closeOf(socket)).toBe(1008);
  }
  await expectHonestService(stage);
});

test("[AB10] what is the server's to say is not taken from a client: it reaches nobody, and the third closes the socket", async () => {
  const payload = { sdp: { type: "offer", sdp: "v=0" }, type: "data", connectionId: "dc_1" };
  for (const type of ["EXPIRE", "ERROR", "OPEN", "ID-TAKEN", "INVALID-KEY", "CHALLENGE", "PONG", "offer", "OFFER ", "toString"]) {
    const stock = await SignalingClient.openFrom(stranger(), stage.port, `forger-${type.length}${type[0]}`, "t");
    for (let index = 0; index < 3; index++) stock.send({ type, src: "caller", dst: "callee", payload });
    expect(await stock.closed).toBe(1008);
  }
  await expectHonestService(stage);
});

test("[BR71] a 12 kB nested message to a victim does not close the victim's socket", async () => {
  const { hostSignaling, guestId, caller } = stage.honest;
  for (const [member, dst] of [
    [hostSignaling, guestId],
    [caller, "callee"],
  ] as const) {
    member.send(`{"type":"OFFER","dst":"${dst}","payload":${'{"a":'.repeat(1_900)}1${"}".repeat(1_900)}}`);
    member.send(`{"type":"CANDIDATE","dst":"${dst}","payload":${"[".repeat(6_000)}${"]".repeat(6_000)}}`);
    await member.settled();
  }
  await expectHonestService(stage);
});

test.each(SOCKET_KINDS)("[BR72] frames over 64 KiB and binary frames close the sender of a %s socket", async (kind) => {
  const large = await stage.attacker(kind);
  large.send("x".repeat(1_048_576));
  expect(await closeOf(large)).toBe(1009);
  const binary = await stage.attacker(kind);
  binary.send(Buffer.from('{"ping":1}'));
  expect(await closeOf(binary)).toBe(kind === "lobby" ? 1008 : 1003);
  await expectHonestService(stage);
});

test("[AB11] messages of 50 MB, to somebody and to nobody, are refused by their length, and none of it is kept", async () => {
  const rssBytes = stage.broker.rssBytes;
  const sockets = await Promise.all(["callee", "nobody-1", "nobody-2", "nobody-3"].map(() => stage.attacker("stock")));
  const header = Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0x02, 0xfa, 0xf0, 0x80, 0, 0, 0, 0]);
  const closed = sockets.map((socket) => {
    const raw = writeRaw(socket, header);
    const part = Buffer.alloc(65_536, "x");
    // As fast as it is taken, for as long as it is.
    const pour = (): void => {
      while (raw.writable && raw.write(part));
    };
    raw.on("drain", pour);
    pour();
    return closeOf(socket);
  });
  // Its connection may be cut before the code has arrived.
  for (const code of await Promise.all(closed)) expect([1009, 1006]).toContain(code);
  expect((await stage.broker.refusals())["broker:failure"]).toBeUndefined();
  expect(stage.broker.rssBytes - rssBytes).toBeLessThan(50 * 1_000_000);
  await expectHonestService(stage);
});

/** A lobby's WebSocket whose bytes after the handshake are ours. */
async function rawSocket(bytes: Buffer): Promise<Socket> {
  const socket = stage.connection();
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
  ["a ping in two parts", Buffer.from([0x09, 0x80, 0, 0, 0, 0, 0x80, 0x80, 0, 0, 0, 0])],
  ["a compressed message that nobody agreed on", Buffer.from([0xc1, 0x82, 0, 0, 0, 0, 0x03, 0x00])],
  ["a ping of 126 bytes", Buffer.concat([Buffer.from([0x89, 0xfe, 0, 126, 0, 0, 0, 0]), Buffer.alloc(126)])],
])("[BR73] %s ends that socket alone", async (_what, bytes) => {
  const socket = await rawSocket(bytes);
  await once(socket, "close");
  await expectHonestService(stage);
});

test("[AB5] 100,000 fragments of one byte end their socket, whatever is still sent", async () => {
  const fragment = clientFrame("x", { opcode: 0, fin: false });
  const fragments = Buffer.concat(Array.from({ length: 10_000 }, () => fragment));
  const socket = await rawSocket(clientFrame("x", { fin: false }));
  const started = performance.now();
  const pour = (): void => {
    while (socket.writable && socket.write(fragments));
  };
  socket.on("drain", pour);
  pour();
  await once(socket, "close");
  // Within a second, and as much as other tests have of the processor.
  expect(performance.now() - started).toBeLessThan(5_000);
  await expectHonestService(stage);
});

test("[AB5] a message that comes in packets of one byte ends its socket before it holds much", async () => {
  const socket = await rawSocket(Buffer.from([0x81, 0xfe, 0xff, 0xff, 0, 0, 0, 0]));
  socket.setNoDelay(true);
  let sent = 0;
  for (; socket.writable && sent < 65_000; sent++) {
    socket.write("x");
    // On a busy machine packets pile up, and many are read at once: a thousand reads it shall be.
    await (sent % 16 === 0 ? new Promise((resolve) => setTimeout(resolve, 1)) : new Promise(setImmediate));
  }
  if (!socket.closed) await once(socket, "close");
  expect(sent).toBeLessThan(65_000);
  await expectHonestService(stage);
});

test("[AB113] of hundreds who begin a message in a thousand fragments and never finish it, only so many are kept", async () => {
  const fragment = clientFrame("x".repeat(62), { opcode: 0, fin: false });
  const begun = Buffer.concat([clientFrame("x", { fin: false }), ...Array.from({ length: 1_000 }, () => fragment)]);
  const sockets: Socket[] = [];
  for (let address = 0; address < 5; address++) {
    const one = stranger();
    for (let count = 0; count < 40; count++) {
      const socket = await stage.attacker("lobby", one);
      // The client's answer to a ping would be a frame in the middle of the message.
      socket.removeAllListeners("message");
      sockets.push(writeRaw(socket, begun));
    }
  }
  const kept = (): number => sockets.filter(({ destroyed }) => !destroyed).length;
  // 64 MiB of what each of them is taken for: 62 kB, and 400 bytes for each part.
  const most = Math.floor(2 ** 26 / (1 + 62 * 1_000 + 400 * 1_001));
  await expect.poll(kept, { timeout: 20_000 }).toBe(most);
  await expectHonestService(stage);
  expect(kept()).toBe(most);
  for (const socket of sockets) socket.destroy();
  await expectHonestService(stage);
});

test("[AB6] an address that holds 128 connections and says nothing gets no more of them; other addresses are served", async () => {
  const one = stranger();
  const idle = Array.from({ length: 128 }, () => stage.connection(one));
  await Promise.all(idle.map((socket) => once(socket, "connect")));
  await once(stage.connection(one), "close");
  expect((await stage.broker.refusals())["connection:address"]).toBe(1);
  await expectHonestService(stage);
  idle[0]?.destroy();
  await expect.poll(async () => (await LobbyClient.open(stage.port, one).catch(() => undefined)) !== undefined).toBe(true);
  for (const socket of idle) socket.destroy();
});

test("[AB7] above 600 requests a minute an address hears 429; other addresses are served", async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const one = stranger();
  const status = async (): Promise<number | undefined> => {
    const request = get({ host: "127.0.0.1", port: stage.port, path: "/healthz", agent, ...one });
    const [response] = (await once(request, "response")) as [IncomingMessage];
    response.resume();
    await once(response, "end");
    return response.statusCode;
  };
  const statuses = await Promise.all(Array.from({ length: 640 }, status));
  agent.destroy();
  const limited = statuses.filter((code) => code === 429).length;
  expect(statuses.filter((code) => code === 200).length + limited).toBe(640);
  // Ten more for each second that it took.
  expect(limited).toBeGreaterThan(0);
  expect(limited).toBeLessThanOrEqual(40);
  await expectHonestService(stage);
});

const UPGRADE = "GET /lobby HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

/** So many connections of one address, eight at a time, that ask for a socket and hang up without waiting for the answer. */
async function hurry(address: { readonly localAddress: string }, count: number): Promise<void> {
  let left = count;
  const work = async (): Promise<void> => {
    while (left-- > 0) {
      const socket = stage.connection(address);
      const closed = once(socket, "close");
      socket.on("connect", () => socket.write(UPGRADE, () => socket.destroy()));
      await closed;
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
}

test("[AB97] of 3,000 connections whose sender waits for nothing an address's allowance is read; others are served, and so is its own open socket", async () => {
  const one = stranger();
  const settled = await LobbyClient.open(stage.port, one);
  const before = await stage.broker.refusals();
  const startedMs = performance.now();
  const done = { all: false };
  const hurried = hurry(one, 3_000).finally(() => (done.all = true));
  let served = 0;
  for (; !done.all; served++) await expectHonestService(stage);
  await hurried;
  const minutes = (performance.now() - startedMs) / 60_000;
  expect(served).toBeGreaterThan(0);
  const after = await stage.broker.refusals();
  const more = (reason: string): number => (after[reason] ?? 0) - (before[reason] ?? 0);
  // 70 + 600 + 60 and what grows meanwhile; `socket:…` counts what was read.
  const allowance = 730 * (1 + minutes) + 1;
  expect(more("connection:address")).toBeGreaterThan(3_000 - allowance);
  expect(more("socket:address")).toBeLessThan(allowance);
  expect(settled.socket.readyState).toBe(settled.socket.OPEN);
  expect((await settled.create()).lobby.code).toHaveLength(5);
  await settled.close();
});

test("[AB98] an address that was cut hears 429 and when to come again as soon as it has an allowance again", async () => {
  const one = stranger();
  await hurry(one, 1_500);
  const answer = async (): Promise<string> => {
    const socket = stage.connection(one);
    let text = "";
    socket.on("data", (data: Buffer) => (text += data.toString()));
    socket.write(UPGRADE);
    await once(socket, "close");
    return text;
  };
  await expect.poll(answer, { timeout: 10_000 }).toMatch(/^HTTP\/1\.1 429 [^]*Retry-After: \d+\r\n/);
  await expectHonestService(stage);
});

test("[AB97] behind a trusted proxy its connections are not counted, but what each client asks for", async () => {
  const proxied = await BrokerCommand.start(["--trusted-proxy-hops", "1"], {
    opensPerMinute: 2,
    requestsPerMinute: 3,
    refusalsPerMinute: 4,
  });
  const answerTo = async (client: string): Promise<string> => {
    const headers = { "x-forwarded-for": `203.0.113.9, ${client}`, connection: "close" };
    const request = get({ host: "127.0.0.1", port: proxied.port, path: "/healthz", agent: false, headers });
    const [response] = (await once(request, "response")) as [IncomingMessage];
    response.resume();
    await once(response, "end");
    return `${response.statusCode} ${response.headers["retry-after"] ?? ""}`;
  };
  const answers: string[] = [];
  for (let index = 0; index < 40; index++) answers.push(await answerTo(`198.51.100.${index}`));
  expect(new Set(answers)).toEqual(new Set(["200 "]));
  const offender = await Promise.all(Array.from({ length: 6 }, () => answerTo("198.51.100.200")));
  expect(offender.filter((answer) => /^429 \d+$/.test(answer)).length).toBeGreaterThanOrEqual(2);
  await proxied.close();
});

const REQUESTS = [
  "GET /lobby HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
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
  const socket = stage.connection();
  let answer = "";
  socket.on("data", (data: Buffer) => (answer += data.toString()));
  socket.end(text);
  await once(socket, "close");
  expect(answer).toMatch(/^(HTTP\/1\.1 4\d\d |$)/);
  await expectHonestService(stage);
});

test("[BR75] a socket that resets during the handshake harms nobody", async () => {
  for (let index = 0; index < 50; index++) {
    const socket = stage.connection();
    socket.write(
      "GET /lobby HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    );
    socket.resetAndDestroy();
  }
  await expectHonestService(stage);
});

const FLOOD: Readonly<Record<SocketKind, string>> = {
  lobby: '{"ping":1}',
  signaling: '{"type":"HEARTBEAT","echo":true}',
  stock: '{"type":"HEARTBEAT","echo":true}',
};

test.each(SOCKET_KINDS)("[BR76] a flood on a %s socket ends it", async (kind) => {
  const rude = await stage.attacker(kind);
  writeRaw(rude, Buffer.concat(Array.from({ length: 20_000 }, () => clientFrame(FLOOD[kind]))));
  expect(await closeOf(rude)).toBe(1008);
  await expectHonestService(stage);
});

test("[BR76] a burst within the limit is served whole", async () => {
  const polite = await LobbyClient.open(stage.port, stranger());
  for (let index = 1; index <= 220; index++) polite.send({ ping: index });
  await polite.find((message): message is { pong: number } => "pong" in message && message.pong === 220);
  expect(polite.messages).toHaveLength(220);
});

test.each(SOCKET_KINDS)(
  "[AB12] a %s socket that sends all the time gets its burst and its rate, and honest people do not notice",
  async (kind) => {
    const rude = await stage.attacker(kind);
    let answers = 0;
    rude.on("message", () => answers++);
    const started = performance.now();
    const flood = setInterval(() => Array.from({ length: 200 }, () => rude.readyState === rude.OPEN && rude.send(FLOOD[kind])), 10);
    while (performance.now() - started < 1_000) await expectHonestService(stage);
    clearInterval(flood);
    const seconds = (performance.now() - started) / 1_000;
    expect(answers).toBeGreaterThanOrEqual(200);
    expect(answers).toBeLessThanOrEqual(201 + 50 * seconds);
    rude.terminate();
  },
);

test.each(["signaling", "stock"] as const)(
  "[AB13] an offer to nobody on a %s socket comes back as EXPIRE; of 60,000 at once the burst and the rate do, and nothing of the others is kept",
  async (kind) => {
    const rssBytes = stage.broker.rssBytes;
    const rude = await stage.attacker(kind);
    const answers: string[] = [];
    rude.on("message", (data: Buffer) => answers.push(data.toString()));
    const started = performance.now();
    const payload = { sdp: { type: "offer", sdp: "v=0" }, type: "data", connectionId: "dc_1" };
    const offers = Array.from({ length: 60_000 }, (_, index) =>
      clientFrame(JSON.stringify({ type: "OFFER", dst: `nobody-${index}`, payload })),
    );
    writeRaw(rude, Buffer.concat(offers));
    await expect.poll(() => answers.length).toBeGreaterThanOrEqual(220);
    const seconds = (performance.now() - started) / 1_000;
    expect(answers.length).toBeLessThanOrEqual(201 + 50 * seconds);
    expect(answers.every((text) => text.includes('"EXPIRE"'))).toBe(true);
    expect(stage.broker.rssBytes - rssBytes).toBeLessThan(50 * 1_000_000);
    rude.terminate();
    await expectHonestService(stage);
  },
);

test("[BR77] a member that does not read is dropped, and the others are told that it is disconnected", async () => {
  const host = await LobbyClient.open(other.port);
  const { code } = (await host.create()).lobby;
  const stuck = await LobbyClient.open(other.port);
  const seat = admission(await stuck.join(code));
  stuck.socket.pause();
  const watch = { told: false };
  const told = host.change("member-disconnected").finally(() => (watch.told = true));
  // The system's own buffers come first: some megabytes on a loopback.
  const settings = "x".repeat(4_000);
  while (!watch.told) await Promise.all(Array.from({ length: 100 }, () => host.ask({ type: "set-settings", settings })));
  expect((await told).peerId).toBe(seat.peerId);
  expect((await host.ask({ type: "set-settings", settings: null })).ok).toBe(true);
});

test("[AB17] a signaling socket that is not read is dropped when 24 senders have filled it, and what is sent to it comes back", async () => {
  const stuck = await SignalingClient.openFrom(stranger(), stage.port, "stuck", "t");
  stuck.socket.pause();
  const senders = await Promise.all(
    Array.from({ length: 24 }, (_, index) => SignalingClient.openFrom(stranger(), stage.port, `crowd-${index}`, "t")),
  );
  const returned = Promise.race(senders.map((sender) => sender.signal("EXPIRE")));
  // 24 bursts of 200 tokens are 19 MB: more than the system's own buffers and the broker's cap.
  for (const sender of senders) for (let index = 0; index < 40; index++) sender.offer("stuck", "x".repeat(30_000));
  expect(await returned).toMatchObject({ type: "EXPIRE", src: "stuck" });
  for (const sender of senders) sender.socket.terminate();
  await expectHonestService(stage);
});

test("[BR78] prototype keys, oversized names and foreign fields change nothing but the answer", async () => {
  const client = await LobbyClient.open(stage.port, stranger());
  const create = (extra: string): string =>
    `{"request":1000,"command":{"type":"create","protocol":${LOBBY_PROTOCOL_VERSION},"game":{"id":"tag","version":1,"contentHash":"0123abcd"},"capacity":8,"settings":null,"metadata":null,${extra}}}`;
  client.send(create('"profile":{"name":"x","colour":0,"choices":null,"__proto__":{"polluted":true}}'));
  client.send(create(`"profile":{"name":"${"n".repeat(65)}","colour":0,"choices":null}`));
  const reply = await client.find((message) => "reply" in message);
  expect(reply).toMatchObject({ reply: 1000, ok: false, error: { code: "BAD_REQUEST" } });
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  await client.create({ name: "<img src=x>\u202e" });
  await expectHonestService(stage);
});

test("[BR79] a member cannot speak for another, be another, or reach into another lobby", async () => {
  const { hostId, guestId } = stage.honest;
  const one = stranger();
  const eve = await LobbyClient.open(stage.port, one);
  const seat = await eve.create();
  const socket = await SignalingClient.openFrom(one, stage.port, seat.peerId, seat.signalingToken);
  for (const src of [hostId, guestId]) {
    socket.send({ type: "OFFER", src, dst: guestId, payload: { sdp: { type: "offer", sdp: "v=0" }, type: "data", connectionId: "c" } });
    await socket.signal("EXPIRE");
  }
  expect((await eve.ask({ type: "kick", peerId: LobbyClient.peerId(guestId) })).ok).toBe(true);
  expect(refusal(await eve.ask({ type: "transfer-host", peerId: LobbyClient.peerId(hostId) })).code).toBe("BAD_REQUEST");
  await expectHonestService(stage);
});

test("[AB14] who names an id that somebody has, with another token, is refused, and the owner is not disturbed", async () => {
  const { hostId } = stage.honest;
  for (let index = 0; index < 20; index++) {
    const thief = SignalingClient.connect(stage.port, "callee", `guess-${index}`, stranger());
    await thief.signal("ID-TAKEN");
    await thief.closed;
    expect(await SignalingClient.refusal(stage.port, `/peerjs?key=peerjs&id=${hostId}&token=guess-${index}`, stranger())).toBe(401);
  }
  await expectHonestService(stage);
});

test.each([
  ["markup", "<img src=x onerror=alert(1)>"],
  ["a new line", "a\nb"],
  ["a control character", "a\u0000"],
  ["8,000 characters", "x".repeat(8_000)],
  ["65 characters", "x".repeat(65)],
  ["a bidirectional override", "\u202eevil"],
  ["a space", "a b"],
  ["a dash at its beginning", "-odd"],
  ["nothing", ""],
])("[AB15] an id of %s is refused before the upgrade", async (_what, id) => {
  await expectOdd(id, "odd-token");
});

test.each([
  ["129 characters", "x".repeat(129)],
  ["a space", "odd token"],
  ["a line feed", "odd\ntoken"],
  ["other letters", "\u00f6dd-token"],
  ["nothing", ""],
])("[AB15] a token of %s is refused before the upgrade", async (_what, token) => {
  await expectOdd("odd-id", token);
});

/** What was refused, in the ways in which a log would write it: it is looked for when the process has ended. */
const odd: string[] = [];

async function expectOdd(id: string, token: string): Promise<void> {
  const path = `/peerjs?key=peerjs&id=${encodeURIComponent(id)}&token=${encodeURIComponent(token)}`;
  expect(await SignalingClient.refusal(stage.port, path, stranger())).toBe(401);
  // One letter is in every log.
  const parts = [id, token].flatMap((text) => [text, encodeURIComponent(text), JSON.stringify(text).slice(1, -1)]);
  odd.push(...parts.filter((part) => part.length > 2));
}

test("[BR80] the 65th socket and the 71st attempt in a minute of one address are refused, other addresses are served", async () => {
  const one = stranger();
  const sockets = await Promise.all(Array.from({ length: 64 }, () => LobbyClient.open(stage.port, one)));
  expect(await SignalingClient.refusal(stage.port, "/lobby", one)).toBe(429);
  await expectHonestService(stage);
  await Promise.all(sockets.map((socket) => socket.close()));
  // Attempts come back at little more than one a second.
  const more = await Promise.all(Array.from({ length: 30 }, () => LobbyClient.open(stage.port, one).catch(() => undefined)));
  const opened = more.filter((socket) => socket !== undefined).length;
  expect(opened).toBeGreaterThanOrEqual(5);
  expect(opened).toBeLessThan(20);
  await expectHonestService(stage);
});

test("[BR81] after ten wrong codes an address gets no answer to codes, right or wrong, over however many sockets; kept seats still open", async () => {
  const one = stranger();
  const host = await LobbyClient.open(stage.port, one);
  const seat = await host.create();
  const sockets = await Promise.all([1, 2, 3].map(() => LobbyClient.open(stage.port, one)));
  const guesses = await Promise.all(Array.from({ length: 12 }, (_, index) => (sockets[index % 3] ?? host).join("BBBBB")));
  const codes = guesses.map((reply) => refusal(reply).code);
  expect(codes.filter((code) => code === "LOBBY_NOT_FOUND")).toHaveLength(10);
  expect(codes.filter((code) => code === "RATE_LIMITED")).toHaveLength(2);
  const [guesser] = sockets;
  const right = guesser && refusal(await guesser.join(seat.lobby.code));
  expect(right?.code).toBe("RATE_LIMITED");
  expect(right?.retryAfterMs).toBeGreaterThan(0);
  expect(right?.retryAfterMs).toBeLessThanOrEqual(6_000);
  const back = await LobbyClient.open(stage.port, one);
  expect((await back.resume(seat.lobby.code, { secret: seat.resumeSecret, freshPage: true })).ok).toBe(true);
  expect(refusal(await (await LobbyClient.open(stage.port, one)).resume(seat.lobby.code, { secret: "wrong" })).code).toBe("RATE_LIMITED");
  await expectHonestService(stage);
});

test("[AB16] of 1,000 guesses from 20 addresses little more than 200 are looked up", async () => {
  const guessers = await Promise.all(Array.from({ length: 20 }, () => LobbyClient.open(stage.port, stranger())));
  const started = performance.now();
  const replies = await Promise.all(guessers.flatMap((guesser) => Array.from({ length: 50 }, () => guesser.join("BCDFG"))));
  const minutes = (performance.now() - started) / 60_000;
  const codes = replies.map((reply) => refusal(reply).code);
  expect(new Set(codes)).toEqual(new Set(["LOBBY_NOT_FOUND", "RATE_LIMITED"]));
  expect(codes.filter((code) => code === "LOBBY_NOT_FOUND").length).toBeLessThanOrEqual(20 * (10 + Math.ceil(10 * minutes)));
  await expectHonestService(stage);
});

test("[BR82] a page of a foreign origin is refused, a listed one is served", async () => {
  for (const path of ["/lobby", "/peerjs?key=peerjs&id=a&token=t"]) {
    expect(await SignalingClient.refusal(stage.port, path, { ...stranger(), origin: "https://evil.example" })).toBe(403);
    expect(await SignalingClient.refusal(stage.port, path, { ...stranger(), origin: "null" })).toBe(403);
    expect(await SignalingClient.refusal(other.port, path, { origin: "http://localhost:5173" })).toBe(403);
  }
  await LobbyClient.open(other.port, { origin: "https://play.example" });
  await LobbyClient.open(other.port);
  await LobbyClient.open(stage.port, { ...stranger(), origin: "http://localhost:5173" });
});

test("[BR83] everything but the broker's own paths is 404", async () => {
  for (const path of ["/", "/peerjs", "/peerjs/peers", "/peerjs/id/x", "/lobby/x", "/metrics", "/healthz/x", "/../healthz%00"]) {
    expect((await fetch(`http://127.0.0.1:${stage.port}${path}`)).status).toBe(404);
  }
  expect((await fetch(`http://127.0.0.1:${stage.port}/healthz`, { method: "POST", body: "x" })).status).toBe(405);
});

test("[BR84] who joins and hangs up before the answer leaves no seat that looks taken", async () => {
  const host = await LobbyClient.open(stage.port, stranger());
  const { code } = (await host.create()).lobby;
  const client = await LobbyClient.open(stage.port, stranger());
  client.send({
    request: 1,
    command: {
      type: "join",
      protocol: LOBBY_PROTOCOL_VERSION,
      key: client.pageKey.key,
      code,
      game: { id: "tag", version: 1, contentHash: "0123abcd" },
      profile: profile("Gone"),
    },
  });
  client.socket.terminate();
  const { peerId } = await host.change("member-disconnected");
  const state = await LobbyClient.open(stage.port, stranger()).then((other) => other.join(code));
  expect(admission(state).lobby.members.find((member) => member.peerId === peerId)).toMatchObject({
    connected: false,
    profile: { name: "Gone" },
  });
});

const FUZZ_FRAMES = IS_DEEP ? 1_000_000 : 20_000;

test(`[AB32] ${FUZZ_FRAMES.toLocaleString("en")} frames by grammar and by bytes, and broken requests, over sockets from an address each: honest people are served all the time`, async () => {
  const { hostId, guestId } = stage.honest;
  const names = { ...NO_NAMES, peerIds: [hostId, guestId, "nobody"] };
  const done = { frames: 0, sockets: 0, all: false };
  const visit = async (random: Random): Promise<void> => {
    done.sockets++;
    if (random.chance(0.2)) {
      const socket = stage.connection();
      socket.end(broken(random, pick(random, REQUESTS)[1]));
      done.frames++;
      socket.resume();
      await once(socket, "close");
      return;
    }
    const kind = pick(random, SOCKET_KINDS);
    const socket = await stage.attacker(kind);
    for (let count = 0; count < 60 && socket.readyState === socket.OPEN; count++, done.frames++) {
      const text = kind === "lobby" ? memberFrame(random, names) : signalingFrame(random, names);
      const kindOfFrame = random.integer(50);
      if (kindOfFrame === 0) writeRaw(socket, brokenBytes(random, clientFrame(text)));
      else if (kindOfFrame === 1) writeRaw(socket, clientFrame(text, { opcode: random.integer(16), fin: random.chance(0.5) }));
      else socket.send(random.chance(0.3) ? text : broken(random, text));
    }
    // Whatever it has read until then.
    await Promise.race([once(socket, "close"), new Promise((resolve) => setTimeout(resolve, 50))]);
    socket.terminate();
  };
  const workers = Array.from({ length: 24 }, async (_, index) => {
    const random = new Random(index, "sockets");
    while (done.frames < FUZZ_FRAMES) await visit(random);
  });
  const work = Promise.all(workers).finally(() => (done.all = true));
  let served = 0;
  for (; !done.all; served++) await expectHonestService(stage);
  await work;
  expect(served).toBeGreaterThan(5);
  expect(done.sockets).toBeGreaterThan(FUZZ_FRAMES / 100);
  console.log(
    `DEEP sockets: ${done.frames} frames over ${done.sockets} sockets from as many addresses, honest people served ${served} times meanwhile`,
  );
});

test("[AB8] after all of this it is the process that was started, it never held 128 MiB more, and what it told the world is words of ours and numbers", async () => {
  await expectHonestService(stage);
  await expectUnharmed(stage, odd);
});
