import { applyLobbyChange, LOBBY_TIMES, parseBrokerMessage, type LobbyState } from "@rollcall/netcode/lobby-protocol";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { named, peer, TestLobby } from "../test/lobby-fixture.ts";
import { lobbyDeadlineMs } from "./lobby.ts";

const NAMES = ["ada", "bob", "cyd", "dan", "eve"] as const;

type Act = (room: TestLobby) => void;

const who = fc.constantFrom(...NAMES);
const anyReservation = fc.constantFrom("r1", "r2", "r3");
/** Mostly the host, whose commands would else seldom be more than refused. */
const anyCommander = fc.constantFrom("host", "host", "host", ...NAMES);

/** People by name; what they are called now may differ after a reload, so that stale ids are used as well. */
const anyAct: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: who.map(
      (name): Act =>
        (room) =>
          void (isMember(room, name) || room.join(name)),
    ),
  },
  {
    weight: 8,
    arbitrary: fc.tuple(who, fc.constantFrom("spectator" as const, "queue" as const, "queue" as const)).map(
      ([name, as]): Act =>
        (room) =>
          void (isMember(room, name) || room.join(name, { as })),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(anyCommander, who, fc.constantFrom("player" as const, "spectator" as const)).map(
      ([by, name, role]): Act =>
        (room) =>
          void room.command(current(room, by), { type: "set-role", role, peerId: peer(current(room, name)) }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(anyCommander, fc.integer({ min: 1, max: 4 })).map(
      ([by, audience]): Act =>
        (room) =>
          void room.command(current(room, by), { type: "set-audience", audience }),
    ),
  },
  {
    weight: 4,
    arbitrary: who.map(
      (name): Act =>
        (room) =>
          void room.resume(name),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(who, fc.nat()).map(
      ([name, salt]): Act =>
        (room) =>
          void room.resume(name, `${name}-${salt}-${room.nowMs}`),
    ),
  },
  {
    weight: 5,
    arbitrary: who.map(
      (name): Act =>
        (room) =>
          room.disconnect(current(room, name)),
    ),
  },
  {
    weight: 1,
    arbitrary: who.map(
      (name): Act =>
        (room) =>
          room.disconnect(name),
    ),
  },
  {
    weight: 2,
    arbitrary: who.map(
      (name): Act =>
        (room) =>
          void room.command(current(room, name), { type: "leave" }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(anyCommander, who, fc.constantFrom("kick" as const, "kick" as const, "ban" as const)).map(
      ([by, name, type]): Act =>
        (room) =>
          void room.command(current(room, by), { type, peerId: peer(current(room, name)) }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(anyCommander, who).map(
      ([by, name]): Act =>
        (room) =>
          void room.command(current(room, by), { type: "transfer-host", peerId: peer(current(room, name)) }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(anyCommander, fc.boolean()).map(
      ([by, locked]): Act =>
        (room) =>
          void room.command(current(room, by), { type: "set-locked", locked }),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(anyCommander, fc.subarray(["r1", "r2", "r3"], { minLength: 1 }), fc.constantFrom(400, 40_000)).map(
      ([by, reservations, forMs]): Act =>
        (room) =>
          void room.command(current(room, by), { type: "reserve", reservations, forMs }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(anyCommander, fc.option(fc.array(anyReservation, { maxLength: 2 }), { nil: undefined })).map(
      ([by, reservations]): Act =>
        (room) =>
          void room.command(current(room, by), { type: "unreserve", ...(reservations === undefined ? {} : { reservations }) }),
    ),
  },
  {
    weight: 5,
    arbitrary: fc.tuple(who, anyReservation).map(
      ([name, reservationHash]): Act =>
        (room) =>
          void (isMember(room, name) || room.join(name, { reservationHash })),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(anyCommander, fc.integer({ min: 1, max: 4 })).map(
      ([by, capacity]): Act =>
        (room) =>
          void room.command(current(room, by), { type: "set-capacity", capacity }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(who, fc.boolean()).map(
      ([by, ready]): Act =>
        (room) =>
          void room.command(current(room, by), { type: "set-ready", ready }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(who, fc.string({ maxLength: 64 })).map(
      ([by, name]): Act =>
        (room) =>
          void room.command(current(room, by), { type: "set-profile", profile: named(name) }),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(anyCommander, fc.integer({ min: 1, max: 8 })).map(
      ([by, playerCount]): Act =>
        (room) =>
          void room.command(current(room, by), { type: "start", playerCount, botProfiles: [], countdownMs: 0 }),
    ),
  },
  {
    weight: 3,
    arbitrary: who.map(
      (by): Act =>
        (room) =>
          void room.command(current(room, by), { type: "end-match", matchNumber: room.record.lobby.matchCount }),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom(1, 500, 999, 1_000, 30_000, 90_000).map(
      (ms): Act =>
        (room) =>
          room.pass(ms),
    ),
  },
);

/** What `name` is called at the moment: its secret finds its seat. */
function current(room: TestLobby, name: string): string {
  if (name === "host") return room.record.lobby.hostId;
  return room.record.seats.find((seat) => seat.secretHash === `secret-${name}`)?.peerId ?? name;
}

function isMember(room: TestLobby, name: string): boolean {
  return room.record.seats.some((seat) => seat.secretHash === `secret-${name}`);
}

/** As it reaches a member: written and read again. */
function overTheWire(state: LobbyState): LobbyState {
  const admission = { lobby: state, peerId: "ada", resumeSecret: "s", signalingToken: "t", iceServers: [] };
  const parsed = parseBrokerMessage(JSON.stringify({ reply: 1, ok: true, result: admission }));
  if (!parsed.ok || !("reply" in parsed.value) || !parsed.value.ok || parsed.value.result === null || !("lobby" in parsed.value.result))
    throw new Error(JSON.stringify(parsed));
  return parsed.value.result.lobby;
}

function checkInvariants({ record, nowMs }: TestLobby): void {
  const { lobby, seats } = record;
  const unique = (values: readonly unknown[]): boolean => new Set(values).size === values.length;
  const { members } = lobby;
  expect(members.map((member) => member.peerId).sort()).toEqual(seats.map((seat) => seat.peerId).sort());
  expect(unique(members.map((member) => member.peerId))).toBe(true);
  expect(unique(members.map((member) => member.order))).toBe(true);
  expect(unique(seats.map((seat) => seat.connection))).toBe(true);
  expect(members.map((member) => member.seat)).toEqual(
    [...new Set(members.map((member) => member.seat))].sort((left, right) => left - right),
  );
  const players = members.filter(({ role }) => role === undefined);
  const { reserved } = lobby.door;
  expect(players.length + reserved).toBeLessThanOrEqual(lobby.capacity);
  const held = record.reservations.filter(({ isUsed }) => !isUsed);
  expect(held).toHaveLength(reserved);
  expect(unique(record.reservations.map(({ hash }) => hash))).toBe(true);
  // Nobody who is there waits beside a free seat, and each waits under a number of their own.
  const queue = members.filter(({ role }) => role === "queued");
  expect(players.length + reserved === lobby.capacity || queue.every(({ connected }) => !connected)).toBe(true);
  expect(unique(queue.map(({ queueNumber }) => queueNumber)) && queue.every(({ queueNumber }) => queueNumber !== undefined)).toBe(true);
  expect(members.every((member) => member.order < record.nextOrder && member.profile.name !== "")).toBe(true);
  expect(
    seats.every((seat) => (seat.disconnectedAtMs === null) === members.find((member) => member.peerId === seat.peerId)?.connected),
  ).toBe(true);
  expect(members.length === 0 || members.some((member) => member.peerId === lobby.hostId)).toBe(true);
  const bans = record.bans.filter(({ untilMs }) => untilMs === null || untilMs > nowMs);
  expect(seats.some((seat) => bans.some((ban) => ban.secretHash === seat.secretHash))).toBe(false);
  // Nothing is overdue: seats within their 90 s, and no host away for a second while another could be it.
  expect(lobbyDeadlineMs(record)).toBeGreaterThan(nowMs);
  expect(seats.every((seat) => seat.disconnectedAtMs === null || nowMs - seat.disconnectedAtMs < LOBBY_TIMES.seatKeptMs)).toBe(true);
  const people = lobby.match?.seats.flatMap((seat) => (seat.kind === "person" ? [seat.peerId] : []));
  expect(people === undefined || people.some((peerId) => members.some((member) => member.peerId === peerId))).toBe(true);
  expect(record.recent.every((item, index) => item.event === lobby.event - record.recent.length + 1 + index)).toBe(true);
}

test("[LB27] whatever people do, in any order: one host, who is a member; seats, orders and events stay sound; members see what the broker sees", () => {
  const seen = { changes: 0, hosts: 0, matches: 0, returns: 0, held: 0, promotions: 0 };
  const property = fc.property(fc.array(anyAct, { minLength: 10, maxLength: 60 }), (acts) => {
    const room = new TestLobby({ capacity: 2, audience: 3 });
    let view = overTheWire(room.record.lobby);
    let hostEpoch = 1;
    for (const act of acts) {
      if (room.people.length === 0) break;
      const from = room.changes.length;
      act(room);
      for (const { event, change } of room.changes.slice(from)) {
        expect(event).toBe(view.event + 1);
        const wire = parseBrokerMessage(JSON.stringify({ event, change }));
        if (!wire.ok || !("event" in wire.value)) throw new Error(JSON.stringify(wire));
        const next = applyLobbyChange(view, event, wire.value.change);
        if (next === undefined) throw new Error(`a member cannot follow ${JSON.stringify(change)}`);
        view = next;
        if (view.hostEpoch !== hostEpoch) seen.hosts++;
        expect(view.hostEpoch).toBeGreaterThanOrEqual(hostEpoch);
        hostEpoch = view.hostEpoch;
        if (change.type === "match-started") seen.matches++;
        if (change.type === "member-returned") seen.returns++;
        if (change.type === "door-changed" && change.door.reserved > 0) seen.held++;
        if (change.type === "role-changed" && change.role === undefined) seen.promotions++;
        seen.changes++;
      }
      expect(view).toEqual(room.record.lobby);
      expect(overTheWire(room.record.lobby)).toEqual(room.record.lobby);
      expect(JSON.parse(JSON.stringify(room.record))).toEqual(room.record);
      checkInvariants(room);
    }
  });
  fc.assert(property, { numRuns: 300 });
  const { promotions, held, ...often } = seen;
  expect(Math.min(...Object.values(often), promotions * 10, held * 10)).toBeGreaterThan(50);
  // Two seconds of work; a busy machine takes its time.
}, 60_000);
