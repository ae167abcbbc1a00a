/** The lobby service over real sockets. */
import { LOBBY_PROTOCOL_VERSION, type Admission, type BanList } from "@rollcall/netcode/lobby-protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createBroker, type Broker } from "../src/index.ts";
import { admission, LobbyClient, refusal } from "./lobby-client.ts";
import { TypedPassword } from "./typed-password.ts";

let broker: Broker;

beforeAll(async () => {
  broker = await createBroker({ host: "127.0.0.1", trustedProxyHops: 1, limits: { opensPerMinute: 1_000, listsPerMinute: 20 } });
});

afterAll(() => broker.close());

let nextAddress = 0;
/** Behind the proxy everybody has an address of its own. */
function open(address = `10.1.0.${++nextAddress}`, at = broker): Promise<LobbyClient> {
  return LobbyClient.open(at.port, { headers: { "x-forwarded-for": address } });
}

async function bansOf(host: LobbyClient): Promise<BanList["bans"]> {
  const reply = await host.ask({ type: "bans" });
  if (!reply.ok || reply.result === null || !("bans" in reply.result)) throw new Error(`expected bans, got ${JSON.stringify(reply)}`);
  return reply.result.bans;
}

test("[LS3] a host sees whom it banned, and lets somebody in again", async () => {
  const ada = await open();
  const { lobby } = await ada.create();
  const bob = await open();
  const device = "device-of-bob-0123456789";
  const { peerId } = admission(await bob.join(lobby.code, { device }));
  expect((await ada.ask({ type: "ban", peerId, banMs: 60_000 })).ok).toBe(true);
  expect(await bob.goodbye()).toBe("BANNED");
  const again = await open();
  expect(refusal(await again.join(lobby.code, { device })).code).toBe("LOBBY_NOT_FOUND");
  const [ban] = await bansOf(ada);
  expect(ban).toMatchObject({ name: "Bob" });
  expect(ban?.leftMs).toBeGreaterThan(50_000);
  expect((await ada.ask({ type: "unban", ban: ban?.id ?? 0 })).ok).toBe(true);
  expect(await bansOf(ada)).toEqual([]);
  expect((await again.join(lobby.code, { device })).ok).toBe(true);
  expect(refusal(await again.ask({ type: "bans" })).code).toBe("NOT_HOST");
});

test("[LS86] a page of any origin asks how long the codes are, before it has a socket", async () => {
  const longer = await createBroker({ host: "127.0.0.1", codeLength: 7 });
  const answer = await fetch(`${longer.address}/lobby`, { headers: { origin: "https://anywhere.example" } });
  expect(answer.headers.get("access-control-allow-origin")).toBe("*");
  expect(await answer.json()).toEqual({ protocol: LOBBY_PROTOCOL_VERSION, codeLength: 7 });
  expect((await fetch(`${longer.address}/lobby`, { method: "POST" })).status).toBe(405);
  await longer.close();
});

test("[LS5] a full or a locked lobby and one of another version count as no wrong codes, unless all errors look alike", async () => {
  const game = { id: "other", version: 1, contentHash: "00000000" };
  const uniform = await createBroker({ host: "127.0.0.1", trustedProxyHops: 1, uniformErrors: true });
  for (const at of [broker, uniform]) {
    const ada = await open(undefined, at);
    const { lobby } = await ada.create({ capacity: 1 });
    const bob = await open(undefined, at);
    const codes: string[] = [];
    for (let attempt = 0; attempt < 12; attempt++) {
      if (attempt === 4) await ada.ask({ type: "set-locked", locked: true });
      codes.push(refusal(await bob.join(lobby.code, attempt < 8 ? {} : { game })).code);
    }
    const told = [...Array(4).fill("LOBBY_FULL"), ...Array(4).fill("LOBBY_LOCKED"), ...Array(4).fill("VERSION_MISMATCH")];
    expect(codes).toEqual(at === broker ? told : [...Array(10).fill("LOBBY_NOT_FOUND"), "RATE_LIMITED", "RATE_LIMITED"]);
  }
  await uniform.close();
});

