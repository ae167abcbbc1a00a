import { LOBBY_TIMES } from "@rollcall/netcode/lobby-protocol";
import { expect, test } from "vitest";
import { peer, TestLobby } from "../test/lobby-fixture.ts";
import { lobbyDeadlineMs, seatsDeadlineMs } from "./lobby.ts";
import { restoreLobby } from "./lobby-restoration.ts";

const IDLE_MS = 3_600_000;
const WARNING_MS = LOBBY_TIMES.idleWarningMs;
const START = { type: "start", playerCount: 2, botProfiles: [], countdownMs: 0 } as const;

function openRoom(): TestLobby {
  const room = new TestLobby({ idleMs: IDLE_MS });
  room.join("bob");
  return room;
}

/** Time in which nothing is due but what is asked for here. */
function passTo(room: TestLobby, ms: number): void {
  room.pass(ms - 1);
  expect(lobbyDeadlineMs(room.record)).toBe(room.nowMs + 1);
  room.pass(1);
}

test("[LS72] a lobby in which nothing is done is warned, and closed five minutes later, to the millisecond", () => {
  const room = openRoom();
  passTo(room, IDLE_MS);
  expect(room.changes.at(-1)?.change).toEqual({ type: "idle-changed", idle: true });
  expect(room.record.lobby.idle).toBe(true);
  passTo(room, WARNING_MS);
  expect(room.people).toEqual([]);
  expect(room.record.seats).toEqual([]);
  // The host goes last, so that nobody is host for a moment.
  expect(room.changes.slice(-2).map(({ change }) => change)).toEqual([
    { type: "member-left", peerId: "bob", reason: "expired" },
    { type: "member-left", peerId: "ada", reason: "expired" },
  ]);
  expect(lobbyDeadlineMs(room.record)).toBe(Infinity);
  expect(room.join("cyd")).toBe("LOBBY_NOT_FOUND");
  expect(room.resume("bob")).toBe("SEAT_EXPIRED");
});

test("[LS72] nobody is put out unwarned: a broker that stood still for long warns first", () => {
  const room = openRoom();
  room.pass(10 * IDLE_MS);
  expect(room.record.lobby.idle).toBe(true);
  expect(room.people).toEqual(["ada", "bob"]);
  passTo(room, WARNING_MS);
  expect(room.people).toEqual([]);
});

test.each([
  ["a command", (room: TestLobby) => room.command("bob", { type: "set-ready", ready: true }), "ok"],
  ["one that is refused", (room: TestLobby) => room.command("bob", { type: "set-locked", locked: true }), "NOT_HOST"],
  ["keep-open", (room: TestLobby) => room.command("bob", { type: "keep-open" }), "ok"],
  ["a newcomer", (room: TestLobby) => room.join(`n${room.people.length}`), "ok"],
] as const)("[LS73] %s keeps it, also after the warning, and the warning is taken back", (_name, act, outcome) => {
  const room = openRoom();
  room.pass(IDLE_MS - 1);
  expect(act(room)).toBe(outcome);
  expect(room.record.idleness).toEqual({ limitMs: IDLE_MS, sinceMs: room.nowMs, warnedAtMs: null });
  passTo(room, IDLE_MS);
  room.pass(WARNING_MS - 1);
  expect(room.record.lobby.idle).toBe(true);
  act(room);
  expect(room.record.lobby.idle).toBe(false);
  expect(room.changes.some(({ change }) => change.type === "idle-changed" && !change.idle)).toBe(true);
  passTo(room, IDLE_MS);
  expect(room.people.length).toBeGreaterThan(1);
});

test("[LS73] a match that is played keeps it, and its end begins the time anew, whatever ended it", () => {
  const room = openRoom();
  room.command("ada", START);
  room.pass(10 * IDLE_MS);
  expect(seatsDeadlineMs(room.record)).toBe(Infinity);
  expect(lobbyDeadlineMs(room.record)).toBe(Infinity);
  room.command("bob", { type: "end-match", matchNumber: 1 });
  expect(lobbyDeadlineMs(room.record)).toBe(room.nowMs + IDLE_MS);
  // Its last person runs out of time, and who came later is left.
  room.command("ada", START);
  room.join("cyd");
  for (const name of ["ada", "bob"]) room.disconnect(name);
  room.pass(10 * IDLE_MS);
  expect(room.record.lobby).toMatchObject({ match: undefined, hostId: "cyd", idle: false });
  expect(lobbyDeadlineMs(room.record)).toBe(room.nowMs + IDLE_MS);
});

test("[LS73] what pages do by themselves does not keep it: fresh servers, a lost socket, a way back, a join that is turned away", () => {
  const room = openRoom();
  room.command("ada", { type: "set-locked", locked: true });
  const { idleness } = room.record;
  room.pass(IDLE_MS / 2);
  expect(room.command("ada", { type: "ice-servers" })).toBe("ok");
  room.disconnect("bob");
  expect(room.resume("bob")).toBe("ok");
  expect(room.resume("bob", "bob2")).toBe("ok");
  expect(room.join("cyd")).toBe("LOBBY_LOCKED");
  room.step({ type: "command", peerId: peer("bob"), connection: 1, command: { type: "keep-open" }, hostEpoch: undefined, seed: 1 });
  expect(room.record.idleness).toEqual(idleness);
});

test("[LS73] what changes nothing is noted once a minute, and is no write else", () => {
  const room = openRoom();
  const { record } = room;
  room.nowMs += 59_999;
  for (const type of ["keep-open", "bans"] as const) expect(room.command("ada", { type })).toBe("ok");
  expect(room.record).toBe(record);
  room.nowMs += 1;
  room.command("ada", { type: "keep-open" });
  expect(room.record.idleness.sinceMs).toBe(room.nowMs);
});

test("[LS74] a lobby that its members brought back begins its time anew, unwarned", () => {
  const room = openRoom();
  room.pass(IDLE_MS);
  const back = restoreLobby(room.record, undefined, { nowMs: 5, wallMs: 1_700_000_000_000 });
  expect(back.lobby.idle).toBe(false);
  expect(back.idleness).toEqual({ limitMs: IDLE_MS, sinceMs: 5, warnedAtMs: null });
});
