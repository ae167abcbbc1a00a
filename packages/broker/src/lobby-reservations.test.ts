import { isFull, LOBBY_LIMITS, playersOf } from "@rollcall/netcode/lobby-protocol";
import { expect, test } from "vitest";
import { peer, TestLobby } from "../test/lobby-fixture.ts";
import { TypedPassword } from "../test/typed-password.ts";
import { lobbyDeadlineMs } from "./lobby.ts";
import { listingOf } from "./lobby-listing.ts";

const reserve = (room: TestLobby, reservations: readonly string[], forMs = 600_000): string =>
  room.command("ada", { type: "reserve", reservations, forMs });
const reserved = ({ record }: TestLobby): number => record.lobby.door.reserved;
const players = ({ record }: TestLobby): string[] => playersOf(record.lobby).map(({ peerId }) => peerId);

test("[LS80] strangers, who waits and who watches get no seat that is held; whoever has the reservation does, and the list counts it as taken", () => {
  const room = new TestLobby({ capacity: 3, audience: 2 });
  room.join("eve", { as: "spectator" });
  room.command("ada", { type: "set-listed", listed: true });
  expect(reserve(room, ["for-bob", "for-cyd"])).toBe("ok");
  expect(room.changes.at(-1)?.change).toMatchObject({ type: "door-changed", door: { listed: true, reserved: 2 } });
  const listing = listingOf(room.record);
  expect(listing).toMatchObject({ members: 3, capacity: 3 });
  expect(listing && isFull(listing)).toBe(true);
  expect(room.join("dan")).toBe("LOBBY_FULL");
  expect(room.join("dan", { as: "queue" })).toBe("ok");
  expect(room.command("eve", { type: "set-role", role: "player" })).toBe("ok");
  expect(players(room)).toEqual(["ada"]);
  expect(room.join("bob", { reservationHash: "for-bob" })).toBe("ok");
  expect(room.join("cyd", { as: "queue", reservationHash: "for-cyd" })).toBe("ok");
  expect([players(room).toSorted(), reserved(room)]).toEqual([["ada", "bob", "cyd"], 0]);
});

test("[LS81] a reservation lets one person in, once; who comes to watch does not use it", () => {
  const room = new TestLobby({ capacity: 2, audience: 1 });
  reserve(room, ["r"]);
  expect(room.join("eve", { as: "spectator", reservationHash: "r" })).toBe("ok");
  expect(reserved(room)).toBe(1);
  expect(room.join("bob", { reservationHash: "r" })).toBe("ok");
  room.command("bob", { type: "leave" });
  expect(room.join("cyd")).toBe("ok");
  for (const reservationHash of ["r", "never-made"]) expect(room.join("dan", { reservationHash })).toBe("LOBBY_FULL");
  room.command("cyd", { type: "leave" });
  // Worth nothing is no reason to be turned away.
  expect(room.join("dan", { reservationHash: "never-made" })).toBe("ok");
});

test("[LS81] it is a seat and no more: lock, ban, password and version hold for who has one, and leave it unused", () => {
  const room = new TestLobby({ capacity: 2 });
  room.join("bob");
  room.command("ada", { type: "ban", peerId: peer("bob") });
  reserve(room, ["r"]);
  const join = (options: Parameters<TestLobby["join"]>[1] = {}): string => room.join("cyd", { reservationHash: "r", ...options });
  expect(join({ deviceHash: "device-bob" })).toBe("LOBBY_NOT_FOUND");
  expect(join({ game: { id: "tag", version: 2, contentHash: "0123abcd" } })).toBe("VERSION_MISMATCH");
  room.command("ada", { type: "set-locked", locked: true });
  expect(join()).toBe("LOBBY_LOCKED");
  room.command("ada", { type: "set-locked", locked: false });
  room.command("ada", { type: "set-password", password: new TypedPassword("open sesame").verifier() });
  expect(join()).toBe("PASSWORD_REQUIRED");
  room.command("ada", { type: "set-password", password: null });
  expect(reserved(room)).toBe(1);
  expect(join()).toBe("ok");
});

