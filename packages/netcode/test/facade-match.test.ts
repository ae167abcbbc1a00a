import { describe, expect, test } from "vitest";
import { hostLobby, joinLobby } from "../src/facade/enter-lobby.ts";
import type { PeerId } from "../src/core/base/units.ts";
import { startLocalMatch } from "../src/facade/local-match.ts";
import { errorOf, expectEqualChecksums, join, openMatch, openRoom, play, startAll, type TagLobby } from "./facade-room.ts";
import { FacadeWorld } from "./facade-world.ts";
import { brokenTag, tagGame } from "./tag-game.ts";
import type { NetcodeErrorLike } from "../src/facade/error-types.ts";

describe("a match", () => {
  test("[FA6] four peers play 300 frames and come to equal checksums", async () => {
    const room = await openRoom(3);
    const matches = await startAll(room);
    play(matches);
    expect(matches.map((match) => match.localPlayers)).toEqual([[0], [1], [2], [3]]);
    await room.world.runUntil(() => matches.every((match) => match.view().frame >= 300));
    expectEqualChecksums(matches);
    expect(matches.every((match) => match.phase === "running")).toBe(true);
    for (const match of matches) expect(match.view().confirmedFrame).toBe(match.stats().confirmedFrame);
    expect(matches[0]?.stats().peers.map((peer) => peer.path)).toEqual(["direct", "direct", "direct"]);
    expect(room.world.reported).toEqual([]);
  });

  test("[FA7] each event of the game reaches each peer once", async () => {
    const room = await openRoom(2);
    room.world.latencyMs = 60;
    const matches = await startAll(room);
    const told: string[][] = [[], [], []];
    play(matches, (index, event) => told[index]?.push(event.id));
    await room.world.runUntil(() => matches.every((match) => match.stats().confirmedFrame >= 200));
    const until = (ids: readonly string[]): string[] => ids.filter((id) => Number(id.split(":")[0]) < 200).sort();
    expect(matches.some((match) => match.stats().rollbacks > 0)).toBe(true);
    const [first = [], ...others] = told;
    expect(until(first).length).toBeGreaterThan(10);
    expect(new Set(first).size).toBe(first.length);
    for (const ids of others) expect(until(ids)).toEqual(until(first));
  });

  test("[FA8] frame 0 runs when the countdown is over", async () => {
    const room = await openRoom(1);
    const [match] = await startAll(room, 3_000);
    if (match === undefined) throw new Error("no match");
    await room.world.run(2_900);
    expect([match.phase, match.view().frame]).toEqual(["countdown", 0]);
    expect(match.countdownMs).toBeGreaterThan(0);
    await room.world.run(1_000);
    expect(match.phase).toBe("running");
    expect(match.view().frame).toBeGreaterThan(45);
    expect(match.stats().peers).toHaveLength(1);
  });

  test("[FA9] a result ends the match at the same frame everywhere, and the room can start again", async () => {
    const room = await openRoom(2, { settings: { length: 120 } });
    for (let round = 1; round <= 3; round++) {
      const matches = await startAll(room);
      play(matches);
      const ends: number[] = [];
      for (const match of matches) match.on("ended", (end) => ends.push(end.frame));
      const results = await room.world.until(Promise.all(matches.map((match) => match.ended)));
      expect(matches.map((match) => match.matchNumber)).toEqual([round, round, round]);
      expect(new Set(results.map((result) => JSON.stringify(result))).size).toBe(1);
      expect(ends).toEqual([119, 119, 119]);
      await room.world.runUntil(() => room.lobbies.every((lobby) => lobby.state.match === undefined));
      expect(room.lobbies.every((lobby) => lobby.match === undefined)).toBe(true);
      expect(matches.every((match) => match.phase === "ended")).toBe(true);
    }
  });

  test("[FA10] a member that joins while a match runs waits for the next", async () => {
    const room = await openRoom(1, { settings: { length: 200 } });
    const matches = await startAll(room);
    const late = await join(room);
    const next = late.nextMatch();
    expect(late.match).toBeUndefined();
    expect(late.state.match?.matchNumber).toBe(1);
    await room.world.until(Promise.all(matches.map((match) => match.ended)));
    await room.world.runUntil(() => room.host.state.match === undefined);
    void startAll(room);
    expect((await room.world.until(next)).matchNumber).toBe(2);
  });

  test("[FA11] who is killed is suspect, then played by its bot, and the rest play on", async () => {
    const { room, matches } = await openMatch(3, 1_000);
    const suspects: string[] = [];
    const bots: { readonly peerId: string; readonly cause: string }[] = [];
    matches[0]?.on("suspect", (peerId) => suspects.push(peerId));
    matches[0]?.on("seat-to-bot", (seat) => bots.push(seat));
    const victim = room.lobbies[3]?.me.peerId;
    room.pages[3]?.kill();
    await room.world.run(5_000);
    expect(suspects).toEqual([victim]);
    expect(bots).toMatchObject([{ peerId: victim, cause: "lost", playerIndexes: [3] }]);
    const before = matches[0]?.view().frame ?? 0;
    await room.world.run(2_000);
    expect(matches[0]?.view().frame).toBeGreaterThan(before + 100);
    expectEqualChecksums(matches.slice(0, 3));
  });

  test("[FA12] who leaves is played by its bot after a second", async () => {
    const { room, matches } = await openMatch(2, 1_000);
    const bots: unknown[] = [];
    matches[0]?.on("seat-to-bot", (seat) => bots.push(seat));
    await room.world.until(room.lobbies[2]?.leave() ?? Promise.resolve());
    await room.world.run(1_500);
    expect(bots).toMatchObject([{ cause: "left", playerIndexes: [2] }]);
    expect(matches[2]?.phase).toBe("closed");
    await room.world.run(1_000);
    expectEqualChecksums(matches.slice(0, 2));
  });

  test("[FA13] a control socket that breaks does not cost a seat", async () => {
    const { room, matches } = await openMatch(2, 500);
    const told: string[] = [];
    room.lobbies[1]?.on("broker-lost", () => told.push("lost"));
    room.lobbies[1]?.on("broker-back", () => told.push("back"));
    const bots: unknown[] = [];
    matches[0]?.on("seat-to-bot", (seat) => bots.push(seat));
    room.world.broker.refusing = true;
    room.world.broker.socketOf(room.lobbies[1]?.me.peerId ?? room.host.me.peerId).drop();
    await room.world.run(5_000);
    expect(room.lobbies[1]?.brokerConnected).toBe(false);
    expect(room.host.state.members[1]?.connected).toBe(false);
    room.world.broker.refusing = false;
    await room.world.run(9_000);
    expect(told).toEqual(["lost", "back"]);
    expect(bots).toEqual([]);
    expectEqualChecksums(matches);
  });

  test("[FA14] a broker that forgets the lobby ends it only when the match is over", async () => {
    const room = await openRoom(1, { settings: { length: 600 } });
    const matches = await startAll(room);
    play(matches);
    const closed: (NetcodeErrorLike | undefined)[] = [];
    room.host.on("closed", (error) => closed.push(error));
    room.world.broker.rooms.clear();
    for (const socket of room.world.broker.openSockets) socket.drop();
    await room.world.run(5_000);
    expect(closed).toEqual([]);
    const results = await room.world.until(Promise.all(matches.map((match) => match.ended)));
    expect(results).toHaveLength(2);
    await room.world.runUntil(() => closed.length > 0);
    expect(closed[0]?.code).toBe("LOBBY_NOT_FOUND");
  });

  test("[FA31] a match that ends while the broker is away opens the room when it is back", async () => {
    const room = await openRoom(1, { settings: { length: 120 } });
    const matches = await startAll(room);
    room.world.broker.refusing = true;
    for (const socket of room.world.broker.openSockets) socket.drop();
    await room.world.until(Promise.all(matches.map((match) => match.ended)));
    await room.world.run(15_000);
    expect(room.host.state.match?.matchNumber).toBe(1);
    room.world.broker.refusing = false;
    await room.world.runUntil(() => room.lobbies.every((lobby) => lobby.brokerConnected && lobby.state.match === undefined));
    expect((await startAll(room)).map((match) => match.matchNumber)).toEqual([2, 2]);
  });

  test("[FA15] a game whose callbacks throw plays on, and each failure in a row is reported once", async () => {
    const room = await openRoom(1);
    const matches = await startAll(room);
    matches[0]?.run({
      input: () => {
        throw new Error("keys");
      },
      frame: () => {
        throw new Error("frame");
      },
    });
    await room.world.run(2_000);
    expect(matches[0]?.stats().frame).toBeGreaterThan(100);
    expect(room.world.reported).toEqual([new Error("keys"), new Error("frame")]);
  });

  test("[FA16] the host's stop ends the match here, and for the others the room is open again", async () => {
    const { room, matches } = await openMatch(2, 500);
    matches[0]?.stop();
    expect(matches[0]?.phase).toBe("closed");
    expect((await errorOf(matches[0]?.ended ?? Promise.resolve())).code).toBe("CLOSED");
    await room.world.run(100);
    expect(room.lobbies.every((lobby) => lobby.match === undefined && lobby.state.match === undefined)).toBe(true);
    await room.world.run(4_000);
    expect(matches.map((match) => match.phase)).toEqual(["closed", "closed", "closed"]);
    expect((await startAll(room)).map((match) => match.matchNumber)).toEqual([2, 2, 2]);
  });

  test("[FA32] members that stop leave the match, their bots play on, and the others bring it to its end", async () => {
    const { room, matches } = await openMatch(2, 500, { settings: { length: 400 } });
    const bots: unknown[] = [];
    matches[0]?.on("seat-to-bot", (seat) => bots.push(seat));
    const waits: unknown[] = [];
    matches[0]?.on("waiting-for-quorum", () => waits.push(1));
    // Both guests at once: the host alone is no majority, and goes on all the same, for they said so.
    for (const match of matches.slice(1)) match.stop();
    expect(room.lobbies.map((lobby) => lobby.match === undefined)).toEqual([false, true, true]);
    await room.world.run(1_500);
    expect(bots).toMatchObject([{ cause: "left" }, { cause: "left" }]);
    expect(waits).toEqual([]);
    expect(matches.map((match) => match.phase)).toEqual(["running", "closed", "closed"]);
    expect(room.host.state).toMatchObject({ match: { matchNumber: 1 }, members: [{}, {}, {}] });
    expect(room.lobbies.flatMap((lobby) => lobby.peers.map((peer) => peer.status))).toEqual(Array(6).fill("open"));
    await room.world.until(matches[0]?.ended ?? Promise.reject(new Error("no match")));
    await room.world.runUntil(() => room.lobbies.every((lobby) => lobby.state.match === undefined));
    expect((await startAll(room)).map((match) => match.matchNumber)).toEqual([2, 2, 2]);
  });

  test("[FA33] a match that nobody plays any more ends, though its host only watched", async () => {
    const room = await openRoom(2);
    await room.world.until(room.host.transferHost(room.lobbies[2]?.me.peerId ?? room.host.me.peerId));
    const host = room.lobbies[2];
    const playing = [room.lobbies[0], room.lobbies[1]].map((lobby) => lobby?.nextMatch() ?? Promise.reject(new Error("no lobby")));
    // Two seats for three members: the host's promise says that it has none.
    const refused = errorOf(host?.start({ playerCount: 2 }) ?? Promise.resolve());
    const matches = await room.world.until(Promise.all(playing));
    expect((await refused).code).toBe("BAD_ARGUMENT");
    play(matches);
    await room.world.run(500);
    matches[0]?.stop();
    await room.world.run(3_000);
    expect([matches[1]?.phase, host?.state.match?.matchNumber]).toEqual(["running", 1]);
    matches[1]?.stop();
    await room.world.runUntil(() => host?.state.match === undefined);
  });

  test("[FA33] a step that throws on every peer opens the room again", async () => {
    const world = new FacadeWorld();
    const broken = brokenTag("step");
    const lobby = await world.until(hostLobby(world.page().environment, { game: broken, name: "Ada" }));
    const guest = await world.until(joinLobby(world.page().environment, lobby.code, { game: broken, name: "Bob" }));
    await world.runUntil(() => [lobby, guest].every(({ peers }) => peers.every(({ status }) => status === "open")));
    const matches = await world.until(Promise.all([lobby.start(), guest.nextMatch()]));
    await world.runUntil(() => lobby.state.match === undefined);
    expect(matches.map((match) => match.phase)).toEqual(["closed", "closed"]);
    expect(world.reported).toHaveLength(2);
  });

  test("[FA33] a match that nobody can begin opens the room again; one that one of them cannot begin goes on without it", async () => {
    const world = new FacadeWorld();
    const broken = brokenTag("init");
    const games = [broken, broken, tagGame];
    const lobby = await world.until(hostLobby(world.page().environment, { game: broken, name: "Ada" }));
    const guests: TagLobby[] = [];
    for (const game of games.slice(1))
      guests.push(await world.until(joinLobby(world.page().environment, lobby.code, { game, name: "Guest" })));
    const [bob, cyd] = guests;
    if (bob === undefined || cyd === undefined) throw new Error("no lobby");
    await world.runUntil(() => [lobby, bob, cyd].every(({ peers }) => peers.every(({ status }) => status === "open")));
    const bots: PeerId[] = [];
    const playing = cyd.nextMatch();
    const refused = errorOf(lobby.start());
    const match = await world.until(playing);
    match.on("seat-to-bot", ({ peerId }) => bots.push(peerId));
    await world.run(3_000);
    expect([(await refused).code, bots.toSorted(), match.phase, lobby.state.match?.matchNumber]).toEqual([
      "CLOSED",
      [lobby.me.peerId, bob.me.peerId].toSorted(),
      "running",
      1,
    ]);
    await world.until(cyd.leave());
    await world.runUntil(() => lobby.state.match === undefined && bob.state.match === undefined);
    const again = errorOf(bob.nextMatch());
    const second = errorOf(lobby.start());
    await world.runUntil(() => lobby.state.matchCount === 2 && lobby.state.match === undefined && bob.state.match === undefined);
    await world.until(Promise.all([lobby.leave(), bob.leave()]));
    expect([(await second).code, (await again).code]).toEqual(["CLOSED", "CLOSED"]);
  });

  test("[FA17] pictures are drawn by animation frames alone, and frames are simulated without any", async () => {
    const room = await openRoom(1);
    const matches = await startAll(room);
    let pictures = 0;
    let frames = 0;
    matches[0]?.run({ input: () => ({ dx: 0, dash: false }), render: () => pictures++, frame: () => frames++ });
    await room.world.run(1_000);
    expect([pictures, frames >= 58]).toEqual([0, true]);
    for (const draw of room.pages[0]?.drawers ?? []) draw();
    expect(pictures).toBe(1);
    matches[0]?.stop();
    expect(room.pages[0]?.drawers.size).toBe(0);
  });
});

