import { calculateJwkThumbprint } from "jose";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MemoryCluster, type MemoryNode } from "../test/memory-cluster.ts";
import { KeyRing, parseSigningKeys, type SigningKey } from "./key-ring.ts";
import { KeyWatch, type NodeKeys } from "./key-watch.ts";
import type { LogEntry } from "./log-entry.ts";
import type { LobbyRecord } from "./lobby-record.ts";
import { NODE_SILENCE_MS } from "./node-watch.ts";
import { RosterSigner } from "./roster-signer.ts";

const START_MS = Date.parse("2026-12-01T12:00:00Z");
const [OLD, NEW, OTHER] = [
  "an-old-signing-key-long-enough-to-be-one",
  "a-new-signing-key-long-enough-to-be-one",
  "of-somebody-else-and-just-as-long-as-those",
];
const SOON = `2026-12-01T12:05Z ${NEW}`;

let cluster: MemoryCluster;
const nodes: Node[] = [];

class Node {
  readonly log: LogEntry[] = [];
  readonly shared: MemoryNode = cluster.node();
  readonly signer: RosterSigner;
  readonly watch: KeyWatch;
  tickets: NodeKeys | undefined;
  #keys: readonly SigningKey[];

  constructor(...lines: readonly string[]) {
    this.#keys = keysOf(lines);
    this.signer = new RosterSigner(new KeyRing(() => this.#keys, Date.now), Date.now);
    const keys = (): NodeKeys => this.signer.thumbprints();
    const handleFailure = (error: unknown): void => expect.unreachable(String(error));
    const tickets = (): NodeKeys | undefined => this.tickets;
    this.watch = new KeyWatch({ shared: this.shared, keys, tickets, log: (entry) => this.log.push(entry), handleFailure });
  }

  /** Its file says this from now on. */
  set lines(lines: readonly string[]) {
    this.#keys = keysOf(lines);
  }
}

function start(...lines: readonly string[]): Node {
  const node = new Node(...lines);
  nodes.push(node);
  return node;
}

function keysOf(lines: readonly string[]): readonly SigningKey[] {
  const keys = parseSigningKeys(lines.join("\n"), Date.now());
  if (keys === undefined) throw new Error("expected: keys");
  return keys;
}

const verdicts = (): readonly string[] => nodes.map(({ watch }) => watch.verdict);
const pass = (ms = 2_000): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers({ now: START_MS });
  cluster = new MemoryCluster({ nowMs: Date.now });
});

afterEach(async () => {
  for (const { watch, shared } of nodes.splice(0)) {
    await watch.close();
    shared.close();
  }
  vi.useRealTimers();
});

test("[CL121] a node with a key of its own gives way to the two that have one in common; with theirs it serves, and all of it is logged once", async () => {
  const [one, two] = [start(OLD), start(OLD)];
  await pass();
  const stranger = start(OTHER);
  expect(stranger.watch.verdict).toBe("unknown");
  await pass(10_000);
  expect(verdicts()).toEqual(["ours", "ours", "others"]);
  stranger.lines = [OLD];
  await pass();
  expect(verdicts()).toEqual(["ours", "ours", "ours"]);
  expect([one, two, stranger].map(({ log }) => log)).toEqual([
    [
      { event: "keys-differ", nodes: 1, serves: true },
      { event: "keys-agree", nodes: 3 },
    ],
    [
      { event: "keys-differ", nodes: 1, serves: true },
      { event: "keys-agree", nodes: 3 },
    ],
    [
      { event: "keys-differ", nodes: 2, serves: false },
      { event: "keys-agree", nodes: 3 },
    ],
  ]);
});

test("[CL121] of two nodes with different keys the one that was first serves, also after Redis was away and had forgotten all", async () => {
  start(OLD);
  await pass();
  start(OTHER);
  await pass();
  expect(verdicts()).toEqual(["ours", "others"]);
  cluster.state = "down";
  await pass(60_000);
  cluster.forget();
  cluster.state = "up";
  await pass();
  expect(verdicts()).toEqual(["ours", "others"]);
});

