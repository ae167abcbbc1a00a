import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { createServer as createHttpServer, get as ask, type IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { createBrokerHandlers } from "../src/index.ts";
import { BROKER_MAIN } from "./broker-command.ts";
import { LobbyClient } from "./lobby-client.ts";
import { listening, run } from "./running-command.ts";
import { SignalingClient } from "./signaling-client.ts";

test.each(["SIGINT", "SIGTERM"] as const)(
  "[BR90] on %s the command says goodbye, frees its port and exits with 0; its log holds no code, secret or address",
  async (signal) => {
    const turnSecret = "north-secret-0123456789";
    const own = run(["--port", "0", "--host", "127.0.0.1", "--turn", "turn:turn.example:3478"], { ROLLCALL_TURN_SECRET: turnSecret });
    const port = await listening(own);
    const client = await LobbyClient.open(port);
    const device = "device-of-ada-0123456789";
    const seat = await client.create({ device });
    const signaling = await SignalingClient.open(port, seat.peerId, seat.signalingToken);
    const { username = "", credential = "" } = seat.iceServers[0] ?? {};
    expect(credential.length).toBe(28);
    const secrets = [seat.lobby.code, seat.peerId, seat.resumeSecret, seat.signalingToken, device, turnSecret, username, credential];
    const health = await (await fetch(`http://127.0.0.1:${port}/healthz`)).text();
    for (const secret of secrets) expect(health).not.toContain(secret);
    own.child.kill(signal);
    expect(await client.goodbye()).toBe("SHUTTING_DOWN");
    expect(await signaling.closed).toBe(1012);
    expect(await own.exit).toBe(0);
    for (const secret of secrets) expect(own.output).not.toContain(secret);
  },
);

test("[BR91] nonsense is refused at start, by name, with exit code 2", async () => {
  const flag = run(["--trusted-proxy-hops", "many"]);
  const variable = run([], { ROLLCALL_PORT: "ninethousand" });
  expect(await flag.exit).toBe(2);
  expect(flag.output).toContain("--trusted-proxy-hops");
  expect(await variable.exit).toBe(2);
  expect(variable.output).toContain("ROLLCALL_PORT");
});

test("[BR97] --help and --version say so and end with 0, whatever the settings are; help fits a terminal", async () => {
  const [help, version] = [run(["-h"], { ROLLCALL_PORT: "ninethousand" }), run(["--version"])];
  expect([await help.exit, await version.exit]).toEqual([0, 0]);
  const { version: own } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
  expect(version.output).toBe(`${own}\n`);
  const lines = help.output.split("\n");
  expect(lines.filter((line) => /^ +--/.test(line)).length).toBeGreaterThan(20);
  expect(lines.filter((line) => line.length > 110)).toEqual([]);
});

test("[OP63] [OP65] a command whose log nobody reads any more, and that is told to read its files again, serves on and ends in order", async () => {
  const own = run(["--port", "0", "--host", "127.0.0.1"]);
  const port = await listening(own);
  const client = await LobbyClient.open(port);
  own.child.stdout.destroy();
  own.child.kill("SIGHUP");
  expect((await client.create()).lobby.code).toHaveLength(5);
  own.child.kill("SIGTERM");
  expect(await client.goodbye()).toBe("SHUTTING_DOWN");
  expect(await own.exit).toBe(0);
});

test("[OP68] a log that nobody reads holds nobody up", async () => {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-log-"));
  const path = join(folder, "log");
  execFileSync("mkfifo", [path]);
  const pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  expect(() => {
    for (;;) writeSync(pipe, Buffer.alloc(4_096));
  }).toThrow("EAGAIN");
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  await new Promise((resolve) => void taken.close(resolve));
  const args = [BROKER_MAIN, "--port", String(port), "--host", "127.0.0.1"];
  const output = openSync(path, "w");
  const child = spawn(process.execPath, args, { stdio: ["ignore", output, "ignore"] });
  closeSync(output);
  const status = (): Promise<number> =>
    fetch(`http://127.0.0.1:${port}/readyz`).then(
      (answer) => answer.status,
      () => 0,
    );
  await expect.poll(status, { timeout: 20_000 }).toBe(200);
  const text = Buffer.alloc(131_072);
  readSync(pipe, text);
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
  expect(text.subarray(0, readSync(pipe, text)).toString()).toMatch(
    /"event":"draining"[^]*"event":"lines-lost","lines":1,[^]*"event":"stopped"/,
  );
  closeSync(pipe);
  rmSync(folder, { recursive: true });
});

test("[BR92] a port in use is named, with exit code 1", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  const own = run(["--port", String(port), "--host", "127.0.0.1"]);
  expect(await own.exit).toBe(1);
  expect(own.output).toContain(String(port));
  expect(own.output).toContain(`port ${port} (--port, --host): EADDRINUSE`);
  const metrics = run(["--port", "0", "--host", "127.0.0.1", "--metrics-port", String(port)]);
  expect(await metrics.exit).toBe(1);
  expect(metrics.output).toContain(`port ${port} (--metrics-port, --metrics-host): EADDRINUSE`);
  taken.close();
});

test("[BR93] [AB103] inside another server the broker takes its own paths and leaves the rest", async () => {
  const handlers = createBrokerHandlers();
  const server = createHttpServer((request, response) => {
    if (!handlers.handleRequest(request, response)) response.end("game");
  });
  const left: string[] = [];
  server.on("upgrade", (request, socket, head) => {
    if (handlers.handleUpgrade(request, socket, head)) return;
    left.push(request.url ?? "");
    socket.destroy();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = await LobbyClient.open(port);
  await client.create();
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("game");
  expect(await (await fetch(`http://127.0.0.1:${port}/healthz`)).json()).toMatchObject({ status: "ok", sockets: 1, members: 1 });
  const offer = { port, path: "/healthz", headers: { connection: "Upgrade", upgrade: "h2c" } };
  const offered = await new Promise<IncomingMessage>((resolve, reject) => ask(offer, resolve).once("error", reject));
  expect(offered.statusCode).toBe(200);
  offered.resume();
  const other = new WebSocket(`ws://127.0.0.1:${port}/other`);
  await once(other, "error");
  expect(left).toEqual(["/other"]);
  await handlers.close();
  expect(await client.goodbye()).toBe("SHUTTING_DOWN");
  server.closeAllConnections();
  server.close();
});
