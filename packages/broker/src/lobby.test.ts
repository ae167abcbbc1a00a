import { expect, test } from "vitest";
import { named, peer, TAG, TestLobby } from "../test/lobby-fixture.ts";
import { lobbyDeadlineMs, seatsDeadlineMs } from "./lobby.ts";
import { FORMER_PAGES } from "./lobby-record.ts";
import { outranks, restoreLobby, withReturned } from "./lobby-restoration.ts";

test("[LB1] who opens a lobby is its host in seat 0, with order 1, in host epoch 1", () => {
  const { lobby } = new TestLobby().record;
  expect(lobby).toMatchObject({ hostId: "ada", hostEpoch: 1, matchCount: 0, event: 0, locked: false });
  expect(lobby.members).toMatchObject([{ peerId: "ada", seat: 0, order: 1, connected: true, ready: false }]);
});

test("[LB2] a joiner takes the smallest free seat and the next order", () => {
  const room = new TestLobby();
  expect([room.join("bob"), room.join("cyd")]).toEqual(["ok", "ok"]);
  room.command("bob", { type: "leave" });
  room.join("dan");
  expect(room.record.lobby.members.map(({ peerId, seat, order }) => [peerId, seat, order])).toEqual([
    ["ada", 0, 1],
    ["dan", 1, 4],
    ["cyd", 2, 3],
  ]);
});

test("[LB3] a full lobby refuses, up to its capacity it admits; kept seats count", () => {
  const room = new TestLobby({ capacity: 2 });
  expect([room.join("bob"), room.join("cyd")]).toEqual(["ok", "LOBBY_FULL"]);
  room.disconnect("bob");
  expect(room.join("cyd")).toBe("LOBBY_FULL");
  room.command("ada", { type: "set-capacity", capacity: 3 });
  expect(room.join("cyd")).toBe("ok");
  expect(room.command("ada", { type: "set-capacity", capacity: 2 })).toBe("BAD_REQUEST");
});

test("[LB4] a locked lobby refuses strangers, but not the owner of a kept seat", () => {
  const room = new TestLobby();
  room.join("bob");
  room.command("ada", { type: "set-locked", locked: true });
  expect(room.join("cyd")).toBe("LOBBY_LOCKED");
  room.disconnect("bob");
  expect(room.resume("bob")).toBe("ok");
  room.command("ada", { type: "set-locked", locked: false });
  expect(room.join("cyd")).toBe("ok");
});

test.each([
  ["id", { ...TAG, id: "other" }],
  ["version", { ...TAG, version: 2 }],
  ["content", { ...TAG, contentHash: "ffffffff" }],
])("[LB5] another game %s is refused, and told what the lobby runs", (_what, game) => {
  const room = new TestLobby();
  const step = room.step({
    type: "join",
    game,
    profile: named("bob"),
    address: "x",
    deviceHash: null,
    as: "player",
    password: null,
    reservationHash: null,
    entrance: null,
    peerId: peer("bob"),
    secretHash: "s",
  });
  expect(step.answer).toEqual({ ok: false, refusal: { code: "VERSION_MISMATCH", expected: TAG } });
  expect(step.changes).toEqual([]);
});

test("[LB6] a seat is kept for 90 s after its socket closed, to the millisecond", () => {
  const room = new TestLobby();
  room.join("bob");
  room.disconnect("bob");
  expect(room.record.lobby.members).toMatchObject([{ connected: true }, { peerId: "bob", connected: false }]);
  room.pass(89_999);
  expect(room.people).toEqual(["ada", "bob"]);
  expect(lobbyDeadlineMs(room.record)).toBe(room.nowMs + 1);
  room.pass(1);
  expect(room.people).toEqual(["ada"]);
  expect(room.types()).toEqual(["member-joined", "member-disconnected", "member-left"]);
  expect(room.resume("bob")).toBe("SEAT_EXPIRED");
});

test("[LB7] the same page comes back as the same peer: id, seat, order and readiness stay", () => {
  const room = new TestLobby();
  room.join("bob");
  room.command("bob", { type: "set-ready", ready: true });
  const before = room.record.lobby.members[1];
  room.disconnect("bob");
  expect(room.resume("bob")).toBe("ok");
  expect(room.record.lobby.members[1]).toEqual(before);
  expect(room.types(-2)).toEqual(["member-disconnected", "member-returned"]);
});

