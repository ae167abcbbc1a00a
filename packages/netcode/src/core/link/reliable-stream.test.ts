import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sequenceOf } from "../base/sequence.ts";
import { parseLinkPacket } from "./link-codec.ts";
import { ReliableStream, STREAM_BYTES_MAX } from "./reliable-stream.ts";

/** Two streams and the ordered channel between them, which can be replaced. */
class Pipe {
  readonly sender = new ReliableStream();
  readonly receiver = new ReliableStream();
  readonly received: Uint8Array[] = [];
  #nowMs = 0;

  /** Carries at most `packets` from each side; the rest of what they sent is lost with the connection when `reconnect` follows. */
  carry(packets: number): void {
    this.#nowMs += 1_000;
    const forth = drain(this.sender, this.#nowMs);
    for (const bytes of forth.slice(0, packets)) this.#deliver(bytes);
    for (const bytes of drain(this.receiver, this.#nowMs + 1_000)) {
      const packet = parseLinkPacket(bytes);
      if (packet.type === "stream-ack") must(this.sender.handleAck(packet.expectedSequence));
    }
    if (forth.length > packets) this.reconnect();
  }

  reconnect(): void {
    must(this.sender.replay(this.receiver.expectedSequence));
    must(this.receiver.replay(this.sender.expectedSequence));
  }

  #deliver(bytes: Uint8Array): void {
    const packet = parseLinkPacket(bytes);
    if (packet.type !== "fragment") throw new Error(`expected: a fragment, got ${packet.type}`);
    const outcome = this.receiver.handleFragment(this.#nowMs, packet.sequence, packet.isLast, packet.part);
    if (outcome !== "taken") throw new Error(`expected: a part in its place, got ${outcome}`);
    const message = this.receiver.takeMessage();
    if (message !== undefined) this.received.push(message);
  }
}

function must(holds: boolean): void {
  if (!holds) throw new Error("expected: an honest ack to be taken");
}

function drain(stream: ReliableStream, nowMs: number): Uint8Array[] {
  const packets: Uint8Array[] = [];
  for (let bytes = stream.pollTransmit(nowMs); bytes !== undefined; bytes = stream.pollTransmit(nowMs)) packets.push(bytes);
  return packets;
}

function message(length: number, mark: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + mark) & 0xff);
}

