/** A real Redis with the doors and the accidents that it has in the world. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, connect as connectTo, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { generate } from "selfsigned";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { monotonicMs } from "../src/monotonic-ms.ts";
import { peerChannel } from "../src/node-bus.ts";
import { StoreUnavailable, type SharedState } from "../src/shared-state.ts";
import { BrokerCommand } from "./broker-command.ts";
import { code, peer, TestLobby } from "./lobby-fixture.ts";
import { listing } from "./lobby-directory-contract.ts";
import { RedisServer } from "./redis-server.ts";
import { RedisStates, up } from "./redis-states.ts";

const KXRTM = code("KXRTM");
const states = new RedisStates();
const folder = mkdtempSync(join(tmpdir(), "rollcall-redis-trouble-"));
let server: RedisServer;

beforeAll(async () => {
  server = await RedisServer.start();
});
afterEach(() => states.close());
afterAll(async () => {
  await server.dispose();
  rmSync(folder, { recursive: true });
});

/** All that a node ever asks of Redis. */
async function useAll({ lobbies, claims, once, directory, bus, nodes }: SharedState): Promise<readonly unknown[]> {
  const { record } = new TestLobby();
  const heard: string[] = [];
  await bus.subscribe(peerChannel(peer("ada")), (text) => heard.push(text));
  const written = [
    await lobbies.compareAndSet(KXRTM, 0, record),
    await lobbies.keep(KXRTM),
    await lobbies.count(),
    await bus.publish(peerChannel(peer("ada")), "hello"),
    await once.take("one", 1_000),
    await once.has("one"),
    (await nodes.announce("us", "here", 1_000)).get("us"),
  ];
  const claim = await claims.take("ada", { owner: "us", leaseMs: 1_000 });
  const token = claim.ok ? claim.token : 0;
  const held = [(await claims.find("ada"))?.owner, await claims.renew("ada", { owner: "us", token, leaseMs: 1_000 })];
  await claims.release("ada", token);
  await directory.set({ game: "tag", code: KXRTM, age: { openedAtMs: 1, revision: 1 }, listing: listing("KXRTM") });
  const listed = await directory.list("tag");
  await lobbies.compareAndSet(KXRTM, 1, undefined);
  bus.unsubscribe(peerChannel(peer("ada")));
  return [...written, ...held, listed.length, heard];
}
const USED = [true, true, 1, 1, true, true, "here", "us", true, 1, ["hello"]];

/** The user of the operating guide, with `more` rights or fewer. */
async function addUser(name: string, password: string, more: readonly string[] = []): Promise<void> {
  const guide = readFileSync(new URL("../../../docs/guides/operating.md", import.meta.url), "utf8");
  const [, rights = ""] = /^user rollcall on >PASSWORD (.*)$/m.exec(guide) ?? [];
  const made = await server.ask("ACL", "SETUSER", name, "on", `>${password}`, ...rights.split(" "), ...more);
  expect(made).toBe("+OK\r\n");
}

test("[CL110] a user with the rights that the guide names, and no other, is enough; a password of odd characters, and a database of its own", async () => {
  const password = "p@ss:w/rd #?%&é";
  await addUser("rollcall", password, ["~rollcall@3:*", "&rollcall@3:*"]);
  const url = `redis://rollcall:${encodeURIComponent(password)}@127.0.0.1:${server.port}`;
  expect(await useAll(await states.connect(url, { prefix: "rollcall" }))).toEqual(USED);
  expect(await useAll(await states.connect(`${url}/3`, { prefix: "rollcall" }))).toEqual(USED);
  expect(await server.ask("ACL", "LOG")).toBe("*0\r\n");
});

test("[CL110] a node whose user lacks a right, or whose password is wrong, is not ready, and says so in a word", async () => {
  await addUser("poor", "poor-password", ["-hset"]);
  await addUser("deaf", "deaf-password", ["-ssubscribe"]);
  for (const [user, reason] of [
    ["poor:poor-password", "NOPERM"],
    ["deaf:deaf-password", "NOPERM"],
    ["poor:wrong", "WRONGPASS"],
  ] as const) {
    const reasons: string[] = [];
    const url = `redis://${user}@127.0.0.1:${server.port}`;
    const state = states.open(url, { prefix: "rollcall", handleDown: (word) => reasons.push(word) });
    await state.bus.subscribe("a:{x}", () => undefined).catch(() => undefined);
    while (reasons.length === 0) await sleep(20);
    // And stays so, without saying it again.
    await sleep(150);
    expect([state.bus.isUp, reasons]).toEqual([false, [reason]]);
  }
});

test("[CL111] brokers with one prefix in two databases of a Redis have nothing to do with each other", async () => {
  const [here, there] = await Promise.all(["", "/1"].map((path) => states.connect(server.url + path, { prefix: "two" })));
  if (here === undefined || there === undefined) throw new Error("two");
  const heard: string[] = [];
  for (const [name, { bus }] of Object.entries({ here, there })) await bus.subscribe("a:{x}", (text) => heard.push(`${name} ${text}`));
  expect([await here.bus.publish("a:{x}", "1"), await there.bus.publish("a:{x}", "2")]).toEqual([1, 1]);
  await here.lobbies.compareAndSet(KXRTM, 0, new TestLobby().record);
  expect([(await there.lobbies.load(KXRTM)).version, heard.toSorted()]).toEqual([0, ["here 1", "there 2"]]);
});

