import { LOBBY_TIMES, normalizeLobbyCode, type LobbyCode } from "@rollcall/netcode/lobby-protocol";
import { expect, test, vi } from "vitest";
import { BROKER_LIMITS } from "../src/limits.ts";
import { GATHERING_MS } from "../src/lobby-returns.ts";
import { useVirtualTime } from "./virtual-time.ts";
import { VirtualWorld, type VirtualMember } from "./virtual-world.ts";

useVirtualTime();

interface Room {
  readonly world: VirtualWorld;
  readonly code: LobbyCode;
  /** The host first. */
  readonly members: VirtualMember[];
}

async function openRoom(names: readonly string[] = ["ada", "bob", "cyd"], seed = 1): Promise<Room> {
  const world = new VirtualWorld(seed);
  const [first = "ada", ...others] = names;
  const host = world.host(first);
  await world.run(500);
  const code = normalizeLobbyCode(host.member.lobby?.code ?? "");
  if (code === undefined) throw new Error("no lobby");
  const members = [host, ...others.map((name) => world.join(name, code))];
  await world.run(2_000);
  expect(host.member.lobby?.members).toHaveLength(names.length);
  return { world, code, members };
}

function at(members: readonly VirtualMember[], index: number): VirtualMember {
  const member = members[index];
  if (member === undefined) throw new Error(`no member ${index}`);
  return member;
}

const people = ({ member }: VirtualMember): unknown =>
  member.lobby?.members.map(({ peerId, seat, order, profile }) => [peerId, seat, order, profile.name]);

test("[LB62] after kill -9 and a restart everybody is back in the same seat, under the same id, with host, settings and the running match", async () => {
  const { world, members } = await openRoom();
  const host = at(members, 0);
  host.request({ type: "set-settings", settings: { map: 3 } });
  host.request({ type: "start", playerCount: 3, botProfiles: [], countdownMs: 0 });
  await world.run(1_500);
  const before = { people: people(host), match: host.member.lobby?.match, ids: members.map(({ peerId }) => peerId) };
  expect(before.match).toBeDefined();
  await world.restart(200);
  await world.until(() => members.every(({ member }) => member.connected));
  await world.run(2_000);
  for (const member of members) {
    expect(people(member)).toEqual(before.people);
    expect(member.member.lobby).toMatchObject({ match: before.match, settings: { map: 3 }, hostId: host.peerId });
    expect(member.member.lobby?.members.every(({ connected }) => connected)).toBe(true);
    expect(member.member.refusals).toEqual({});
    // Nothing but the outage was told: no match ended, nobody joined, left, or became host.
    const told = member.events.flatMap((event) => (event.type === "change" ? [event.change.type] : []));
    expect(told.filter((type) => type === "match-ended" || type === "member-left" || type === "host-changed")).toEqual([]);
  }
  expect(members.map(({ peerId }) => peerId)).toEqual(before.ids);
  expect(world.broker.counters.snapshot()).toEqual({});
  // And the room goes on: a newcomer, a command of the host.
  const dan = world.join("dan", host.member.lobby?.code ?? "");
  const enlarged = host.request({ type: "set-capacity", capacity: 9 });
  await world.run(500);
  expect(host.replyTo(enlarged)).toBe("ok");
  expect(dan.member.lobby?.members).toHaveLength(4);
  expect(at(members, 1).member.lobby).toEqual(host.member.lobby);
});

