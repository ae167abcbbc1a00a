import { describe, expect, test } from "vitest";
import { hostLobby, joinLobby, resumeLobby } from "../src/facade/enter-lobby.ts";
import { startLocalMatch } from "../src/facade/local-match.ts";
import { errorOf, join, openRoom, options, startAll, type TagLobby } from "./facade-room.ts";
import { FacadeWorld } from "./facade-world.ts";
import type { TestPage } from "./facade-world.ts";
import { tagGame, type TagInput, type TagState } from "./tag-game.ts";
import type { NetcodeErrorLike } from "../src/facade/error-types.ts";
import type { LobbyOptions } from "../src/facade/lobby-types.ts";

describe("a lobby", () => {
  test("[FA1] a host and three guests meet under a code, and every pair is linked", async () => {
    const { host, lobbies } = await openRoom(3);
    expect(host.code).toBe("KXRTM");
    expect(host.isHost).toBe(true);
    for (const lobby of lobbies) {
      expect(lobby.state.members.map((member) => member.profile.name)).toEqual(["Ada", "Bob", "Cyd", "Dee"]);
      expect(lobby.peers.map((peer) => peer.status)).toEqual(["open", "open", "open"]);
    }
    expect(lobbies.map((lobby) => lobby.me.seat)).toEqual([0, 1, 2, 3]);
  });

  test("[FA2] changes of the lobby are told once, by name, and as `change`", async () => {
    const room = await openRoom(1);
    const told: string[] = [];
    room.host.on("member-joined", (member) => told.push(`joined ${member.profile.name}`));
    room.host.on("member-left", (member, reason) => told.push(`${reason} ${member.profile.name}`));
    room.host.on("host-changed", (member) => told.push(`host ${member.profile.name}`));
    let changes = 0;
    room.host.on("change", () => changes++);
    const cyd = await join(room);
    await room.world.until(room.host.transferHost(cyd.me.peerId));
    await room.world.until(cyd.kick(room.lobbies[1]?.me.peerId ?? cyd.me.peerId));
    expect(told).toEqual(["joined Cyd", "host Cyd", "kicked Bob"]);
    expect(changes).toBeGreaterThanOrEqual(3);
    expect(cyd.isHost).toBe(true);
  });

  test("[FA3] profile, ready, settings, lock and capacity reach everybody", async () => {
    const room = await openRoom(1);
    const guest = room.lobbies[1];
    if (guest === undefined) throw new Error("no guest");
    await room.world.until(Promise.all([guest.setProfile({ colour: 5 }), guest.setReady(true)]));
    await room.world.until(Promise.all([room.host.setSettings({ map: 3 }), room.host.setLocked(true), room.host.setCapacity(3)]));
    expect(room.host.state.members[1]).toMatchObject({ ready: true, profile: { name: "Bob", colour: 5 } });
    expect(guest.state).toMatchObject({ settings: { map: 3 }, locked: true, capacity: 3 });
  });

  test("[FA4] a name is trimmed and cut to 16 graphemes", async () => {
    const world = new FacadeWorld();
    const family = "👨‍👩‍👧";
    const lobby = await world.until(hostLobby(world.page().environment, options(`  ${family.repeat(3)}${"x".repeat(40)} `)));
    expect([...new Intl.Segmenter().segment(lobby.me.profile.name)]).toHaveLength(16);
    expect(lobby.me.profile.name.startsWith(family.repeat(3))).toBe(true);
  });

  test("[FA5] a listener that throws is reported, and everything goes on", async () => {
    const room = await openRoom(1);
    room.host.on("member-joined", () => {
      throw new Error("the game's own bug");
    });
    let later = 0;
    room.host.on("member-joined", () => later++);
    await join(room);
    expect(room.world.reported).toEqual([new Error("the game's own bug")]);
    expect(later).toBe(1);
    expect(room.host.state.members).toHaveLength(3);
  });
});

describe("the end", () => {
  test("[FA18] leaving frees every connection, timer, claim and listener", async () => {
    const room = await openRoom(3);
    const matches = await startAll(room);
    matches[0]?.run({ input: () => ({ dx: 0, dash: false }), render: () => {} });
    await room.world.run(300);
    expect([room.world.tickers.size, room.world.transports.size, room.world.broker.openSockets.length]).toEqual([4, 4, 4]);
    await room.world.until(Promise.all(room.lobbies.map((lobby) => lobby.leave())));
    expect((await errorOf(room.host.nextMatch())).code).toBe("CLOSED");
    expect((await errorOf(matches[1]?.ended ?? Promise.resolve())).code).toBe("CLOSED");
    expect([room.world.tickers.size, room.world.transports.size, room.world.broker.openSockets.length]).toEqual([0, 0, 0]);
    for (const page of room.pages) {
      expect([page.drawers.size, page.claims.size, page.storage.size, page.pageHideListeners]).toEqual([0, 0, 0, 0]);
    }
  });

  test("[FA19] a kicked member is told so, and freed", async () => {
    const room = await openRoom(2);
    const guest = room.lobbies[2];
    const closed: (NetcodeErrorLike | undefined)[] = [];
    guest?.on("closed", (error) => closed.push(error));
    await room.world.until(room.host.kick(guest?.me.peerId ?? room.host.me.peerId));
    await room.world.runUntil(() => closed.length > 0);
    await room.world.until(guest?.leave() ?? Promise.resolve());
    expect(closed[0]).toMatchObject({ code: "KICKED", name: "NetcodeError" });
    expect(closed[0]?.remedy).not.toBe("");
    expect([room.world.tickers.size, room.world.transports.size]).toEqual([2, 2]);
    expect(room.host.peers).toHaveLength(1);
  });
});