test("[LS15] the list of a game is followed over a socket that is in no lobby, until it enters one", async () => {
  const watcher = await open();
  const metadata = { map: "reef" };
  const filter = { metadata };
  expect(await watcher.list(filter)).toEqual({ lobbies: [], total: 0 });
  const ada = await open();
  const { lobby } = await ada.create({ listed: true, metadata, capacity: 3 });
  expect(await watcher.update()).toMatchObject({
    put: [{ code: lobby.code, hostName: "Ada", members: 1, capacity: 3, metadata }],
    gone: [],
    total: 1,
  });
  const bob = await open();
  await bob.join(lobby.code);
  expect((await watcher.update()).put).toMatchObject([{ members: 2 }]);
  expect((await ada.ask({ type: "set-listed", listed: false })).ok).toBe(true);
  expect(await watcher.update()).toEqual({ put: [], gone: [lobby.code], total: 0 });
  expect(await bob.list()).toMatchObject({ code: "BAD_REQUEST" });
  expect((await watcher.join(lobby.code)).ok).toBe(true);
});

test("[LS17] an address asks for the list so often in a minute", async () => {
  const watcher = await open();
  const answers = await Promise.all(Array.from({ length: 21 }, () => watcher.list()));
  const refused = answers.filter((answer) => "code" in answer);
  expect(refused).toMatchObject([{ code: "RATE_LIMITED" }]);
  expect(refused[0]).toHaveProperty("retryAfterMs");
});

const MAP = { metadata: { map: "dunes" } };

async function matched(client: LobbyClient, options: Parameters<LobbyClient["quickMatch"]>[0] = {}): Promise<Admission> {
  return admission(await client.quickMatch({ filter: MAP, ...options }));
}

test("[LS18] quick match joins the fullest lobby that fits, is not full and in no match, else it opens one that others find", async () => {
  const clients = await Promise.all(Array.from({ length: 5 }, () => open()));
  const [ada, bob, cyd, dan, eve] = clients as [LobbyClient, LobbyClient, LobbyClient, LobbyClient, LobbyClient];
  const first = await matched(ada, { name: "Ada", capacity: 2 });
  expect(first.lobby).toMatchObject({ door: { listed: true }, metadata: MAP.metadata, capacity: 2, hostId: first.peerId });
  const second = await matched(bob);
  expect(second.lobby.code).toBe(first.lobby.code);
  // Full by now.
  const third = await matched(cyd);
  expect(third.lobby.code).not.toBe(first.lobby.code);
  await cyd.ask({ type: "start", playerCount: 2, botProfiles: [], countdownMs: 0 });
  const fourth = await matched(dan);
  expect([first.lobby.code, third.lobby.code]).not.toContain(fourth.lobby.code);
  const other = admission(await eve.quickMatch({ filter: { metadata: { map: "ice" } } }));
  expect(other.lobby.members).toHaveLength(1);
});

test("[LS19] of many who ask at the same moment, as many as fit come into one lobby", async () => {
  const filter = { metadata: { map: "crowd" } };
  const clients = await Promise.all(Array.from({ length: 12 }, () => open()));
  const codes = (await Promise.all(clients.map((client) => matched(client, { filter })))).map(({ lobby }) => lobby.code);
  const sizes = [...new Set(codes)].map((code) => codes.filter((other) => other === code).length);
  expect(sizes).toEqual([4, 4, 4]);
});

test("[LS20] who takes a quick match back before its answer has left", async () => {
  const filter = { metadata: { map: "ghosts" } };
  const ada = await open();
  await matched(ada, { filter });
  const cyd = await open();
  const asked = cyd.quickMatch({ filter });
  cyd.send({ request: 99, command: { type: "leave" } });
  await asked;
  await cyd.find((message): message is typeof message & { reply: number } => "reply" in message && message.reply === 99);
  const dan = await open();
  expect((await matched(dan, { filter })).lobby.members).toHaveLength(2);
});

