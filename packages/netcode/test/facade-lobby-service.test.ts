/** What a lobby asks of the broker beside matches. */
import { expect, test } from "vitest";
import type { PeerId } from "../src/core/base/units.ts";
import { lobbyDifference } from "../src/core/lobby/lobby-difference.ts";
import type { LobbyCommand, LobbyState, Member } from "../src/core/ports/lobby-protocol.ts";
import { hostLobby, joinLobby, quickMatch, watchLobbies } from "../src/facade/enter-lobby.ts";
import { provePassword } from "../src/facade/lobby-password.ts";
import type { NetcodeErrorLike } from "../src/facade/error-types.ts";
import { openRoom, options, type Room } from "./facade-room.ts";
import { FacadeWorld } from "./facade-world.ts";
import { tagGame } from "./tag-game.ts";

function commandsOf(room: Room, type: LobbyCommand["type"]): LobbyCommand[] {
  return room.world.broker.received.flatMap((message) => ("command" in message && message.command.type === type ? [message.command] : []));
}

test("[LS3] a game bans for a time, lists bans and lifts them", async () => {
  const room = await openRoom(2);
  const { world, host } = room;
  const guest = room.lobbies[1]?.me.peerId ?? host.me.peerId;
  for (const banMs of [-1, 0, 86_400_001]) await expect(host.ban(guest, { banMs })).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
  const closed: (NetcodeErrorLike | undefined)[] = [];
  room.lobbies[1]?.on("closed", (error) => closed.push(error));
  await world.until(host.ban(guest, { banMs: 60_000 }));
  expect(commandsOf(room, "ban")).toEqual([{ type: "ban", peerId: guest, banMs: 60_000 }]);
  await world.runUntil(() => closed.length > 0);
  expect(closed).toMatchObject([{ code: "BANNED", message: "The host banned you from this lobby." }]);
  const ban = { id: 7, name: "Bob", leftMs: 59_000 };
  world.broker.answers.set("bans", { ok: true, result: { bans: [ban] } });
  expect(await world.until(host.bans())).toEqual([ban]);
  // A broker that answers something else has told of nobody.
  world.broker.answers.set("bans", { ok: true, result: { iceServers: [] } });
  expect(await world.until(host.bans())).toEqual([]);
  world.broker.answers.set("unban", { ok: true, result: null });
  await world.until(host.unban(ban));
  expect(commandsOf(room, "unban")).toEqual([{ type: "unban", ban: 7 }]);
});

test("[LS84] a game holds seats, hands out an invite for each, joins with one, and gives seats back", async () => {
  const room = await openRoom(1);
  const { world, host } = room;
  for (const wish of [{ seats: 0 }, { seats: 65 }, { forMs: 0 }, { forMs: 86_400_001 }])
    await expect(host.reserve(wish)).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
  const invites = await world.until(host.reserve({ seats: 2 }));
  const [asked] = commandsOf(room, "reserve");
  expect(asked).toMatchObject({ forMs: 600_000 });
  const reservations = asked?.type === "reserve" ? asked.reservations : [];
  expect(new Set(reservations).size).toBe(2);
  expect(invites).toEqual(reservations.map((reservation) => `${host.invite}~${reservation}`));
  expect(host.state.door.reserved).toBe(2);
  const [invite = ""] = invites;
  const guest = await world.until(joinLobby(world.page().environment, `https://play.test/#j=${invite}`, options("Bob")));
  expect(commandsOf(room, "join").at(-1)).toMatchObject({ code: host.code, reservation: reservations[0] });
  // The secret of the link as ever, which no broker has.
  expect(guest.invite).toBe(host.invite);
  await world.until(host.unreserve([invite, "nothing"]));
  await world.until(host.unreserve());
  expect(commandsOf(room, "unreserve")).toEqual([{ type: "unreserve", reservations: [reservations[0]] }, { type: "unreserve" }]);
});

