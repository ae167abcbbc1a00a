import { describe, expect, test } from "vitest";
import { resumeLobby } from "../src/facade/enter-lobby.ts";
import { expectEqualChecksums, join, openMatch, openRoom, options, play, startAll, type Room, type TagMatch } from "./facade-room.ts";
import { brokenTag } from "./tag-game.ts";

/** A match in which the last member is heard no more, until the others have dropped it. */
async function dropLast(room: Room): Promise<{ matches: TagMatch[]; lost: TagMatch; roles: string[] }> {
  const matches = await startAll(room);
  play(matches);
  await room.world.run(500);
  const [page, lost] = [room.pages.at(-1), matches.at(-1)];
  if (page === undefined || lost === undefined) throw new Error("nobody to drop");
  const roles: string[] = [];
  lost.on("role", (role) => roles.push(role));
  const dropped = new Promise((resolve) => {
    matches[0]?.on("seat-to-bot", resolve);
  });
  page.silent = true;
  await room.world.until(dropped);
  // Nobody resends what a silent page sent reliably: its links have to be made anew.
  await room.world.run(5_000);
  return { matches, lost, roles };
}

/** The member at `index` reloads its page, and plays again as soon as it may. */
async function comeBack(room: Room, index: number): Promise<TagMatch> {
  const page = await room.pages[index]?.reload();
  const lobby = page && (await room.world.until(resumeLobby(page.environment, options(""))));
  if (page === undefined || lobby?.match === undefined) throw new Error("no match to come back to");
  room.pages[index] = page;
  room.lobbies[index] = lobby;
  play([lobby.match]);
  return lobby.match;
}

