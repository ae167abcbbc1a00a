import { playersOf } from "@rollcall/netcode/lobby-protocol";
import { expect, test } from "vitest";
import { peer, TestLobby } from "../test/lobby-fixture.ts";

function roles(room: TestLobby): Record<string, string> {
  return Object.fromEntries(
    room.record.lobby.members.map(({ peerId, role = "player", queueNumber = "" }) => [peerId, `${role}${queueNumber}`]),
  );
}

const setRole = (room: TestLobby, by: string, role: "player" | "spectator", of?: string): string =>
  room.command(by, { type: "set-role", role, ...(of === undefined ? {} : { peerId: peer(of) }) });

test("[LS40] spectators and who waits take seats of the audience, not of the players; without room, or unasked, a full lobby is full", () => {
  const room = new TestLobby({ capacity: 2, audience: 2 });
  expect(room.join("eve", { as: "spectator" })).toBe("ok");
  expect(room.join("bob", { as: "queue" })).toBe("ok");
  expect(room.join("cyd")).toBe("LOBBY_FULL");
  expect(room.join("cyd", { as: "queue" })).toBe("ok");
  expect(roles(room)).toEqual({ ada: "player", eve: "spectator", bob: "player", cyd: "queued1" });
  for (const as of ["player", "spectator", "queue"] as const) expect(room.join("dan", { as })).toBe("LOBBY_FULL");
  expect(room.command("bob", { type: "set-audience", audience: 9 })).toBe("NOT_HOST");
  expect(room.command("ada", { type: "set-audience", audience: 3 })).toBe("ok");
  expect(room.join("dan", { as: "spectator" })).toBe("ok");
  // Nobody is put out of a smaller audience.
  room.command("ada", { type: "set-audience", audience: 0 });
  expect(room.people).toHaveLength(5);
});

test("[LS40] a lobby has at most 64 members, whatever they do", () => {
  const room = new TestLobby({ capacity: 60, audience: 64 });
  for (let index = 0; index < 63; index++) expect(room.join(`p${index}`, { as: index < 10 ? "spectator" : "queue" })).toBe("ok");
  expect(room.join("last", { as: "spectator" })).toBe("LOBBY_FULL");
  expect(room.join("last")).toBe("LOBBY_FULL");
});

test("[LS41] a free seat goes to who has waited longest and is there: when a player leaves, is kicked, runs out of time, watches, or the capacity grows", () => {
  const room = new TestLobby({ capacity: 2, audience: 9 });
  for (const name of ["bob", "c1", "c2", "c3", "c4", "c5", "c6"]) room.join(name, { as: "queue" });
  const next = (): string[] => playersOf(room.record.lobby).map(({ peerId }) => peerId);
  room.disconnect("c1");
  room.command("bob", { type: "leave" });
  expect(next()).toEqual(["ada", "c2"]);
  room.command("ada", { type: "kick", peerId: peer("c2") });
  expect(next()).toEqual(["ada", "c3"]);
  setRole(room, "c3", "spectator");
  expect(next()).toEqual(["ada", "c4"]);
  room.disconnect("c4");
  room.pass(89_000);
  expect(next()).toEqual(["ada", "c4"]);
  room.resume("c1");
  room.pass(1_000);
  // Back in time, and still before the others.
  expect(next()).toEqual(["ada", "c1"]);
  expect(room.changes.at(-1)?.change).toEqual({ type: "role-changed", peerId: "c1" });
  room.command("ada", { type: "set-capacity", capacity: 3 });
  expect(next().toSorted()).toEqual(["ada", "c1", "c5"]);
  expect(room.command("ada", { type: "set-capacity", capacity: 2 })).toBe("BAD_REQUEST");
  expect(roles(room)).toMatchObject({ c3: "spectator", c6: "queued6" });
});

test("[LS42] a member goes to watch and comes back by way of the queue; who waits keeps the place; the host may do it for others", () => {
  const room = new TestLobby({ capacity: 2, audience: 3 });
  for (const name of ["bob", "cyd", "dan"]) room.join(name, { as: "queue" });
  room.command("bob", { type: "set-ready", ready: true });
  expect(setRole(room, "cyd", "spectator", "bob")).toBe("NOT_HOST");
  expect(setRole(room, "ada", "spectator", "bob")).toBe("ok");
  expect(roles(room)).toEqual({ ada: "player", bob: "spectator", cyd: "player", dan: "queued2" });
  expect(room.record.lobby.members.find(({ peerId }) => peerId === "bob")?.ready).toBe(false);
  const before = room.record;
  for (const [name, role] of [
    ["bob", "spectator"],
    ["dan", "player"],
    ["ada", "player"],
  ] as const)
    expect(setRole(room, name, role)).toBe("ok");
  expect(room.record).toBe(before);
  expect(setRole(room, "bob", "player")).toBe("ok");
  expect(roles(room)).toMatchObject({ dan: "queued2", bob: "queued3" });
  expect(setRole(room, "ada", "spectator", "nobody")).toBe("BAD_REQUEST");
  room.command("ada", { type: "set-audience", audience: 2 });
  expect(setRole(room, "cyd", "spectator")).toBe("LOBBY_FULL");
  // The host may watch, too, and stays host.
  room.command("ada", { type: "set-audience", audience: 4 });
  expect(setRole(room, "ada", "spectator")).toBe("ok");
  expect(roles(room)).toEqual({ ada: "spectator", bob: "queued3", cyd: "player", dan: "player" });
  expect(room.record.lobby.hostId).toBe("ada");
});

test("[LS43] a match seats players alone; spectators keep their role over a reload, and a player is host before them", () => {
  const room = new TestLobby({ capacity: 2, audience: 4 });
  room.join("eve", { as: "spectator" });
  room.join("bob");
  room.join("cyd", { as: "queue" });
  room.command("ada", { type: "start", playerCount: 3, botProfiles: [], countdownMs: 0 });
  expect(room.record.lobby.match?.seats.map((seat) => (seat.kind === "person" ? seat.peerId : seat.kind))).toEqual(["ada", "bob", "bot"]);
  room.disconnect("eve");
  room.resume("eve", "eve2");
  room.disconnect("cyd");
  room.resume("cyd", "cyd2");
  expect(roles(room)).toMatchObject({ eve2: "spectator", cyd2: "queued1" });
  room.command("ada", { type: "end-match", matchNumber: 1 });
  for (const name of ["bob", "ada"]) room.command("ada", { type: "set-role", role: "spectator", peerId: peer(name) });
  room.command("cyd2", { type: "leave" });
  expect(room.command("ada", { type: "start", playerCount: 3, botProfiles: [], countdownMs: 0 })).toBe("BAD_REQUEST");
  room.command("ada", { type: "set-role", role: "player", peerId: peer("bob") });
  room.join("cyd2", { as: "queue", deviceHash: null, address: "another" });
  room.command("ada", { type: "leave" });
  expect(room.record.lobby.hostId).toBe("bob");
  expect(roles(room)).toMatchObject({ cyd2: "player" });
});