describe("reloading", () => {
  test("[FA20] a reloaded page comes back to its seat", async () => {
    const room = await openRoom(2);
    const page = await room.pages[1]?.reload();
    if (page === undefined) throw new Error("no page");
    const lobby = await room.world.until(resumeLobby(page.environment, options("")));
    expect(lobby?.me).toMatchObject({ seat: 1, profile: { name: "Bob" } });
    await room.world.runUntil(() => lobby?.peers.every((peer) => peer.status === "open") === true);
    expect(room.host.state.members).toHaveLength(3);
    expect(room.host.peers.map((peer) => peer.peerId)).toContain(lobby?.me.peerId);
    expect(room.host.peers).toHaveLength(2);
  });

  test("[FA21] there is nothing to resume on a new page, after leaving, after the seat expired, and in a duplicated tab", async () => {
    const room = await openRoom(2);
    const resume = (page: TestPage): Promise<TagLobby | undefined> => room.world.until(resumeLobby(page.environment, options("")));
    expect(await resume(room.world.page())).toBeUndefined();

    const duplicate = room.world.page();
    for (const [key, value] of room.pages[1]?.storage ?? []) duplicate.storage.set(key, value);
    for (const name of room.pages[1]?.claims ?? []) duplicate.claims.add(name);
    expect(await resume(duplicate)).toBeUndefined();
    expect(room.lobbies[1]?.brokerConnected).toBe(true);

    const expired = await room.pages[2]?.reload();
    room.world.broker.expire("KXRTM", room.lobbies[2]?.me.peerId ?? room.host.me.peerId);
    if (expired === undefined) throw new Error("no page");
    expect(await resume(expired)).toBeUndefined();
    expect(expired.storage.size).toBe(0);
  });

  test("[FA22] a page that goes away says goodbye", async () => {
    const room = await openRoom(1);
    const matches = await startAll(room);
    await room.world.run(300);
    const bots: unknown[] = [];
    matches[0]?.on("seat-to-bot", (seat) => bots.push(seat));
    await room.pages[1]?.reload();
    await room.world.run(1_300);
    expect(bots).toMatchObject([{ cause: "left" }]);
  });
});

