import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AssertionError } from "@rollcall/netcode/lobby-protocol";
import * as fc from "fast-check";
import { beforeEach, expect, test, vi } from "vitest";
import { code, peer } from "../test/lobby-fixture.ts";
import { MemoryCluster } from "../test/memory-cluster.ts";
import { resolveOptions } from "./broker-options.ts";
import { Counters } from "./counters.ts";
import type { GuardedSocket, SocketUser } from "./guarded-socket.ts";
import { KeyRing, parseSigningKeys } from "./key-ring.ts";
import { BROKER_LIMITS } from "./limits.ts";
import { MemoryClaimStore } from "./memory-claim-store.ts";
import { MemoryOnceStore } from "./memory-once-store.ts";
import { createPeerServer } from "./peer-server.ts";
import { createSecrets } from "./secrets.ts";
import { readSettings } from "./settings.ts";
import { SignalingGuard } from "./signaling-guard.ts";
import { readTicketCommand } from "./ticket-command.ts";
import { openTicketOffice, type TicketOffice } from "./ticket-office.ts";
import { PLACE_KEPT_MS, socketKey, TicketPlaces } from "./ticket-places.ts";
import { createTicket, isTicketText, readTicket, type Ticket } from "./tickets.ts";

const SECRET = "a secret that a game's server shares with the broker";
const NOW_MS = Date.parse("2026-12-01T12:00:00Z");
const KEYS = KeyRing.of(SECRET);
const DAY = 86_400;

interface Maker {
  readonly secret?: string;
  readonly header?: object;
  readonly hash?: string;
}