test("[LB8] a fresh page comes back to its seat as another peer, with a higher order, not ready", () => {
  const room = new TestLobby();
  room.join("bob");
  room.join("cyd");
  room.command("bob", { type: "set-ready", ready: true });
  expect(room.resume("bob", "bob2")).toBe("ok");
  expect(room.record.lobby.members[1]).toMatchObject({ peerId: "bob2", seat: 1, order: 4, ready: false, profile: { name: "bob" } });
  expect(room.changes.at(-1)?.change).toMatchObject({ type: "member-returned", peerId: "bob" });
});

test("[LB9] a socket that nobody missed is replaced in silence, and the old one may neither act nor disconnect", () => {
  const room = new TestLobby();
  room.join("bob");
  const old = room.connections.get("bob") ?? 0;
  const changes = room.changes.length;
  expect(room.resume("bob")).toBe("ok");
  expect(
    room.step({ type: "command", peerId: peer("bob"), connection: old, command: { type: "leave" }, hostEpoch: undefined, seed: 0 }).answer,
  ).toMatchObject({
    refusal: { code: "NOT_MEMBER" },
  });
  room.step({ type: "disconnected", peerId: peer("bob"), connection: old, keptMs: 90_000 });
  expect(room.changes.length).toBe(changes);
  expect(room.record.lobby.members[1]?.connected).toBe(true);
  // Nor may the newest once it was missed, and its time does not begin anew.
  room.disconnect("bob");
  room.nowMs += 80_000;
  expect(room.command("bob", { type: "set-ready", ready: true })).toBe("NOT_MEMBER");
  room.disconnect("bob");
  room.pass(10_000);
  expect(room.people).toEqual(["ada"]);
});

test("[ID22] a key that is a member's lets nobody else in", () => {
  const room = new TestLobby();
  room.join("bob");
  expect(room.join("eve", { peerId: peer("bob") })).toBe("BAD_REQUEST");
  expect(room.people).toEqual(["ada", "bob"]);
});

test("[LB65] what was brought back for certain comes before a copy of earlier, however often that had changed", () => {
  const room = new TestLobby();
  room.join("bob");
  room.join("cyd");
  const stale = { ...room.record, revision: room.record.revision + 10 };
  const back = restoreLobby(room.record, undefined, { nowMs: 5, wallMs: 1_700_000_000_000 });
  expect([back.restoration === null, outranks(back, stale)]).toEqual([false, false]);
  const certain = withReturned(withReturned(back, 0), 1);
  expect([certain.restoration, outranks(certain, stale), outranks(stale, certain)]).toEqual([null, true, false]);
});

const ENTRANCE = { id: "entrance-bob", attempt: 1 };

test("[LB45] a join that is asked again gets the seat of its first attempt, under the new secret", () => {
  const room = new TestLobby({ capacity: 2 });
  room.join("bob", { entrance: ENTRANCE });
  const before = room.record.lobby;
  const old = room.connections.get("bob") ?? 0;
  const again = { entrance: { ...ENTRANCE, attempt: 2 }, secretHash: "secret-again" };
  expect(room.join("bob2", again)).toBe("ok");
  // Nobody had missed it: the lobby is as it was, the seat's owner another socket.
  expect(room.record.lobby).toBe(before);
  expect(room.connections.get("bob")).toBeGreaterThan(old);
  room.step({ type: "disconnected", peerId: peer("bob"), connection: old, keptMs: 90_000 });
  expect(room.record.lobby.members[1]).toMatchObject({ peerId: "bob", connected: true });
  expect(room.resume("bob")).toBe("SEAT_EXPIRED");
  expect(room.resume("again")).toBe("ok");
});

test("[LB45] a seat whose socket was seen to close is taken again, though the lobby is full and locked by now", () => {
  const room = new TestLobby({ capacity: 2 });
  room.join("bob", { entrance: ENTRANCE });
  room.disconnect("bob");
  room.command("ada", { type: "set-locked", locked: true });
  expect(room.join("bob2", { entrance: { ...ENTRANCE, attempt: 3 } })).toBe("ok");
  expect(room.types(-1)).toEqual(["member-returned"]);
  expect(room.people).toEqual(["ada", "bob"]);
});

