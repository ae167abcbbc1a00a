import { describe, expect, it } from "vitest";
import { TestMatch, humanInput, testPeerId } from "../../../test/test-match.ts";
import { TestSimulation } from "../../../test/test-simulation.ts";
import { ByteWriter } from "../base/bytes.ts";
import { Random } from "../base/random.ts";
import { DropVote, writeDropVote } from "../wire/drop-vote-codec.ts";
import { writeInputBlock } from "../wire/input-block.ts";
import { InputHeader, writeInputHeader } from "../wire/input-datagram.ts";
import { SEAT_LEAD_FRAMES } from "../wire/limits.ts";
import { writeStreamEntries, type CarriedEntry } from "../wire/stream-entry-codec.ts";
import { RollbackSession } from "./rollback-session.ts";

const ada = testPeerId("ada");
const bob = testPeerId("bob");
const cyd = testPeerId("cyd");

/** A session of `ada` (player 0) against `bob` (players 1 and 2) and `cyd` (player 3), at frame 4. */
function session(): RollbackSession {
  const players = [ada, bob, bob, cyd].map((peerId) => ({ peerId }));
  const simulation = new TestSimulation({ playerCount: 4 });
  const own = new RollbackSession(0, { localPeerId: ada, hostId: ada, matchEpoch: 7, players, simulation });
  for (let frame = 0; frame < 4; frame++) own.advanceFrame(frame * 16, Uint8Array.of(1), Number.POSITIVE_INFINITY);
  return own;
}

interface Forged extends Partial<InputHeader> {
  /** Inputs by player: one number per row, behind a base row. */
  readonly blocks?: Readonly<Record<number, readonly number[]>>;
  readonly entries?: readonly CarriedEntry[];
  readonly tail?: readonly number[];
}

function datagram({ blocks = {}, entries = [], tail = [], ...fields }: Forged): Uint8Array {
  const writer = new ByteWriter(new Uint8Array(2048));
  const header = Object.assign(new InputHeader(), { matchEpoch: 7, ackDistance: 1 + (fields.newestFrame ?? -1) }, fields);
  header.hasEntries ||= entries.length > 0;
  writeInputHeader(writer, header);
  if (entries.length > 0) writeStreamEntries(writer, entries, header.newestFrame);
  for (const [player, rows] of Object.entries(blocks)) writeInputBlock(writer, Number(player), Uint8Array.from(rows), rows.length - 1, 1);
  writer.bytes(Uint8Array.from(tail));
  return writer.written().slice();
}

/** Frames 0–3 of bob's two players. */
const good: Forged = { newestFrame: 3, rowCount: 4, blocks: { 1: [0, 5, 5, 6, 6], 2: [0, 1, 1, 1, 1] } };

function pauseIn(frame: number): CarriedEntry {
  return { frame, entry: { type: "pause" } };
}

function refusalsAfter(own: RollbackSession, ...packets: readonly (readonly [typeof ada, Uint8Array])[]): unknown {
  for (const [from, bytes] of packets) own.handlePacket(100, from, bytes);
  return own.stats().refusals;
}

