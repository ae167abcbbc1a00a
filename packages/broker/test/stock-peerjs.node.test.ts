/** Unmodified PeerJS 1.5.5 against the built command with `--open`, or with tickets: what peers/peerjs-server's own tests ask of a server, and what its clients do with one. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { DataConnection, Peer } from "peerjs";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createTicket } from "../src/tickets.ts";
import { writeRaw } from "./abuse-stage.ts";
import { BROKER_MAIN, BrokerCommand } from "./broker-command.ts";
import { clientFrame } from "./client-frame.ts";
import { LobbyClient } from "./lobby-client.ts";
import { RedisServer } from "./redis-server.ts";
import { SignalingClient } from "./signaling-client.ts";

const TICKET_SECRET = "the-secret-of-a-game's-server-and-its-broker";

let broker: BrokerCommand;
/** Another, which takes tickets. */
let gate: BrokerCommand;
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
  [broker, gate] = await Promise.all([
    BrokerCommand.start(["--open", "--origins", "https://play.example,https://other.example"], { opensPerMinute: 1_000 }),
    BrokerCommand.start(["--ticket-secret", TICKET_SECRET], { opensPerMinute: 1_000 }),
  ]);
});

afterEach(() => {
  for (const peer of peers.splice(0)) peer.destroy();
});

afterAll(() => Promise.all([broker.close(), gate.close()]));

