import { describe, expect, it } from "vitest";
import { ByteReader, ByteWriter } from "../src/core/base/bytes.ts";
import { Random } from "../src/core/base/random.ts";
import { InputHeader, readInputHeader, writeInputHeader } from "../src/core/wire/input-datagram.ts";
import * as ROLLBACK_KIND from "../src/core/wire/rollback-kind.ts";
import { FlipSimulation } from "./flip-simulation.ts";
import { RepairWorld } from "./repair-world.ts";

/** The same datagram with another checksum in its report, if it has one. */
function withLie(bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== ROLLBACK_KIND.input) return bytes;
  const [reader, header, writer] = [new ByteReader(bytes), new InputHeader(), new ByteWriter(new Uint8Array(2048))];
  reader.skip(1);
  header.matchEpoch = reader.u8();
  if (!readInputHeader(reader, header)) throw new Error("not an input datagram");
  header.checksum = (header.checksum ^ 0x55) >>> 0;
  writeInputHeader(writer, header);
  writer.bytes(bytes, reader.offset);
  return writer.written().slice();
}

function repairsOf(world: RepairWorld<FlipSimulation>, index: number): number {
  const { id } = world.peer(index);
  return world.eventsOf(index, "repaired").filter(({ peerId }) => peerId === id).length;
}

describe("without an answer", () => {
  it("[DS6] a desync is told after a second as far as it is known", () => {
    const world = new RepairWorld({
      peerCount: 2,
      seed: 3,
      create: () => new FlipSimulation(2),
      oneWayMs: 60,
      forge: (_from, _to, channel, bytes) => (channel === "reliable" ? [] : [bytes]),
    });
    world.run(1500);
    const victim = world.peer(1);
    let flippedMs = 0;
    victim.simulation.arm(
      0,
      5,
      () => victim.session.confirmedFrame,
      () => (flippedMs = world.nowMs),
    );
    world.run(5000);
    const told = world.peer(0).events.find(({ event }) => event.type === "desync");
    expect(told?.event).toMatchObject({ peerId: victim.id, paths: [], evidence: { isFirst: false } });
    expect((told?.atMs ?? 0) - flippedMs).toBeGreaterThan(1000);
    expect(world.eventsOf(0, "desync")).toHaveLength(1);
  });
});

describe("members that lie about their states", () => {
  it("[DS7] never turn a majority round, however many they are below half", () => {
    for (const [peerCount, liars] of [
      [3, [2]],
      [5, [0, 3]],
      [8, [0, 1, 7]],
    ] as const) {
      const world = new RepairWorld({
        peerCount,
        seed: 5,
        create: () => new FlipSimulation(peerCount),
        oneWayMs: 40,
        forge: (from, _to, _channel, bytes) => [liars.some((liar) => liar === from) ? withLie(bytes) : bytes],
      });
      world.run(5000);
      for (const { index } of world.peers) {
        if (liars.some((liar) => liar === index)) continue;
        expect(repairsOf(world, index)).toBe(0);
        expect(world.eventsOf(index, "desync").map(({ peerId }) => peerId)).toHaveLength(liars.length);
      }
      expect(world.areEqual).toBe(true);
    }
  });

  it("[DS8] a state that is none, or not the one that the majority has, is refused, and another member asked", () => {
    const world = new RepairWorld({
      peerCount: 4,
      seed: 6,
      create: () => new FlipSimulation(4),
      oneWayMs: 40,
      forge: (from, _to, _channel, bytes) => {
        if (from === 0 && bytes[0] === ROLLBACK_KIND.stateReply) bytes[bytes.length - 9] = (bytes.at(-9) ?? 0) ^ 1;
        return [from === 1 && bytes[0] === ROLLBACK_KIND.stateReply ? bytes.subarray(0, bytes.length - 7) : bytes];
      },
    });
    world.run(1500);
    const victim = world.peer(3);
    victim.simulation.arm(
      0,
      77,
      () => victim.session.confirmedFrame,
      () => {},
    );
    expect(world.runUntil(() => repairsOf(world, 3) > 0, 5000)).toBe(true);
    expect(victim.session.stats().refusals["bad-state"]).toBe(2);
    world.run(1000);
    expect(world.areEqual).toBe(true);
  });

  it("[DS10] a member that shows two faces is told by its player, whichever member looks", () => {
    // Peer 3 plays the seat of peer 1 too: one face for peer 0, another for peer 2.
    const world = new RepairWorld({
      peerCount: 4,
      seatOf: (peer) => (peer === 3 ? 1 : peer),
      seed: 8,
      create: () => new FlipSimulation(3),
      oneWayMs: 40,
      forge: (from, to, _channel, bytes) => ((from === 1 && to === 2) || (from === 3 && to === 0) ? [] : [bytes]),
    });
    world.run(3000);
    for (const index of [0, 2]) {
      const [event] = world.eventsOf(index, "desync");
      expect(event).toMatchObject({ peerId: world.peer(2 - index).id, playerIndexes: [1] });
    }
  });
});