describe("packets that are refused and counted", () => {
  it("[RB23] nothing of an honest datagram", () => {
    const own = session();
    expect(refusalsAfter(own, [bob, datagram(good)], [bob, datagram(good)])).toEqual({});
    expect(own.stats().datagramsReceived).toBe(2);
  });

  it.each<readonly [string, typeof ada, Uint8Array]>([
    ["stranger", testPeerId("eve"), datagram(good)],
    ["stranger", ada, datagram(good)],
    ["stale-epoch", bob, datagram({ ...good, matchEpoch: 6 })],
    ["unknown-kind", bob, Uint8Array.of(0x3f, 7, 0)],
    ["malformed", bob, new Uint8Array(0)],
    ["malformed", bob, Uint8Array.of(0x20)],
    ["malformed", bob, datagram({ ...good, tail: [0] })],
    ["malformed", bob, datagram(good).subarray(0, -1)],
    ["malformed", bob, datagram({ newestFrame: 1, rowCount: 3, blocks: { 1: [0, 0, 0, 0], 2: [0, 0, 0, 0] } })],
    ["malformed", bob, datagram({ ...good, ackDistance: 10 })],
    ["wrong-player", cyd, datagram(good)],
    ["wrong-player", bob, datagram({ ...good, blocks: { 1: [0, 5, 5, 6, 6], 3: [0, 1, 1, 1, 1] } })],
    ["gap", bob, datagram({ newestFrame: 4, rowCount: 4, blocks: good.blocks ?? {} })],
    ["far-frame", bob, datagram({ newestFrame: 69, rowCount: 1, blocks: { 1: [0, 1], 2: [0, 1] } })],
    ["ack-ahead", bob, datagram({ ...good, ackDistance: -3 })],
  ])("[RB23] %s", (reason, from, bytes) => {
    const own = session();
    expect(refusalsAfter(own, [from, bytes])).toEqual({ [reason]: 1 });
    // It left nothing behind: the honest one is taken in whole.
    expect(refusalsAfter(own, [bob, datagram(good)])).toEqual({ [reason]: 1 });
    expect(own.stats().refusals).toEqual({ [reason]: 1 });
  });

  it("[RB23] another input for a frame that is there: the first one stays", () => {
    const own = session();
    const other = datagram({ newestFrame: 4, rowCount: 5, blocks: { 1: [0, 5, 5, 6, 7, 7], 2: [0, 1, 1, 1, 1, 1] } });
    expect(refusalsAfter(own, [bob, datagram(good)], [bob, other])).toEqual({ "conflicting-input": 1 });
    const more = datagram({ newestFrame: 4, rowCount: 1, blocks: { 1: [6, 6], 2: [1, 1] } });
    expect(refusalsAfter(own, [bob, more])).toEqual({ "conflicting-input": 1 });
  });

  it("[RB36] is told once per peer when it sends two different inputs, or entries, for one frame", () => {
    const own = session();
    const told = (): unknown[] => {
      const events: unknown[] = [];
      for (let event = own.pollEvent(); event !== undefined; event = own.pollEvent())
        if (event.type === "conflicting-input") events.push(event);
      return events;
    };
    const other = datagram({ newestFrame: 3, rowCount: 4, blocks: { 1: [0, 5, 5, 9, 6], 2: [0, 1, 1, 1, 1] } });
    const withEntry = datagram({ ...good, entries: [pauseIn(2)] });
    expect(refusalsAfter(own, [bob, datagram(good)], [bob, withEntry], [bob, other])).toEqual({ "conflicting-input": 2 });
    expect(told()).toEqual([{ type: "conflicting-input", peerId: bob, frame: 0 }]);
    const cyds = { newestFrame: 3, rowCount: 4, blocks: { 3: [0, 5, 5, 6, 6] } };
    own.handlePacket(100, cyd, datagram({ ...cyds, entries: [pauseIn(1)] }));
    expect(told()).toEqual([]);
    own.handlePacket(100, cyd, datagram({ ...cyds, entries: [pauseIn(1), pauseIn(2)] }));
    own.handlePacket(100, cyd, datagram(cyds));
    expect(own.stats().refusals).toEqual({ "conflicting-input": 4 });
    expect(told()).toEqual([{ type: "conflicting-input", peerId: cyd, frame: 0 }]);
  });

  it("[RB31] entries that are malformed, without inputs, or too many are refused with their datagram", () => {
    const own = session();
    const none = datagram({ ...good, hasEntries: true, tail: [0] });
    expect(refusalsAfter(own, [bob, none])).toEqual({ malformed: 1 });
    expect(refusalsAfter(own, [bob, datagram({ newestFrame: -1, rowCount: 0, entries: [pauseIn(-1)] })])).toEqual({ malformed: 2 });
    const many = [0, 1, 2, 3, 4, 5].map((): CarriedEntry => pauseIn(2));
    expect(refusalsAfter(own, [bob, datagram({ ...good, entries: many })])).toEqual({ malformed: 2, "entry-flood": 1 });
    expect(own.stats().confirmedFrame).toBe(-1);
    expect(refusalsAfter(own, [bob, datagram(good)])).toEqual({ malformed: 2, "entry-flood": 1 });
    expect(own.stats().datagramsReceived).toBe(4);
  });

  it.each([
    [ada, []],
    [bob, [{ type: "seat-to-player", frame: SEAT_LEAD_FRAMES, peerId: testPeerId("eve"), playerIndexes: [2] }]],
  ])("[RB32] a seat that bob gives away while the host is %s is given by the highest rank or not at all", (hostId, expected) => {
    const players = [ada, bob, undefined].map((peerId) => ({ peerId }));
    const simulation = new TestSimulation({ playerCount: 3 });
    const own = new RollbackSession(0, { localPeerId: ada, hostId, matchEpoch: 7, players, simulation });
    const slot = 2;
    const seat = (frame: number, generation: number, peerId: typeof ada): CarriedEntry => ({
      frame,
      entry: { type: "seat", slot, generation, peerId },
    });
    const entries = [seat(0, 2, testPeerId("gil")), seat(0, 1, ada), seat(0, 1, testPeerId("eve")), seat(1, 2, testPeerId("fay"))];
    own.handlePacket(1, bob, datagram({ newestFrame: 3, rowCount: 4, blocks: { 1: [0, 1, 1, 1, 1] }, entries }));
    for (let frame = 0; frame < 4; frame++) own.advanceFrame(1 + frame * 16, Uint8Array.of(1), 99);
    expect(own.stats()).toMatchObject({ confirmedFrame: 3, refusals: {} });
    expect(own.timeline).toEqual(expected);
  });

  it("[RB23] inputs without end do not run over those that are still needed", () => {
    const own = session();
    for (let frame = 0; frame < 1000; frame++) {
      own.handlePacket(100 + 16 * frame, bob, datagram({ newestFrame: frame, rowCount: 1, blocks: { 1: [0, 1], 2: [0, 1] } }));
    }
    const { refusals, confirmedFrame, frame } = own.stats();
    expect(refusals["far-frame"]).toBeGreaterThan(900);
    expect([confirmedFrame, frame]).toEqual([-1, 4]);
  });

  it("[RB23] votes that are no votes, shrink, or leave a gap in somebody's inputs", () => {
    const own = session();
    const layout = { playersOf: [[0], [1, 2], [3]], inputBytes: 1 };
    const vote = (set: number, lastFrame: number): Uint8Array => {
      const content = Object.assign(new DropVote(), { set, proposal: set });
      content.lastFrames.fill(lastFrame);
      const writer = new ByteWriter(new Uint8Array(2048));
      writeDropVote(writer, 7, content, layout, (_player, _frame, count, target) => target.fill(1, 0, count));
      return writer.written().slice();
    };
    // Against itself; with 64 inputs up to frame 70, of which we have none; against cyd; and then against another one instead.
    expect(refusalsAfter(own, [bob, vote(2, 3)], [bob, vote(4, 70)])).toEqual({ malformed: 1, "vote-gap": 1 });
    expect(refusalsAfter(own, [bob, vote(4, 3)], [bob, vote(4, 3)])).toEqual({ malformed: 1, "vote-gap": 1 });
    expect(refusalsAfter(own, [bob, vote(1, 3)])).toEqual({ malformed: 1, "vote-gap": 1, "vote-order": 1 });
  });
});