test("[LS21] a quick match that is asked again has the seat of its earlier attempt", async () => {
  const filter = { metadata: { map: "again" } };
  const entrance = { id: "entrance-of-quick-0123", attempt: 1 };
  const host = await open();
  await matched(host, { filter });
  const bob = await open();
  const first = await matched(bob, { filter, entrance });
  bob.socket.terminate();
  const again = await open();
  again.pageKey = bob.pageKey;
  const second = await matched(again, { filter, entrance: { ...entrance, attempt: 2 } });
  expect([second.peerId, second.lobby.code, second.lobby.members.length]).toEqual([first.peerId, first.lobby.code, 2]);
  // Of the same key, and of no entrance that is known.
  const thief = await open();
  thief.pageKey = bob.pageKey;
  expect(refusal(await thief.quickMatch({ filter })).code).toBe("BAD_REQUEST");
});

test("[LS22] who is banned from the lobby that fits gets another", async () => {
  const filter = { metadata: { map: "banned" } };
  const ada = await open();
  const { lobby } = await matched(ada, { filter });
  const device = "device-of-pest-0123456789";
  const pest = await open();
  const { peerId } = await matched(pest, { filter, device });
  await ada.ask({ type: "ban", peerId });
  const again = await open();
  const other = await matched(again, { filter, device });
  expect(other.lobby.code).not.toBe(lobby.code);
});

test("[LS80] quick match and the public list leave held seats alone, and whoever has the reservation comes in; the store does not hold it", async () => {
  const filter = { metadata: { map: "held" } };
  const ada = await open();
  const { lobby } = await matched(ada, { filter, capacity: 2 });
  const reservation = "reservation-of-bob-0123456789";
  expect((await ada.ask({ type: "reserve", reservations: [reservation], forMs: 60_000 })).ok).toBe(true);
  expect((await matched(await open(), { filter, capacity: 2 })).lobby.code).not.toBe(lobby.code);
  expect(refusal(await (await open()).join(lobby.code)).code).toBe("LOBBY_FULL");
  expect(admission(await (await open()).join(lobby.code, { reservation })).lobby.code).toBe(lobby.code);
  expect(refusal(await (await open()).join(lobby.code, { reservation })).code).toBe("LOBBY_FULL");
});

test("[LS32] who knows the password comes in by a proof that is of no use to anybody else; wrong ones count as wrong codes, and a code without a lobby looks the same until then", async () => {
  const password = new TypedPassword("open sesame");
  const ada = await open();
  const { lobby } = await ada.create({ password: password.verifier(), listed: true, metadata: { map: "vault" } });
  const { code } = lobby;
  const bob = await open();
  expect(refusal(await bob.join(code)).code).toBe("PASSWORD_REQUIRED");
  const challenge = await bob.challenge(` ${code.toLowerCase()} `);
  const nobody = await bob.challenge("BBBBB");
  expect(challenge.salt).toBe(password.verifier().salt);
  expect([nobody.salt.length, nobody.nonce.length]).toEqual([challenge.salt.length, challenge.nonce.length]);
  expect((await bob.challenge("BBBBB")).salt).toBe(nobody.salt);
  const proof = password.proof(challenge, { code, key: bob.pageKey.key });
  const thief = await open();
  expect(refusal(await thief.join(code, { password: proof })).code).toBe("PASSWORD_REQUIRED");
  expect(refusal(await thief.join(code, { password: { ...proof, nonce: (await thief.challenge(code)).nonce } })).code).toBe(
    "WRONG_PASSWORD",
  );
  const wrong = new TypedPassword("guess").proof(await thief.challenge(code), { code, key: thief.pageKey.key });
  const codes: string[] = [];
  for (let guess = 0; guess < 10; guess++) codes.push(refusal(await thief.join(code, { password: wrong })).code);
  expect(codes).toEqual([...Array<string>(9).fill("WRONG_PASSWORD"), "RATE_LIMITED"]);
  // Another socket than the one that asked.
  const again = await open();
  again.pageKey = bob.pageKey;
  expect((await again.join(code, { password: proof })).ok).toBe(true);
  // Nobody is brought by quick match into a lobby that they could not join.
  const cyd = await open();
  expect((await matched(cyd, { filter: { metadata: { map: "vault" } } })).lobby.code).not.toBe(code);
});