describe("a game that is not deterministic at one peer", () => {
  it("[DS9] is repaired seldom, and the player told, rather than without end", () => {
    const world = new RepairWorld({ peerCount: 2, seed: 9, create: () => new FlipSimulation(2), oneWayMs: 30 });
    const odd = world.peer(1).simulation;
    const step = odd.step.bind(odd);
    odd.step = (frame, inputs, bots, emit) => {
      step(frame, frame % 20 === 0 ? inputs.map((byte) => byte ^ 1) : inputs, bots, emit);
    };
    world.run(60_000);
    expect(world.eventsOf(1, "desync-persists")).toHaveLength(1);
    expect(world.eventsOf(0, "desync-persists")).toEqual([]);
    // 0, 1, 3, 7, 15, 31, 47 s.
    expect(repairsOf(world, 1)).toBeGreaterThanOrEqual(5);
    expect(repairsOf(world, 1)).toBeLessThanOrEqual(8);
    expect(world.peer(0).session.stats().frame).toBeGreaterThan(3500);
    expect(world.peer(1).session.stats().resimulatedFrames).toBeLessThan(6000);
  });
});

describe("hostile logs, requests and states", () => {
  it("[DS11] are refused and counted, sooner or later unread, and leave the match as it was", () => {
    const random = new Random(4);
    const kinds = [ROLLBACK_KIND.checksumLog, ROLLBACK_KIND.stateRequest, ROLLBACK_KIND.stateReply];
    const seen: Uint8Array[] = [];
    const mutate = (): Uint8Array => {
      const original = seen[random.integer(seen.length)] ?? new Uint8Array(8);
      const copy = original.slice(0, random.chance(0.3) ? 2 + random.integer(60) : undefined);
      for (let count = 1 + random.integer(4); count > 0 && copy.length > 2; count--) {
        copy[2 + random.integer(Math.min(copy.length - 2, 40))] = random.integer(256);
      }
      return copy;
    };
    const world = new RepairWorld({
      peerCount: 3,
      seed: 10,
      create: () => new FlipSimulation(3),
      oneWayMs: 30,
      forge: (from, to, channel, bytes) => {
        if (channel === "reliable" && kinds.some((kind) => kind === bytes[0])) seen.push(bytes.slice());
        // More would crowd out its own inputs.
        return from === 2 && to === 0 && seen.length > 0 ? [mutate(), mutate(), bytes] : [bytes];
      },
    });
    world.run(1000);
    const victim = world.peer(1);
    victim.simulation.arm(
      1,
      33,
      () => victim.session.confirmedFrame,
      () => {},
    );
    world.run(8000);
    expect(repairsOf(world, 0)).toBe(0);
    expect(world.areEqual).toBe(true);
    // And many more, as fast as they are looked at.
    const { session } = world.peer(0);
    const before = [session.confirmedFrame, session.checksum(session.confirmedFrame)];
    for (let count = 0; count < 20_000; count++) session.handlePacket(world.nowMs + 5 * count, world.peer(2).id, mutate());
    expect([session.confirmedFrame, session.checksum(session.confirmedFrame)]).toEqual(before);
    expect(repairsOf(world, 0)).toBe(0);
    const { refusals } = session.stats();
    for (const reason of ["desync-flood", "malformed", "unasked-state"]) expect(refusals[reason]).toBeGreaterThan(100);
    expect(refusals["flood"] ?? 0).toBeLessThan(1000);
  });
});