test("[LS77] a game is warned before its idle lobby is closed, keeps it open, and is told why it ended", async () => {
  const { world, host, lobbies } = await openRoom(1);
  const { broker } = world;
  const told: unknown[] = [];
  for (const lobby of lobbies) lobby.on("idle-warning", (closesInMs) => told.push(closesInMs));
  const closed: (NetcodeErrorLike | undefined)[] = [];
  lobbies[1]?.on("closed", (error) => closed.push(error));
  broker.change(broker.room(host.code), { type: "idle-changed", idle: true });
  await world.runUntil(() => told.length === 2);
  expect(told).toEqual([300_000, 300_000]);
  await world.until(host.keepOpen());
  expect(lobbies.map(({ state }) => state.idle)).toEqual([false, false]);
  for (const socket of broker.sockets) broker.goodbye(socket, "LOBBY_IDLE");
  await world.runUntil(() => closed.length > 0);
  expect(closed).toMatchObject([{ code: "LOBBY_IDLE", remedy: "Host a new lobby." }]);
});

test("[LS24] a game lists its lobby, and is told when the metadata are too large for that", async () => {
  const room = await openRoom(1);
  const { world, host } = room;
  expect(host.state.door.listed).toBe(false);
  await world.until(host.setListed(true));
  expect(room.lobbies.map((lobby) => lobby.state.door.listed)).toEqual([true, true]);
  await expect(host.setMetadata("x".repeat(600))).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
  await world.until(host.setListed(false));
  await world.until(host.setMetadata("x".repeat(600)));
  await expect(host.setListed(true)).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
  const large = hostLobby(world.page().environment, { ...options("Cyd"), listed: true, metadata: "x".repeat(600) });
  await expect(large).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
});

test("[LS24] quick match opens a listed lobby for the first, and brings the second into it", async () => {
  const world = new FacadeWorld();
  const wanted = { map: "reef" };
  const ask = (name: string): Promise<Room["host"]> => world.until(quickMatch(world.page().environment, { ...options(name), wanted }));
  const [ada, bob] = [await ask("Ada"), await ask("Bob")];
  expect(ada.isHost).toBe(true);
  expect(ada.state).toMatchObject({ metadata: wanted, door: { listed: true }, capacity: tagGame.players[1] });
  expect([bob.code, bob.isHost, bob.invite]).toEqual([ada.code, false, undefined]);
  await world.runUntil(() => ada.peers.every(({ status }) => status === "open"));
  const nine = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`field${index}`, 1]));
  await expect(quickMatch(world.page().environment, { ...options("Cyd"), wanted: nine })).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
});

test("[LS24] a quick match that is aborted gives its seat back", async () => {
  const world = new FacadeWorld();
  const ada = await world.until(quickMatch(world.page().environment, options("Ada")));
  const abort = new AbortController();
  const { environment } = world.page();
  let load: () => void = () => {};
  const loaded = new Promise<void>((resolve) => {
    load = resolve;
  });
  const slow = { ...environment, loadRoomParts: () => loaded.then(() => environment.loadRoomParts()) };
  const asking = quickMatch(slow, { ...options("Bob"), signal: abort.signal });
  await world.runUntil(() => ada.state.members.length === 2);
  abort.abort();
  load();
  await expect(world.until(asking)).rejects.toMatchObject({ code: "CLOSED" });
  await world.runUntil(() => ada.state.members.length === 1);
});

