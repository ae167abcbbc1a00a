/** What operators and their machines see of a running command. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { afterAll, expect, test } from "vitest";
import { WebSocket, type ClientOptions } from "ws";
import { resolveOptions } from "../src/broker-options.ts";
import { BrokerShell } from "../src/broker-shell.ts";
import { createBroker } from "../src/index.ts";
import { BROKER_MAIN } from "./broker-command.ts";
import { LobbyClient } from "./lobby-client.ts";
import { MemoryCluster } from "./memory-cluster.ts";
import { listening, run, type Run } from "./running-command.ts";
import { SignalingClient } from "./signaling-client.ts";

const TOKEN = "an-operator-of-this-test";
const running: Run[] = [];
afterAll(() => running.forEach(({ child }) => child.kill("SIGKILL")));

async function start(
  args: readonly string[] = [],
  environment: Record<string, string> = {},
): Promise<{ readonly own: Run; readonly port: number }> {
  const own = run(["--port", "0", "--host", "127.0.0.1", ...args], environment);
  running.push(own);
  return { own, port: await listening(own) };
}

function get(port: number, path: string, authorization?: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, { headers: authorization === undefined ? {} : { authorization } });
}

/** The raw answer to a request for a socket. */
async function upgradeAnswer(port: number): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(
    "GET /lobby HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
  );
  let answer = "";
  socket.on("data", (data) => (answer += data.toString()));
  await once(socket, "close");
  return answer;
}

test("[OP20] on SIGTERM a draining broker takes nobody new and says when to come, serves whom it has, moves them one after the other, and exits with 0", async () => {
  const { own, port } = await start(["--drain-seconds", "2"]);
  expect(await (await get(port, "/readyz")).json()).toEqual({ status: "ready" });
  const clients = await Promise.all(Array.from({ length: 12 }, () => LobbyClient.open(port)));
  const admissions = await Promise.all(clients.map((client) => client.create()));
  const signaling = await SignalingClient.open(port, admissions[0]!.peerId, admissions[0]!.signalingToken);
  own.child.kill("SIGTERM");
  await expect.poll(async () => (await get(port, "/readyz")).status).toBe(503);
  const unready = await get(port, "/readyz");
  expect(await unready.json()).toEqual({ status: "draining" });
  expect(Number(unready.headers.get("retry-after"))).toBeGreaterThan(0);
  const health = await get(port, "/healthz");
  expect(health.status).toBe(200);
  expect(health.headers.get("cross-origin-resource-policy")).toBe("cross-origin");
  expect(await health.json()).toMatchObject({ status: "draining" });
  expect(await upgradeAnswer(port)).toMatch(/^HTTP\/1\.1 503 [^]*Retry-After: \d+\r\n/);
  // Nobody has been moved yet: all are served.
  expect((await clients[0]!.ask({ type: "set-ready", ready: true })).ok).toBe(true);
  const left = clients.map((client) =>
    client.closed.then(() => clients.filter(({ socket }) => socket.readyState === WebSocket.OPEN).length),
  );
  for (const client of clients) expect(await client.goodbye()).toBe("SHUTTING_DOWN");
  // How many were still there when each one went: by and by fewer.
  expect(new Set(await Promise.all(left)).size).toBeGreaterThan(4);
  expect(await signaling.closed).toBe(1012);
  expect(await own.exit).toBe(0);
  const events = own.output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(events.map(({ event }) => event)).toEqual(["listening", "draining", "refusals", "stopped"]);
  expect(events[1]).toMatchObject({ level: "info", sockets: 13, drainMs: 2_000 });
});

test("[OP67] behind a proxy an idle connection is the proxy's to close", async () => {
  const brokers = await Promise.all([0, 1].map((trustedProxyHops) => createBroker({ host: "127.0.0.1", trustedProxyHops })));
  const answers = await Promise.all(brokers.map(({ port }) => get(port, "/healthz")));
  expect(answers.map(({ headers }) => headers.get("keep-alive"))).toEqual(["timeout=5", "timeout=620"]);
  await Promise.all(brokers.map((broker) => broker.close()));
});

test("[OP21] a second signal ends it at once", async () => {
  const { own, port } = await start(["--drain-seconds", "300"]);
  const client = await LobbyClient.open(port);
  own.child.kill("SIGTERM");
  await expect.poll(async () => (await get(port, "/readyz")).status).toBe(503);
  own.child.kill("SIGINT");
  expect(await own.exit).toBe(0);
  expect((await client.closed).code).toBe(1006);
});