test("[LB62] a lobby survives one restart after another, and a fresh page that comes during one", async () => {
  const { world, code, members } = await openRoom();
  for (let round = 0; round < 4; round++) {
    await world.restart(round * 700);
    await world.until(() => members.every(({ member }) => member.connected));
    await world.run(1_500);
  }
  const cyd = at(members, 2);
  const keepsake = cyd.keepsakes.at(-1);
  cyd.kill();
  world.broker.kill();
  await world.restart(100);
  const fresh = world.resume("cyd", code, cyd.secret, keepsake);
  await world.until(() => [at(members, 0), at(members, 1), fresh].every(({ member }) => member.connected));
  await world.run(1_000);
  expect(fresh.member.lobby?.members.map(({ seat, profile }) => [seat, profile.name])).toEqual([
    [0, "ada"],
    [1, "bob"],
    [2, "cyd"],
  ]);
  expect(fresh.peerId).not.toBe(cyd.peerId);
  expect(fresh.member.lobby).toEqual(at(members, 0).member.lobby);
});

test("[LB62] a page that was reloaded in the moment that the last copy missed comes back under its new id", async () => {
  const { world, code, members } = await openRoom();
  const cyd = at(members, 2);
  await world.run(5_000);
  at(members, 0).request({ type: "set-metadata", metadata: "just sealed" });
  await world.run(200);
  cyd.kill();
  const fresh = world.resume("cyd", code, cyd.secret);
  await world.until(() => fresh.member.connected, 500);
  expect(fresh.keepsakes).toEqual([]);
  await world.restart(200);
  await world.until(() => [at(members, 0), at(members, 1), fresh].every(({ member }) => member.connected));
  await world.run(500);
  expect(at(members, 0).member.lobby?.members.map(({ peerId }) => peerId)).toEqual(
    [at(members, 0), at(members, 1), fresh].map(({ peerId }) => peerId),
  );
});

test("[LB77] who hosts another lobby by the time that others bring the old one back stays in its own, and comes back to it", async () => {
  const { world, code, members } = await openRoom(["ada", "bob"]);
  const [ada, bob, cyd] = [at(members, 0), at(members, 1), world.twin("cyd", code)];
  await world.run(2_000);
  cyd.kill();
  await world.restart(100);
  const hosting = world.hostingTwin("cyd");
  await world.until(() => hosting.member.connected);
  expect([ada.member.connected, bob.member.connected]).toEqual([false, false]);
  await world.until(() => ada.member.connected && bob.member.connected);
  // The seat that was its own is kept for it in the lobby that came back.
  expect(ada.member.lobby).toMatchObject({
    code,
    members: [{ connected: true }, { connected: true }, { peerId: cyd.peerId, connected: false }],
  });
  expect(hosting.peerId).toBe(cyd.peerId);
  const own = normalizeLobbyCode(hosting.member.lobby?.code ?? "") ?? code;
  expect(own).not.toBe(code);
  expect(world.broker.lobbyOf(cyd.peerId)).toBe(own);
  hosting.cut();
  await world.run(200);
  await world.until(() => hosting.member.connected, 5_000);
  expect([hosting.end, world.broker.lobbyOf(cyd.peerId)]).toEqual([undefined, own]);
  // And when that seat runs out, nothing of it is left.
  await world.run(LOBBY_TIMES.seatKeptMs + 1_000);
  expect([ada.member.lobby?.members.length, hosting.member.connected, world.broker.lobbyOf(cyd.peerId)]).toEqual([2, true, own]);
});

test("[LB61] each member has a keepsake of a change within a second, of an important one at once, and a new one every hour", async () => {
  const { world, members } = await openRoom();
  const bob = at(members, 1);
  await world.run(5_000);
  const count = (): number => bob.keepsakes.length;
  let before = count();
  for (let index = 0; index < 10; index++) {
    at(members, 0).request({ type: "set-metadata", metadata: index });
    await world.run(200);
  }
  await world.run(1_500);
  expect(count() - before).toBeGreaterThanOrEqual(2);
  expect(count() - before).toBeLessThanOrEqual(4);
  before = count();
  at(members, 0).request({ type: "set-metadata", metadata: "again" });
  at(members, 0).request({ type: "transfer-host", peerId: bob.peerId });
  await world.run(250);
  expect(bob.isHost).toBe(true);
  expect(count() - before).toBe(2);
  await world.run(5_000);
  before = count();
  await world.run(3_600_000);
  expect(count() - before).toBe(1);
});