test("[CL112] rediss:// asks for a certificate that this machine trusts", async () => {
  const pair = await generate([{ name: "commonName", value: "redis" }], {
    keyType: "ec",
    extensions: [
      { name: "basicConstraints", cA: true },
      { name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] },
    ],
  });
  const [certFile, keyFile, signing] = ["cert.pem", "key.pem", "signing-key"].map((name) => join(folder, name));
  writeFileSync(certFile ?? "", pair.cert);
  writeFileSync(keyFile ?? "", pair.private);
  writeFileSync(signing ?? "", "a-signing-key-of-this-test-which-is-long-enough", { mode: 0o600 });
  const tls = await RedisServer.start("--tls-cert-file", certFile ?? "", "--tls-key-file", keyFile ?? "", "--tls-auth-clients", "no");
  let node: BrokerCommand | undefined;
  try {
    const url = `rediss://127.0.0.1:${await tls.listenTls()}`;
    const reasons: string[] = [];
    const state = states.open(url, { handleDown: (word) => reasons.push(word) });
    node = await BrokerCommand.start(
      ["--redis-url", url, "--signing-key-file", signing ?? ""],
      {},
      { NODE_EXTRA_CA_CERTS: certFile ?? "" },
    );
    while ((await fetch(`http://127.0.0.1:${node.port}/readyz`)).status !== 200) await sleep(20);
    while (reasons.length === 0) await sleep(20);
    expect([state.bus.isUp, reasons]).toEqual([false, ["DEPTH_ZERO_SELF_SIGNED_CERT"]]);
  } finally {
    await node?.kill();
    await tls.dispose();
  }
});

test("[CL113] scripts that Redis forgot are sent again, and a connection that Redis cut, as it does with who does not read, is there again with all that it listened to", async () => {
  const prefix = "cut";
  const [state, other] = await Promise.all([states.connect(server.url, { prefix }), states.connect(server.url, { prefix })]);
  let wake = (): void => undefined;
  await state.bus.subscribe("a:{x}", () => wake());
  await server.ask("SCRIPT", "FLUSH");
  expect(await state.lobbies.compareAndSet(KXRTM, 0, new TestLobby().record)).toBe(true);
  const back = new Promise<void>((resolve) => state.bus.onUp(resolve));
  // Above its `client-output-buffer-limit pubsub` a connection ends like this.
  expect(await server.ask("CLIENT", "KILL", "TYPE", "pubsub")).not.toBe(":0\r\n");
  await back;
  const heard = new Promise<void>((resolve) => (wake = resolve));
  await up(other);
  expect(await other.bus.publish("a:{x}", "back")).toBe(1);
  await heard;
});

test("[CL114] nodes whose own clocks are minutes wrong agree on the time, and on what comes too late", async () => {
  const prefix = "clocks";
  const ahead = { prefix, steadyMs: () => monotonicMs() + 300_000 };
  const behind = { prefix, steadyMs: () => monotonicMs() - 300_000 };
  const [left, right] = await Promise.all([states.connect(server.url, ahead), states.connect(server.url, behind)]);
  expect(Math.abs(left.bus.nowMs() - right.bus.nowMs())).toBeLessThan(200);
  const { record } = new TestLobby();
  expect(await left.lobbies.compareAndSet(KXRTM, 0, record, right.bus.nowMs() + 4_000)).toBe(true);
  await expect(right.lobbies.compareAndSet(KXRTM, 1, record, left.bus.nowMs() - 1_000)).rejects.toThrow(StoreUnavailable);
  await left.claims.take("ada", { owner: "us", leaseMs: 1_000 });
  expect((await right.claims.find("ada"))?.ageMs).toBeLessThan(500);
});

/** A name whose machine changes: who is connected stays where it is. */
async function openName(port: number): Promise<{ readonly url: string; move: (port: number) => void; close: () => void }> {
  const sockets = new Set<Socket>();
  const name = createServer((near) => {
    const far = connectTo(port, "127.0.0.1");
    for (const [socket, peerSocket] of [[near, far] as const, [far, near] as const]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => peerSocket.destroy());
      socket.pipe(peerSocket);
    }
  });
  await new Promise<void>((resolve) => void name.listen(0, "127.0.0.1", resolve));
  return {
    url: `redis://127.0.0.1:${(name.address() as AddressInfo).port}`,
    move: (next) => void (port = next),
    close: () => {
      for (const socket of sockets) socket.destroy();
      name.close();
    },
  };
}

test("[CL115] after a failover by name, whose old primary is a replica now and keeps its connections, nodes leave it for the new one, with what was passed on", async () => {
  const [one, two] = await Promise.all([RedisServer.start("--repl-diskless-sync-delay", "0"), RedisServer.start()]);
  const name = await openName(one.port);
  try {
    await two.ask("REPLICAOF", "127.0.0.1", String(one.port));
    const reasons: string[] = [];
    const state = await states.connect(name.url, { handleDown: (word) => reasons.push(word) });
    const { record } = new TestLobby();
    expect(await state.lobbies.compareAndSet(KXRTM, 0, record)).toBe(true);
    while (!(await two.ask("INFO", "replication")).includes("master_link_status:up")) await sleep(20);
    // It may be up to date before it counts as one that is.
    while ((await two.ask("DBSIZE")) !== (await one.ask("DBSIZE"))) await sleep(20);
    await two.ask("REPLICAOF", "NO", "ONE");
    await one.ask("REPLICAOF", "127.0.0.1", String(two.port));
    name.move(two.port);
    const back = new Promise<void>((resolve) => state.bus.onUp(resolve));
    await expect(state.lobbies.compareAndSet(KXRTM, 1, record)).rejects.toThrow(StoreUnavailable);
    await back;
    expect(await state.lobbies.load(KXRTM)).toEqual({ version: 1, record });
    expect(await state.lobbies.compareAndSet(KXRTM, 1, record)).toBe(true);
    expect(reasons).toEqual(["READONLY"]);
  } finally {
    name.close();
    await Promise.all([one.dispose(), two.dispose()]);
  }
});