describe("devices and networks", () => {
  function devices(world: FacadeWorld): unknown[] {
    return world.broker.received.flatMap((message) =>
      "request" in message && "device" in message.command ? [message.command.device] : [],
    );
  }

  test("[FA34] all pages of a browser are one device, and each entrance is its own", async () => {
    const room = await openRoom(1);
    const { world } = room;
    const secondWindow = world.page();
    secondWindow.shared = room.pages[1]?.shared ?? secondWindow.shared;
    await world.until(joinLobby(secondWindow.environment, room.host.code, options("Cyd")));
    const reloaded = await room.pages[1]?.reload();
    await world.until(resumeLobby(reloaded?.environment ?? secondWindow.environment, options("")));
    const [ada, bob, ...others] = devices(world);
    expect(bob).not.toBe(ada);
    expect(bob).toMatch(/^[\w-]{16,64}$/);
    expect(others).toEqual([bob, bob]);
    const entrances = world.broker.received.flatMap((message) =>
      "request" in message && "entrance" in message.command ? [message.command.entrance?.id] : [],
    );
    expect(new Set(entrances).size).toBe(3);
    expect(JSON.stringify(room.host.state)).not.toContain(bob);
  });

  test("[FA34] a page without storage is one device while it lives, and nonsense in storage is replaced", async () => {
    const { world, host } = await openRoom(0);
    const page = world.page();
    Object.defineProperty(page, "localStorage", {
      get: () => {
        throw new Error("forbidden");
      },
    });
    for (let round = 0; round < 2; round++) {
      const lobby = await world.until(joinLobby(page.environment, host.code, options("Bob")));
      await world.until(lobby.leave());
    }
    const spoilt = world.page();
    spoilt.shared.set("rollcall:device", "x\n".repeat(5_000));
    await world.until(joinLobby(spoilt.environment, host.code, options("Cyd")));
    const [, first, second, third] = devices(world);
    expect(first).toMatch(/^[\w-]{16,64}$/);
    expect(second).toBe(first);
    expect(third).toBe(spoilt.shared.get("rollcall:device"));
    expect(third).toMatch(/^[\w-]{16,64}$/);
  });

  test("[FA35] a page that comes back from the back button's cache is told so, and its seat can be resumed", async () => {
    const room = await openRoom(2);
    const page = room.pages[1];
    const closed: (NetcodeErrorLike | undefined)[] = [];
    room.lobbies[1]?.on("closed", (error) => closed.push(error));
    page?.putAwayAndRestore();
    await room.world.run(500);
    expect(closed).toMatchObject([{ code: "PAGE_RESTORED" }]);
    expect(page?.pageHideListeners).toBe(0);
    expect([room.world.tickers.size, room.world.transports.size, room.world.broker.openSockets.length]).toEqual([2, 2, 2]);
    expect(room.host.state.members).toMatchObject([{}, { connected: false }, {}]);
    const lobby = await room.world.until(resumeLobby(page?.environment ?? room.world.page().environment, options("")));
    expect(lobby?.me).toMatchObject({ seat: 1, profile: { name: "Bob" } });
    await room.world.runUntil(() => lobby?.peers.length === 2 && lobby.peers.every((peer) => peer.status === "open"));
  });

  test("[FA36] a member that cannot be reached is named, with the sentence; who is gone is not", async () => {
    const room = await openRoom(0);
    const told: [string, NetcodeErrorLike][] = [];
    room.host.on("peer-unreachable", (member, error) => told.push([member.profile.name, error]));
    const page = room.world.page();
    page.unreachable = true;
    await room.world.until(joinLobby(page.environment, room.host.code, options("Bob")));
    await room.world.run(10_000);
    expect(told).toEqual([]);
    await room.world.run(10_000);
    expect(told).toMatchObject([["Bob", { code: "PEER_UNREACHABLE", name: "NetcodeError" }]]);
    expect(room.host.peers[0]?.status).toBe("closed");
    const cyd = room.world.page();
    await room.world.until(joinLobby(cyd.environment, room.host.code, options("Cyd")));
    await room.world.run(500);
    cyd.kill();
    await room.world.run(40_000);
    expect(told).toHaveLength(1);
  });
});

