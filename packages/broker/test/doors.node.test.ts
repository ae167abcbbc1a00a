import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, get, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AbuseStage, expectHonestService, expectUnharmed, stranger } from "./abuse-stage.ts";

/** What strangers try before they have a socket, against one process of the built command with the limits that it has by itself. */
let stage: AbuseStage;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "rollcall-doors-"));
  // More than the buffers of a connection hold.
  writeFileSync(join(folder, "big.bin"), Buffer.alloc(16_777_216));
  stage = await AbuseStage.start(["--static", folder]);
}, 60_000);

afterAll(async () => {
  await stage.broker.close();
  rmSync(folder, { recursive: true });
});

const UPGRADE =
  "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";

/** So many refusals are told at once, and so many wait (`refusalsPerMinute`, AB95). */
const [TOLD, HELD] = [60, 32];

test.each(["/other", "/lobby"])("[AB100] who waits to be refused at %s and resets its connection ends nothing but that", async (path) => {
  const address = stranger();
  const knock = async (): Promise<void> => {
    const socket = stage.connection(address);
    await once(socket, "connect");
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nOrigin: https://evil.example\r\n${UPGRADE}`);
    const isTold = await Promise.race([
      once(socket, "data").then(() => true),
      new Promise<false>((resolve) => setTimeout(resolve, 100, false)),
    ]);
    if (!isTold) held++;
    socket.resetAndDestroy();
  };
  let held = 0;
  await Promise.all(Array.from({ length: TOLD }, knock));
  await Promise.all(Array.from({ length: HELD }, knock));
  expect(held).toBeGreaterThan(HELD / 2);
  await expectHonestService(stage);
});

const HEALTHZ = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
const FILE = "GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n";

test("[AB102] hundreds of requests in one packet open one file, and close it with their connection", async () => {
  const { broker } = stage;
  const filesBefore = broker.openFiles;
  const sockets = Array.from({ length: 3 }, () => {
    const socket = stage.connection();
    socket.pause();
    socket.write(FILE.repeat(590));
    return socket;
  });
  await expect.poll(async () => (await broker.refusals())["connection:pipelined"]).toBe(3);
  await expect.poll(() => broker.openFiles).toBeLessThan(filesBefore + 10);
  for (const socket of sockets) socket.destroy();
  // Who reads nothing, and goes.
  const alone = stage.connection();
  alone.pause();
  alone.write(FILE);
  await expect.poll(() => broker.openFiles).toBeGreaterThan(filesBefore + 1);
  alone.resetAndDestroy();
  await expect.poll(() => broker.openFiles).toBeLessThanOrEqual(filesBefore + 1);
  await expectHonestService(stage);
});

test.each([
  ["a request", HEALTHZ],
  ["an upgrade", `GET /lobby HTTP/1.1\r\nHost: x\r\n${UPGRADE}`],
  ["an upgrade at another path", `GET /other HTTP/1.1\r\nHost: x\r\n${UPGRADE}`],
])(
  "[AB102] %s behind a request that was not answered yet cuts the connection; one after another they are answered",
  async (_what, second) => {
    const socket = stage.connection();
    let answer = "";
    socket.on("data", (data: Buffer) => (answer += data.toString()));
    socket.write(HEALTHZ + second);
    await once(socket, "close");
    expect(answer).not.toContain("101 Switching");
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number | undefined>();
    for (let count = 0; count < 3; count++) {
      const response = await new Promise<IncomingMessage>((resolve) => get({ agent, port: stage.port, path: "/healthz" }, resolve));
      ports.add(response.socket.localPort);
      response.resume();
      await once(response, "end");
      expect(response.statusCode).toBe(200);
    }
    expect(ports.size).toBe(1);
    agent.destroy();
    await expectHonestService(stage);
  },
);

test("[AB102] what is no HTTP behind a request that is being answered puts nothing into the answer", async () => {
  const socket = stage.connection();
  const parts: Buffer[] = [];
  socket.on("data", (data: Buffer) => parts.push(data));
  socket.write(FILE);
  await once(socket, "data");
  socket.write("no HTTP\r\n\r\n");
  await once(socket, "close");
  expect(Buffer.concat(parts).toString("latin1").split("HTTP/1.1").length - 1).toBe(1);
});

/** All that comes until the connection is closed. */
async function answerTo(text: string): Promise<string> {
  const socket = stage.connection();
  const parts: Buffer[] = [];
  socket.on("data", (data: Buffer) => parts.push(data));
  socket.write(text);
  await once(socket, "close");
  return Buffer.concat(parts).toString("latin1");
}