test("[LB76] who makes important changes without end makes the broker seal a few times a second, and the last one is sealed", async () => {
  const { world, members } = await openRoom();
  const [ada, bob] = [at(members, 0), at(members, 1)];
  await world.run(5_000);
  const before = bob.keepsakes.length;
  for (let match = 1; match <= 100; match++) {
    ada.request({ type: "start", playerCount: 3, botProfiles: [], countdownMs: 0 });
    await world.run(50);
    ada.request({ type: "end-match", matchNumber: match });
    await world.run(50);
  }
  await world.run(1_500);
  expect(ada.member.lobby?.matchCount).toBe(100);
  expect(bob.keepsakes.length - before).toBeLessThanOrEqual(32);
  await world.restart(200);
  await world.until(() => members.every(({ member }) => member.connected));
  expect([bob.member.lobby?.match, bob.member.lobby?.matchCount]).toEqual([undefined, 100]);
});

test("[LB63] a keepsake from before a kick does not bring the kicked member back, even when it knocks first", async () => {
  const { world, members } = await openRoom(["ada", "bob", "cyd", "eve"]);
  const [ada, eve] = [at(members, 0), at(members, 3)];
  const stale = eve.keepsakes.at(-1);
  ada.request({ type: "kick", peerId: eve.peerId });
  await world.run(500);
  expect(eve.end).toBe("KICKED");
  const ids = members.slice(0, 3).map(({ peerId }) => peerId);
  for (const member of members) member.isCutOff = true;
  await world.restart(0);
  const back = world.resume("eve", ada.member.lobby?.code ?? "", eve.secret, stale);
  await world.run(GATHERING_MS / 2);
  // It waits: it is one of four that were connected in its copy.
  expect(back.member.connected).toBe(false);
  for (const member of members) member.isCutOff = false;
  await world.until(() => members.slice(0, 3).every(({ member }) => member.connected));
  await world.run(2_000);
  expect(ada.member.lobby?.members.map(({ peerId }) => peerId)).toEqual(ids);
  expect(back.end).toBe("KICKED");
});

test("[LB63] nor does one from when it was alone in the lobby, or its host: nobody makes a copy certain by itself before the others had their time", async () => {
  const { world, code, members } = await openRoom(["eve", "ada", "bob"]);
  const [eve, ada, bob] = [at(members, 0), at(members, 1), at(members, 2)];
  const alone = eve.keepsakes[0];
  eve.request({ type: "transfer-host", peerId: ada.peerId });
  await world.run(500);
  ada.request({ type: "ban", peerId: eve.peerId });
  await world.run(500);
  expect(eve.end).toBe("BANNED");
  for (const member of members) member.isCutOff = true;
  await world.restart(0);
  const back = world.resume("eve", code, eve.secret, alone);
  await world.run(500);
  expect(back.member.connected).toBe(false);
  for (const member of [ada, bob]) member.isCutOff = false;
  await world.until(() => [ada, bob].every(({ member }) => member.connected));
  expect(ada.member.lobby?.members.map(({ profile }) => profile.name)).toEqual(["ada", "bob"]);
  await world.until(() => back.end !== undefined);
  expect(back.end).toBe("LOBBY_NOT_FOUND");
});

