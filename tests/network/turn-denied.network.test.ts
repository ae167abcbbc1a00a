/** The TURN server's configuration of `deploy/`, in a real coturn, in a namespace that nothing leaves. */
import { createHmac } from "node:crypto";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Namespace, removeNamespaces, stop } from "./lab/namespaces.ts";
import type { TurnAnswer, TurnQuestion } from "./lab/turn-probe.ts";

const CONFIGURATION = fileURLToPath(new URL("../../deploy/turnserver.conf", import.meta.url));
const PROBE = fileURLToPath(new URL("lab/turn-probe.ts", import.meta.url));
const [NEWEST, BEFORE, FOREIGN] = ["the-newest-secret-of-two", "the-secret-before-that-one", "a-secret-it-does-not-know"];
const REALM = "rollcall.lab";
/** Public, but for this namespace. */
const SERVER = "20.0.0.1";
const NEIGHBOUR = "20.0.0.2";

/** First and last of every IPv4 range that is no public one (IANA's registry of special purposes, multicast, reserved), and what a cloud keeps behind them. */
const DENIED = [
  ["0.0.0.0", "0.255.255.255"],
  ["10.0.0.0", "10.255.255.255"],
  ["100.64.0.0", "100.100.100.200", "100.127.255.255"],
  ["127.0.0.0", "127.0.0.1", "127.255.255.255"],
  ["169.254.0.0", "169.254.169.254", "169.254.255.255"],
  ["172.16.0.0", "172.31.255.255"],
  ["192.0.0.0", "192.0.0.192", "192.0.0.255"],
  ["192.0.2.0", "192.0.2.255"],
  ["192.88.99.0", "192.88.99.255"],
  ["192.168.0.0", "192.168.255.255"],
  ["198.18.0.0", "198.19.255.255"],
  ["198.51.100.0", "198.51.100.255"],
  ["203.0.113.0", "203.0.113.255"],
  ["224.0.0.0", "239.255.255.255"],
  ["240.0.0.0", "255.255.255.255"],
].flat();

/** The neighbours of these ranges are other people's public addresses. */
const ALLOWED = [
  "1.0.0.0",
  "9.255.255.255",
  "11.0.0.0",
  "100.63.255.255",
  "100.128.0.0",
  "126.255.255.255",
  "128.0.0.0",
  "169.253.255.255",
  "169.255.0.0",
  "172.15.255.255",
  "172.32.0.0",
  "192.0.1.0",
  "192.167.255.255",
  "192.169.0.0",
  "198.17.255.255",
  "198.20.0.0",
  "223.255.255.255",
  NEIGHBOUR,
  SERVER,
];

/** The relay has an IPv4 address alone, as Debian's coturn must: an IPv6 address of any kind is no peer for it. */
const OF_ANOTHER_FAMILY = [
  "::",
  "::1",
  "::ffff:127.0.0.1",
  "::ffff:169.254.169.254",
  "64:ff9b::7f00:1",
  "fc00::1",
  "fe80::1",
  "2606:4700::1",
];

/** Services inside, which nobody outside may reach. */
const INSIDE = ["127.0.0.1", "10.0.0.1", "100.64.0.1", "169.254.169.254", "172.16.0.1", "192.168.0.1"];

const folder = mkdtempSync(join(tmpdir(), "rollcall-turn-"));
let turn: ChildProcess | undefined;
let answer: TurnAnswer;

beforeAll(async () => {
  const machine = Namespace.create("turn");
  for (const address of [SERVER, NEIGHBOUR, ...INSIDE.slice(1)]) machine.ip(`address add ${address}/32 dev lo`);
  turn = machine.spawn("turnserver", [
    "-c",
    CONFIGURATION,
    `--realm=${REALM}`,
    `--listening-ip=${SERVER}`,
    `--relay-ip=${SERVER}`,
    "--no-tls",
    `--static-auth-secret=${NEWEST}`,
    `--static-auth-secret=${BEFORE}`,
    `--pidfile=${join(folder, "turn.pid")}`,
    `--userdb=${join(folder, "turn.db")}`,
  ]);
  await machine.listening(3478);
  const username = `${Math.floor(Date.now() / 1_000) + 600}:lab.0`;
  const credentials = [NEWEST, BEFORE, FOREIGN].map((secret) => ({
    username,
    credential: createHmac("sha1", secret).update(username).digest("base64"),
  }));
  const ended = { username: "1700000000:lab.0", credential: createHmac("sha1", NEWEST).update("1700000000:lab.0").digest("base64") };
  // As `ice-servers` makes them out for one seat, one after the other.
  const seat = [600, 660].map((seconds) => {
    const username = `${Math.floor(Date.now() / 1_000) + seconds}:lab.1`;
    return { username, credential: createHmac("sha1", NEWEST).update(username).digest("base64") };
  });
  const question: TurnQuestion = {
    seat,
    server: SERVER,
    realm: REALM,
    credentials: [...credentials, ended],
    peers: [...DENIED, ...ALLOWED, ...OF_ANOTHER_FAMILY],
    listeners: [...INSIDE, NEIGHBOUR],
  };
  answer = JSON.parse(machine.run("node", ["--import", "tsx", PROBE, JSON.stringify(question)]));
});

afterAll(async () => {
  if (turn !== undefined) await stop(turn);
  removeNamespaces();
  rmSync(folder, { recursive: true });
});

const expected = (peers: readonly string[], code: number): Record<string, number> => Object.fromEntries(peers.map((peer) => [peer, code]));
const of = (codes: Readonly<Record<string, number>>, peers: readonly string[]): Record<string, number | undefined> =>
  Object.fromEntries(peers.map((peer) => [peer, codes[peer]]));

test("[TK40] the TURN server gives no permission and no channel to any range that is not public", () => {
  expect(of(answer.permissions, DENIED)).toEqual(expected(DENIED, 403));
  expect(of(answer.channels, DENIED)).toEqual(expected(DENIED, 403));
});

test("[TK41] it gives both to public addresses, to the neighbours of the denied ranges among them", () => {
  expect(of(answer.permissions, ALLOWED)).toEqual(expected(ALLOWED, 0));
  expect(of(answer.channels, ALLOWED)).toEqual(expected(ALLOWED, 0));
});

test("[TK42] a packet for a service inside does not come through, one for a public address does; TCP is not relayed", () => {
  expect(answer.reached).toEqual([NEIGHBOUR]);
  expect(answer.connect).toBeGreaterThanOrEqual(400);
});

test("[TK43] with an IPv4 relay every IPv6 address is refused, whatever it wraps", () => {
  for (const peer of OF_ANOTHER_FAMILY) {
    expect([peer, [403, 443].includes(answer.permissions[peer] ?? 0), [403, 443].includes(answer.channels[peer] ?? 0)]).toEqual([
      peer,
      true,
      true,
    ]);
  }
});

test("[TK44] credentials of both its secrets are taken, those of another and those that have ended are not", () => {
  expect(answer.allocations).toEqual([0, 0, 401, 401]);
});

test("[TK45] a seat has 64 allocations at once, however many credentials it was given: who sells them sells its own", () => {
  expect(answer.seat).toEqual({ granted: 64, code: 486 });
});
