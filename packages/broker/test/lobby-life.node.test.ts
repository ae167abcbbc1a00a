import { once } from "node:events";
import type { Admission } from "@rollcall/netcode/lobby-protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { createBroker, type Broker } from "../src/index.ts";
import { admission, GAME, LobbyClient, refusal } from "./lobby-client.ts";

let broker: Broker;

beforeAll(async () => {
  broker = await createBroker({
    host: "127.0.0.1",
    iceServers: [{ urls: ["turn:turn.example"], username: "u", credential: "p" }],
    trustedProxyHops: 1,
    // Many clients of one address.
    limits: { opensPerMinute: 1_000, wrongCodesPerMinute: 1_000, lobbiesPerMinute: 1_000, socketsPerAddress: 1_000 },
  });
});

afterAll(() => broker.close());

/** Each client behind the proxy has an address of its own, so that a ban meets one person. */
let nextAddress = 0;
function open(address = `10.0.0.${++nextAddress}`): Promise<LobbyClient> {
  return LobbyClient.open(broker.port, { headers: { "x-forwarded-for": address } });
}

interface Guest {
  readonly client: LobbyClient;
  readonly admission: Admission;
}

async function host(capacity = 8): Promise<Guest> {
  const client = await open();
  return { client, admission: await client.create({ capacity }) };
}

async function guest(code: string, name = "Bob"): Promise<Guest> {
  const client = await open();
  return { client, admission: admission(await client.join(code, { name })) };
}

const START = { type: "start", playerCount: 2, botProfiles: [], countdownMs: 0 } as const;

test("[BR1] a created lobby has a code, its host in seat 0 and ICE servers, and opens to whoever types the code", async () => {
  const ada = await host();
  const { code } = ada.admission.lobby;
  expect(code).toMatch(/^[BCDFGHJKMNPQRSTVWXYZ]{5}$/);
  expect(ada.admission.lobby.hostId).toBe(ada.admission.peerId);
  expect(ada.admission.iceServers).toEqual([{ urls: ["turn:turn.example"], username: "u", credential: "p" }]);
  const bob = await guest(` ${code.slice(0, 3).toLowerCase()}-${code.slice(3)} `);
  expect(bob.admission.lobby.members.map(({ seat, profile: { name } }) => [seat, name])).toEqual([
    [0, "Ada"],
    [1, "Bob"],
  ]);
  expect((await ada.client.change("member-joined")).member.peerId).toBe(bob.admission.peerId);
  await guest(`https://play.example/#j=${code}`);
});

test("[BR2] replies carry the number of their request, and pings are answered", async () => {
  const client = await open();
  client.send({ request: 41, command: { type: "leave" } });
  client.send({ ping: 9 });
  const reply = await client.find((message) => "reply" in message);
  expect(reply).toMatchObject({ reply: 41, ok: false, error: { code: "NOT_MEMBER" } });
  expect(await client.find((message) => "pong" in message)).toEqual({ pong: 9 });
});

test("[BR3] wrong, full, locked and other-version lobbies each give their own error", async () => {
  const ada = await host(1);
  const { code } = ada.admission.lobby;
  const bob = await open();
  expect(refusal(await bob.join("BBBBB"))).toMatchObject({ code: "LOBBY_NOT_FOUND" });
  expect(refusal(await bob.join("no code"))).toMatchObject({ code: "LOBBY_NOT_FOUND" });
  expect(refusal(await bob.join(code))).toMatchObject({ code: "LOBBY_FULL" });
  await ada.client.ask({ type: "set-locked", locked: true });
  expect(refusal(await bob.join(code))).toMatchObject({ code: "LOBBY_LOCKED" });
  expect(refusal(await bob.join(code, { game: { ...GAME, version: 2 } }))).toMatchObject({ code: "VERSION_MISMATCH", expected: GAME });
});

test("[BR4] a closed socket is told to the others at once, and the seat is kept", async () => {
  const ada = await host();
  const bob = await guest(ada.admission.lobby.code);
  bob.client.socket.terminate();
  expect(await ada.client.change("member-disconnected")).toEqual({ type: "member-disconnected", peerId: bob.admission.peerId });
  const back = await open();
  const again = admission(await back.resume(ada.admission.lobby.code, { secret: bob.admission.resumeSecret, freshPage: true }));
  expect(again.peerId).not.toBe(bob.admission.peerId);
  expect(again.resumeSecret).toBe(bob.admission.resumeSecret);
  const returned = await ada.client.change("member-returned");
  expect(returned).toMatchObject({ peerId: bob.admission.peerId, member: { peerId: again.peerId, seat: 1, order: 3, connected: true } });
});

