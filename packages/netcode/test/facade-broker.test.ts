import { expect, test } from "vitest";
import type { ControlSocketHandler } from "../src/adapters/websocket.ts";
import type { IceGrant, IceServer } from "../src/core/ports/lobby-protocol.ts";
import { hostLobby, joinLobby, resumeLobby } from "../src/facade/enter-lobby.ts";
import type { Environment, LobbyTransport, TransportGrant } from "../src/facade/environment.ts";
import { LobbyConnection } from "../src/facade/lobby-connection.ts";
import { expectEqualChecksums, openRoom, options, play, startAll, type Room } from "./facade-room.ts";
import { FacadeWorld } from "./facade-world.ts";
import { tagGame } from "./tag-game.ts";

const grant = (username: string): IceGrant => ({
  iceServers: [{ urls: ["turn:turn.example"], username, credential: "p" }],
  iceLifeMs: 10_000,
});

/** The environment with a transport that notes what it is to connect with. */
function noting(environment: Environment, grants: TransportGrant[], sets: (readonly IceServer[])[]): Environment {
  return {
    ...environment,
    loadRoomParts: async () => {
      const parts = await environment.loadRoomParts();
      return {
        ...parts,
        createTransport: (setup): LobbyTransport =>
          Object.assign(parts.createTransport(setup), {
            admit: (grant: TransportGrant) => grants.push(grant),
            setIceServers: (servers: readonly IceServer[]) => sets.push(servers),
          }),
      };
    },
  };
}

test("[FA50] the transport gets the ICE servers of the admission, fresh ones before these end, and those of a resume", async () => {
  const world = new FacadeWorld();
  world.broker.iceGrant = grant("first");
  const [grants, sets]: [TransportGrant[], (readonly IceServer[])[]] = [[], []];
  const page = world.page();
  const lobby = await world.until(hostLobby(noting(page.environment, grants, sets), options("Ada")));
  expect(grants[0]?.iceServers).toEqual(grant("first").iceServers);
  world.broker.iceGrant = grant("second");
  await world.run(7_500);
  expect(sets).toEqual([]);
  await world.run(1_000);
  expect(sets).toEqual([grant("second").iceServers]);
  world.broker.iceGrant = grant("third");
  world.broker.socketOf(lobby.me.peerId).drop();
  await world.runUntil(() => sets.length > 1);
  expect(sets).toEqual([grant("second").iceServers, grant("third").iceServers]);
});

test("[FA51] the game's own ICE servers stay, whatever the broker grants", async () => {
  const world = new FacadeWorld();
  world.broker.iceGrant = grant("first");
  const [grants, sets]: [TransportGrant[], (readonly IceServer[])[]] = [[], []];
  const own = [{ urls: "stun:own.example" }];
  await world.until(hostLobby(noting(world.page().environment, grants, sets), { ...options("Ada"), iceServers: own }));
  await world.run(30_000);
  expect(grants[0]?.iceServers).toEqual(own);
  expect(sets).toEqual([]);
});

test("[FA52] the transport of every member of a relay-only lobby is told so, of its host whatever the broker says; a broker without TURN refuses to open one", async () => {
  const world = new FacadeWorld();
  const grants: TransportGrant[] = [];
  const lobby = await world.until(hostLobby(noting(world.page().environment, grants, []), { ...options("Ada"), relayOnly: true }));
  expect(lobby.state.relayOnly).toBe(true);
  await world.until(joinLobby(noting(world.page().environment, grants, []), lobby.code, options("Bob")));
  await world.until(hostLobby(noting(world.page().environment, grants, []), options("Cyd")));
  expect(grants.map(({ relayOnly }) => relayOnly)).toEqual([true, true, false]);
  world.broker.deniesRelayOnly = true;
  await world.until(hostLobby(noting(world.page().environment, grants, []), { ...options("Eve"), relayOnly: true }));
  expect(grants.at(-1)?.relayOnly).toBe(true);
  world.broker.refusals.set("create", { code: "NO_TURN_SERVER" });
  const refused = hostLobby(world.page().environment, { ...options("Dan"), relayOnly: true });
  await expect(world.until(refused)).rejects.toMatchObject({ code: "NO_TURN_SERVER", remedy: expect.stringContaining("TURN") as string });
});