test("[LB64] who comes back alone gets its copy after a moment, uncertain: a newer copy takes its place, and who is not in that is out", async () => {
  const { world, code, members } = await openRoom(["ada", "bob", "cyd", "eve"]);
  const [ada, eve] = [at(members, 0), at(members, 3)];
  const stale = eve.keepsakes.at(-1);
  ada.request({ type: "ban", peerId: eve.peerId });
  await world.run(500);
  const epoch = ada.member.lobby?.hostEpoch ?? 0;
  for (const member of members) member.isCutOff = true;
  await world.restart(0);
  const back = world.resume("eve", code, eve.secret, stale);
  await world.until(() => back.member.connected, GATHERING_MS + 1_000);
  const newcomer = world.join("fay", code);
  await world.run(2_000);
  // The rump lobby: eve is its host, and everybody else is away.
  expect(back.isHost).toBe(true);
  expect(newcomer.member.lobby?.members).toHaveLength(5);
  const rumpEpoch = back.member.lobby?.hostEpoch ?? 0;
  expect(rumpEpoch).toBeGreaterThan(epoch);
  const [bob] = [at(members, 1)];
  bob.isCutOff = false;
  await world.until(() => bob.member.connected);
  await world.run(2_000);
  expect(back.end).toBe("LOBBY_NOT_FOUND");
  expect(newcomer.end).toBe("SEAT_EXPIRED");
  expect(bob.member.lobby?.members.map(({ profile }) => profile.name)).toEqual(["ada", "bob", "cyd"]);
  expect(bob.member.lobby?.hostEpoch).toBeGreaterThan(rumpEpoch);
  for (const member of members) member.isCutOff = false;
  await world.until(() => members.slice(0, 3).every(({ member }) => member.connected));
  expect((await world.broker.lobby(code))?.restoration).toBeNull();
});

test("[LB65] once a majority is back, keepsakes from before the restart are history: nobody turns a later kick back with them", async () => {
  const { world, code, members } = await openRoom(["ada", "bob", "cyd", "eve"]);
  const [ada, eve] = [at(members, 0), at(members, 3)];
  await world.restart(100);
  await world.until(() => members.every(({ member }) => member.connected));
  const older = eve.keepsakes.at(-1);
  await world.run(1_500);
  ada.request({ type: "ban", peerId: eve.peerId });
  await world.run(500);
  const again = world.resume("eve", code, eve.secret, older);
  await world.run(500);
  expect(again.end).toBe("LOBBY_NOT_FOUND");
  // Nor after the next one, where a copy of the generation before is older than any of this one.
  for (const member of members) member.isCutOff = true;
  await world.restart(0);
  const third = world.resume("eve", code, eve.secret, older);
  await world.run(500);
  for (const member of members) member.isCutOff = false;
  await world.until(() => members.slice(0, 3).every(({ member }) => member.connected));
  await world.run(500);
  expect(third.end).toBe("LOBBY_NOT_FOUND");
  expect(ada.member.lobby?.members).toHaveLength(3);
});

test("[LB66] a forged keepsake, a cut one, another lobby's, another key's, and one without a seat of the sender's restore nothing", async () => {
  const { world, code, members } = await openRoom();
  const other = await openRoom(["zoe"], 2);
  const keepsake = at(members, 0).keepsakes.at(-1) ?? "";
  const foreign = at(other.members, 0).keepsakes.at(-1) ?? "";
  const { secret } = at(members, 0);
  for (const member of members) member.kill();
  await world.restart(100);
  const flipped = keepsake.slice(0, 200) + (keepsake[200] === "A" ? "B" : "A") + keepsake.slice(201);
  const attempts = [
    world.resume("forged", code, secret, flipped),
    world.resume("cut", code, secret, keepsake.slice(0, -40)),
    world.resume("foreign", code, secret, foreign),
    world.resume("thief", code, "x".repeat(32), keepsake),
    world.resume("none", code, secret),
  ];
  await world.run(GATHERING_MS + 1_000);
  expect(attempts.map(({ end }) => end)).toEqual(attempts.map(() => "SEAT_EXPIRED"));
  expect(await world.broker.store.count()).toBe(0);
  expect(world.broker.counters.snapshot()).toMatchObject({ "lobby:seal-broken": 2, "lobby:seal-foreign": 2 });
  await world.restart(100, "another key of this test, long enough!");
  const stranger = world.resume("ada", code, secret, keepsake);
  await world.run(GATHERING_MS + 1_000);
  expect(stranger.end).toBe("SEAT_EXPIRED");
});