/** As another program makes it, by RFC 7515 and 7519: without the library that reads it. */
function token(claims: object, { secret = SECRET, header = { alg: "HS256" }, hash = "sha256" }: Maker = {}): string {
  const input = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${input}.${createHmac(hash, secret).update(input).digest("base64url")}`;
}

const atSeconds = NOW_MS / 1_000;
const ADA = { aud: "rollcall-broker", sub: "ada", exp: atSeconds + 60 };

test("[TK80] a ticket of any program that has the secret is read, whatever else is in it; one of ours too", async () => {
  const all = [
    token(ADA),
    token({ ...ADA, aud: ["rollcall-broker", "another"], iat: atSeconds, nbf: atSeconds + 5, jti: "x", room: { any: ["thing"] } }),
    token({ ...ADA, exp: atSeconds + DAY }, { header: { typ: "JWT", kid: "whatever", alg: "HS256" } }),
  ];
  for (const text of all) {
    expect(isTicketText(text)).toBe(true);
    expect(await readTicket(text, KEYS, NOW_MS)).toMatchObject({ peerId: "ada", id: expect.stringMatching(/^[\w-]{43}$/) });
  }
  expect(await readTicket(all[0] ?? "", KEYS, NOW_MS)).toMatchObject({ untilMs: NOW_MS + 70_000 });
  const [ours, other] = await Promise.all([1, 2].map(() => createTicket({ secret: SECRET, peerId: "ada", lifeMs: 60_000 })));
  const tickets = await Promise.all([ours, other].map((text) => readTicket(text ?? "", KEYS, Date.now())));
  expect(tickets).toMatchObject([{ peerId: "ada" }, { peerId: "ada" }]);
  expect(tickets[0]?.id).not.toBe(tickets[1]?.id);
  // One that is over is read: whether it may come back is another question.
  expect(await readTicket(token({ ...ADA, exp: atSeconds - DAY }), KEYS, NOW_MS)).toMatchObject({ peerId: "ada" });
});

test.each([
  ["a short secret", { secret: "short" }, "32 characters"],
  ["an odd id", { peerId: "<img>" }, "peerId"],
  ["no life", { lifeMs: 0 }, "lifeMs"],
  ["no number", { lifeMs: NaN }, "lifeMs"],
  ["a life of two days", { lifeMs: 172_800_000 }, "lifeMs"],
])("[TK90] a ticket with %s is refused by a promise, with an error that says what was expected", async (_what, wrong, words) => {
  // Not thrown: it is called where a promise is looked after.
  const made = createTicket({ secret: SECRET, peerId: "ada", ...wrong });
  await expect(made).rejects.toThrow(words);
  await expect(made).rejects.toBeInstanceOf(AssertionError);
});

test.each([
  ["another secret", token(ADA, { secret: `${SECRET}.` })],
  ["no signature", token(ADA, { header: { alg: "none" } }).replace(/[^.]*$/, "")],
  ["the algorithm none", token(ADA, { header: { alg: "none" } })],
  ["another algorithm", token(ADA, { header: { alg: "HS512" }, hash: "sha512" })],
  ["an algorithm of keys", token(ADA, { header: { alg: "RS256" } })],
  ["an extension that must be known", token(ADA, { header: { alg: "HS256", crit: ["x"], x: 1 } })],
  ["another audience", token({ ...ADA, aud: "session" })],
  ["no audience", token({ ...ADA, aud: undefined })],
  ["no end", token({ ...ADA, exp: undefined })],
  ["an end that is no number", token({ ...ADA, exp: "soon" })],
  ["more than a day", token({ ...ADA, exp: atSeconds + DAY + 60 })],
  ["an endless life", token(ADA).replace(/\..*/, "") + endless()],
  ["a beginning to come", token({ ...ADA, nbf: atSeconds + 60 })],
  ["no id", token({ ...ADA, sub: undefined })],
  ["an odd id", token({ ...ADA, sub: "<img>" })],
  ["an id that is no text", token({ ...ADA, sub: { ada: 1 } })],
  ["claims that are no object", token([ADA])],
  ["nothing", ".."],
])("[TK80] %s: no ticket", async (_what, text) => {
  expect(await readTicket(text, KEYS, NOW_MS)).toBeUndefined();
});

/** JSON has no word for it. */
function endless(): string {
  const input = `${Buffer.from('{"alg":"HS256"}').toString("base64url")}.${Buffer.from('{"aud":"rollcall-broker","sub":"ada","exp":1e999}').toString("base64url")}`;
  return `${input}.${createHmac("sha256", SECRET).update(input).digest("base64url")}`.replace(/^[^.]*/, "");
}

test("[TK80] a ticket with any letters changed is none, or the same one", async () => {
  const text = token(ADA);
  const id = (await readTicket(text, KEYS, NOW_MS))?.id;
  const changed = fc
    .tuple(fc.nat(text.length - 1), fc.constantFrom(...Array.from("ABCXYZabcxyz0189-_.= ")), fc.boolean())
    .map(([at, letter, isCut]) => {
      return text.slice(0, at) + letter + text.slice(at + (isCut ? 2 : 1));
    });
  const property = fc.asyncProperty(changed, async (other) => {
    const read = isTicketText(other) ? await readTicket(other, KEYS, NOW_MS) : undefined;
    expect(read?.id ?? id).toBe(id);
  });
  await fc.assert(property, { numRuns: 300 });
  // The signature's last letter has two bits that do not count: another writing, not another ticket.
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const twin = text.slice(0, -1) + letters[letters.indexOf(text.at(-1) ?? "") ^ 1];
  expect([twin === text, (await readTicket(twin, KEYS, NOW_MS))?.id]).toEqual([false, id]);
});

test("[TK85] tickets of every secret that verifies are read: the newest, one to come, and for a day the one before", async () => {
  const [former, current, coming] = ["former", "current", "coming"].map((word) =>
    `${word} secret of a game's server, long enough`.replaceAll(" ", "-"),
  );
  const keys = parseSigningKeys(`${former}\n2026-12-01T11:00Z ${current}\n2026-12-02T00:00Z ${coming}`, NOW_MS) ?? [];
  let nowMs = NOW_MS;
  const ring = new KeyRing(
    () => keys,
    () => nowMs,
  );
  const read = async (secret = ""): Promise<boolean> =>
    (await readTicket(token({ ...ADA, exp: nowMs / 1_000 + 60 }, { secret }), ring, nowMs)) !== undefined;
  expect([await read(former), await read(current), await read(coming), await read(SECRET)]).toEqual([true, true, true, false]);
  nowMs = Date.parse("2026-12-02T11:00:01Z");
  expect([await read(former), await read(current), await read(coming)]).toEqual([false, true, true]);
});