test("[FA53] a reloaded page gives back the keepsake that the page before it got", async () => {
  const world = new FacadeWorld();
  const page = world.page();
  const lobby = await world.until(hostLobby(page.environment, options("Ada")));
  await world.until(joinLobby(world.page().environment, lobby.code, options("Bob")));
  world.broker.socketOf(lobby.me.peerId).deliver({ keepsake: "sealed" });
  await world.run(100);
  const reloaded = await page.reload();
  await world.until(resumeLobby(reloaded.environment, options("Ada")));
  const resumes = world.broker.received.flatMap((message) =>
    "command" in message && message.command.type === "resume" ? [message.command] : [],
  );
  expect(resumes).toMatchObject([{ keepsake: "sealed" }]);
});

test("[FA54] of two tabs with one seat that the browser opens again, the first comes back and the second finds nothing", async () => {
  const world = new FacadeWorld();
  const page = world.page();
  const lobby = await world.until(hostLobby(page.environment, options("Ada")));
  await world.until(joinLobby(world.page().environment, lobby.code, options("Bob")));
  const reloaded = await page.reload();
  const twin = world.page();
  for (const [key, value] of reloaded.storage) twin.storage.set(key, value);
  twin.claims = reloaded.claims;
  const resumed = resumeLobby(reloaded.environment, options("Ada"));
  await world.run(20);
  expect(await world.until(resumeLobby(twin.environment, options("Ada")))).toBeUndefined();
  expect((await world.until(resumed))?.me.seat).toBe(0);

  // At the very same moment nobody has claimed it yet: the broker decides.
  const again = await reloaded.reload();
  const twins = [again, world.page()];
  for (const [key, value] of again.storage) twins[1]?.storage.set(key, value);
  const outcomes = await world.until(Promise.allSettled(twins.map((tab) => resumeLobby(tab.environment, options("Ada")))));
  expect(outcomes).toMatchObject([
    { status: "rejected", reason: { code: "SEAT_TAKEN" } },
    { status: "fulfilled", value: { me: { seat: 0 } } },
  ]);
});

test("[FA54] a page whose seat another tab took may take it back, and then the other one is told the same", async () => {
  const world = new FacadeWorld();
  const page = world.page();
  const lobby = await world.until(hostLobby(page.environment, options("Ada")));
  const closed: unknown[] = [];
  lobby.on("closed", (error) => closed.push(error));
  const copy = world.page();
  for (const [key, value] of page.storage) copy.storage.set(key, value);
  const taken = await world.until(resumeLobby(copy.environment, options("Ada")));
  taken?.on("closed", (error) => closed.push(error));
  await world.run(100);
  expect(closed).toMatchObject([{ code: "SEAT_TAKEN" }]);

  page.claims = copy.claims;
  expect(await world.until(resumeLobby(page.environment, options("Ada")))).toBeUndefined();
  const back = await world.until(resumeLobby(page.environment, { ...options("Ada"), takeOver: true }));
  await world.run(100);
  expect(back).toMatchObject({ code: lobby.code, me: { seat: 0 } });
  expect(closed).toMatchObject([{ code: "SEAT_TAKEN" }, { code: "SEAT_TAKEN" }]);
});

test("[FA55] a page whose resume failed may try again: its own claim is not another tab's", async () => {
  const world = new FacadeWorld();
  const page = world.page();
  const lobby = await world.until(hostLobby(page.environment, options("Ada")));
  await world.until(joinLobby(world.page().environment, lobby.code, options("Bob")));
  const reloaded = await page.reload();
  world.broker.refusing = true;
  await expect(world.until(resumeLobby(reloaded.environment, options("Ada")))).rejects.toMatchObject({ code: "BROKER_UNREACHABLE" });
  world.broker.refusing = false;
  expect((await world.until(resumeLobby(reloaded.environment, options("Ada"))))?.me.seat).toBe(0);
});