test("[BR5] the same page gets the changes it missed, in order, before the reply, and keeps id and token", async () => {
  const ada = await host();
  const { code } = ada.admission.lobby;
  const bob = await guest(code);
  bob.client.socket.terminate();
  await ada.client.change("member-disconnected");
  await ada.client.ask({ type: "set-settings", settings: 1 });
  await ada.client.ask({ type: "set-settings", settings: 2 });
  const back = await open();
  const again = admission(await back.resume(code, { secret: bob.admission.resumeSecret, lastEvent: bob.admission.lobby.event }));
  expect(again.peerId).toBe(bob.admission.peerId);
  expect(again.signalingToken).toBe(bob.admission.signalingToken);
  const heard = back.messages
    .filter((message) => !("roster" in message))
    .map((message) => ("event" in message ? message.change.type : "reply"));
  expect(heard).toEqual(["member-disconnected", "settings-changed", "settings-changed", "member-returned", "reply"]);
  expect(again.lobby.event).toBe(bob.admission.lobby.event + 4);
  // Too long away for the log: the state alone.
  back.socket.terminate();
  await ada.client.change("member-disconnected");
  for (let index = 0; index < 40; index++) await ada.client.ask({ type: "set-settings", settings: index });
  const late = await open();
  expect(admission(await late.resume(code, { secret: bob.admission.resumeSecret, lastEvent: 1 })).lobby.settings).toBe(39);
  expect(late.messages.filter((message) => !("roster" in message))).toHaveLength(1);
});

test("[BR6] a second socket with the secret replaces the first, which is told so and does not disconnect the member", async () => {
  const ada = await host();
  const { code } = ada.admission.lobby;
  const bob = await guest(code);
  const second = await open();
  const again = admission(await second.resume(code, { secret: bob.admission.resumeSecret, lastEvent: bob.admission.lobby.event }));
  expect(await bob.client.goodbye()).toBe("REPLACED");
  await bob.client.closed;
  await second.ask({ type: "set-ready", ready: true });
  expect(await ada.client.change("member-changed")).toMatchObject({ peerId: again.peerId, ready: true });
  expect(ada.client.messages.some((message) => "event" in message && message.change.type === "member-disconnected")).toBe(false);
});

test("[BR15] device and entrance of a member reach nobody", async () => {
  const ada = await host();
  const { code } = ada.admission.lobby;
  const bob = await open();
  const entrance = { id: "entrance-of-bob-0123456789", attempt: 1 };
  const seat = admission(await bob.join(code, { device: DEVICE, entrance }));
  await ada.client.change("member-joined");
  const cyd = await guest(code, "Cyd");
  const again = await open();
  admission(await again.resume(code, { secret: seat.resumeSecret, freshPage: true }));
  await cyd.client.change("member-returned");
  const heard = JSON.stringify([ada, bob, cyd, again].map((item) => ("client" in item ? item.client : item).messages));
  expect(heard).toContain("Bob");
  for (const secret of [DEVICE, entrance.id]) expect(heard).not.toContain(secret);
});

test("[BR16] a join whose socket died unheard is asked again, and there is one member", async () => {
  const ada = await host();
  const { code } = ada.admission.lobby;
  const entrance = { id: "entrance-of-eve-0123456789", attempt: 1 };
  const first = await open();
  const before = admission(await first.join(code, { entrance }));
  const second = await open();
  const after = admission(await second.join(code, { entrance: { ...entrance, attempt: 2 } }));
  expect(await first.goodbye()).toBe("REPLACED");
  expect(after.peerId).toBe(before.peerId);
  expect(after.resumeSecret).not.toBe(before.resumeSecret);
  expect(after.lobby.members).toHaveLength(2);
  await first.closed;
  await second.ask({ type: "set-ready", ready: true });
  expect(await ada.client.change("member-changed")).toMatchObject({ peerId: after.peerId, ready: true });
});

const DEVICE = "device-of-bob-0123456789";

test("[BR7] a banned member hears so, and finds nothing again by secret, device or address", async () => {
  const ada = await host();
  const { code } = ada.admission.lobby;
  const address = "10.9.9.9";
  const bob = await open(address);
  const seat = admission(await bob.join(code, { device: DEVICE }));
  await ada.client.ask({ type: "ban", peerId: seat.peerId });
  expect(await bob.goodbye()).toBe("BANNED");
  await bob.closed;
  expect(await ada.client.change("member-left")).toEqual({ type: "member-left", peerId: seat.peerId, reason: "banned" });
  const again = await open(address);
  const unknown = refusal(await again.join("BBBBB"));
  expect(refusal(await again.join(code))).toEqual(unknown);
  expect(refusal(await again.resume(code, { secret: seat.resumeSecret }))).toEqual(unknown);
  const elsewhere = refusal(await (await open()).join(code, { device: DEVICE }));
  expect(elsewhere.code).toBe("LOBBY_NOT_FOUND");
  await guest(code, "Somebody else");
});