test("[TK85] the file of secrets is read again when it changes, and not made when there is none", async () => {
  vi.useFakeTimers({ now: NOW_MS });
  const folder = mkdtempSync(join(tmpdir(), "rollcall-tickets-"));
  try {
    const ticketSecretFile = join(folder, "secrets");
    const wallMs = (): number => NOW_MS;
    const open = (handleUnreadable = () => undefined): TicketOffice | undefined =>
      openTicketOffice({ ticketSecret: undefined, ticketSecretFile, shared: undefined, wallMs, handleUnreadable });
    expect(() => open()).toThrow();
    const [before, after] = ["the-secret-before-of-a-game's-server", "the-secret-after-of-a-game's-server"];
    writeFileSync(ticketSecretFile, before);
    let unreadable = 0;
    const office = open(() => void unreadable++);
    const read = async (secret: string): Promise<boolean> => (await office?.read(token(ADA, { secret }))) !== undefined;
    expect([await read(before), await read(after)]).toEqual([true, false]);
    writeFileSync(ticketSecretFile, after);
    vi.advanceTimersByTime(2_000);
    expect([await read(before), await read(after)]).toEqual([false, true]);
    writeFileSync(ticketSecretFile, "short");
    vi.advanceTimersByTime(4_000);
    expect([await read(after), unreadable]).toEqual([true, 1]);
    office?.close();
  } finally {
    vi.useRealTimers();
    rmSync(folder, { recursive: true });
  }
});

test.each([
  [["--ticket-secret", "short"], "--ticket-secret:"],
  [["--ticket-secret-file", "/nonexistent"], "--ticket-secret-file:"],
  [["--ticket-secret", SECRET, "--open"], "--ticket-secret: expected without --open"],
])("[TK85] %j is refused by name", (args, name) => {
  const settings = readSettings(args, {});
  expect(settings.kind === "refused" ? settings.message : "").toContain(name);
});

test("[TK85] tickets go neither with an open broker, nor with the signing key as their secret", () => {
  expect(() => resolveOptions({ ticketSecret: SECRET, open: true })).toThrow();
  expect(() => resolveOptions({ ticketSecret: SECRET, signingKey: SECRET })).toThrow();
  expect(() => resolveOptions({ ticketSecret: SECRET, ticketSecretFile: "file" })).toThrow();
  expect(() => resolveOptions({ ticketSecretFile: "file", signingKeyFile: "file" })).toThrow();
  expect(resolveOptions({ ticketSecret: SECRET, open: false })).toMatchObject({ ticketSecret: SECRET, open: false });
});

let nowMs = NOW_MS;
beforeEach(() => {
  nowMs = NOW_MS;
});

const ticketOf = (id: string, peerId = "ada", lifeMs = 60_000): Ticket => ({ id, peerId: peer(peerId), untilMs: nowMs + lifeMs });

/** As one process has them. */
function places(): TicketPlaces {
  const clock = (): number => nowMs;
  return new TicketPlaces({ claims: new MemoryClaimStore(clock), once: new MemoryOnceStore(clock), wallMs: clock, leaseMs: Infinity });
}

test("[TK81] a ticket is used once: once its place is over it opens nothing, though its time is not", async () => {
  const desk = places();
  const ticket = ticketOf("t1", "ada", 3_600_000);
  const place = await desk.take(ticket);
  if (place === undefined) throw new Error("expected: a place");
  nowMs += 1_000;
  desk.leave(place);
  nowMs += PLACE_KEPT_MS;
  expect(await desk.take(ticket)).toBeUndefined();
  // A fresh one does.
  expect(await desk.take(ticketOf("t2"))).toBeDefined();
});

test("[TK81] a ticket that came too late is not used", async () => {
  const desk = places();
  const ticket = ticketOf("t1");
  nowMs += 60_000;
  expect(await desk.take(ticket)).toBeUndefined();
});

test("[TK82] with its ticket a client comes back to its place: while it has a socket, however late, and 90 s after it had one", async () => {
  const desk = places();
  const ticket = ticketOf("t1");
  const first = await desk.take(ticket);
  nowMs += 3_600_000;
  const second = await desk.take(ticket);
  if (first === undefined || second === undefined) throw new Error("expected: places");
  expect(second.token).toBeGreaterThan(first.token);
  // The socket before, which ends late, does not end the place of the newest.
  desk.leave(first);
  nowMs += PLACE_KEPT_MS;
  const third = await desk.take(ticket);
  if (third === undefined) throw new Error("expected: a place");
  desk.leave(third);
  nowMs += PLACE_KEPT_MS - 1;
  const fourth = await desk.take(ticket);
  if (fourth === undefined) throw new Error("expected: a place");
  desk.leave(fourth);
  nowMs += PLACE_KEPT_MS;
  expect(await desk.take(ticket)).toBeUndefined();
});