test("[LB46] an attempt that was held up and comes after a later one, or after a resume, is refused", () => {
  const room = new TestLobby();
  room.join("bob", { entrance: { ...ENTRANCE, attempt: 2 } });
  const { record } = room;
  expect(room.join("bob2", { entrance: ENTRANCE })).toBe("BAD_REQUEST");
  expect(room.join("bob3", { entrance: { ...ENTRANCE, attempt: 2 } })).toBe("BAD_REQUEST");
  expect(room.record).toBe(record);
  expect(room.resume("bob")).toBe("ok");
  expect(room.join("bob4", { entrance: { ...ENTRANCE, attempt: 1_000 } })).toBe("BAD_REQUEST");
  expect(room.people).toEqual(["ada", "bob"]);
});

test.each([
  ["kick", "KICKED"],
  ["ban", "LOBBY_NOT_FOUND"],
] as const)("[LB46] who was removed by a %s does not come back by asking again: %s", (type, refused) => {
  const room = new TestLobby();
  room.join("bob", { entrance: ENTRANCE });
  room.command("ada", { type, peerId: peer("bob") });
  expect(room.join("bob", { entrance: { ...ENTRANCE, attempt: 2 } })).toBe(refused);
});

test("[LB74] a page whose seat a later page took over does not get it back, fresh or not; the later one keeps it", () => {
  const room = new TestLobby();
  room.join("bob");
  expect(room.resume("bob", "bob-2")).toBe("ok");
  const { record } = room;
  for (const page of ["bob", "bob"]) expect(room.resume("bob", page)).toBe("SEAT_EXPIRED");
  expect(room.record).toBe(record);
  // Asked again, as after a lost answer.
  expect(room.resume("bob", "bob-2")).toBe("ok");
  for (let reload = 3; reload < 40; reload++) expect(room.resume("bob", `bob-${reload}`)).toBe("ok");
  expect(room.resume("bob", "bob-38")).toBe("SEAT_EXPIRED");
  expect(room.record.seats.find(({ peerId }) => peerId === "bob-39")?.formerPeerIds).toHaveLength(FORMER_PAGES);
  expect(room.people).toEqual(["ada", "bob-39"]);
});

test("[LB17] settings, metadata and profiles reach everybody as changes", () => {
  const room = new TestLobby();
  room.command("ada", { type: "set-settings", settings: { rounds: 3 } });
  room.command("ada", { type: "set-metadata", metadata: { title: "Friday" } });
  room.command("ada", { type: "set-profile", profile: { name: " Ada\u202e ", colour: 7, choices: ["x"] } });
  expect(room.record.lobby).toMatchObject({ settings: { rounds: 3 }, metadata: { title: "Friday" } });
  expect(room.record.lobby.members[0]?.profile).toEqual({ name: "Ada", colour: 7, choices: ["x"] });
});

test("[LB23] a lobby is over when its last member has left or run out of time", () => {
  const left = new TestLobby();
  left.command("ada", { type: "leave" });
  expect(left.people).toEqual([]);
  const expired = new TestLobby();
  expired.join("bob");
  expired.disconnect("ada");
  expired.disconnect("bob");
  expect(lobbyDeadlineMs(expired.record)).toBe(expired.nowMs + 90_000);
  expired.pass(90_000);
  expect(expired.people).toEqual([]);
  expect(expired.join("cyd")).toBe("LOBBY_NOT_FOUND");
});

test("[LB24] what is due happens before the request is answered, however late the timer", () => {
  const room = new TestLobby({ capacity: 2 });
  room.join("bob");
  room.disconnect("bob");
  room.nowMs += 90_000;
  expect(room.join("cyd")).toBe("ok");
  expect(room.types(-2)).toEqual(["member-left", "member-joined"]);
});

test("[LB25] a lobby in which everybody is connected waits for nothing but idleness, and a step without effect gives back the same record", () => {
  const room = new TestLobby();
  room.join("bob");
  expect(seatsDeadlineMs(room.record)).toBe(Infinity);
  expect(lobbyDeadlineMs(room.record)).toBe(room.nowMs + 1e12);
  const { record } = room;
  room.pass(1e9);
  expect(room.record).toBe(record);
});

test("[LB26] changes for returning members are few and small", () => {
  const room = new TestLobby();
  for (let index = 0; index < 100; index++) room.command("ada", { type: "set-settings", settings: index });
  expect(room.record.recent.map(({ event }) => event)).toEqual(Array.from({ length: 32 }, (_, index) => 69 + index));
  for (let index = 0; index < 100; index++) room.command("ada", { type: "set-settings", settings: "x".repeat(4_000) });
  expect(JSON.stringify(room.record.recent).length).toBeLessThan(34_000);
  expect(room.record.recent.at(-1)?.event).toBe(200);
});
