import { describe, expect, test } from "vitest";
import { resumeLobby } from "../src/facade/enter-lobby.ts";
import type { GoneReason } from "../src/core/ports/departure.ts";
import { openRoom, options, startAll, type Room, type TagLobby } from "./facade-room.ts";
import type { TestPage } from "./facade-world.ts";

/** Everything that `lobby` tells about others' coming and going. */
function listen(lobby: TagLobby | undefined): string[] {
  const told: string[] = [];
  lobby?.on("member-gone", (member, reason) => told.push(`${member.profile.name} gone: ${reason}`));
  lobby?.on("member-returned", (member) => told.push(`${member.profile.name} returned`));
  return told;
}

function pageOf(room: Room, index: number): TestPage {
  const page = room.pages[index];
  if (page === undefined) throw new Error(`no page ${index}`);
  return page;
}

describe("[DE20] the lobby tells each departure once, with its reason, to everybody", () => {
  const ways: readonly (readonly [GoneReason, (room: Room) => Promise<unknown>])[] = [
    ["closed", (room) => pageOf(room, 1).goAway("closed")],
    ["navigated", (room) => pageOf(room, 1).goAway("navigated")],
    ["killed", (room) => Promise.resolve(pageOf(room, 1).kill())],
    ["left", (room) => Promise.resolve(void room.lobbies[1]?.leave())],
    ["kicked", (room) => room.host.kick(room.lobbies[1]?.me.peerId ?? room.host.me.peerId)],
  ];
  test.each(ways)("%s", async (reason, go) => {
    const room = await openRoom(2);
    const told = [listen(room.host), listen(room.lobbies[2])];
    await room.world.until(go(room));
    await room.world.run(4_000);
    expect(told).toEqual([[`Bob gone: ${reason}`], [`Bob gone: ${reason}`]]);
    if (room.host.state.members.length === 3) room.world.broker.expire("KXRTM", room.lobbies[1]?.me.peerId ?? room.host.me.peerId);
    await room.world.run(1_000);
    expect(told.flat()).toHaveLength(2);
  });
});

test("[DE3] a closed page is told within 0.3 s", async () => {
  const room = await openRoom(1);
  const told = listen(room.host);
  await pageOf(room, 1).goAway("closed");
  await room.world.run(300);
  expect(told).toEqual(["Bob gone: closed"]);
});

test("[DE4] a page that is reloaded has returned, and was never gone", async () => {
  const room = await openRoom(2);
  const told = [listen(room.host), listen(room.lobbies[2])];
  const page = await pageOf(room, 1).reload();
  await room.world.run(1_500);
  await room.world.until(resumeLobby(page.environment, options("")));
  await room.world.run(10_000);
  expect(told).toEqual([["Bob returned"], ["Bob returned"]]);
});

test("[DE7] a control socket that breaks and comes back is no departure", async () => {
  const room = await openRoom(1);
  const told = listen(room.host);
  room.world.broker.socketOf(room.lobbies[1]?.me.peerId ?? room.host.me.peerId).drop();
  await room.world.run(6_000);
  expect(told).toEqual(["Bob returned"]);
});

test("[DE21] a seat that goes to its bot says why, as far as it is known", async () => {
  const room = await openRoom(3);
  const matches = await startAll(room);
  await room.world.run(500);
  const bots: unknown[] = [];
  matches[0]?.on("seat-to-bot", ({ peerId, reason }) => {
    bots.push([room.host.state.members.find((member) => member.peerId === peerId)?.profile.name, reason]);
  });
  pageOf(room, 2).kill();
  await room.world.run(4_000);
  matches[3]?.stop();
  await room.world.run(2_000);
  expect(bots).toEqual([
    ["Cyd", "killed"],
    ["Dee", undefined],
  ]);
});
