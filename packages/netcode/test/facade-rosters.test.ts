import { describe, expect, test } from "vitest";
import { resumeLobby } from "../src/facade/enter-lobby.ts";
import { join, openRoom, options, play, startAll, type Room, type TagLobby } from "./facade-room.ts";
import { FacadeWorld } from "./facade-world.ts";
import { StandInSigner } from "./stand-in-signer.ts";

/** Ada, Bob, Cyd, Dee, of a broker that signs. */
async function signedRoom(guestCount = 3): Promise<Room> {
  const world = new FacadeWorld();
  world.broker.signer = new StandInSigner("a");
  return openRoom(guestCount, {}, world);
}

function told(lobby: TagLobby | undefined): string[] {
  const list: string[] = [];
  lobby?.on("member-left", (member, reason) => list.push(`${member.profile.name} left: ${reason}`));
  lobby?.on("member-joined", (member) => list.push(`${member.profile.name} joined`));
  lobby?.on("member-gone", (member, reason) => list.push(`${member.profile.name} gone: ${reason}`));
  lobby?.on("broker-lost", () => list.push("broker lost"));
  lobby?.on("broker-back", () => list.push("broker back"));
  return list;
}

const names = (lobby: TagLobby | undefined): string[] => (lobby?.state.members ?? []).map(({ profile }) => profile.name);
const linked = (room: Room, lobby: TagLobby | undefined): string[] =>
  (lobby?.peers ?? [])
    .filter(({ status }) => status === "open")
    .map(({ peerId }) => room.lobbies.find(({ me }) => me.peerId === peerId)?.me.profile.name ?? "?");

/** From now on this member hears nothing of the broker, and does not know it. */
function deafen(room: Room, index: number): void {
  const socket = room.world.broker.socketOf(room.lobbies[index]!.me.peerId);
  socket.deliver = () => {};
}