test("[CL122] while a new key is added, begins to sign and takes over, node after node, each node serves at every moment", async () => {
  const three = [start(OLD), start(OLD), start(OLD)];
  for (const node of three) {
    node.lines = [OLD, SOON];
    await pass(61_000);
    expect(verdicts()).toEqual(["ours", "ours", "ours"]);
  }
  // One that is started meanwhile, with the new key too.
  start(OLD, SOON);
  await pass(600_000);
  expect(three[0]?.signer.thumbprints().takes).toHaveLength(2);
  for (const node of three) {
    node.lines = [SOON];
    await pass();
  }
  expect(verdicts()).toEqual(["ours", "ours", "ours", "ours"]);
  expect(nodes.flatMap(({ log }) => log)).toEqual([]);
});

test("[CL122] a node that never heard of the new key gives way once it signs", async () => {
  start(OLD);
  await pass();
  start(OLD, SOON);
  start(OLD, SOON);
  await pass(290_000);
  expect(verdicts()).toEqual(["ours", "ours", "ours"]);
  await pass(20_000);
  expect(verdicts()).toEqual(["others", "ours", "ours"]);
});

test("[CL123] where a key is replaced everywhere, those that are more serve; nothing of the old one stays when its nodes have stopped or died", async () => {
  const three = [start(OLD), start(OLD), start(OLD)];
  const seen: (readonly string[])[] = [];
  for (const node of three) {
    node.lines = [NEW];
    await pass();
    seen.push(verdicts());
  }
  expect(seen).toEqual([
    ["others", "ours", "ours"],
    ["ours", "ours", "others"],
    ["ours", "ours", "ours"],
  ]);
  for (const { watch } of three) await watch.close();
  const next = start(OTHER);
  await pass(1_000);
  expect(next.watch.verdict).toBe("ours");
  // Killed: it says nothing any more.
  next.shared.lose();
  next.shared.isCutOff = true;
  const last = start(OLD);
  await pass(1_000);
  expect(last.watch.verdict).toBe("others");
  await pass(NODE_SILENCE_MS);
  expect(last.watch.verdict).toBe("ours");
});

test("[CL124] what nodes tell are names of public keys by RFC 7638, and what nobody understands is passed over", async () => {
  const node = start(OLD, SOON);
  const { keys } = node.signer.authorityOf({ life: { id: "a", openedAtMs: 0 } } as LobbyRecord);
  const names = await Promise.all(keys.map(({ key }) => calculateJwkThumbprint({ kty: "OKP", crv: "Ed25519", x: key })));
  expect(node.signer.thumbprints()).toEqual({ signs: names[1], takes: names });
  for (const text of ["", "{}", "[]", "no json", '{"sinceMs":0,"signs":1,"takes":[]}', '{"sinceMs":0,"signs":"x","takes":"x"}'])
    await node.shared.nodes.announce(`odd ${text}`, text, 60_000);
  await pass();
  expect([verdicts(), node.log]).toEqual([["ours"], []]);
});

test("[CL126] nodes with other ticket secrets, or none, say so and serve; a secret that is added before it signs makes no difference", async () => {
  const [one, two, none] = [start(OLD), start(OLD), start(OLD)];
  await pass();
  one.tickets = { signs: "a", takes: ["a"] };
  two.tickets = { signs: "a", takes: ["a", "b"] };
  none.tickets = { signs: "a", takes: ["a"] };
  await pass();
  two.tickets = { signs: "b", takes: ["a", "b"] };
  none.tickets = undefined;
  await pass();
  for (const node of [one, two, none]) node.tickets = { signs: "b", takes: ["b"] };
  // One of before, that says nothing of it, and one that says nonsense.
  const { signs, takes } = one.signer.thumbprints();
  for (const [name, more] of Object.entries({ older: {}, odd: { tickets: "a" } }))
    await one.shared.nodes.announce(name, JSON.stringify({ sinceMs: START_MS, signs, takes, ...more }), 60_000);
  await pass(10_000);
  expect(verdicts()).toEqual(["ours", "ours", "ours"]);
  for (const { log } of nodes) {
    const told = log.map((entry) => [entry.event, "nodes" in entry && entry.nodes]);
    expect(told).toContainEqual(["tickets-differ", 2]);
    expect(told.at(-1)).toEqual(["tickets-agree", 5]);
    expect(told.length).toBeLessThan(6);
  }
});