test("[LS24] a list resolves when it is there, tells of changes, survives an outage, and frees everything when closed", async () => {
  const world = new FacadeWorld();
  const { environment } = world.page();
  const game = { id: tagGame.id, version: tagGame.version, contentHash: tagGame.contentHash };
  const lobby = {
    code: "KXRTM",
    hostName: "Ada",
    metadata: null,
    members: 1,
    capacity: 2,
    playing: false,
    password: false,
    relayOnly: false,
  };
  world.broker.answers.set("list", { ok: true, result: { lobbies: [lobby], total: 1 } });
  const list = await world.until(watchLobbies(environment, { game, filter: { joinable: true } }));
  expect([list.lobbies, list.total, list.isLive]).toEqual([[lobby], 1, true]);
  let changes = 0;
  list.on("change", () => changes++);
  world.broker.answers.set("list", { ok: true, result: { lobbies: [], total: 0 } });
  for (const socket of world.broker.openSockets) socket.drop();
  await world.runUntil(() => changes > 0);
  expect([list.lobbies.length, list.isLive]).toEqual([1, false]);
  await world.runUntil(() => list.isLive);
  expect(list.lobbies).toEqual([]);
  list.close();
  await world.run(100);
  expect([world.broker.openSockets.length, world.tickers.size]).toEqual([0, 0]);
  world.broker.refusing = true;
  await expect(world.until(watchLobbies(environment, { game }))).rejects.toMatchObject({ code: "BROKER_UNREACHABLE" });
  await expect(watchLobbies(environment, { game, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "CLOSED" });
  expect(world.tickers.size).toBe(0);
});

test("[LS33] a game opens a lobby with a password, changes it, and joins with one; the password itself goes nowhere", async () => {
  const world = new FacadeWorld();
  const host = await world.until(hostLobby(world.page().environment, { ...options("Ada"), password: "sesame" }));
  const created = world.broker.received.find((message) => "command" in message && message.command.type === "create");
  expect(created).toMatchObject({ command: { password: { storedKey: btoa("sesame") } } });
  expect(host.state.door.password).toBe(true);
  await world.until(joinLobby(world.page().environment, host.code, { ...options("Bob"), password: "sesame" }));
  const joined = world.broker.received.find((message) => "command" in message && message.command.type === "join");
  expect(joined).toMatchObject({ command: { password: { nonce: host.code, proof: btoa("sesame") } } });
  expect(JSON.stringify(world.broker.received)).not.toContain("sesame");
  await world.until(host.setPassword(""));
  expect(host.state.door.password).toBe(false);
  await expect(host.setPassword("x".repeat(65))).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
  world.broker.refusals.set("join", { code: "PASSWORD_REQUIRED" });
  await expect(world.until(joinLobby(world.page().environment, host.code, options("Cyd")))).rejects.toMatchObject({
    code: "PASSWORD_REQUIRED",
  });
});

test("[LS33] the challenge is asked for over a socket of its own, and again of a broker that cannot answer now; one that does not answer, refuses or hangs up is told as usual", async () => {
  const world = new FacadeWorld();
  const { environment } = world.page();
  const question = { lobbyUrl: "wss://play.test/lobby", game: tagGame, code: "KXRTM", key: "A".repeat(43), signal: undefined };
  const challenge = { salt: "AAECAwQFBgcICQoLDA0ODw", nonce: "nonce-of-this-test" };
  world.broker.answers.set("challenge", { ok: true, result: challenge });
  const proving = provePassword(environment, "secret", question);
  await world.run(100);
  expect(await proving).toEqual({ nonce: challenge.nonce, proof: "QQSScSXVnE_lFUdNWAH95O55YHRbjS0Qf47PWVtE1Is" });
  expect([world.tickers.size, world.broker.openSockets.length]).toEqual([0, 0]);
  world.broker.answers.set("challenge", { ok: false, error: { code: "RETRY", message: "The store is away.", retryAfterMs: 800 } });
  const insisting = provePassword(environment, "secret", question);
  await world.run(1_000);
  world.broker.answers.set("challenge", { ok: true, result: challenge });
  await world.run(1_000);
  expect(await insisting).toMatchObject({ nonce: challenge.nonce });
  const asked = world.broker.received.flatMap((message) =>
    "command" in message && message.command.type === "challenge" ? [message.request] : [],
  );
  expect(asked).toEqual([1, 1, 2, 3]);
  world.broker.answers.set("challenge", { ok: false, error: { code: "RATE_LIMITED", message: "Later." } });
  await expect(world.until(provePassword(environment, "secret", question))).rejects.toMatchObject({ code: "RATE_LIMITED" });
  world.broker.deaf = true;
  await expect(world.until(provePassword(environment, "secret", question))).rejects.toMatchObject({ code: "BROKER_UNREACHABLE" });
  const abort = new AbortController();
  const aborted = provePassword(environment, "secret", { ...question, signal: abort.signal });
  abort.abort();
  await expect(world.until(aborted)).rejects.toMatchObject({ code: "CLOSED" });
  world.broker.refusing = true;
  await expect(world.until(provePassword(environment, "secret", question))).rejects.toMatchObject({ code: "BROKER_UNREACHABLE" });
  expect(world.tickers.size).toBe(0);
});

test("[LS44] a game lets people watch or wait, moves members between seats and audience, and hears of each", async () => {
  const room = await openRoom(1, { capacity: 2 });
  const { world, host } = room;
  expect(host.state.door.audience).toBe(8);
  await expect(world.until(joinLobby(world.page().environment, host.code, options("Cyd")))).rejects.toMatchObject({ code: "LOBBY_FULL" });
  const cyd = await world.until(joinLobby(world.page().environment, host.code, { ...options("Cyd"), as: "queue" }));
  const dan = await world.until(joinLobby(world.page().environment, host.code, { ...options("Dan"), as: "spectator" }));
  expect([cyd.me.role, cyd.me.queueNumber, dan.me.role]).toEqual(["queued", 1, "spectator"]);
  const told: string[] = [];
  host.on("role-changed", ({ profile, role = "player" }) => told.push(`${profile.name} ${role}`));
  await world.until(host.setRole("spectator"));
  await world.until(host.setRole("player", dan.me.peerId));
  await world.runUntil(() => told.length === 2);
  expect(told).toEqual(["Ada spectator", "Dan player"]);
  expect(dan.me.role).toBeUndefined();
  await expect(host.setAudience(65)).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
  await world.until(host.setAudience(0));
  expect(host.state.door.audience).toBe(0);
});

test("[LS44] a host that watches follows the match that it starts", async () => {
  const room = await openRoom(2);
  const { world, host } = room;
  await world.until(host.setRole("spectator"));
  const guests = room.lobbies.slice(1).map((lobby) => lobby.nextMatch());
  const watched = await world.until(host.start());
  const [first] = await world.until(Promise.all(guests));
  expect([watched.localPlayers, first?.localPlayers, watched.seats.length]).toEqual([[], [0], 2]);
});

test("[LS44] who missed the change of a role hears of it after an outage", () => {
  const bob: Member = {
    peerId: "bob" as PeerId,
    seat: 1,
    order: 2,
    profile: { name: "Bob", colour: 0, choices: null },
    ready: false,
    connected: true,
  };
  const lobby = lobbyOf([bob]);
  const queued = { ...bob, role: "queued" as const, queueNumber: 3 };
  expect(lobbyDifference(lobby, lobbyOf([queued]))).toEqual([{ type: "role-changed", peerId: "bob", role: "queued", queueNumber: 3 }]);
  expect(lobbyDifference(lobbyOf([queued]), lobby)).toEqual([{ type: "role-changed", peerId: "bob" }]);
});

function lobbyOf(members: readonly Member[]): LobbyState {
  const rest = {
    locked: false,
    relayOnly: false,
    hostEpoch: 1,
    settings: null,
    metadata: null,
    match: undefined,
    matchCount: 0,
    idle: false,
    event: 1,
  };
  const door = { listed: false, password: false, audience: 0, reserved: 0 };
  return { code: "KXRTM" as LobbyState["code"], game: tagGame, capacity: 2, door, hostId: "bob" as PeerId, members, ...rest };
}