test("[FA56] who is admitted and thrown out before the lobby is there gets the reason, not a lobby that is over", async () => {
  const world = new FacadeWorld();
  const host = await world.until(hostLobby(world.page().environment, options("Ada")));
  const { environment } = world.page();
  let load: () => void = () => {};
  const loaded = new Promise<void>((resolve) => {
    load = resolve;
  });
  const joining = joinLobby(
    { ...environment, loadRoomParts: () => loaded.then(() => environment.loadRoomParts()) },
    host.code,
    options("Bob"),
  );
  await world.runUntil(() => host.state.members.length === 2);
  const bob = host.state.members.find(({ peerId }) => peerId !== host.me.peerId);
  if (bob === undefined) throw new Error("nobody joined");
  await world.until(host.kick(bob.peerId));
  await world.run(100);
  load();
  await expect(world.until(joining)).rejects.toMatchObject({ code: "KICKED" });
  expect(world.transports.size).toBe(1);
});

test("[ID28] signaling is begun once the broker is there, and ends where it turns the page away", async () => {
  const world = new FacadeWorld();
  const { environment } = world.page();
  let made = 0;
  const counting: Environment = {
    ...environment,
    loadRoomParts: async () => {
      const parts = await environment.loadRoomParts();
      return { ...parts, createTransport: (setup) => (made++, parts.createTransport(setup)) };
    },
  };
  world.broker.refusing = true;
  await expect(world.until(joinLobby(counting, "KXRTM", options("Ada")))).rejects.toMatchObject({ code: "BROKER_UNREACHABLE" });
  expect(made).toBe(0);
  world.broker.refusing = false;
  await expect(world.until(joinLobby(counting, "KXRTM", options("Ada")))).rejects.toMatchObject({ code: "LOBBY_NOT_FOUND" });
  expect([made, world.transports.size]).toEqual([1, 0]);
});

test("[FA57] members that get no connection play over a broker that carries packets, and it is shown; after an outage of the broker they go on", async () => {
  const world = new FacadeWorld();
  world.broker.relaysFrames = true;
  const pages = [world.page(), world.page()];
  for (const page of pages) page.unreachable = true;
  const [left, right] = pages;
  if (left === undefined || right === undefined) throw new Error("no pages");
  const host = await world.until(hostLobby(left.environment, options("Ada")));
  const guest = await world.until(joinLobby(right.environment, host.code, options("Bob")));
  const room: Room = { world, pages, lobbies: [host, guest], host };
  await world.runUntil(() => room.lobbies.every(({ peers }) => peers[0]?.status === "open"));
  expect(room.lobbies.map(({ peers }) => peers[0]?.path)).toEqual(["broker", "broker"]);
  const matches = await startAll(room);
  play(matches);
  await world.runUntil(() => matches.every((match) => match.view().frame >= 300));
  expectEqualChecksums(matches);
  expect(world.broker.carriedFrames).toBeGreaterThan(300);
  expect(world.reported).toEqual([]);

  world.broker.socketOf(guest.me.peerId).drop();
  await world.runUntil(() => !guest.brokerConnected);
  await world.runUntil(() => guest.brokerConnected);
  const frame = Math.max(...matches.map((match) => match.stats().confirmedFrame));
  await world.runUntil(() => matches.every((match) => match.stats().confirmedFrame >= frame + 120));
  expectEqualChecksums(matches);
});

test("[FA58] a repair waits for fresh ICE servers, at most a second; where they do not expire, or the game brought its own, it does not wait", async () => {
  const world = new FacadeWorld();
  world.broker.iceGrant = grant("first");
  const connection = async (own: boolean): Promise<LobbyConnection> => {
    const page = world.page();
    const made = new LobbyConnection({
      nowMs: () => world.nowMs,
      openControlSocket: page.environment.openControlSocket,
      lobbyUrl: "wss://broker.test/lobby",
      game: tagGame,
      entrance: {
        type: "create",
        game: tagGame,
        profile: { name: "Ada", colour: 0, choices: null },
        capacity: 2,
        settings: null,
        metadata: null,
      },
      keys: { entranceId: world.newToken(), device: world.newToken(), key: Buffer.from(world.newToken()).toString("base64url") },
      seed: 1,
    });
    await world.until(made.admitted);
    made.attach(() => {});
    if (!own) made.followIceServers(() => {});
    return made;
  };
  const ada = await connection(false);
  // They are fresh.
  expect(ada.refreshIceServers()).toBeUndefined();
  world.nowMs += 2_000;
  const answered = ada.refreshIceServers();
  expect(answered).toBeInstanceOf(Promise);
  await world.until(answered ?? Promise.reject(new Error("no promise")));
  world.nowMs += 2_000;
  world.broker.deaf = true;
  let settled = false;
  void ada.refreshIceServers()?.then(() => (settled = true));
  ada.tick(world.nowMs + 900);
  await world.run(5);
  expect(settled).toBe(false);
  ada.tick(world.nowMs + 1_100);
  await world.run(5);
  expect(settled).toBe(true);
  world.broker.deaf = false;
  const bob = await connection(true);
  world.nowMs += 2_000;
  expect(bob.refreshIceServers()).toBeUndefined();
  world.broker.iceGrant = { iceServers: [] };
  const cyd = await connection(false);
  world.nowMs += 2_000;
  expect(cyd.refreshIceServers()).toBeUndefined();
});