describe("errors", () => {
  test("[FA23] each refusal has its code, a sentence and a remedy", async () => {
    const room = await openRoom(1, { capacity: 2 });
    const { world } = room;
    const joining = (code: string, game = tagGame): Promise<NetcodeErrorLike> =>
      world.until(errorOf(joinLobby(world.page().environment, code, { game, name: "Zed" })));
    const errors = [await joining("ZZZZZ"), await joining("not a code"), await joining(room.host.code)];
    await world.until(room.host.setCapacity(8));
    errors.push(await joining(room.host.code, { ...tagGame, version: 2 }));
    await world.until(room.host.setLocked(true));
    errors.push(await joining(room.host.code));
    world.broker.refusals.set("join", { code: "RATE_LIMITED", retryAfterMs: 4_000 });
    errors.push(await joining(room.host.code));
    world.broker.refusing = true;
    errors.push(await joining(room.host.code));
    expect(errors.map((error) => error.code)).toEqual([
      "LOBBY_NOT_FOUND",
      "LOBBY_NOT_FOUND",
      "LOBBY_FULL",
      "VERSION_MISMATCH",
      "LOBBY_LOCKED",
      "RATE_LIMITED",
      "BROKER_UNREACHABLE",
    ]);
    for (const error of errors)
      expect([error.name, error.message.endsWith("."), error.remedy.endsWith(".")]).toEqual(["NetcodeError", true, true]);
    expect(errors[5]).toMatchObject({ retryAfterMs: 4_000 });
    expect([world.tickers.size, world.transports.size]).toEqual([2, 2]);
  });

  test("[FA114] the code of another game is told apart from another version of this one", async () => {
    const { host, world } = await openRoom(0);
    const refused = (expected: { readonly id: string; readonly version: number }): Promise<NetcodeErrorLike> => {
      world.broker.refusals.set("join", { code: "VERSION_MISMATCH", expected: { ...expected, contentHash: tagGame.contentHash } });
      return world.until(errorOf(joinLobby(world.page().environment, host.code, { game: tagGame, name: "Zed" })));
    };
    expect(await refused({ id: "chess", version: 1 })).toMatchObject({
      code: "VERSION_MISMATCH",
      message: 'This lobby runs the game "chess", this page "tag".',
      remedy: "Check the code, or open that game.",
      expected: { id: "chess" },
    });
    expect((await refused({ id: "tag", version: 9 })).remedy).toContain("Reload the page");
  });

  test("[FA24] a command of the host is refused to others with NOT_HOST", async () => {
    const room = await openRoom(1);
    const guest = room.lobbies[1];
    if (guest === undefined) throw new Error("no guest");
    for (const command of [() => guest.setLocked(true), () => guest.kick(room.host.me.peerId), () => guest.start()]) {
      expect((await room.world.until(errorOf(command()))).code).toBe("NOT_HOST");
    }
  });

  test("[FA25] a call that can never work rejects with BAD_ARGUMENT and leaves nothing behind", async () => {
    const world = new FacadeWorld();
    const { environment } = world.page();
    const wrong = [
      hostLobby(environment, { ...options("A"), colour: 64 }),
      hostLobby(environment, { ...options("A"), capacity: 0 }),
      hostLobby(environment, { ...options("A"), settings: "x".repeat(5_000) }),
      hostLobby(environment, { ...options("A"), broker: "play.example.org" }),
      hostLobby(environment, { ...options("A"), broker: "ftp://play.example.org" }),
      // What a program without types may pass.
      hostLobby(environment, { game: tagGame } as LobbyOptions<TagState, TagInput>),
      hostLobby(environment, { name: "A" } as LobbyOptions<TagState, TagInput>),
      resumeLobby(environment, { name: "A" } as LobbyOptions<TagState, TagInput>),
      joinLobby(environment, undefined as unknown as string, options("A")),
    ];
    for (const promise of wrong) expect((await errorOf(promise)).code).toBe("BAD_ARGUMENT");
    expect(world.tickers.size).toBe(0);
    expect(world.broker.sockets).toEqual([]);
    expect(() => startLocalMatch(environment, { game: tagGame, players: [] })).toThrow("1–8 players");
    const { host } = await openRoom(0);
    expect((await errorOf(host.start({ countdownMs: -1 }))).message).toBe("Expected countdownMs in 0–60000, got -1.");
  });

  test("[FA97] what the lobby server refuses under the one code for all of it is told in its words", async () => {
    const { host, world } = await openRoom(0);
    world.broker.refusals.set("transfer-host", { code: "BAD_REQUEST", message: "Only a connected member can become host." });
    const { code, message, remedy } = await errorOf(world.until(host.transferHost(host.me.peerId)));
    expect({ code, message }).toEqual({
      code: "BAD_REQUEST",
      message: "The lobby server refused this: Only a connected member can become host.",
    });
    expect(remedy).toContain("Look at the lobby again");
  });

  test("[FA96] of a guest, a bot and a seat of a local match the game says the name, and what it likes of the rest", async () => {
    const { host, world } = await openRoom(0, { guests: [{ name: "Bob" }] });
    expect(host.me.profile).toEqual({ name: "Ada", colour: 0, choices: null, guests: [{ name: "Bob", colour: 0, choices: null }] });
    const match = await world.until(host.start({ playerCount: 3, botProfiles: [{ name: "Robo" }] }));
    expect(match.seats.map(({ profile }) => profile.name)).toEqual(["Ada", "Bob", "Robo"]);
    const players = [{ profile: { name: "Ada" } }, { profile: { name: "Robo", colour: 3 }, bot: true }];
    const local = startLocalMatch(world.page().environment, { game: tagGame, players });
    expect(local.seats.map(({ kind, profile }) => [kind, profile])).toEqual([
      ["person", { name: "Ada", colour: 0, choices: null }],
      ["bot", { name: "Robo", colour: 3, choices: null }],
    ]);
    local.stop();
  });

  test("[FA26] joining can be aborted at any time", async () => {
    const room = await openRoom(0);
    for (const afterMs of [0, 5, 10]) {
      const abort = new AbortController();
      const joining = errorOf(joinLobby(room.world.page().environment, room.host.code, { ...options("Bob"), signal: abort.signal }));
      if (afterMs > 0) await room.world.run(0);
      abort.abort();
      expect((await room.world.until(joining)).code).toBe("CLOSED");
      await room.world.run(500);
    }
    expect(room.world.tickers.size).toBe(1);
    expect(room.host.state.members.filter((member) => member.connected)).toHaveLength(1);
    // Of a broker that says nothing nobody has to wait for the end.
    const silent = { ...room.world.page().environment, openControlSocket: () => ({ send: () => {}, close: () => {} }) };
    const abort = new AbortController();
    const joining = errorOf(joinLobby(silent, room.host.code, { ...options("Bob"), signal: abort.signal }));
    await room.world.run(1_000);
    expect(room.world.tickers.size).toBe(2);
    abort.abort();
    await room.world.run(50);
    expect([room.world.tickers.size, (await room.world.until(joining)).code]).toEqual([1, "CLOSED"]);
  });
});
