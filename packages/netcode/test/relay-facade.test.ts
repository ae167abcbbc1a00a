import { describe, expect, it } from "vitest";
import { hostLobby } from "../src/facade/enter-lobby.ts";
import type { LobbyPeer } from "../src/facade/lobby-types.ts";
import { expectEqualChecksums, join, options, play, startAll, type Room, type TagLobby } from "./facade-room.ts";
import { FacadeWorld } from "./facade-world.ts";

/** A host and guests, of whom the second and the third guest never get a connection to each other. */
async function roomWithDeadPair(guestCount: number): Promise<Room> {
  const world = new FacadeWorld();
  const page = world.page();
  const host = await world.until(hostLobby(page.environment, options("Ada")));
  const room: Room = { world, pages: [page], lobbies: [host], host };
  const pageOf = world.page.bind(world);
  // The pages of the pair must know each other before either has a transport.
  const pages = Array.from({ length: guestCount }, pageOf);
  pages[1]?.cannotReach.add(pages[2] ?? page);
  pages[2]?.cannotReach.add(pages[1] ?? page);
  world.page = () => pages.shift() ?? pageOf();
  for (let guest = 0; guest < guestCount; guest++) await join(room);
  return room;
}

function peerOf(lobby: TagLobby | undefined, other: TagLobby | undefined): LobbyPeer | undefined {
  return lobby?.peers.find(({ peerId }) => peerId === other?.me.peerId);
}

describe("a lobby with a pair that gets no connection", () => {
  it("[LK92] shows the pair as open over another member, and as reached by nobody else", async () => {
    const room = await roomWithDeadPair(3);
    await room.world.runUntil(() => room.lobbies.every((lobby) => lobby.peers.every(({ status }) => status === "open")));
    await room.world.run(2_000);
    const [, , cyd, dee] = room.lobbies;
    expect([peerOf(cyd, dee), peerOf(dee, cyd)]).toEqual([
      expect.objectContaining({ path: "peer" }),
      expect.objectContaining({ path: "peer" }),
    ]);
    const direct = room.lobbies.flatMap((lobby) => lobby.peers).filter(({ path }) => path === "direct");
    expect(direct.length).toBe(10);
  });

  it("[LK92] starts a match at once, without waiting for the pair, plays it to equal checksums, and shows the path", async () => {
    const room = await roomWithDeadPair(3);
    const matches = await startAll(room);
    const told: string[] = [];
    for (const match of matches) match.on("seat-to-bot", ({ peerId }) => told.push(`bot for ${peerId}`));
    for (const match of matches) match.on("suspect", (peerId) => told.push(`suspect ${peerId}`));
    play(matches);
    await room.world.runUntil(() => matches.every((match) => match.view().frame >= 300));
    expectEqualChecksums(matches);
    const paths = matches.map((match) => match.stats().peers.map(({ path }) => path));
    expect(paths.flat().filter((path) => path === "peer").length).toBe(2);
    expect([told, room.world.reported]).toEqual([[], []]);
  });
});
