import { LOBBY_LIMITS } from "@rollcall/netcode/lobby-protocol";
import { expect, test } from "vitest";
import { peer, TAG, TestLobby } from "../test/lobby-fixture.ts";
import { listBans } from "./lobby-bans.ts";

const ban = (room: TestLobby, name: string, banMs?: number): string =>
  room.command("ada", { type: "ban", peerId: peer(name), ...(banMs === undefined ? {} : { banMs }) });

const kick = (room: TestLobby, name: string, by = "ada"): string => room.command(by, { type: "kick", peerId: peer(name) });

test("[LS1] a ban holds by key, by device and by address, each alone", () => {
  const room = new TestLobby();
  room.join("bob");
  expect(ban(room, "bob")).toBe("ok");
  expect(room.join("bob1", { peerId: peer("bob") })).toBe("LOBBY_NOT_FOUND");
  expect(room.join("bob2", { deviceHash: "device-bob" })).toBe("LOBBY_NOT_FOUND");
  expect(room.join("bob3", { address: "address-bob" })).toBe("LOBBY_NOT_FOUND");
  expect(room.resume("bob")).toBe("LOBBY_NOT_FOUND");
  expect(room.join("bob4")).toBe("ok");
});

test("[LS2] a ban ends at its time; one without a time lasts", () => {
  const room = new TestLobby();
  for (const name of ["bob", "dan"]) room.join(name);
  ban(room, "bob", 60_000);
  expect(room.changes.at(-1)?.change).toEqual({ type: "member-left", peerId: "bob", reason: "banned" });
  ban(room, "dan");
  room.nowMs += 59_999;
  expect(room.join("bob")).toBe("LOBBY_NOT_FOUND");
  room.nowMs += 1;
  expect(room.join("bob")).toBe("ok");
  room.nowMs += 86_400_000;
  expect(room.join("dan")).toBe("LOBBY_NOT_FOUND");
});

test("[LS70] a kick holds for ten seconds, by the same marks as a ban, and says how long; then whoever was kicked comes in as somebody new", () => {
  const room = new TestLobby();
  room.join("bob");
  expect(kick(room, "bob")).toBe("ok");
  expect(room.changes.at(-1)?.change).toEqual({ type: "member-left", peerId: "bob", reason: "kicked" });
  room.nowMs += 9_999;
  for (const as of [{ peerId: peer("bob") }, { deviceHash: "device-bob" }, { address: "address-bob" }])
    expect(room.join("bob2", as)).toBe("KICKED");
  expect(room.refusal).toEqual({ code: "KICKED", retryAfterMs: 1 });
  // Its seat is gone at once, and does not come back.
  expect(room.resume("bob")).toBe("KICKED");
  room.nowMs += 1;
  expect(room.resume("bob")).toBe("SEAT_EXPIRED");
  expect(room.join("bob")).toBe("ok");
});

test("[LS71] a kick is in no list of bans, and lifts none: who was banned before is banned after", () => {
  const room = new TestLobby();
  for (const name of ["bob", "cyd"]) room.join(name, { address: "address-of-both" });
  ban(room, "bob");
  kick(room, "cyd");
  expect(listBans(room.record, room.nowMs)).toEqual([{ id: 1, name: "bob" }]);
  expect(room.join("again", { deviceHash: "device-bob", address: "address-of-both" })).toBe("LOBBY_NOT_FOUND");
  room.nowMs += 10_000;
  expect(room.join("again", { deviceHash: "device-bob", address: "address-of-both" })).toBe("LOBBY_NOT_FOUND");
  expect(room.join("cyd", { address: "address-of-both" })).toBe("ok");
});

test("[LS3] the host lists bans and lifts them; others may not", () => {
  const room = new TestLobby();
  for (const name of ["bob", "cyd", "dan"]) room.join(name);
  ban(room, "bob");
  ban(room, "cyd", 60_000);
  room.nowMs += 10_000;
  expect(listBans(room.record, room.nowMs)).toEqual([
    { id: 1, name: "bob" },
    { id: 2, name: "cyd", leftMs: 50_000 },
  ]);
  for (const command of [{ type: "bans" }, { type: "unban", ban: 1 }] as const) expect(room.command("dan", command)).toBe("NOT_HOST");
  expect(room.command("ada", { type: "bans" })).toBe("ok");
  expect(room.command("ada", { type: "unban", ban: 1 })).toBe("ok");
  const { record } = room;
  // What is not there was wanted gone.
  expect(room.command("ada", { type: "unban", ban: 1 })).toBe("ok");
  expect(room.record).toBe(record);
  expect(room.join("bob")).toBe("ok");
  expect(room.join("cyd")).toBe("LOBBY_NOT_FOUND");
});

