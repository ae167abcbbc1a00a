/** What `deploy/` starts, as processes: two brokers as the compose file has them, their Redis, and Caddy in front with its own file. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Admission, EntranceAttempt } from "@rollcall/netcode/lobby-protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BrokerCommand } from "./broker-command.ts";
import { CaddyServer } from "./caddy-server.ts";
import { COMPOSE_SERVICES } from "./deploy-files.ts";
import { freePort } from "./free-port.ts";
import { admission, LobbyClient } from "./lobby-client.ts";
import { PageKey } from "./page-key.ts";
import { RedisServer } from "./redis-server.ts";

const JOIN_EVERY_MS = 100;
/** What the lobbies have room for. A restart of both takes about ten seconds. */
const JOINS_MAX = 180;
/** In place of the compose file's six: the same in a quarter of the time. */
const DRAIN_SECONDS = "2";

const folder = mkdtempSync(join(tmpdir(), "rollcall-rolling-"));
const nodes: (BrokerCommand | undefined)[] = [];
let redis: RedisServer;
let proxy: CaddyServer;
let ports: readonly number[] = [];

async function startNode(index: number): Promise<void> {
  const { command, environment = {} } = COMPOSE_SERVICES[`broker-${index + 1}`] ?? {};
  const args = String(command)
    .split(" ")
    .map((arg) => arg.replace("/data", folder));
  args[args.indexOf("--port") + 1] = String(ports[index]);
  args[args.indexOf("--drain-seconds") + 1] = DRAIN_SECONDS;
  const limits = { opensPerMinute: 10_000, socketsPerAddress: 1_000 };
  const node = await BrokerCommand.start(args, limits, { ...environment, ROLLCALL_REDIS_URL: redis.url });
  nodes[index] = node;
  while ((await statusOf(ports[index] ?? 0, "/readyz")) !== 200) await sleep(20);
}

async function statusOf(port: number, path: string): Promise<number> {
  return fetch(`http://127.0.0.1:${port}${path}`).then(
    ({ status }) => status,
    () => 0,
  );
}

beforeAll(async () => {
  redis = await RedisServer.start();
  ports = [await freePort(), await freePort()];
  await Promise.all([startNode(0), startNode(1)]);
  proxy = await CaddyServer.start(ports.map((port) => `127.0.0.1:${port}`));
}, 120_000);

afterAll(async () => {
  await proxy.dispose();
  for (const node of nodes) await node?.kill();
  await redis.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** As the library enters: again, later each time, with the next number of the same entrance, until it is in. */
async function enter(code: string, name: string): Promise<{ readonly client: LobbyClient; readonly seat: Admission }> {
  const id = randomBytes(16).toString("base64url");
  const key = new PageKey();
  for (let attempt = 1; attempt <= 20; attempt++) {
    const entrance: EntranceAttempt = { id, attempt };
    try {
      const client = await LobbyClient.open(proxy.port);
      client.pageKey = key;
      const reply = await client.join(code, { name, entrance });
      if (reply.ok) return { client, seat: admission(reply) };
      expect(reply.error.code).toBe("RETRY");
    } catch {
      // Refused at the door, or moved away before the answer.
    }
    await sleep(100 + 100 * attempt * Math.random());
  }
  throw new Error(`${name} did not get in`);
}

test("[OP61] while both nodes behind the proxy are restarted, one after the other, nobody who joins is lost, and nobody gets two seats", async () => {
  const hosts = await Promise.all([0, 1, 2].map(() => LobbyClient.open(proxy.port)));
  const lobbies = await Promise.all(hosts.map((host) => host.create({ capacity: 64 })));
  const restarts = (async () => {
    for (const index of [0, 1]) {
      await sleep(500);
      expect(await nodes[index]?.close()).toBe(0);
      await startNode(index);
      // The proxy looks once a second.
      await sleep(1_500);
    }
  })();
  const over = restarts.then(() => true);
  const entering: ReturnType<typeof enter>[] = [];
  const codeOf = (index: number): string => lobbies[index % lobbies.length]?.lobby.code ?? "";
  do entering.push(enter(codeOf(entering.length), `member ${entering.length}`));
  while (entering.length < JOINS_MAX && !(await Promise.race([over, sleep(JOIN_EVERY_MS, false)])));
  await restarts;
  const entered = await Promise.all(entering);
  expect(entered.length).toBeGreaterThan(50);
  expect(new Set(entered.map(({ seat }) => seat.peerId)).size).toBe(entered.length);
  for (const [index, { lobby }] of lobbies.entries()) {
    const last = await enter(lobby.code, "the last");
    const names = last.seat.lobby.members.map(({ profile }) => profile.name);
    const joined = entered.flatMap((_, member) => (member % lobbies.length === index ? [`member ${member}`] : []));
    expect(new Set(names)).toEqual(new Set(["Ada", "the last", ...joined]));
    expect(names).toHaveLength(joined.length + 2);
  }
  // It was no easy way: sockets were moved away from both nodes.
  const moved = entered.filter(({ client }) => client.messages.some((message) => "goodbye" in message));
  expect(moved.length).toBeGreaterThan(10);
}, 60_000);