/** As a page makes one; `id`: it names itself. */
function stock(id?: string, key = "peerjs", { port } = broker, token?: string): Peer {
  const settings = { host: "127.0.0.1", port, path: "/", secure: false, config: { iceServers: [] }, key, ...(token && { token }) };
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

/** Two nodes of a cluster. */
async function onTwoNodes(setting: readonly string[], use: (one: BrokerCommand, other: BrokerCommand) => Promise<void>): Promise<void> {
  const redis = await RedisServer.start();
  const folder = mkdtempSync(join(tmpdir(), "rollcall-stock-"));
  const nodes: BrokerCommand[] = [];
  try {
    writeFileSync(join(folder, "key"), "a-signing-key-that-both-nodes-of-this-test-share", { mode: 0o600 });
    const args = [...setting, "--redis-url", redis.url, "--signing-key-file", join(folder, "key")];
    const [one, other] = await Promise.all([BrokerCommand.start(args), BrokerCommand.start(args)]);
    nodes.push(one, other);
    for (const { port } of nodes) while (!(await fetch(`http://127.0.0.1:${port}/readyz`)).ok) await sleep(20);
    await use(one, other);
  } finally {
    for (const peer of peers.splice(0)) peer.destroy();
    await Promise.all(nodes.map((node) => node.kill()));
    await redis.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

test("[CL25] a pair of unmodified PeerJS meets through two nodes of a cluster", () =>
  onTwoNodes(["--open"], async (...nodes) => {
    const [ada, bob] = nodes.map((node, index) => stock(["ada-at-one", "bob-at-another"][index], "peerjs", node));
    if (ada === undefined || bob === undefined) throw new Error("expected: two peers");
    await Promise.all([heard(ada, "open"), heard(bob, "open")]);
    const [mine, theirs] = await connected(ada, bob);
    const said = new Promise((resolve) => void theirs.once("data", resolve));
    await mine.send("across");
    expect(await said).toBe("across");
    const thief = stock("bob-at-another", "peerjs", nodes[0]);
    expect((await heard(thief, "error")).type).toBe("unavailable-id");
  }));

/** Somebody whom the game's server knows by this id. */
async function ticketed(id: string, node: BrokerCommand = gate): Promise<{ readonly ticket: string; readonly peer: Peer }> {
  const ticket = await createTicket({ secret: TICKET_SECRET, peerId: id });
  return { ticket, peer: stock(id, "peerjs", node, ticket) };
}

/** Its connection to the broker breaks, and nothing tells the broker. */
function loseSocket(peer: Peer): Promise<unknown> {
  const { _socket: socket } = peer.socket as unknown as { readonly _socket: { terminate(): void } };
  const lost = heard(peer, "disconnected");
  // It says so as an error, too.
  peer.once("error", () => undefined);
  socket.terminate();
  return lost;
}

test("[TK86] with tickets, unmodified PeerJS connects, sends, comes back with the same one after it hung up or lost its socket, and is told nothing else", async () => {
  const [{ peer: ada, ticket }, { peer: bob }] = [await ticketed("ada-with-ticket"), await ticketed("bob-with-ticket")];
  await Promise.all([heard(ada, "open"), heard(bob, "open")]);
  const [mine, theirs] = await connected(ada, bob);
  const said = new Promise((resolve) => void theirs.once("data", resolve));
  await mine.send("hello");
  expect(await said).toBe("hello");
  ada.disconnect();
  ada.reconnect();
  await heard(ada, "open");
  await loseSocket(ada);
  ada.reconnect();
  await heard(ada, "open");
  await connected(bob, ada);
  const health = JSON.stringify(await gate.refusals());
  for (const secret of [ticket, ticket.split(".")[2] ?? "", TICKET_SECRET, "ada-with-ticket"]) {
    expect([gate.output.includes(secret), health.includes(secret)]).toEqual([false, false]);
  }
});

test("[TK86] there are never two sockets of one ticket: the newest has the place; a fresh ticket for the id takes it, and the old one hears in words that it is over", async () => {
  const { peer: page, ticket } = await ticketed("cyd-with-ticket");
  await heard(page, "open");
  const gone = heard(page, "disconnected");
  page.once("error", () => undefined);
  const twin = stock("cyd-with-ticket", "peerjs", gate, ticket);
  await Promise.all([heard(twin, "open"), gone]);
  const twinGone = heard(twin, "disconnected");
  twin.once("error", () => undefined);
  await Promise.all([heard((await ticketed("cyd-with-ticket")).peer, "open"), twinGone]);
  const refused = heard(twin, "error");
  twin.reconnect();
  expect(await refused).toMatchObject({ type: "server-error", message: expect.stringMatching(/ticket is over/) });
});

test("[TK86] without a ticket of its own nobody comes in: none, a made-up one, another's, no id", async () => {
  const { ticket } = await ticketed("dan-with-ticket");
  for (const token of [ticket, "a.b.c"]) {
    const refused = await heard(stock("eve-without", "peerjs", gate, token), "error");
    expect(refused).toMatchObject({ type: "server-error", message: expect.stringMatching(/no such ticket/) });
  }
  await heard(stock("eve-without", "peerjs", gate), "disconnected");
  expect(await SignalingClient.refusal(gate.port, "/peerjs?key=peerjs&id=eve-without&token=x")).toBe(401);
  expect((await fetch(`http://127.0.0.1:${gate.port}/peerjs/id`)).status).toBe(404);
});

test("[TK84] who has a ticket and who is in a lobby do not reach each other, and a ticket does not take a member's id", async () => {
  const host = await LobbyClient.open(gate.port);
  const seat = await host.create();
  const member = await SignalingClient.open(gate.port, seat.peerId, seat.signalingToken);
  const ticket = await createTicket({ secret: TICKET_SECRET, peerId: "fay-with-ticket" });
  const fay = await SignalingClient.open(gate.port, "fay-with-ticket", ticket);
  for (const [from, to] of [
    [member, "fay-with-ticket"],
    [fay, seat.peerId],
  ] as const) {
    from.offer(to);
    expect(await from.signal("EXPIRE")).toMatchObject({ src: to });
  }
  const thief = SignalingClient.connect(
    gate.port,
    seat.peerId,
    await createTicket({ secret: TICKET_SECRET, peerId: seat.peerId }),
    {},
    null,
  );
  expect(await thief.signal("ERROR")).toMatchObject({ payload: { msg: expect.stringMatching(/no such ticket/) } });
  expect(await thief.closed).toBe(1008);
  await member.settled();
  expect(member.signals.filter(({ type }) => type !== "EXPIRE")).toEqual([{ type: "OPEN" }]);
});

test("[TK89] who comes with a ticket has no more rights than others: malformed messages close its socket, a flood ends it", async () => {
  const open = async (id: string): Promise<SignalingClient> =>
    SignalingClient.open(gate.port, id, await createTicket({ secret: TICKET_SECRET, peerId: id }));
  const [rude, flood] = [await open("gus-with-ticket"), await open("hal-with-ticket")];
  for (let index = 0; index < 3; index++) rude.send({ type: "EXPIRE", src: "ada-with-ticket", dst: "hal-with-ticket" });
  writeRaw(flood.socket, Buffer.concat(Array.from({ length: 20_000 }, () => clientFrame('{"type":"HEARTBEAT","echo":true}'))));
  expect(await Promise.all([rude.closed, flood.closed])).toEqual([1008, 1008]);
});

test("[TK87] the command makes out a ticket, and refuses to without a secret", async () => {
  const make = (environment: Readonly<Record<string, string>>) =>
    spawnSync(process.execPath, [BROKER_MAIN, "ticket", "ivy-with-ticket", "--life", "60"], { env: environment, encoding: "utf8" });
  const made = make({ ROLLCALL_TICKET_SECRET: TICKET_SECRET });
  await heard(stock("ivy-with-ticket", "peerjs", gate, made.stdout.trim()), "open");
  const refused = make({});
  expect([made.status, refused.status, refused.stderr]).toEqual([0, 2, expect.stringContaining("--ticket-secret-file")]);
});

test("[TK88] a ticket is good at any node of a cluster, at one at a time, and its client comes back at another", () =>
  onTwoNodes(["--ticket-secret", TICKET_SECRET], async (one, other) => {
    const [{ peer: ada, ticket }, { peer: bob }] = [await ticketed("ada-at-one", one), await ticketed("bob-at-another", other)];
    await Promise.all([heard(ada, "open"), heard(bob, "open")]);
    await connected(ada, bob);
    const gone = heard(ada, "disconnected");
    ada.once("error", () => undefined);
    const moved = stock("ada-at-one", "peerjs", other, ticket);
    await Promise.all([heard(moved, "open"), gone]);
    await connected(bob, moved);
    await Promise.all([heard((await ticketed("ada-at-one", one)).peer, "open"), heard(moved, "disconnected")]);
    expect(await heard(stock("ada-at-one", "peerjs", one, ticket), "error")).toMatchObject({ message: expect.stringMatching(/is over/) });
  }));