test("[OP22] metrics are there for nobody without a token, for whoever has it with one, and on a port of their own for all who reach it", async () => {
  const closed = await start();
  for (const path of ["/metrics", "/admin"]) expect((await get(closed.port, path, `Bearer ${TOKEN}`)).status).toBe(404);
  const { own, port } = await start(["--metrics-port", "0"], { ROLLCALL_ADMIN_TOKEN: TOKEN });
  const metricsPort = Number(/"metricsPort":(\d+)/.exec(own.output)?.[1]);
  const refused = await get(port, "/metrics");
  expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([401, expect.stringContaining("Basic ")]);
  expect((await get(port, "/metrics", `Bearer ${TOKEN}x`)).status).toBe(401);
  const basic = `Basic ${Buffer.from(`anybody:${TOKEN}`).toString("base64")}`;
  for (const answer of [
    await get(port, "/metrics", `Bearer ${TOKEN}`),
    await get(port, "/metrics", basic),
    await get(metricsPort, "/metrics"),
  ]) {
    expect(answer.status).toBe(200);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("content-type")).toMatch(/^text\/plain/);
    expect(await answer.text()).toContain("rollcall_ready 1");
  }
  expect((await get(metricsPort, "/readyz")).status).toBe(200);
  expect((await get(metricsPort, "/lobby")).status).toBe(404);
  expect((await fetch(`http://127.0.0.1:${metricsPort}/metrics`, { method: "POST" })).status).toBe(405);
  expect(await (await get(port, "/healthz")).json()).toMatchObject({ refusals: { "operations:token": 2 } });
});

test("[OP23] what comes in by any door is in neither log, metrics nor health: codes, ids, secrets, tokens, session descriptions, addresses, texts", async () => {
  // Behind a proxy, so that people have addresses that are nowhere else.
  const { own, port } = await start(["--open", "--trusted-proxy-hops", "1"], { ROLLCALL_ADMIN_TOKEN: TOKEN });
  const marks = Array.from({ length: 12 }, (_, index) => `hunter2-${index}-0123456789abcdef`);
  const [
    device = "",
    query = "",
    header = "",
    sdp = "",
    id = "",
    token = "",
    name = "",
    text = "",
    path = "",
    agent = "",
    key = "",
    frame = "",
  ] = marks;
  const from = (last: number): ClientOptions => ({
    headers: { "x-forwarded-for": `203.0.113.${last}`, "user-agent": agent, cookie: header },
  });
  const ada = await LobbyClient.open(port, from(77));
  const seat = await ada.create({ device, name });
  const bob = await LobbyClient.open(port, from(79));
  const joined = await bob.join(seat.lobby.code);
  expect(joined.ok).toBe(true);
  await (await LobbyClient.open(port, from(79))).join("ZZZZZ");
  const signaling = await SignalingClient.openFrom(from(77), port, seat.peerId, seat.signalingToken);
  signaling.offer("nobody-at-all", `v=0 ${sdp} a=candidate:1 1 udp 1 203.0.113.78 9 typ host`);
  signaling.send(`{ "type": "${text}" }`);
  await signaling.settled();
  for (const bad of [`{ "request": 1, "command": { "type": "${text}" } }`, `{ ${frame}`]) bob.send(bad);
  await bob.settled();
  await SignalingClient.refusal(port, `/peerjs?key=${key}&id=${id}&token=${token}`, from(80));
  // One address too often.
  const crowd = await Promise.all(Array.from({ length: 61 }, () => LobbyClient.open(port, from(81)).catch(() => undefined)));
  expect(crowd).toContain(undefined);
  await get(port, `/${path}?${query}`, `Bearer ${text}`);
  await get(port, `/metrics?${query}`, `Bearer ${token}`);
  const told = [await (await get(port, "/healthz")).text(), await (await get(port, "/metrics", `Bearer ${TOKEN}`)).text()];
  own.child.kill("SIGTERM");
  expect(await own.exit).toBe(0);
  expect(own.output).toMatch(/"event":"refusals","counts":\{[^}]*"socket:address":\d+[^]*"event":"stopped"/);
  expect(told[1]).toContain('rollcall_requests_total{command="join",outcome="LOBBY_NOT_FOUND"} 1');
  expect(told[1]).toContain('rollcall_sockets{kind="signaling"} 1');
  expect(Number(/rollcall_received_bytes_total\{kind="lobby"\} (\d+)/.exec(told[1] ?? "")?.[1])).toBeGreaterThan(300);
  const secrets = [
    ...marks,
    "hunter2",
    seat.lobby.code,
    "ZZZZZ",
    seat.peerId,
    "nobody-at-all",
    seat.resumeSecret,
    seat.signalingToken,
    TOKEN,
    "203.0.113",
  ];
  for (const secret of secrets) for (const place of [own.output, ...told]) expect(place).not.toContain(secret);
});