test("[LB67] a code that rests is not opened again by a keepsake, nor is the lobby that has it by then replaced", async () => {
  const { world, code, members } = await openRoom(["ada"]);
  const ada = at(members, 0);
  const keepsake = ada.keepsakes.at(-1);
  ada.member.leave();
  await world.run(500);
  const again = world.resume("ada", code, ada.secret, keepsake);
  await world.run(GATHERING_MS + 1_000);
  expect(again.end).toBe("SEAT_EXPIRED");
  // The next process may give the code away.
  await world.restart(100);
  const created = await world.broker.open(code, "bob");
  const third = world.resume("ada", code, ada.secret, keepsake);
  await world.run(GATHERING_MS + 1_000);
  expect(third.end).toBe("SEAT_EXPIRED");
  expect((await world.broker.lobby(code))?.life).toEqual(created.life);
});

test("[LB68] who joins while the members of a lobby are coming back waits for it, and gets in", async () => {
  const { world, code, members } = await openRoom(["ada", "bob", "cyd", "dan"]);
  for (const member of members) member.isCutOff = true;
  await world.restart(0);
  at(members, 3).isCutOff = false;
  await world.run(800);
  const late = world.join("eve", code);
  await world.run(500);
  expect(late.events).toEqual([]);
  await world.until(() => late.member.connected, GATHERING_MS + 500);
  expect(late.member.lobby?.members).toHaveLength(5);
});

test("[LB69] a host that is not back within a second of the restart is followed by the next member, in a higher epoch", async () => {
  const { world, members } = await openRoom();
  const [ada, bob, cyd] = [at(members, 0), at(members, 1), at(members, 2)];
  const epoch = ada.member.lobby?.hostEpoch ?? 0;
  ada.isCutOff = true;
  await world.restart(0);
  await world.until(() => bob.member.connected && cyd.member.connected);
  expect(bob.member.lobby?.hostId).toBe(ada.peerId);
  await world.run(LOBBY_TIMES.hostTakeoverMs + 200);
  expect(bob.isHost).toBe(true);
  expect(bob.member.lobby?.hostEpoch).toBeGreaterThan(epoch);
  ada.isCutOff = false;
  await world.until(() => ada.member.connected);
  expect(ada.isHost).toBe(false);
  // Whoever does not come back at all loses the seat after the usual time.
  cyd.kill();
  await world.run(LOBBY_TIMES.seatKeptMs + 1_000);
  expect(ada.member.lobby?.members).toHaveLength(2);
});

test("[LB70] an address brings back no more lobbies in a minute than it may open", async () => {
  const { world, code, members } = await openRoom(["ada"]);
  const keepsake = at(members, 0).keepsakes.at(-1);
  at(members, 0).kill();
  await world.restart(100);
  world.broker.exhaustLobbies();
  const again = world.resume("ada", code, at(members, 0).secret, keepsake);
  await world.run(1_000);
  expect(again.end).toBe("RATE_LIMITED");
});

test("[TK20] a lobby that is over stays over: once its code has rested, nobody opens it again with a keepsake", async () => {
  const { world, code, members } = await openRoom(["ada"]);
  const ada = at(members, 0);
  const keepsake = ada.keepsakes.at(-1);
  ada.member.leave();
  await world.run(500);
  vi.advanceTimersByTime(BROKER_LIMITS.codeRestMs);
  expect(await world.broker.store.load(code)).toEqual({ version: 0, record: undefined });
  const again = world.resume("ada", code, ada.secret, keepsake);
  await world.run(GATHERING_MS + 1_000);
  expect(again.end).toBe("SEAT_EXPIRED");
  expect(await world.broker.store.count()).toBe(0);
  expect(world.broker.counters.snapshot()).toMatchObject({ "lobby:seal-closed": 1 });
});