test("[LS70] a kicked member hears so, and when it may come again; its code was no wrong one", async () => {
  const ada = await host();
  const { code } = ada.admission.lobby;
  const address = "10.9.9.8";
  const bob = await open(address);
  const { peerId } = admission(await bob.join(code, { device: DEVICE }));
  await ada.client.ask({ type: "kick", peerId });
  expect(await bob.goodbye()).toBe("KICKED");
  for (let count = 0; count < 12; count++) {
    const { code: reason, retryAfterMs = 0 } = refusal(await (await open(address)).join(code, { device: DEVICE }));
    expect(reason).toBe("KICKED");
    expect(retryAfterMs).toBeGreaterThan(0);
    expect(retryAfterMs).toBeLessThanOrEqual(10_000);
  }
});

test("[BR8] the host's silence of a second makes the next member host", async () => {
  const ada = await host();
  const bob = await guest(ada.admission.lobby.code);
  ada.client.socket.terminate();
  expect(await bob.client.change("host-changed")).toEqual({ type: "host-changed", hostId: bob.admission.peerId, hostEpoch: 2 });
  expect(
    bob.client.messages.findIndex((message) => "event" in message && message.change.type === "member-disconnected"),
  ).toBeGreaterThanOrEqual(0);
});

test("[BR9] a match starts for all with one agreement; after its end the room starts the next", async () => {
  const ada = await host();
  const bob = await guest(ada.admission.lobby.code);
  expect((await ada.client.ask(START)).ok).toBe(true);
  const forAda = await ada.client.change("match-started");
  expect(await bob.client.change("match-started")).toEqual(forAda);
  expect(forAda.match).toMatchObject({ matchNumber: 1, seats: [{ peerId: ada.admission.peerId }, { peerId: bob.admission.peerId }] });
  expect(refusal(await ada.client.ask(START)).code).toBe("MATCH_RUNNING");
  const ends = await Promise.all([ada, bob].map(({ client }) => client.ask({ type: "end-match", matchNumber: 1 })));
  expect(ends.map((reply) => reply.ok)).toEqual([true, true]);
  await ada.client.ask(START);
  const next = await bob.client.change("match-started");
  expect(next.match.matchNumber).toBe(2);
  expect(next.match.seed).not.toBe(forAda.match.seed);
});

test("[BR10] who left may use the socket for another lobby; the last to leave closes the lobby", async () => {
  const ada = await host();
  const { code } = ada.admission.lobby;
  expect(refusal(await ada.client.join("BBBBB")).code).toBe("BAD_REQUEST");
  expect((await ada.client.ask({ type: "leave" })).ok).toBe(true);
  expect(refusal(await ada.client.join(code)).code).toBe("LOBBY_NOT_FOUND");
  expect((await ada.client.create()).lobby.code).not.toBe(code);
});

test("[BR11] of two who want the last seat at once, one gets it", async () => {
  const ada = await host(2);
  const { code } = ada.admission.lobby;
  const [bob, cyd] = await Promise.all([open(), open()]);
  const replies = await Promise.all([bob.join(code), cyd.join(code)]);
  expect(replies.filter((reply) => reply.ok)).toHaveLength(1);
  expect(replies.flatMap((reply) => (reply.ok ? [] : [reply.error.code]))).toEqual(["LOBBY_FULL"]);
});

test("[BR12] an unknown code and a wrong secret cannot be told apart when resuming", async () => {
  const ada = await host();
  const bob = await open();
  const wrong = refusal(await bob.resume(ada.admission.lobby.code, { secret: "wrong" }));
  expect(wrong.code).toBe("SEAT_EXPIRED");
  expect(refusal(await bob.resume("BBBBB", { secret: "wrong" }))).toEqual(wrong);
});

test("[BR13] with uniform errors, full, locked and other versions look like a wrong code", async () => {
  const quiet = await createBroker({ host: "127.0.0.1", uniformErrors: true });
  const ada = await LobbyClient.open(quiet.port);
  const { code } = (await ada.create({ capacity: 1 })).lobby;
  const bob = await LobbyClient.open(quiet.port);
  const unknown = refusal(await bob.join("BBBBB"));
  expect(refusal(await bob.join(code))).toEqual(unknown);
  expect(refusal(await bob.join(code, { game: { ...GAME, id: "other" } }))).toEqual(unknown);
  await ada.ask({ type: "set-locked", locked: true });
  expect(refusal(await bob.join(code))).toEqual(unknown);
  await quiet.close();
});

test("[BR14] closing says goodbye to everybody and frees the port", async () => {
  const short = await createBroker({ host: "127.0.0.1" });
  const ada = await LobbyClient.open(short.port);
  const { signalingToken, peerId } = await ada.create();
  const signaling = new WebSocket(`ws://127.0.0.1:${short.port}/peerjs?key=peerjs&id=${peerId}&token=${signalingToken}`);
  await once(signaling, "message");
  const signalingClosed = once(signaling, "close");
  await short.close();
  expect(await ada.goodbye()).toBe("SHUTTING_DOWN");
  expect(await ada.closed).toMatchObject({ code: 1012 });
  expect((await signalingClosed)[0]).toBe(1012);
  const next = await createBroker({ host: "127.0.0.1", port: short.port });
  expect(next.port).toBe(short.port);
  await next.close();
});