test("[OP54] the admin page is behind the token at every port, and shows lobbies without what opens or enters them", async () => {
  const { own, port } = await start(["--metrics-port", "0"], { ROLLCALL_ADMIN_TOKEN: TOKEN });
  const metricsPort = Number(/"metricsPort":(\d+)/.exec(own.output)?.[1]);
  const ada = await LobbyClient.open(port);
  const seat = await ada.create({ name: "<b>Ada</b>", device: "device-of-ada-0123456789" });
  await (await LobbyClient.open(port)).join(seat.lobby.code);
  for (const each of [port, metricsPort]) {
    expect((await get(each, "/admin")).status).toBe(401);
    const answer = await get(each, "/admin", `Bearer ${TOKEN}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'sha256-[^']+';/);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    const page = await answer.text();
    expect(page).toContain(`<code>${seat.lobby.code.slice(0, 2)}···</code>`);
    expect(page).toContain("&lt;b&gt;Ada&lt;/b&gt;");
    expect(page).toContain("2 of 8");
    const secrets = [seat.lobby.code, seat.peerId, seat.resumeSecret, seat.signalingToken, "device-of-ada", TOKEN, "127.0.0"];
    for (const secret of secrets) expect(page).not.toContain(secret);
  }
  own.child.kill("SIGTERM");
  await own.exit;
});

test("[CL101] where nodes share lobbies, the page tells their age by the clock that the nodes share", async () => {
  const aheadMs = 86_400_000;
  const shared = new MemoryCluster({ nowMs: () => Date.now() + aheadMs }).node();
  const shell = new BrokerShell(resolveOptions({ adminToken: TOKEN }), shared);
  const server = createServer((request, response) => void shell.handleRequest(request, response));
  server.on("upgrade", (request, socket, head) => void shell.handleUpgrade(request, socket, head));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await (await LobbyClient.open(port)).create();
  const page = await (await get(port, "/admin", `Bearer ${TOKEN}`)).text();
  expect(page).toMatch(/<td class="number">\d s<\/td>/);
  expect(page).toContain(new Date(Date.now() + aheadMs).toISOString().slice(0, 10));
  await shell.close();
  server.close();
});

test("[OP24] the log is lines of JSON from the level that was set on", async () => {
  const { own, port } = await start();
  const quiet = run(["--port", "0", "--host", "127.0.0.1", "--log-level", "silent", "--metrics-port", String(port)]);
  expect(await quiet.exit).toBe(1);
  expect(quiet.output).toContain("--metrics-port");
  expect(JSON.parse(own.output)).toEqual({
    level: "info",
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
    event: "listening",
    address: `http://127.0.0.1:${port}`,
    version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
    msg: `rollcall-broker listening on http://127.0.0.1:${port}`,
  });
  own.child.kill("SIGTERM");
  expect(await own.exit).toBe(0);
});

test("[OP69] where the system allows few open files the broker says so at its start, takes as many connections, and counts the others", async () => {
  const child = spawn("sh", ["-c", 'ulimit -n 128 && exec "$0" "$@"', process.execPath, BROKER_MAIN, "--port", "0", "--host", "127.0.0.1"]);
  let output = "";
  child.stdout.on("data", (data: Buffer) => (output += data.toString()));
  await expect.poll(() => output, { timeout: 30_000 }).toContain("listening on");
  expect(output).toContain('"event":"few-files","connections":64,"sockets":10000');
  const port = Number(/listening on http:\/\/\S+?:(\d+)/.exec(output)?.[1]);
  const sockets = Array.from({ length: 80 }, () => connect(port, "127.0.0.1").on("error", () => undefined));
  await expect.poll(() => sockets.filter(({ destroyed }) => destroyed).length, { timeout: 20_000 }).toBe(16);
  for (const socket of sockets) socket.destroy();
  const full = async (): Promise<number> =>
    ((await (await get(port, "/healthz")).json()) as { readonly refusals: Record<string, number> }).refusals["connection:full"] ?? 0;
  // Who asks too early is one more.
  await expect.poll(() => full().catch(() => 0), { timeout: 20_000 }).toBeGreaterThanOrEqual(16);
  child.kill();
  expect(await once(child, "close")).toEqual([0, null]);
  // It never lacked a file.
  expect(output).not.toContain("failure");
});