test("[TK83] a fresh ticket takes the place of an older one, which opens nothing from then on", async () => {
  const desk = places();
  const [old, fresh] = [ticketOf("t1"), ticketOf("t2")];
  const first = await desk.take(old);
  const second = await desk.take(fresh);
  if (first === undefined || second === undefined) throw new Error("expected: places");
  desk.leave(first);
  expect(await desk.take(old)).toBeUndefined();
  expect(await desk.take(fresh)).toBeDefined();
  // Of another id it is nobody's business.
  expect(await desk.take(ticketOf("t3", "bob"))).toBeDefined();
});

test("[TK4] in memory, claims that are over are forgotten", async () => {
  const claims = new MemoryClaimStore(() => nowMs);
  for (let index = 0; index < 100; index++) await claims.take(`id ${index}`, { owner: "ada", leaseMs: 1_000 });
  nowMs += 1_000;
  for (let index = 0; index < 60; index++) await claims.take("id", { owner: "ada", leaseMs: 1_000 });
  expect(claims.size).toBe(1);
});

test("[TK84] a ticket does not take the id of a member", async () => {
  const claims = new MemoryClaimStore(() => nowMs);
  const desk = new TicketPlaces({ claims, once: new MemoryOnceStore(() => nowMs), wallMs: () => nowMs, leaseMs: PLACE_KEPT_MS });
  await claims.take(socketKey(peer("ada")), { owner: "member", leaseMs: 60_000 });
  expect(await desk.take(ticketOf("t1"))).toBeUndefined();
  expect(await claims.find(socketKey(peer("ada")))).toMatchObject({ owner: "member" });
});

const [OVER, REFUSED]: readonly unknown[] = [expect.stringContaining("is over"), expect.stringContaining("no such ticket")];

interface Visit {
  readonly said: string[];
  readonly closed: number[];
  /** The connection breaks. */
  readonly lose: () => void;
}

/** A socket of a stock client at a guard that takes tickets, whose text is `id peerId`; its lobbies have the members of `members`. */
function guardWithTickets(): {
  readonly members: Set<string>;
  readonly visit: (peerId: string, ticket: string, of?: string) => Promise<Visit>;
} {
  const members = new Set<string>();
  const read = (text: string): Promise<Ticket> =>
    Promise.resolve({ ...ticketOf(text.split(".")[0] ?? "", text.split(".")[1]), untilMs: NOW_MS + 3_600_000 });
  const guard = new SignalingGuard({
    peerServer: createPeerServer((error) => expect.unreachable(String(error))),
    secrets: createSecrets(),
    limits: BROKER_LIMITS,
    counters: new Counters(),
    signals: new Counters(),
    open: false,
    tickets: { read, places: places(), names: () => ({ signs: "", takes: [] }), close: () => undefined },
    lobbyOf: (peerId) => (members.has(peerId) ? code("KXRTM") : undefined),
    isRelayOnly: () => false,
    nowMs: () => nowMs,
  });
  const visit = async (peerId: string, ticket: string, of = peerId): Promise<Visit> => {
    const identity = guard.identify(peerId, `${ticket}.${of}.x`);
    if (identity === undefined) throw new Error("expected: the form of a ticket");
    const [said, closed]: [string[], number[]] = [[], []];
    let user: SocketUser | undefined;
    const socket = {
      send: (text: string) => {
        const { type, payload } = JSON.parse(text) as { readonly type: string; readonly payload?: { readonly msg: string } };
        said.push(payload?.msg ?? type);
      },
      close: (reason: number) => {
        closed.push(reason);
        user?.handleClosed();
      },
      serve: (next: SocketUser) => (user = next),
    } as unknown as GuardedSocket;
    socket.serve(guard.accept(identity, socket));
    await new Promise(setImmediate);
    return { said, closed, lose: () => user?.handleClosed() };
  };
  return { members, visit };
}

