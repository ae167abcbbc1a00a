/** The ten situations that makers of party games ask about again and again, by the names that they give them. */
import { applyLobbyChange, playersOf, type LobbyState } from "@rollcall/netcode/lobby-protocol";
import { expect, test } from "vitest";
import { peer, TestLobby } from "../test/lobby-fixture.ts";

const START = { type: "start", playerCount: 2, botProfiles: [], countdownMs: 0 } as const;

/** The match's seats: peer ids, and "bot". */
function seats({ record }: TestLobby): readonly string[] {
  return record.lobby.match?.seats.map((seat) => (seat.kind === "person" ? seat.peerId : "bot")) ?? [];
}

test("[LS60] connected, but not visible in the lobby: who is admitted is in the lobby of everybody, in the very change that tells of it", () => {
  const room = new TestLobby();
  let seen: LobbyState | undefined = room.record.lobby;
  for (const name of ["bob", "cyd"]) room.join(name);
  room.disconnect("bob");
  room.resume("bob", "bob2");
  for (const { event, change } of room.changes) seen = seen && applyLobbyChange(seen, event, change);
  expect(seen).toEqual(room.record.lobby);
  expect(seen?.members.map(({ peerId, connected }) => [peerId, connected])).toEqual([
    ["ada", true],
    ["bob2", true],
    ["cyd", true],
  ]);
});

test("[LS61] join in the middle of a game: the newcomer is a member, sees who plays, and has a seat in the next one", () => {
  const room = new TestLobby();
  room.join("bob");
  room.command("ada", START);
  expect(room.join("cyd")).toBe("ok");
  expect(seats(room)).toEqual(["ada", "bob"]);
  room.command("ada", { type: "end-match", matchNumber: 1 });
  room.command("ada", { ...START, playerCount: 3 });
  expect(seats(room)).toEqual(["ada", "bob", "cyd"]);
});

test("[LS62] a hundred people for eight seats: eight play, as many as the lobby lets in wait in order, the rest is told that it is full", () => {
  const room = new TestLobby({ capacity: 8, audience: 56 });
  const answers = Array.from({ length: 99 }, (_, index) => room.join(`p${index}`, { as: "queue" }));
  expect(answers.filter((answer) => answer === "ok")).toHaveLength(63);
  expect(answers.slice(63).every((answer) => answer === "LOBBY_FULL")).toBe(true);
  expect(playersOf(room.record.lobby).map(({ peerId }) => peerId)).toEqual(["ada", ..."0123456".split("").map((digit) => `p${digit}`)]);
  room.command("p3", { type: "leave" });
  expect(playersOf(room.record.lobby).map(({ peerId }) => peerId)).toContain("p7");
  expect(room.join("p98", { as: "queue" })).toBe("ok");
});

test("[LS63] somebody is still in the lobby at the start: not ready or away, nobody is waited for; who is away has a bot, and comes back to the room", () => {
  const room = new TestLobby();
  for (const name of ["bob", "cyd"]) room.join(name);
  room.command("ada", { type: "set-ready", ready: true });
  room.disconnect("cyd");
  room.command("ada", { ...START, playerCount: 3 });
  expect(seats(room)).toEqual(["ada", "bob", "bot"]);
  expect(room.resume("cyd")).toBe("ok");
  expect(room.people).toContain("cyd");
});

test("[LS64] restart with the same room: the next match has the same people in the same room under the next number, and nobody is ready for it yet", () => {
  const room = new TestLobby();
  room.join("bob");
  for (let matchNumber = 1; matchNumber <= 3; matchNumber++) {
    room.command("bob", { type: "set-ready", ready: true });
    expect(room.command("ada", START)).toBe("ok");
    expect(room.record.lobby.match?.matchNumber).toBe(matchNumber);
    expect(room.record.lobby.members.some(({ ready }) => ready)).toBe(false);
    for (const name of ["bob", "ada"]) expect(room.command(name, { type: "end-match", matchNumber })).toBe("ok");
  }
  expect([room.record.lobby.code, room.people]).toEqual(["KXRTM", ["ada", "bob"]]);
});

test("[LS65] somebody drops on their turn: the match goes on, the seat in it stays theirs, and a fresh page finds it under its new name", () => {
  const room = new TestLobby();
  room.join("bob");
  room.command("ada", START);
  room.disconnect("bob");
  room.pass(60_000);
  expect(room.record.lobby.match).toBeDefined();
  expect(room.resume("bob", "bob2")).toBe("ok");
  expect(seats(room)).toEqual(["ada", "bob2"]);
});

test("[LS66] the host drops: within a second another is host, the match goes on, and the first comes back as a member", () => {
  const room = new TestLobby();
  room.join("bob");
  room.command("ada", START);
  room.disconnect("ada");
  room.pass(1_000);
  expect(room.record.lobby.hostId).toBe("bob");
  expect(room.record.lobby.match).toBeDefined();
  expect(room.resume("ada", "ada2")).toBe("ok");
  expect(room.record.lobby.hostId).toBe("bob");
  expect(room.command("ada2", { type: "set-locked", locked: true })).toBe("NOT_HOST");
  expect(room.command("bob", { type: "transfer-host", peerId: peer("ada2") })).toBe("ok");
});

test("[LS67] a phone call, then back: within 90 seconds the seat is kept, at a new address too; after that it is free", () => {
  const room = new TestLobby({ capacity: 2, audience: 1 });
  room.join("bob");
  room.join("cyd", { as: "queue" });
  room.disconnect("bob");
  room.pass(89_999);
  expect(room.resume("bob", undefined, { address: "address-of-the-train" })).toBe("ok");
  room.disconnect("bob");
  room.pass(90_000);
  expect(room.resume("bob")).toBe("SEAT_EXPIRED");
  expect(playersOf(room.record.lobby).map(({ peerId }) => peerId)).toEqual(["ada", "cyd"]);
});

test("[LS68] a queue for a full room: in order, over reloads, and without anybody who has left", () => {
  const room = new TestLobby({ capacity: 1, audience: 4 });
  for (const name of ["bob", "cyd", "dan"]) room.join(name, { as: "queue" });
  room.command("cyd", { type: "leave" });
  room.disconnect("bob");
  room.resume("bob", "bob2");
  room.command("ada", { type: "set-role", role: "spectator" });
  expect(playersOf(room.record.lobby).map(({ peerId }) => peerId)).toEqual(["bob2"]);
  room.command("bob2", { type: "leave" });
  expect(playersOf(room.record.lobby).map(({ peerId }) => peerId)).toEqual(["dan"]);
});

test("[LS69] remove an abuser: out in the middle of a match, which goes on; not back by code, key, browser or address; the others stay", () => {
  const room = new TestLobby();
  for (const name of ["bob", "pest"]) room.join(name);
  room.command("ada", { ...START, playerCount: 3 });
  expect(room.command("ada", { type: "ban", peerId: peer("pest") })).toBe("ok");
  expect(room.record.lobby.match).toBeDefined();
  expect(room.resume("pest")).toBe("LOBBY_NOT_FOUND");
  expect(room.join("again", { deviceHash: "device-pest" })).toBe("LOBBY_NOT_FOUND");
  expect(room.join("again", { address: "address-pest", as: "spectator" })).toBe("LOBBY_NOT_FOUND");
  expect(room.join("again", { peerId: peer("pest") })).toBe("LOBBY_NOT_FOUND");
  expect(room.people).toEqual(["ada", "bob"]);
});