describe("mutated traffic", () => {
  it("[RB23] never throws, and the session goes on", () => {
    const random = new Random(99);
    const match = new TestMatch({ seats: [0, 1, 2], input: humanInput(1) });
    const victim = match.peer(0);
    let mutations = 0;
    for (const attacker of [match.peer(1), match.peer(2)]) {
      const poll = attacker.session.pollTransmit.bind(attacker.session);
      attacker.session.pollTransmit = () => {
        const transmit = poll();
        if (transmit === undefined || transmit.to !== victim.id) return transmit;
        const bytes = transmit.bytes.slice();
        for (let count = 0; count < 3; count++) {
          // The epoch stays: else the first check would stop most of it.
          bytes[random.chance(0.9) ? 2 + random.integer(bytes.length - 2) : 0] = random.integer(256);
          victim.session.handlePacket(
            match.nowMs,
            attacker.id,
            random.chance(0.2) ? bytes.subarray(0, random.integer(bytes.length)) : bytes,
          );
          mutations++;
        }
        return transmit;
      };
    }
    match.run(3000);
    expect(mutations).toBeGreaterThan(500);
    const { refusals, frame } = victim.session.stats();
    expect(Object.keys(refusals).length).toBeGreaterThan(4);
    expect(frame).toBeGreaterThan(0);
  });

  it("[RB23] noise never throws", () => {
    const random = new Random(7);
    const own = session();
    for (let packet = 0; packet < 20_000; packet++) {
      const bytes = Uint8Array.from({ length: random.integer(40) }, () => random.integer(256));
      bytes[0] = 0x20 + random.integer(3);
      bytes[1] = 7;
      own.handlePacket(100 + 4 * packet, random.chance(0.5) ? bob : cyd, bytes);
    }
    expect(own.stats().refusals["malformed"]).toBeGreaterThan(1000);
    expect(own.stats().datagramsReceived).toBeGreaterThan(10_000);
  });

  it("[RB23] events that nobody fetches are bounded", () => {
    const simulation = new TestSimulation({ playerCount: 1 });
    const own = new RollbackSession(0, { localPeerId: ada, hostId: ada, matchEpoch: 0, players: [{ peerId: ada }], simulation });
    for (let frame = 0; frame < 6000; frame++) own.advanceFrame(frame * 16, Uint8Array.of(1), 0);
    expect(own.stats().refusals["game-event-overflow"]).toBeGreaterThan(2000);
    let events = 0;
    while (own.pollEvent() !== undefined) events++;
    expect(events).toBe(4096);
  });
});
