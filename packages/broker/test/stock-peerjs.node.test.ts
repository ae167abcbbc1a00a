/** Unmodified PeerJS 1.5.5 against the built command with `--open`: what peers/peerjs-server's own tests ask of a server, and what its clients do with one. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { DataConnection, Peer } from "peerjs";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { BrokerCommand } from "./broker-command.ts";
import { RedisServer } from "./redis-server.ts";

let broker: BrokerCommand;
let StockPeer: typeof Peer;
const peers: Peer[] = [];

beforeAll(async () => {
  const [webrtc, { WebSocket }] = await Promise.all([import("node-datachannel/polyfill"), import("ws")]);
  const { RTCPeerConnection, RTCSessionDescription, RTCIceCandidate, RTCDataChannel } = webrtc;
  // PeerJS looks for them while it loads, and listens for `close` alone: an `error` that nobody listens for would end the process.
  class StockSocket extends WebSocket {
    constructor(address: string) {
      super(address);
      this.on("error", () => undefined);
    }
  }
  Object.assign(globalThis, { RTCPeerConnection, RTCSessionDescription, RTCIceCandidate, RTCDataChannel, WebSocket: StockSocket });
  // CommonJS to Node, where the names may be on `default`.
  const module: { readonly Peer?: typeof Peer; readonly default?: unknown } = await import("peerjs");
  StockPeer = module.Peer ?? (module.default as { readonly Peer: typeof Peer }).Peer;
  broker = await BrokerCommand.start(["--open", "--origins", "https://play.example,https://other.example"], { opensPerMinute: 1_000 });
});

afterEach(() => {
  for (const peer of peers.splice(0)) peer.destroy();
});

afterAll(() => broker.close());

/** As a page makes one; `id`: it names itself. */
function stock(id?: string, key = "peerjs", { port } = broker): Peer {
  const settings = { host: "127.0.0.1", port, path: "/", secure: false, config: { iceServers: [] }, key };
  const peer = id === undefined ? new StockPeer(settings) : new StockPeer(id, settings);
  peers.push(peer);
  return peer;
}

interface Heard {
  readonly open: string;
  readonly connection: DataConnection;
  readonly error: Error & { readonly type: string };
  readonly disconnected: string;
}

function heard<Name extends keyof Heard>(peer: Peer, name: Name): Promise<Heard[Name]> {
  return new Promise((resolve) => void peer.once(name, (value: unknown) => resolve(value as Heard[Name])));
}

async function opened(id?: string): Promise<Peer> {
  const peer = stock(id);
  await heard(peer, "open");
  return peer;
}

function openConnection(connection: DataConnection): Promise<DataConnection> {
  return new Promise((resolve, reject) => {
    connection.once("open", () => resolve(connection));
    connection.once("error", reject);
  });
}

/**
 * Both ends of a connection. libdatachannel loses a race with itself now and then, and the handshake fails (see `createPeerConnectionConstructor`): that is not what this
 * is about, so it is tried again.
 */
async function connected(from: Peer, to: Peer): Promise<readonly [DataConnection, DataConnection]> {
  for (;;) {
    const arriving = heard(to, "connection").then(openConnection);
    const ends = Promise.all([openConnection(from.connect(to.id, { reliable: true })), arriving]);
    const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 5_000));
    const open = await Promise.race([ends.catch(() => undefined), late]);
    if (open !== undefined) return open;
  }
}

test("[BR64] unmodified PeerJS asks for an id or names its own, connects, sends both ways, and hears the other hang up", async () => {
  const [ada, bob] = await Promise.all([opened(), opened("bob-of-this-test")]);
  expect([/^[0-9a-f-]{36}$/.test(ada.id), bob.id]).toEqual([true, "bob-of-this-test"]);
  const [mine, theirs] = await connected(ada, bob);
  for (const [from, to] of [
    [mine, theirs],
    [theirs, mine],
  ] as const) {
    const said = new Promise((resolve) => void to.once("data", resolve));
    await from.send({ text: "hello", bytes: [1, 2, 3] });
    expect(await said).toEqual({ text: "hello", bytes: [1, 2, 3] });
  }
  const closed = new Promise((resolve) => void theirs.once("close", () => resolve(undefined)));
  mine.close();
  await closed;
});

test("[BR65] PeerJS hears in its own words that an id is taken, that nobody has one, and that a key is wrong", async () => {
  await opened("taken");
  expect((await heard(stock("taken"), "error")).type).toBe("unavailable-id");
  const ada = await opened();
  const refused = heard(ada, "error");
  ada.connect("nobody-here");
  expect((await refused).type).toBe("peer-unavailable");
  expect(ada.open).toBe(true);
  const other = stock("with-a-key", "another");
  other.once("open", () => expect.unreachable());
  await heard(other, "disconnected");
});

test("[BR66] PeerJS reconnects with its id and its token, and an id is free once its owner has left", async () => {
  const ada = await opened("ada-of-this-test");
  ada.disconnect();
  ada.reconnect();
  await heard(ada, "open");
  const bob = await opened();
  await connected(bob, ada);
  ada.destroy();
  // The broker hears of it when the socket has closed.
  await expect.poll(async () => isTaken("ada-of-this-test")).toBe(false);
});

async function isTaken(id: string): Promise<boolean> {
  const peer = stock(id);
  const isOpen = await Promise.race([heard(peer, "open").then(() => true), heard(peer, "error").then(() => false)]);
  return !isOpen;
}

test("[BR67] the id for a page of a listed origin may be read by it; a page of another one gets none", async () => {
  const ask = (origin: string): Promise<Response> => fetch(`http://127.0.0.1:${broker.port}/peerjs/id`, { headers: { origin } });
  for (const origin of ["https://play.example", "https://other.example"]) {
    const answer = await ask(origin);
    expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([200, origin]);
  }
  const foreign = await ask("https://evil.example");
  expect([foreign.status, foreign.headers.get("access-control-allow-origin")]).toEqual([403, null]);
});

test("[CL25] a pair of unmodified PeerJS meets through two nodes of a cluster", async () => {
  const redis = await RedisServer.start();
  const folder = mkdtempSync(join(tmpdir(), "rollcall-stock-"));
  const nodes: BrokerCommand[] = [];
  try {
    writeFileSync(join(folder, "key"), "a-signing-key-that-both-nodes-of-this-test-share", { mode: 0o600 });
    const args = ["--open", "--redis-url", redis.url, "--signing-key-file", join(folder, "key")];
    nodes.push(...(await Promise.all([BrokerCommand.start(args), BrokerCommand.start(args)])));
    for (const { port } of nodes) while (!(await fetch(`http://127.0.0.1:${port}/readyz`)).ok) await sleep(20);
    const [ada, bob] = nodes.map((node, index) => stock(["ada-at-one", "bob-at-another"][index], "peerjs", node));
    if (ada === undefined || bob === undefined) throw new Error("expected: two peers");
    await Promise.all([heard(ada, "open"), heard(bob, "open")]);
    const [mine, theirs] = await connected(ada, bob);
    const said = new Promise((resolve) => void theirs.once("data", resolve));
    await mine.send("across");
    expect(await said).toBe("across");
    const thief = stock("bob-at-another", "peerjs", nodes[0]);
    expect((await heard(thief, "error")).type).toBe("unavailable-id");
  } finally {
    for (const peer of peers.splice(0)) peer.destroy();
    await Promise.all(nodes.map((node) => node.kill()));
    await redis.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
});
