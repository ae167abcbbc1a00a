import { expect, test } from "vitest";
import { named, peer, START, TestLobby } from "../test/lobby-fixture.ts";

test("[LB18] a start seats the connected members in seat order and fills with bots", () => {
  const room = new TestLobby();
  for (const name of ["bob", "cyd"]) room.join(name);
  room.disconnect("bob");
  room.command("cyd", { type: "set-ready", ready: true });
  expect(room.command("ada", { ...START, botProfiles: [named("Rusty")] })).toBe("ok");
  expect(room.record.lobby.match).toEqual({
    matchNumber: 1,
    seed: 77,
    settings: { rounds: 5 },
    hostId: "ada",
    countdownMs: 3_000,
    seats: [
      { kind: "person", peerId: "ada", profile: named("ada") },
      { kind: "person", peerId: "cyd", profile: named("cyd") },
      { kind: "bot", profile: named("Rusty") },
      { kind: "bot", profile: { name: "Bot 4", colour: 3, choices: null } },
    ],
  });
  expect(room.record.lobby.members.map((member) => member.ready)).toEqual([false, false, false]);
});

test("[LB19] members beyond the player count watch", () => {
  const room = new TestLobby();
  for (const name of ["bob", "cyd"]) room.join(name);
  room.command("ada", { ...START, playerCount: 2 });
  expect(room.record.lobby.match?.seats).toMatchObject([{ peerId: "ada" }, { peerId: "bob" }]);
});

test("[LB20] one match at a time; after its end the same room starts the next, with the next number", () => {
  const room = new TestLobby();
  room.join("bob");
  room.command("ada", START);
  expect(room.command("ada", START)).toBe("MATCH_RUNNING");
  expect(room.join("cyd")).toBe("ok");
  expect(room.command("bob", { type: "end-match", matchNumber: 1 })).toBe("ok");
  expect(room.record.lobby.match).toBeUndefined();
  expect(room.command("ada", START)).toBe("ok");
  expect(room.record.lobby.match).toMatchObject({
    matchNumber: 2,
    seats: [{ peerId: "ada" }, { peerId: "bob" }, { peerId: "cyd" }, { kind: "bot" }],
  });
});

test("[LB21] the first who says that a match is over ends it; the others find it done; who only watches may not, unless host", () => {
  const room = new TestLobby();
  for (const name of ["bob", "cyd"]) room.join(name);
  room.command("ada", { ...START, playerCount: 2 });
  expect(room.command("cyd", { type: "end-match", matchNumber: 1 })).toBe("NOT_HOST");
  expect(room.command("bob", { type: "end-match", matchNumber: 2 })).toBe("NO_MATCH");
  expect(room.command("bob", { type: "end-match", matchNumber: 1 })).toBe("ok");
  expect(room.command("ada", { type: "end-match", matchNumber: 1 })).toBe("ok");
  expect(room.types().filter((type) => type === "match-ended")).toHaveLength(1);
  expect(room.command("bob", { type: "end-match", matchNumber: 0 })).toBe("NO_MATCH");
  room.command("ada", { type: "transfer-host", peerId: peer("cyd") });
  room.command("cyd", { ...START, playerCount: 2 });
  expect(room.command("cyd", { type: "end-match", matchNumber: 2 })).toBe("ok");
});

test("[LB22] a match ends by itself when none of its people is a member any more", () => {
  const room = new TestLobby();
  for (const name of ["bob", "cyd"]) room.join(name);
  room.command("ada", { ...START, playerCount: 2 });
  room.command("ada", { type: "leave" });
  expect(room.record.lobby.match).toBeDefined();
  // A reloaded page is another peer in the same seat.
  room.resume("bob", "bob2");
  expect(room.record.lobby.match?.seats[1]).toMatchObject({ kind: "person", peerId: "bob2" });
  room.command("bob2", { type: "leave" });
  expect(room.record.lobby.match).toBeUndefined();
  expect(room.types(-2)).toEqual(["member-left", "match-ended"]);
});

test("[LB48] no guest takes a seat that a member would go without", () => {
  const room = new TestLobby();
  room.join("bob");
  room.join("cyd");
  const guest = { name: "Ann", colour: 2, choices: null };
  room.command("ada", {
    type: "set-profile",
    profile: { name: "Ada", colour: 1, choices: null, guests: [guest, { ...guest, name: "Amy" }] },
  });
  room.command("ada", { ...START, playerCount: 4 });
  expect(room.record.lobby.match?.seats.map(({ profile }) => profile.name)).toEqual(["Ada", "Ann", "bob", "cyd"]);
});

test("[LB48] guests of a member play in seats of their own behind the member's", () => {
  const room = new TestLobby();
  room.join("bob");
  const guest = { name: " \u202eEve ", colour: 4, choices: null };
  room.command("ada", { type: "set-profile", profile: { name: "Ada", colour: 1, choices: null, guests: [guest, { ...guest, name: "" }] } });
  room.command("ada", { ...START, playerCount: 5 });
  const seats = room.record.lobby.match?.seats.map((seat) => [seat.kind === "person" ? seat.peerId : "bot", seat.profile.name]);
  expect(seats).toEqual([
    ["ada", "Ada"],
    ["ada", "Eve"],
    ["ada", "Guest 2"],
    ["bob", "bob"],
    ["bot", "Bot 5"],
  ]);
  expect(room.record.lobby.match?.seats[0]?.profile).not.toHaveProperty("guests");
});