test("[TK82] at the guard: one socket to a place, the newest; 90 s for who lost it; a fresh ticket comes first; what is over hears so", async () => {
  const { visit } = guardWithTickets();
  const first = await visit("ada", "t1");
  const second = await visit("ada", "t1");
  expect([first, second]).toMatchObject([
    { said: ["OPEN"], closed: [1000] },
    { said: ["OPEN"], closed: [] },
  ]);
  second.lose();
  nowMs += PLACE_KEPT_MS - 1;
  const third = await visit("ada", "t1");
  const fresh = await visit("ada", "t2");
  expect([third.closed, fresh.said, fresh.closed]).toEqual([[1000], ["OPEN"], []]);
  expect(await visit("ada", "t1")).toMatchObject({ said: [OVER], closed: [1008] });
  expect(await visit("bob", "t3", "ada")).toMatchObject({ said: [REFUSED], closed: [1008] });
  expect(fresh.closed).toEqual([]);
  fresh.lose();
  nowMs += PLACE_KEPT_MS;
  expect(await visit("ada", "t2")).toMatchObject({ said: [OVER], closed: [1008] });
});

test("[TK84] at the guard: a member's id is not to be had by ticket, also not by one who becomes a member in that moment; its ticket's place is kept", async () => {
  const { members, visit } = guardWithTickets();
  members.add("ada");
  expect(await visit("ada", "t1")).toMatchObject({ said: [REFUSED], closed: [1008] });
  const late = visit("bob", "t2");
  queueMicrotask(() => queueMicrotask(() => members.add("bob")));
  expect(await late).toMatchObject({ said: [OVER], closed: [1008] });
  members.clear();
  expect(await visit("bob", "t2")).toMatchObject({ said: ["OPEN"], closed: [] });
});

test("[TK88] of sixteen that come with one ticket at several nodes at once, and of its copies later, one place is left; when nobody can tell, nobody is told", async () => {
  const cluster = new MemoryCluster({ nowMs: () => nowMs });
  const nodes = Array.from({ length: 4 }, () => cluster.node());
  const desks = nodes.map(({ claims, once }) => new TicketPlaces({ claims, once, wallMs: () => nowMs, leaseMs: PLACE_KEPT_MS }));
  try {
    const ticket = ticketOf("t1");
    const taken = await Promise.all(Array.from({ length: 4 }, () => desks.map((desk) => desk.take(ticket))).flat());
    const tokens = taken.flatMap((place) => place?.token ?? []);
    expect(tokens.length).toBeGreaterThan(0);
    expect(await nodes[0]?.claims.find(socketKey(peer("ada")))).toMatchObject({ token: Math.max(...tokens) });
    // A node that dies gives nothing back: the place is kept as long.
    nowMs += PLACE_KEPT_MS - 1;
    expect(await desks[1]?.take(ticket)).toBeDefined();
    nowMs += PLACE_KEPT_MS;
    expect(await Promise.all(desks.map((desk) => desk.take(ticket)))).toEqual([undefined, undefined, undefined, undefined]);
    cluster.state = "down";
    await expect(desks[0]?.take(ticketOf("t2"))).rejects.toThrow();
  } finally {
    for (const node of nodes) node.close();
  }
});

const says = (words: string): unknown => expect.stringContaining(words);

test.each([
  [["ada"], { ROLLCALL_TICKET_SECRET: SECRET }, { secret: SECRET, peerId: "ada", lifeMs: 300_000 }],
  [["ada", "--life", "60", "--ticket-secret", SECRET], {}, { secret: SECRET, peerId: "ada", lifeMs: 60_000 }],
  [["ada"], {}, says("--ticket-secret-file")],
  [["ada"], { ROLLCALL_TICKET_SECRET: "short" }, says("--ticket-secret-file")],
  [["ada", "--ticket-secret-file", "/nonexistent"], { ROLLCALL_TICKET_SECRET: SECRET }, says("--ticket-secret-file")],
  [["ada", "--life", "86401"], { ROLLCALL_TICKET_SECRET: SECRET }, says("--life")],
  [["<img>"], { ROLLCALL_TICKET_SECRET: SECRET }, says("PEER_ID")],
  [["ada", "bob"], { ROLLCALL_TICKET_SECRET: SECRET }, says("PEER_ID")],
  [[], { ROLLCALL_TICKET_SECRET: SECRET }, says("PEER_ID")],
  [["ada", "--wat"], { ROLLCALL_TICKET_SECRET: SECRET }, says("PEER_ID")],
] as const)("[TK87] the command ticket with %j and %j", (args, environment, expected) => {
  const command = readTicketCommand(args, environment);
  expect(command.kind === "ticket" ? command.options : command.message).toEqual(expected);
});