describe("rosters in the lobby", () => {
  test("[TK70] who was kicked is gone at once at a member that does not hear the broker, is told once, and stays gone", async () => {
    const room = await signedRoom();
    const [host, bob, cyd] = room.lobbies as [TagLobby, TagLobby, TagLobby];
    const list = told(cyd);
    deafen(room, 2);
    await room.world.until(host.kick(bob.me.peerId));
    await room.world.run(100);
    expect(list).toEqual(["Bob gone: kicked", "Bob left: kicked"]);
    expect([names(cyd), linked(room, cyd)]).toEqual([
      ["Ada", "Cyd", "Dee"],
      ["Ada", "Dee"],
    ]);
    // It finds its socket dead after ten seconds, comes back, and hears nothing new.
    await room.world.run(15_000);
    expect(list).toEqual(["Bob gone: kicked", "Bob left: kicked", "broker lost", "broker back"]);
    expect(names(cyd)).toEqual(["Ada", "Cyd", "Dee"]);
    await room.world.run(1_000);
    expect(linked(room, cyd)).toEqual(["Ada", "Dee"]);
  });

  test("[FA112] `state` is one object until something in it changes, of who heard of a departure by a roster alone, too", async () => {
    const room = await signedRoom();
    const [host, bob, cyd, dee] = room.lobbies as [TagLobby, TagLobby, TagLobby, TagLobby];
    const states: unknown[] = [cyd.state];
    cyd.on("member-left", () => states.push(cyd.state));
    deafen(room, 2);
    for (const { me } of [bob, dee]) {
      await room.world.until(host.kick(me.peerId));
      await room.world.run(100);
      expect(cyd.state).toBe(states.at(-1));
    }
    expect([names(cyd), new Set(states).size]).toEqual([["Ada", "Cyd"], 3]);
  });

  test("[TK71] who left is gone, too; a page that was reloaded has not left: its link is there again before the broker tells of it", async () => {
    const room = await signedRoom();
    const cyd = room.lobbies[2]!;
    const list = told(cyd);
    deafen(room, 2);
    await room.world.until(room.lobbies[3]!.leave());
    const page = await room.pages[1]!.reload();
    const bob = await room.world.until(resumeLobby(page.environment, options("")));
    await room.world.runUntil(() => cyd.peers.some(({ peerId, status }) => peerId === bob?.me.peerId && status === "open"));
    expect(list).toEqual(["Dee gone: left", "Dee left: left"]);
    expect(names(cyd)).toEqual(["Ada", "Bob", "Cyd"]);
    await room.world.runUntil(() => list.includes("broker back"));
    await room.world.run(2_000);
    expect(names(cyd)).toEqual(["Ada", "Bob", "Cyd"]);
    expect(list.filter((line) => line.startsWith("Dee left"))).toHaveLength(1);
    expect(cyd.peers.map(({ peerId, status }) => [peerId, status])).toEqual([
      [room.host.me.peerId, "open"],
      [bob?.me.peerId, "open"],
    ]);
  });

  test("[TK72] a newcomer is linked with a member that does not hear the broker; what else there is to know of it comes with the broker", async () => {
    const room = await signedRoom(2);
    const cyd = room.lobbies[2]!;
    const list = told(cyd);
    deafen(room, 2);
    const dee = await join(room);
    await room.world.runUntil(() => linked(room, dee).length === 3 && linked(room, cyd).length === 3);
    expect(names(cyd)).toEqual(["Ada", "Bob", "Cyd"]);
    const eve = await join(room, "Eve");
    await room.world.runUntil(() => linked(room, cyd).length === 4);
    // One of them goes again before Cyd has heard of her.
    await room.world.until(eve.leave());
    await room.world.run(500);
    expect(cyd.peers).toHaveLength(3);
    await room.world.runUntil(() => list.includes("broker back"));
    await room.world.run(100);
    expect(names(cyd)).toEqual(["Ada", "Bob", "Cyd", "Dee"]);
    expect(list.filter((line) => line.endsWith("joined"))).toEqual(["Dee joined"]);
    expect(linked(room, cyd)).toEqual(["Ada", "Bob", "Dee"]);
  });

  test("[TK73] a member that somebody invents in the channel to the broker gets no link, and disturbs none", async () => {
    const room = await signedRoom(2);
    const [host, bob] = room.lobbies as [TagLobby, TagLobby];
    // Eve has a key, and a page that believes that it is a member; Ada's channel says so, too.
    const { broker } = room.world;
    const state = broker.room(host.code).state;
    const { signer } = broker;
    broker.signer = undefined;
    const world = room.world;
    const eve = await join(room, "Eve");
    broker.signer = signer;
    await world.run(10_000);
    expect(names(host)).toContain("Eve");
    expect([linked(room, host), linked(room, bob)]).toEqual([
      ["Bob", "Cyd"],
      ["Ada", "Cyd"],
    ]);
    expect(eve.peers.map(({ status }) => status)).not.toContain("open");
    expect(state.members).toHaveLength(3);
  });

  test("[TK68] only the first admission of a page says whose rosters count: keys that a later one names sign nothing", async () => {
    const room = await signedRoom(1);
    const { broker } = room.world;
    const list = told(room.host);
    const { signer } = broker;
    broker.signer = new StandInSigner("b");
    broker.socketOf(room.host.me.peerId).drop();
    await room.world.runUntil(() => list.includes("broker back"));
    await join(room, "Eve");
    await room.world.run(5_000);
    expect([names(room.host), linked(room, room.host)]).toEqual([["Ada", "Bob", "Eve"], ["Bob"]]);
    broker.signer = signer;
    await join(room, "Cyd");
    await room.world.runUntil(() => linked(room, room.host).includes("Cyd"));
  });

  test("[TK74] a kick in the middle of a match ends the part of who was kicked at all the others, whoever hears the broker", async () => {
    const room = await signedRoom();
    const matches = await startAll(room);
    play(matches);
    const bots = matches.map((match) => {
      const seats: unknown[] = [];
      match.on("seat-to-bot", ({ peerId, frame, reason }) => seats.push({ peerId, frame, reason }));
      return seats;
    });
    await room.world.run(2_000);
    deafen(room, 2);
    const { peerId } = room.lobbies[1]!.me;
    // A page that says no goodbye.
    room.pages[1]!.silent = true;
    await room.world.until(room.host.kick(peerId));
    await room.world.run(2_000);
    expect(bots[0]).toEqual([{ peerId, frame: expect.any(Number), reason: "kicked" }]);
    expect([bots[2], bots[3]]).toEqual([bots[0], bots[0]]);
    const frames = [0, 2, 3].map((index) => matches[index]!.stats().confirmedFrame);
    await room.world.run(1_000);
    for (const [at, index] of [0, 2, 3].entries()) expect(matches[index]!.stats().confirmedFrame).toBeGreaterThan(frames[at]! + 30);
  });
});