describe("the reliable stream", () => {
  it("[LK50] messages of any size arrive once and in order, whenever the connection is replaced", () => {
    const sizes = fc.array(
      fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 16_365, max: 16_385 }), fc.integer({ min: 1, max: 60_000 })),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(sizes, fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 20 }), (lengths, carried) => {
        const pipe = new Pipe();
        const sent = lengths.map((length, mark) => message(length, mark));
        for (const bytes of sent) expect(pipe.sender.send(bytes)).toBe(true);
        for (const packets of carried) pipe.carry(packets);
        for (let round = 0; round < 12; round++) pipe.carry(100);
        expect(pipe.received.map(({ length }) => length)).toEqual(lengths);
        expect(pipe.received.every((bytes, index) => bytes.every((byte, at) => byte === sent[index]?.[at]))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it("[LK50] sequences wrap", () => {
    const pipe = new Pipe();
    for (let index = 0; index < 66_000; index++) {
      pipe.sender.send(Uint8Array.of(index & 0xff));
      if (index % 500 === 0) pipe.carry(1_000);
    }
    pipe.carry(1_000);
    expect(pipe.received.length).toBe(66_000);
    expect(pipe.received.every((bytes, index) => bytes[0] === (index & 0xff))).toBe(true);
  });

  it("[LK51] what waits for an ack is bounded: at the bound nothing more is taken, and an ack makes room", () => {
    const pipe = new Pipe();
    expect(pipe.sender.send(new Uint8Array(STREAM_BYTES_MAX))).toBe(true);
    expect(pipe.sender.send(Uint8Array.of(1))).toBe(false);
    for (let round = 0; round < 100; round++) pipe.carry(100);
    expect(pipe.received.map(({ length }) => length)).toEqual([STREAM_BYTES_MAX]);
    expect(pipe.sender.send(Uint8Array.of(1))).toBe(true);
  });

  it("[LK51] at most 64 KiB are on the wire without an ack", () => {
    const stream = new ReliableStream();
    stream.send(new Uint8Array(500_000));
    const bytes = drain(stream, 0).reduce((sum, { length }) => sum + length, 0);
    expect(bytes).toBeGreaterThan(40_000);
    expect(bytes).toBeLessThanOrEqual(65_536);
  });

  it("[LK51] a message above the limit is dropped without being kept, and the next one arrives", () => {
    const stream = new ReliableStream();
    const part = new Uint8Array(16_375);
    const count = Math.ceil(STREAM_BYTES_MAX / part.length) + 3;
    const outcomes = Array.from({ length: count }, (_, index) => stream.handleFragment(0, sequenceOf(index), index === count - 1, part));
    expect(outcomes.filter((outcome) => outcome === "too-large").length).toBe(4);
    expect(stream.takeMessage()).toBeUndefined();
    expect(stream.handleFragment(0, sequenceOf(count), true, Uint8Array.of(5))).toBe("taken");
    expect(stream.takeMessage()).toEqual(Uint8Array.of(5));
  });

  it("[LK52] a part that was known is ignored, one after a gap and an ack of what was never sent are refused", () => {
    const stream = new ReliableStream();
    expect(stream.handleFragment(0, sequenceOf(0), true, Uint8Array.of(1))).toBe("taken");
    expect(stream.takeMessage()).toEqual(Uint8Array.of(1));
    expect(stream.handleFragment(0, sequenceOf(0), true, Uint8Array.of(1))).toBe("known");
    expect(stream.handleFragment(0, sequenceOf(2), true, Uint8Array.of(3))).toBe("gap");
    expect(stream.takeMessage()).toBeUndefined();
    expect(stream.handleAck(sequenceOf(1))).toBe(false);
    stream.send(Uint8Array.of(9));
    expect(stream.handleAck(sequenceOf(1))).toBe(false);
    drain(stream, 0);
    expect([stream.handleAck(sequenceOf(2)), stream.handleAck(sequenceOf(0xffff)), stream.handleAck(sequenceOf(1))]).toEqual([
      false,
      false,
      true,
    ]);
  });

  it("[LK53] acks wait for company, but not for long, and not in the middle of a message", () => {
    const stream = new ReliableStream();
    stream.handleFragment(1_000, sequenceOf(0), true, Uint8Array.of(1));
    expect([stream.timeoutMs, stream.pollTransmit(1_099)]).toEqual([1_100, undefined]);
    stream.handleFragment(1_050, sequenceOf(1), true, Uint8Array.of(2));
    expect(stream.timeoutMs).toBe(1_100);
    expect(drain(stream, 1_100).map((bytes) => parseLinkPacket(bytes))).toEqual([{ type: "stream-ack", expectedSequence: sequenceOf(2) }]);
    expect(stream.timeoutMs).toBe(Infinity);
    stream.handleFragment(1_200, sequenceOf(2), false, new Uint8Array(16_375));
    expect(stream.timeoutMs).toBe(1_200);
  });

  it("[LK91] over a relay that loses, doubles and delays, messages arrive once and in order, and the ways may change", () => {
    let losses = 0;
    const fates = fc.infiniteStream(fc.constantFrom("lost", "lost", "late", "doubled", "moved", "taken", "taken", "taken"));
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 10 }), fates, (lengths, fate) => {
        const sender = new ReliableStream();
        const receiver = new ReliableStream();
        const received: number[] = [];
        const late: Uint8Array[] = [];
        const arrive = (nowMs: number, bytes: Uint8Array): void => {
          const packet = parseLinkPacket(bytes);
          if (packet.type === "stream-ack") must(sender.handleAck(packet.expectedSequence));
          if (packet.type === "fragment") receiver.handleFragment(nowMs, packet.sequence, packet.isLast, packet.part);
          const whole = receiver.takeMessage();
          if (whole !== undefined) received.push(whole.length);
        };
        sender.changeWay(true);
        for (const [mark, length] of lengths.entries()) must(sender.send(message(length, mark)));
        for (let nowMs = 0; nowMs < 60_000; nowMs += 100) {
          for (const bytes of [...late.splice(0), ...drain(sender, nowMs), ...drain(receiver, nowMs)]) {
            // The last ten seconds lose nothing.
            const what = nowMs < 50_000 ? fate.next().value : "taken";
            if (what === "lost") losses++;
            if (what === "late") late.push(bytes);
            if (what === "moved") sender.changeWay(true);
            if (what === "doubled" || what === "moved" || what === "taken") arrive(nowMs, bytes);
            if (what === "doubled") arrive(nowMs, bytes);
          }
        }
        expect(received).toEqual(lengths);
      }),
      { numRuns: 60 },
    );
    expect(losses).toBeGreaterThan(100);
  });

  it("[LK74] an ack that was lost on another way is asked for again, and given again on each new way", () => {
    const sender = new ReliableStream();
    const receiver = new ReliableStream();
    must(sender.send(message(100, 1)));
    const [part] = drain(sender, 0);
    const packet = parseLinkPacket(part ?? new Uint8Array(0));
    if (packet.type !== "fragment") throw new Error("expected: a part");
    receiver.handleFragment(0, packet.sequence, packet.isLast, packet.part);
    // Acked by a relay that lost it.
    expect(drain(receiver, 100).length).toBe(1);
    const asked: number[] = [];
    for (let nowMs = 0; nowMs <= 60_000; nowMs += 100) if (drain(sender, nowMs).length > 0) asked.push(nowMs);
    expect(asked).toEqual([4_000, 12_000, 28_000, 60_000]);
    expect(receiver.handleFragment(60_000, packet.sequence, packet.isLast, packet.part)).toBe("known");
    expect(drain(receiver, 60_000).length).toBe(1);
    receiver.changeWay(false);
    const [ack] = drain(receiver, 60_100);
    const repeated = parseLinkPacket(ack ?? new Uint8Array(0));
    expect(repeated).toEqual({ type: "stream-ack", expectedSequence: 1 });
    must(sender.handleAck(sequenceOf(1)));
    expect([drain(sender, 120_000), sender.timeoutMs]).toEqual([[], Infinity]);
  });
});