describe("seats of a running match", () => {
  test("[FA37] who was dropped follows the match, gets its seat back, and plays on in the same history", async () => {
    const room = await openRoom(2);
    const { matches, lost, roles } = await dropLast(room);
    const seats: number[][] = [];
    for (const match of matches.slice(0, 2)) match.on("seat-to-player", ({ playerIndexes }) => seats.push([...playerIndexes]));
    const stalledBefore = matches.slice(0, 2).map((match) => match.stats().stalledFrames);
    const page = room.pages.at(-1);
    if (page !== undefined) page.silent = false;
    await room.world.runUntil(() => lost.role === "player" && roles.length > 1);
    expect(roles).toEqual(["returning", "player"]);
    await room.world.run(3_000);
    expect(seats).toEqual([[2], [2]]);
    expect(lost.localPlayers).toEqual([2]);
    expect(room.lobbies[2]?.match).toBe(lost);
    expectEqualChecksums(matches);
    // Nobody waited for it: neither since the drop nor at its return.
    expect(matches.slice(0, 2).map((match) => match.stats().stalledFrames)).toEqual(stalledBefore);
  });

  test("[FA33] a match that everybody left but one who is on its way back ends", async () => {
    const room = await openRoom(2);
    const { lost } = await dropLast(room);
    const [, , lobby] = room.lobbies;
    const page = room.pages.at(-1);
    if (page !== undefined) page.silent = false;
    await room.world.runUntil(() => lost.role === "returning");
    for (const other of room.lobbies.slice(0, 2)) void other.leave();
    await room.world.runUntil(() => lobby?.state.match === undefined);
    expect(lobby?.isHost).toBe(true);
    expect(lobby?.state.members).toHaveLength(1);
  });

  test("[FA38] a page that is reloaded in the middle of a match comes back into its seat", async () => {
    const { room, matches } = await openMatch(2, 1_000);
    const page = await room.pages[1]?.reload();
    if (page === undefined) throw new Error("no page");
    const lobby = await room.world.until(resumeLobby(page.environment, options("")));
    const match = lobby?.match;
    if (match === undefined) throw new Error("no match to come back to");
    expect([match.role, match.localPlayers]).toEqual(["returning", []]);
    play([match]);
    await room.world.runUntil(() => match.role === "player");
    expect(match.localPlayers).toEqual([1]);
    await room.world.run(3_000);
    expectEqualChecksums([matches[0], match, matches[2]].filter((each) => each !== undefined));
    // It moves its own disc: its inputs count again.
    expect(match.view().state.discs[1]?.dashes).toBeGreaterThan(0);
  });

  test("[FA38] a page that comes back to a match which it cannot play is in the lobby all the same", async () => {
    const room = await openRoom(1);
    await startAll(room);
    const page = await room.pages[1]?.reload();
    if (page === undefined) throw new Error("no page");
    const lobby = await room.world.until(resumeLobby(page.environment, { game: brokenTag("init"), name: "" }));
    expect([lobby?.me.seat, lobby?.match, lobby?.state.match?.matchNumber]).toEqual([1, undefined, 1]);
    expect(room.world.reported).toEqual([new Error("init")]);
    await room.world.runUntil(() => lobby?.peers.every((peer) => peer.status === "open") === true);
  });

  test("[FA38] a host that is reloaded comes back into the same history, wherever its seat is", async () => {
    const room = await openRoom(2);
    const [ada, bob, cyd] = room.lobbies;
    if (ada === undefined || bob === undefined || cyd === undefined) throw new Error("no lobby");
    await room.world.until(ada.transferHost(bob.me.peerId));
    await room.world.runUntil(() => bob.isHost);
    const matches = await room.world.until(Promise.all([ada.nextMatch(), bob.start(), cyd.nextMatch()]));
    play(matches);
    await room.world.run(1_000);
    const back = await comeBack(room, 1);
    await room.world.runUntil(() => back.role === "player");
    await room.world.run(3_000);
    const [first, , last] = matches;
    if (first === undefined || last === undefined) throw new Error("no match");
    expectEqualChecksums([first, back, last]);
    expect([first, back, last].map((match) => match.stats().refusals)).toEqual([{}, {}, {}]);
  });

  test("[FA38] who is dropped after others came back as other peers follows those", async () => {
    const { room, matches } = await openMatch(1, 1_000);
    const back = await comeBack(room, 0);
    await room.world.runUntil(() => back.role === "player");
    await room.world.run(2_000);
    const [page, lost] = [room.pages[1], matches[1]];
    if (page === undefined || lost === undefined) throw new Error("nobody to drop");
    page.silent = true;
    await room.world.runUntil(() => lost.role === "returning");
    // Its last words are lost too: see `dropLast`.
    await room.world.run(5_000);
    page.silent = false;
    await room.world.runUntil(() => lost.role === "player");
    await room.world.run(3_000);
    expectEqualChecksums([back, lost]);
  });

  test("[FA38] a page that is reloaded twice in a row keeps nobody waiting", async () => {
    for (const pauseMs of [0, 50, 500]) {
      const { room, matches } = await openMatch(2, 1_000);
      await comeBack(room, 1);
      await room.world.run(pauseMs);
      const back = await comeBack(room, 1);
      await room.world.runUntil(() => back.role === "player");
      await room.world.run(3_000);
      const others = [matches[0], matches[2]].filter((match) => match !== undefined);
      expectEqualChecksums([...others, back]);
      expect(others.map((match) => match.stats().stalledFrames)).toEqual([0, 0]);
    }
  });

  test("[FA33] a match goes on while one plays in it who came back as another peer", async () => {
    const { room, matches } = await openMatch(1, 1_000);
    const back = await comeBack(room, 0);
    await room.world.runUntil(() => back.role === "player");
    await room.world.run(2_000);
    const frame = back.stats().confirmedFrame;
    matches[1]?.stop();
    await room.world.run(3_000);
    expect(room.lobbies[0]?.state.match).toBeDefined();
    expect(back.stats().confirmedFrame).toBeGreaterThan(frame + 150);
  });

  test("[FA33] a match whose players all reload at once ends", async () => {
    const room = await openRoom(1);
    play(await startAll(room));
    await room.world.run(1_000);
    const pages = await Promise.all(room.pages.map((page) => page.reload()));
    const lobbies = await room.world.until(Promise.all(pages.map((page) => resumeLobby(page.environment, options("")))));
    expect(lobbies.map((lobby) => lobby?.match?.role)).toEqual(["returning", "returning"]);
    await room.world.runUntil(() => lobbies.every((lobby) => lobby?.state.match === undefined));
  });

  test("[FA39] guests of a device play in seats of their own", async () => {
    const guest = { name: "Gus", colour: 5, choices: null };
    const room = await openRoom(1, { guests: [guest] });
    const [host, other] = await startAll(room);
    if (host === undefined || other === undefined) throw new Error("no match");
    expect(host.seats.map(({ profile }) => profile.name)).toEqual(["Ada", "Gus", "Bob"]);
    expect([host.localPlayers, other.localPlayers]).toEqual([[0, 1], [2]]);
    const asked = new Set<number>();
    host.run({
      input: (player) => {
        asked.add(player);
        return { dx: player === 0 ? 1 : -1, dash: false };
      },
    });
    await room.world.run(2_500);
    expect([...asked]).toEqual([0, 1]);
    expectEqualChecksums([host, other]);
    const { discs } = other.view().state;
    expect(discs[0]?.x).toBeGreaterThan(500);
    expect(discs[1]?.x).toBeLessThan(-500);
  });

  test("[FA40] who joins a lobby while a match runs can watch it, and take the seat of a bot", async () => {
    const room = await openRoom(1, { capacity: 4 });
    const guests = [room.lobbies[1]?.nextMatch() ?? Promise.reject(new Error("no lobby"))];
    const matches = await room.world.until(Promise.all([room.host.start({ playerCount: 3 }), ...guests]));
    play(matches);
    await room.world.run(2_000);
    const late = await join(room, "Zed");
    expect(late.match).toBeUndefined();
    const watched = late.watch();
    expect([late.match, watched.role]).toEqual([watched, "watcher"]);
    await room.world.runUntil(() => watched.stats().confirmedFrame > 60);
    expect(() => late.watch()).toThrow("no seat");
    for (const seats of [[], [2, 2], [0, 2], [3], [0.5]]) expect(() => watched.takeSeats(seats)).toThrow();
    play([watched]);
    watched.takeSeats([2]);
    await room.world.runUntil(() => watched.role === "player");
    await room.world.run(3_000);
    expect(watched.localPlayers).toEqual([2]);
    expectEqualChecksums([...matches, watched]);
    expect(watched.view().state.discs[2]?.dashes).toBeGreaterThan(0);
  });

  test("[FA99] the number of a frame is the match's, of who comes late and who watches, too", async () => {
    const { room } = await openMatch(1, 2_000, { capacity: 4 });
    const watched = (await join(room, "Zed")).watch();
    const seen: number[][] = [];
    watched.run({ input: () => ({ dx: 0, dash: false }), frame: ({ played }, frame) => seen.push([frame + 1, played]) });
    await room.world.runUntil(() => watched.stats().confirmedFrame > 150);
    const { frame, state, confirmedFrame } = watched.view();
    expect([state.played, confirmedFrame]).toEqual([frame, frame - 1]);
    expect(seen.length).toBeGreaterThan(5);
    for (const [after, played] of seen) expect(played).toBe(after);
  });

  test("[FA100] who watches sees the match move evenly, however unevenly it was fed", async () => {
    const room = await openRoom(1, { capacity: 4 });
    const matches = await startAll(room);
    play(matches);
    const watched = (await join(room, "Zed")).watch();
    await room.world.runUntil(() => watched.stats().confirmedFrame > 120);
    const steps: number[] = [];
    for (let picture = 0; picture < 120; picture++) {
      const before = watched.view().frame;
      await room.world.run(20);
      steps.push(watched.view().frame - before);
    }
    // 50 pictures a second of 60 frames: one or two frames each.
    expect(steps.filter((step) => step > 2).length).toBeLessThan(6);
    expect(steps.reduce((sum, step) => sum + step, 0)).toBeGreaterThan(130);
  });

  test("[FA41] any player stops the game for all, and lets it go on", async () => {
    const { room, matches } = await openMatch(2, 500);
    const told: string[] = [];
    matches[2]?.on("paused", (peerId) => told.push(`paused by ${room.lobbies.findIndex(({ me }) => me.peerId === peerId)}`));
    matches[2]?.on("resumed", () => told.push("resumed"));
    matches[1]?.pause();
    await room.world.runUntil(() => matches.every((match) => match.paused));
    await room.world.run(300);
    const played = matches.map((match) => match.view().state.played);
    expect(new Set(played).size).toBe(1);
    await room.world.run(2_000);
    expect(matches.map((match) => match.view().state.played)).toEqual(played);
    matches[0]?.resume();
    await room.world.run(2_000);
    expect(told).toEqual(["paused by 1", "resumed"]);
    expect(matches.every((match) => !match.paused && match.view().state.played > (played[0] ?? 0) + 60)).toBe(true);
    expectEqualChecksums(matches);
  });

  test("[FA42] an event is told at once, then confirmed or cancelled", async () => {
    const room = await openRoom(1);
    room.world.latencyMs = 60;
    const matches = await startAll(room);
    play(matches.slice(1));
    const told: string[] = [];
    const confirmed: string[] = [];
    const cancelled: string[] = [];
    matches[0]?.run({
      input: () => ({ dx: 0, dash: false }),
      on: { dash: (_payload, { id }) => told.push(id) },
      confirmed: { dash: (_payload, { id }) => confirmed.push(id) },
      cancelled: { dash: (_payload, { id }) => cancelled.push(id) },
    });
    await room.world.run(5_000);
    expect(confirmed.length).toBeGreaterThan(3);
    expect(new Set(told).size).toBe(told.length);
    const certain = [...confirmed, ...cancelled].toSorted();
    expect(new Set(certain).size).toBe(certain.length);
    expect(certain.every((id) => told.includes(id))).toBe(true);
  });

  test("[FA43] a game hears of each rollback before and after, with the states of one and the same frame", async () => {
    const room = await openRoom(1);
    room.world.latencyMs = 60;
    const matches = await startAll(room);
    play(matches.slice(1));
    const before: number[] = [];
    const after: number[] = [];
    const moved: number[] = [];
    matches[0]?.run({
      input: () => ({ dx: 0, dash: false }),
      beforeRollback: ({ played, discs }) => {
        before.push(played);
        moved.push(discs[1]?.x ?? 0);
      },
      afterRollback: ({ played, discs }) => {
        after.push(played);
        moved.push((discs[1]?.x ?? 0) - (moved.pop() ?? 0));
      },
    });
    await room.world.run(3_000);
    expect(before.length).toBeGreaterThan(10);
    expect(after).toEqual(before.slice(0, after.length));
    expect(before.length - after.length).toBeLessThanOrEqual(1);
    expect(moved.filter((distance) => distance !== 0).length).toBeGreaterThan(5);
    expectEqualChecksums(matches);
  });

  test("[FA44] running ahead shows one's own input at once and changes nothing in the match", async () => {
    const room = await openRoom(1);
    const matches = await startAll(room);
    const [own, other] = matches;
    if (own === undefined || other === undefined) throw new Error("no match");
    play([other]);
    let dx = 0;
    own.run({ input: () => ({ dx, dash: false }), runAheadFrames: 2 });
    await room.world.run(1_000);
    const standing = own.view().state.discs[0]?.x;
    dx = 1;
    await room.world.run(20);
    // One frame later the disc moves on the screen; in the match it moves when the input delay is over.
    expect(own.view().state.discs[0]?.x).toBeGreaterThan(standing ?? 0);
    expect(own.view().state.played).toBe(own.stats().frame + 2);
    await room.world.run(2_000);
    expectEqualChecksums(matches);
    expect(() => own.run({ input: () => ({ dx: 0, dash: false }), runAheadFrames: 9 })).toThrow("runAheadFrames");
  });

  test("[FA45] who leaves, or closes its page, keeps nobody waiting", async () => {
    for (const way of ["leave", "stop", "close"] as const) {
      const { room, matches } = await openMatch(2, 1_000);
      const others = matches.slice(0, 2);
      const seats: number[] = [];
      for (const match of others) match.on("seat-to-bot", ({ frame }) => seats.push(frame));
      const stalled = others.map((match) => match.stats().stalledFrames);
      if (way === "leave") void room.lobbies[2]?.leave();
      else if (way === "stop") matches[2]?.stop();
      else await room.pages[2]?.reload();
      await room.world.run(2_000);
      expect(seats).toHaveLength(2);
      expect(seats[0]).toBe(seats[1]);
      expect(others.map((match) => match.stats().stalledFrames)).toEqual(stalled);
      expectEqualChecksums(others);
    }
  });
});