test("[LS82] players and held seats are never more than the capacity, nor members and held seats more than 64", () => {
  const room = new TestLobby({ capacity: 3, audience: 64 });
  room.join("bob");
  expect(reserve(room, ["a", "b"])).toBe("LOBBY_FULL");
  expect([reserve(room, ["a"]), reserve(room, ["b"])]).toEqual(["ok", "LOBBY_FULL"]);
  expect(room.command("ada", { type: "set-capacity", capacity: 2 })).toBe("BAD_REQUEST");
  room.command("bob", { type: "leave" });
  expect(room.command("ada", { type: "set-capacity", capacity: 2 })).toBe("ok");
  expect(room.command("ada", { type: "set-capacity", capacity: 1 })).toBe("BAD_REQUEST");
  for (let index = 0; index < LOBBY_LIMITS.members - 2; index++) expect(room.join(`s${index}`, { as: "spectator" })).toBe("ok");
  expect(room.join("last", { as: "spectator" })).toBe("LOBBY_FULL");
  expect(room.join("cyd", { reservationHash: "a" })).toBe("ok");
  room.command("ada", { type: "set-capacity", capacity: 3 });
  expect(reserve(room, ["c"])).toBe("LOBBY_FULL");
});

test("[LS83] a seat that is not taken in time, or given back, goes to who waits; an absent holder changes nothing of it", () => {
  const room = new TestLobby({ capacity: 2, audience: 2 });
  reserve(room, ["r"], 60_000);
  room.join("bob", { as: "queue" });
  room.pass(59_999);
  expect(players(room)).toEqual(["ada"]);
  expect(lobbyDeadlineMs(room.record)).toBe(room.nowMs + 1);
  room.pass(1);
  expect([players(room), reserved(room)]).toEqual([["ada", "bob"], 0]);
  expect(room.join("late", { reservationHash: "r" })).toBe("LOBBY_FULL");
  room.command("ada", { type: "set-capacity", capacity: 4 });
  reserve(room, ["s", "t"]);
  room.join("cyd", { as: "queue" });
  expect(room.command("bob", { type: "unreserve" })).toBe("NOT_HOST");
  expect(room.command("ada", { type: "unreserve", reservations: ["s", "unknown"] })).toBe("ok");
  expect([players(room), reserved(room)]).toEqual([["ada", "bob", "cyd"], 1]);
  // Another host knows none of them, and gives back all.
  room.command("ada", { type: "transfer-host", peerId: peer("cyd") });
  expect(room.command("cyd", { type: "unreserve" })).toBe("ok");
  expect(reserved(room)).toBe(0);
});

test("[LS83] what is asked again changes nothing, also when somebody has come with it by then", () => {
  const room = new TestLobby({ capacity: 3 });
  reserve(room, ["r", "r", "s"]);
  expect(reserved(room)).toBe(2);
  room.join("bob", { reservationHash: "r" });
  const { record } = room;
  room.nowMs += 1_000;
  expect(reserve(room, ["r", "s"])).toBe("ok");
  expect(room.record.reservations).toEqual(record.reservations);
});

test("[LS82] a lobby remembers 128 reservations: the oldest used ones give way, never one that holds a seat", () => {
  const room = new TestLobby({ capacity: 2 });
  reserve(room, ["first"], 86_400_000);
  room.join("bob", { reservationHash: "first" });
  for (let index = 0; index < 200; index++) {
    room.command("bob", { type: "leave" });
    expect(reserve(room, [`r${index}`], 86_400_000)).toBe("ok");
    expect(room.join("bob", { reservationHash: `r${index}` })).toBe("ok");
  }
  expect(room.record.reservations).toHaveLength(LOBBY_LIMITS.reservations);
  expect(room.record.reservations.at(-1)).toMatchObject({ hash: "r199", isUsed: true });
});

test("[LS81] a join that is asked again has the seat of its first attempt, and uses no second reservation", () => {
  const room = new TestLobby({ capacity: 3 });
  reserve(room, ["r", "s"]);
  const entrance = { id: "entrance-bob", attempt: 1 };
  expect(room.join("bob", { entrance, reservationHash: "r" })).toBe("ok");
  expect(room.join("bob2", { entrance: { ...entrance, attempt: 2 }, reservationHash: "s" })).toBe("ok");
  expect([players(room), reserved(room)]).toEqual([["ada", "bob"], 1]);
});
