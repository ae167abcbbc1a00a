import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BrokerCommand } from "./broker-command.ts";
import { admission, LobbyClient } from "./lobby-client.ts";
import { RedisServer } from "./redis-server.ts";

const [KEY, OTHER] = ["a-signing-key-that-all-nodes-should-have", "another-key-that-came-there-by-mistake"];

const TICKETS = "a-ticket-secret-that-one-node-alone-has";

let redis: RedisServer;
let folder: string;
const nodes: BrokerCommand[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "rollcall-keys-"));
  redis = await RedisServer.start();
}, 60_000);

afterAll(async () => {
  await Promise.all(nodes.map((node) => node.kill()));
  await redis.dispose();
  rmSync(folder, { recursive: true, force: true });
});

async function startNode(name: string, key: string, args: readonly string[] = []): Promise<BrokerCommand> {
  writeFileSync(join(folder, name), `${key}\n`, { mode: 0o600 });
  const node = await BrokerCommand.start(["--redis-url", redis.url, "--signing-key-file", join(folder, name), ...args]);
  nodes.push(node);
  return node;
}

async function ask({ port }: BrokerCommand, path: string): Promise<Readonly<Record<string, unknown>>> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`);
  return { ...((await answer.json()) as object), code: answer.status };
}

async function statusOf(node: BrokerCommand): Promise<unknown> {
  return (await ask(node, "/readyz"))["status"];
}

test("[CL121] [CL126] a node with another key than those that were there says so at every door and takes nobody, until it is given theirs", async () => {
  const first = await startNode("first", KEY);
  while ((await statusOf(first)) !== "ready") await sleep(20);
  const stranger = await startNode("stranger", OTHER, ["--ticket-secret", TICKETS]);
  while ((await statusOf(stranger)) === "store") await sleep(20);
  expect(await ask(stranger, "/readyz")).toMatchObject({
    code: 503,
    status: "keys",
    remedy: expect.stringContaining("--signing-key-file"),
  });
  expect(await ask(stranger, "/healthz")).toMatchObject({ code: 200, status: "keys" });
  await expect(LobbyClient.open(stranger.port)).rejects.toThrow("503");
  expect(await stranger.refusals()).toMatchObject({ "socket:keys": 1 });
  expect(stranger.output).toContain('"event":"keys-differ","nodes":1,"serves":false');
  expect(await statusOf(first)).toBe("ready");
  writeFileSync(join(folder, "stranger"), `${KEY}\n`);
  while ((await statusOf(stranger)) !== "ready") await sleep(50);
  const [ada, bob] = await Promise.all([LobbyClient.open(first.port), LobbyClient.open(stranger.port)]);
  const { lobby } = await ada.create();
  expect(admission(await bob.join(lobby.code)).lobby.members).toHaveLength(2);
  expect(stranger.output).toContain('"event":"keys-agree"');
  for (const { output } of [first, stranger]) expect(output).toContain('"event":"tickets-differ","nodes":1');
  // Nothing secret is in the log, nor in Redis.
  expect(`${stranger.output}${await redis.ask("HVALS", "rollcall:node-table")}`).not.toMatch(new RegExp(`${KEY}|${OTHER}|${TICKETS}`));
});

test("[CL122] a node that was given a new key a few minutes ahead serves beside those that have not, at once", async () => {
  const ahead = new Date(Date.now() + 300_000).toISOString().replace(/:\d\d\.\d+Z$/, "Z");
  const node = await startNode("ahead", `${KEY}\n${ahead} ${OTHER}`);
  while ((await statusOf(node)) === "store") await sleep(20);
  expect(await statusOf(node)).toBe("ready");
  appendFileSync(join(folder, "first"), `${ahead} ${OTHER}\n`);
  expect(node.output).not.toContain("keys-differ");
});
