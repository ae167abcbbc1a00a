import { expect, test } from "vitest";
import { peer, START, TestLobby } from "../test/lobby-fixture.ts";
import { lobbyDeadlineMs } from "./lobby.ts";

test("[LB10] a host that leaves hands over at once, to the connected member that has been here longest", () => {
  const room = new TestLobby();
  for (const name of ["bob", "cyd", "dan"]) room.join(name);
  room.disconnect("bob");
  room.command("ada", { type: "leave" });
  expect(room.record.lobby).toMatchObject({ hostId: "cyd", hostEpoch: 2 });
  expect(room.types(-2)).toEqual(["host-changed", "member-left"]);
});

test("[LB11] a host whose socket stays closed for a second loses the role, not the seat", () => {
  const room = new TestLobby();
  room.join("bob");
  room.disconnect("ada");
  expect(lobbyDeadlineMs(room.record)).toBe(room.nowMs + 1_000);
  room.pass(999);
  expect(room.record.lobby.hostId).toBe("ada");
  room.pass(1);
  expect(room.record.lobby).toMatchObject({ hostId: "bob", hostEpoch: 2 });
  expect(room.resume("ada")).toBe("ok");
  expect(room.record.lobby.hostId).toBe("bob");
  expect(room.command("ada", { type: "set-locked", locked: true })).toBe("NOT_HOST");
});

test("[LB11] a host that is back within the second stays host", () => {
  const room = new TestLobby();
  room.join("bob");
  room.disconnect("ada");
  room.pass(999);
  room.resume("ada");
  room.pass(5_000);
  expect(room.record.lobby).toMatchObject({ hostId: "ada", hostEpoch: 1 });
});

test("[LB12] with nobody connected the role waits for whoever comes first", () => {
  const room = new TestLobby();
  room.join("bob");
  room.join("cyd");
  for (const name of ["ada", "bob", "cyd"]) room.disconnect(name);
  room.pass(5_000);
  expect(room.record.lobby.hostId).toBe("ada");
  room.resume("cyd");
  expect(room.record.lobby.hostId).toBe("cyd");
});

test("[LB14] the host does not kick itself; who is gone already is no error", () => {
  const room = new TestLobby();
  for (const type of ["kick", "ban"] as const) {
    expect(room.command("ada", { type, peerId: peer("ada") })).toBe("BAD_REQUEST");
    expect(room.command("ada", { type, peerId: peer("ghost") })).toBe("ok");
  }
  expect(room.changes).toEqual([]);
});

test("[LB15] the role can be given to a connected member only", () => {
  const room = new TestLobby();
  room.join("bob");
  room.join("cyd");
  room.disconnect("cyd");
  expect(room.command("ada", { type: "transfer-host", peerId: peer("cyd") })).toBe("BAD_REQUEST");
  expect(room.command("ada", { type: "transfer-host", peerId: peer("ghost") })).toBe("BAD_REQUEST");
  expect(room.command("ada", { type: "transfer-host", peerId: peer("bob") })).toBe("ok");
  expect(room.record.lobby).toMatchObject({ hostId: "bob", hostEpoch: 2 });
  expect(room.command("ada", { type: "set-locked", locked: true })).toBe("NOT_HOST");
});

test.each([
  { type: "set-settings", settings: 1 },
  { type: "set-metadata", metadata: 1 },
  { type: "set-locked", locked: true },
  { type: "set-capacity", capacity: 8 },
  { type: "kick", peerId: peer("ada") },
  { type: "ban", peerId: peer("ada") },
  { type: "transfer-host", peerId: peer("bob") },
  START,
] as const)("[LB16] only the host may $type", (command) => {
  const room = new TestLobby();
  room.join("bob");
  const changes = room.changes.length;
  expect(room.command("bob", command)).toBe("NOT_HOST");
  expect(room.changes.length).toBe(changes);
});

test("[LB71] a host's command of another host epoch is refused, although the sender is host again; the others' commands know no epoch", () => {
  const room = new TestLobby();
  room.join("bob");
  const epoch = room.record.lobby.hostEpoch;
  expect(room.command("ada", { type: "set-locked", locked: true }, epoch)).toBe("ok");
  expect(room.command("ada", { type: "set-locked", locked: false }, epoch + 1)).toBe("NOT_HOST");
  room.command("ada", { type: "transfer-host", peerId: peer("bob") });
  room.command("bob", { type: "transfer-host", peerId: peer("ada") });
  expect(room.command("ada", { type: "kick", peerId: peer("bob") }, epoch)).toBe("NOT_HOST");
  expect(room.people).toEqual(["ada", "bob"]);
  expect(room.command("bob", { type: "set-ready", ready: true }, epoch)).toBe("ok");
  expect(room.command("ada", { type: "kick", peerId: peer("bob") }, epoch + 2)).toBe("ok");
});