interface HurriedConnection {
  readonly connection: LobbyConnection;
  readonly opened: readonly number[];
  readonly sockets: readonly { readonly handler: ControlSocketHandler; readonly closed: boolean }[];
  /** In virtual time, with a link that needs the broker all along. */
  readonly run: (untilMs: number) => void;
}

function hurriedConnection(): HurriedConnection {
  let nowMs = 0;
  const opened: number[] = [];
  const sockets: { readonly handler: ControlSocketHandler; closed: boolean }[] = [];
  const connection = new LobbyConnection({
    nowMs: () => nowMs,
    openControlSocket: (_url, handler) => {
      const socket = { handler, closed: false };
      opened.push(nowMs);
      sockets.push(socket);
      return { send: () => {}, close: () => void (socket.closed = true) };
    },
    lobbyUrl: "wss://broker.test/lobby",
    game: tagGame,
    entrance: { type: "resume", code: "KXRTM", secret: "secret" },
    keys: { entranceId: "entrance", device: "device", key: "key" },
    seed: 1,
  });
  connection.admitted.catch(() => {});
  const run = (untilMs: number): void => {
    for (; nowMs < untilMs; nowMs += 25) {
      connection.hurry();
      connection.tick(nowMs);
    }
  };
  return { connection, opened, sockets, run };
}

test("[LK213] while a link is silent the lobby's own socket lets the signaling socket find the broker, and comes back with it", () => {
  const { connection, opened, sockets, run } = hurriedConnection();
  run(900);
  expect(sockets.map(({ closed }) => closed)).toEqual([false]);
  run(9_000);
  expect(sockets.map(({ closed }) => closed)).toEqual([true]);
  connection.handleBrokerFound();
  run(9_100);
  expect(opened).toHaveLength(2);
  expect(opened[1]).toBeLessThan(9_100);
});

test("[LK213] a socket is given up after a second, also when the one before it is said to be closed only then", () => {
  const { connection, sockets, run } = hurriedConnection();
  run(1_100);
  connection.handleBrokerFound();
  run(1_200);
  expect(sockets.map(({ closed }) => closed)).toEqual([true, false]);
  sockets[0]?.handler.handleClose();
  run(2_400);
  expect(sockets.map(({ closed }) => closed)).toEqual([true, true]);
});

test("[FA59] a reloaded page is in its seat within a second, and in the running match within three, whichever page it is", async () => {
  for (const index of [0, 1, 2]) {
    const room = await openRoom(2);
    const { world } = room;
    world.latencyMs = 50;
    const matches = await startAll(room);
    play(matches);
    await world.run(2_000);
    const startedMs = world.nowMs;
    const page = await room.pages[index]?.reload();
    if (page === undefined) throw new Error("no page");
    const lobby = await world.until(resumeLobby(page.environment, options("")));
    expect(world.nowMs - startedMs).toBeLessThan(1_000);
    expect(lobby?.me.seat).toBe(index);
    const match = lobby?.match;
    if (match === undefined) throw new Error("no match");
    play([match]);
    await world.runUntil(() => match.role === "player");
    expect(world.nowMs - startedMs).toBeLessThan(3_000);
  }
});