describe("a match on this page", () => {
  test("[FA27] a local match plays people and bots without a network, and ends by its result", async () => {
    const world = new FacadeWorld();
    const page = world.page();
    const profile = { name: "A", colour: 0, choices: null };
    const players = [
      { profile, bot: false },
      { profile, bot: false },
      { profile, bot: true },
    ];
    const match = startLocalMatch(page.environment, { game: tagGame, players, settings: { length: 120 }, seed: 5 });
    const asked = new Set<number>();
    match.run({
      input: (playerIndex) => {
        asked.add(playerIndex);
        return { dx: playerIndex, dash: false };
      },
    });
    expect(await world.until(match.ended)).toEqual({ winner: 2 });
    expect(match.localPlayers).toEqual([0, 1]);
    expect([...asked]).toEqual([0, 1]);
    expect(match.view().state.discs.map((disc) => disc.x > 100)).toEqual([false, true, true]);
    expect(world.tickers.size).toBe(0);
    match.stop();
  });

  test("[FA28] a step that throws closes the match and is reported once", async () => {
    const world = new FacadeWorld();
    const match = startLocalMatch(world.page().environment, {
      game: brokenTag("step"),
      players: [{ profile: { name: "A", colour: 0, choices: null }, bot: false }],
    });
    expect((await world.until(errorOf(match.ended))).code).toBe("CLOSED");
    expect(world.reported).toEqual([new Error("step")]);
    expect(world.tickers.size).toBe(0);
  });
});