test("[AB103] who offers an upgrade that the broker does not know is answered as if it had not, once; files too", async () => {
  const offer = (path: string): Promise<string> =>
    answerTo(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n`);
  expect(await offer("/healthz")).toMatch(/^HTTP\/1\.1 200 [^]*connection: close\r\n[^]*\{"status":"ok"/i);
  expect(await offer("/lobby")).toMatch(/^HTTP\/1\.1 200 [^]*"codeLength":5/);
  expect(await offer("/nothing")).toMatch(/^HTTP\/1\.1 404 /);
  const file = await offer("/big.bin");
  expect(file.length - file.indexOf("\r\n\r\n") - 4).toBe(16_777_216);
  expect(await answerTo(`GET /other HTTP/1.1\r\nHost: x\r\n${UPGRADE}`)).toMatch(/^HTTP\/1\.1 404 /);
});

test("[AB104] an expectation that nobody knows makes a request no cheaper: one at a time, and counted", async () => {
  const expecting = "GET /healthz HTTP/1.1\r\nHost: x\r\nExpect: more\r\n";
  expect(await answerTo(`${expecting}Connection: close\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
  expect((await answerTo(`${expecting}\r\n`.repeat(9))).split("HTTP/1.1").length - 1).toBeLessThan(2);
});

test.each(["Content-Length: 999999999999", "Transfer-Encoding: chunked"])(
  "[AB108] of a request with a body (%s) nothing is read but what asks",
  async (body) => {
    const answer = await answerTo(`GET /healthz HTTP/1.1\r\nHost: x\r\n${body}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 200 [^]*connection: close\r\n[^]*"status":"ok"/i);
  },
);

test("[AB105] headers beyond 16 KiB are told so", async () => {
  const huge = `GET /healthz HTTP/1.1\r\nHost: x\r\nCookie: ${"a".repeat(16_384)}\r\n\r\n`;
  expect(await answerTo(huge)).toMatch(/^HTTP\/1\.1 431 /);
});

test.each([
  ["two hosts", "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400],
  ["one host twice", "GET /index.html HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400],
  ["no host", "GET /healthz HTTP/1.1\r\n\r\n", 400],
  ["no host, before there were any", "GET /healthz HTTP/1.0\r\n\r\n", 200],
  ["two hosts, for a socket", `GET /lobby HTTP/1.1\r\nHost: a\r\nHost: b\r\n${UPGRADE}`, 400],
  ["no host, for a socket", `GET /peerjs HTTP/1.1\r\n${UPGRADE}`, 400],
])("[AB109] a request that names %s is answered once", async (_what, text, status) => {
  expect((await answerTo(text)).match(/HTTP\/1\.1 \d+/g)).toEqual([`HTTP/1.1 ${status}`]);
});

test("[AB109] such requests are counted like any others", async () => {
  const [before, request] = [await stage.broker.refusals(), "GET /healthz HTTP/1.1\r\n\r\n"];
  await answerTo(request);
  await answerTo(`GET /lobby HTTP/1.1\r\nHost: a\r\nHost: b\r\n${UPGRADE}`);
  const after = await stage.broker.refusals();
  const more = ["request:host", "socket:host"].map((reason) => (after[reason] ?? 0) - (before[reason] ?? 0));
  expect(more).toEqual([1, 1]);
});

test.each(["/lobby", "/peerjs?key=peerjs&id=old&token=t"])(
  "[AB110] a socket at %s that is asked for by HTTP/1.0 is refused",
  async (path) => {
    expect(await answerTo(`GET ${path} HTTP/1.0\r\nHost: x\r\n${UPGRADE}`)).toMatch(/^HTTP\/1\.1 505 /);
    expect((await stage.broker.refusals())["socket:http"]).toBeGreaterThan(0);
  },
);

test("[AB111] empty lines behind an answer do not hold a connection; a socket that begins on one that was answered stays", async () => {
  // The first to be answered would be the first to be cut.
  const upgraded = stage.connection();
  upgraded.write(HEALTHZ);
  await once(upgraded, "data");
  upgraded.write(`GET /lobby HTTP/1.1\r\nHost: x\r\n${UPGRADE}`);
  await once(upgraded, "data");
  const socket = stage.connection();
  socket.write(HEALTHZ);
  await once(socket, "data");
  const timers = [
    setInterval(() => socket.write("\r\n"), 1_000),
    setInterval(() => upgraded.write(Buffer.from([0x8a, 0x80, 0, 0, 0, 0])), 1_000),
  ];
  await once(socket, "close");
  expect(upgraded.destroyed).toBe(false);
  for (const timer of timers) clearInterval(timer);
  upgraded.destroy();
  await expectHonestService(stage);
});

test.each(["GET", "OPTIONS", "POST"])("[AB112] nothing that answers %s at /peerjs/id says what it is made of", async (method) => {
  const answer = await answerTo(`${method} /peerjs/id HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 (200|204|404) /);
  expect(answer).not.toMatch(/^(x-powered-by|server):/im);
});

test("[AB8] after all of this it is the process that was started", () => expectUnharmed(stage, ["evil", "/other"]));
