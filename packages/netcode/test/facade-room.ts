/** Rooms of the tag game in a `FacadeWorld`, for tests. */
import { expect } from "vitest";
import { hostLobby, joinLobby } from "../src/facade/enter-lobby.ts";
import type { NetcodeErrorLike } from "../src/facade/error-types.ts";
import type { HostOptions, Lobby, LobbyOptions } from "../src/facade/lobby-types.ts";
import type { GameEvent, Match } from "../src/facade/match-types.ts";
import { FacadeWorld, type TestPage } from "./facade-world.ts";
import { tagGame, type TagInput, type TagState } from "./tag-game.ts";

export type TagLobby = Lobby<TagState, TagInput>;
export type TagMatch = Match<TagState, TagInput>;

export interface Room {
  readonly world: FacadeWorld;
  readonly pages: TestPage[];
  readonly lobbies: TagLobby[];
  readonly host: TagLobby;
}

const NAMES = ["Ada", "Bob", "Cyd", "Dee", "Eve"];

export function options(name: string): LobbyOptions<TagState, TagInput> {
  return { game: tagGame, name };
}

export async function join(room: Room, name = NAMES[room.lobbies.length] ?? "Zed"): Promise<TagLobby> {
  const page = room.world.page();
  const lobby = await room.world.until(joinLobby(page.environment, room.host.code, options(name)));
  room.pages.push(page);
  room.lobbies.push(lobby);
  return lobby;
}

/** A host and `guestCount` guests, all linked. */
export async function openRoom(
  guestCount: number,
  hostOptions: Partial<HostOptions<TagState, TagInput>> = {},
  world: FacadeWorld = new FacadeWorld(),
): Promise<Room> {
  const page = world.page();
  const host = await world.until(hostLobby(page.environment, { ...options("Ada"), ...hostOptions }));
  const room: Room = { world, pages: [page], lobbies: [host], host };
  for (let guest = 0; guest < guestCount; guest++) await join(room);
  await world.runUntil(() => room.lobbies.every((lobby) => lobby.peers.every((peer) => peer.status === "open")));
  return room;
}

/** Starts a match and returns everybody's, in the order of the lobbies. */
export async function startAll(room: Room, countdownMs = 0): Promise<TagMatch[]> {
  const guests = room.lobbies.slice(1).map((lobby) => lobby.nextMatch());
  return room.world.until(Promise.all([room.host.start({ countdownMs }), ...guests]));
}

/** Keys that change all the time, so that predictions go wrong. */
export function play(matches: readonly TagMatch[], on: (match: number, event: GameEvent) => void = () => {}): void {
  for (const [index, match] of matches.entries()) {
    let asked = index * 7;
    match.run({
      input: () => {
        asked++;
        return { dx: (asked % 11) / 5 - 1, dash: asked % 40 === 0 };
      },
      on: { dash: (_payload, event) => on(index, event) },
    });
  }
}

/** A room whose members have played for `forMs`, and go on. */
export async function openMatch(
  guestCount: number,
  forMs: number,
  hostOptions: Partial<HostOptions<TagState, TagInput>> = {},
): Promise<{ readonly room: Room; readonly matches: TagMatch[] }> {
  const room = await openRoom(guestCount, hostOptions);
  const matches = await startAll(room);
  play(matches);
  await room.world.run(forMs);
  return { room, matches };
}

export function expectEqualChecksums(matches: readonly TagMatch[]): void {
  const newest = Math.min(...matches.map((match) => match.stats().confirmedFrame));
  expect(newest).toBeGreaterThan(100);
  for (let frame = newest - 60; frame <= newest; frame++) {
    const checksums = matches.map((match) => match.checksum(frame));
    expect(checksums[0]).toBeDefined();
    expect(new Set(checksums).size).toBe(1);
  }
}

export async function errorOf(promise: Promise<unknown>): Promise<NetcodeErrorLike> {
  return promise.then(
    () => {
      throw new Error("did not reject");
    },
    (error: unknown) => error as NetcodeErrorLike,
  );
}