test("[LS4] bans outlive their host; beyond 128 the oldest give way, those that are over first", () => {
  const room = new TestLobby({ capacity: 4 });
  for (const name of ["bob", "cyd"]) room.join(name);
  ban(room, "bob");
  room.command("ada", { type: "transfer-host", peerId: peer("cyd") });
  room.command("ada", { type: "leave" });
  for (const as of [{ peerId: peer("bob") }, { deviceHash: "device-bob" }, { address: "address-bob" }])
    expect(room.join("bob2", as)).toBe("LOBBY_NOT_FOUND");
  const banned = (name: string, banMs?: number): void => {
    room.join(name);
    room.command("cyd", { type: "ban", peerId: peer(name), ...(banMs === undefined ? {} : { banMs }) });
  };
  banned("short", 1_000);
  room.nowMs += 1_000;
  for (let count = 1; count < LOBBY_LIMITS.bans; count++) banned(`x${count}`);
  expect(room.join("bob")).toBe("LOBBY_NOT_FOUND");
  // A kick is over in a moment, and takes no ban's place.
  room.join("moment");
  kick(room, "moment", "cyd");
  expect(room.join("bob")).toBe("LOBBY_NOT_FOUND");
  banned("last");
  expect(room.record.bans).toHaveLength(LOBBY_LIMITS.bans);
  expect(room.join("bob")).toBe("ok");
});

test("[LB13] who is banned does not come back: not by secret, device or address, and all look like a wrong code", () => {
  const room = new TestLobby();
  room.join("bob");
  expect(room.command("ada", { type: "ban", peerId: peer("bob") })).toBe("ok");
  expect(room.changes.at(-1)?.change).toEqual({ type: "member-left", peerId: "bob", reason: "banned" });
  expect(room.resume("bob")).toBe("LOBBY_NOT_FOUND");
  expect(room.resume("bob", "bob2")).toBe("LOBBY_NOT_FOUND");
  expect(room.join("bob3", { address: "address-bob" })).toBe("LOBBY_NOT_FOUND");
  expect(room.join("bob4", { deviceHash: "device-bob" })).toBe("LOBBY_NOT_FOUND");
  expect(room.join("cyd")).toBe("ok");
  // Told before anything else: a banned stranger does not learn that the lobby is locked or plays another version.
  room.command("ada", { type: "set-locked", locked: true });
  expect(room.join("bob5", { address: "address-bob", game: { ...TAG, version: 9 } })).toBe("LOBBY_NOT_FOUND");
  expect(room.join("bob6", { deviceHash: "device-bob", game: { ...TAG, version: 9 } })).toBe("LOBBY_NOT_FOUND");
});

test("[LB43] a ban does not shut out others of one address, while one of them is in the lobby", () => {
  const room = new TestLobby();
  const school = { address: "address-school" };
  room.join("bob", school);
  room.join("cyd", school);
  room.command("ada", { type: "ban", peerId: peer("bob") });
  expect(room.join("bob2", { ...school, deviceHash: "device-bob" })).toBe("LOBBY_NOT_FOUND");
  expect(room.join("dan", school)).toBe("ok");
  room.command("dan", { type: "leave" });
  // Now cyd is the last one of the address.
  room.command("ada", { type: "ban", peerId: peer("cyd") });
  expect(room.join("dan", school)).toBe("LOBBY_NOT_FOUND");
});

test("[LB43] nobody is shut out for saying no device, and the host's own seat outlives a ban of its device", () => {
  const room = new TestLobby();
  room.join("bob", { deviceHash: null });
  room.command("ada", { type: "ban", peerId: peer("bob") });
  expect(room.join("cyd", { deviceHash: null })).toBe("ok");
  // Two windows of one browser: the second is banned by the first.
  room.join("dan", { address: "address-ada", deviceHash: "device-ada" });
  room.command("ada", { type: "ban", peerId: peer("dan") });
  expect(room.join("dan2", { address: "address-ada", deviceHash: "device-ada" })).toBe("LOBBY_NOT_FOUND");
  expect(room.resume("ada", "ada2")).toBe("ok");
});

test("[LB44] a ban counts the address and device that the member came back with", () => {
  const room = new TestLobby();
  room.join("bob");
  room.disconnect("bob");
  expect(room.resume("bob", undefined, { address: "address-train", deviceHash: "device-new" })).toBe("ok");
  room.command("ada", { type: "ban", peerId: peer("bob") });
  expect(room.join("bob2", { address: "address-train" })).toBe("LOBBY_NOT_FOUND");
  expect(room.join("bob3", { deviceHash: "device-new" })).toBe("LOBBY_NOT_FOUND");
  expect(room.join("cyd", { address: "address-bob" })).toBe("ok");
});
