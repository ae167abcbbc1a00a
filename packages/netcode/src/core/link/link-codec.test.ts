import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sequenceOf } from "../base/sequence.ts";
import { parsePeerId, type PeerId } from "../base/units.ts";
import { FAREWELLS } from "../ports/departure.ts";
import {
  encodeFragment,
  encodeGoodbye,
  encodeHello,
  encodePing,
  encodeProbe,
  encodeRefusal,
  encodeStreamAck,
  FRAGMENT_BYTES_MAX,
  FRAGMENT_HEADER_BYTES,
  isEncodableGame,
  parseLinkPacket,
} from "./link-codec.ts";

const farewell = fc.constantFrom(...FAREWELLS);
const uint16 = fc.integer({ min: 0, max: 0xffff });
const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const sequence = uint16.map(sequenceOf);
const game = fc.record({
  id: fc.stringMatching(/^[A-Za-z0-9.-]{1,64}$/),
  version: uint32,
  contentHash: uint32.map((hash) => hash.toString(16).padStart(8, "0")),
});
const peerId = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/).map((text): PeerId => {
  const id = parsePeerId(text);
  if (id === undefined) throw new Error(`expected: ${text} to be a peer id`);
  return id;
});
const hello = fc.record({
  capabilities: uint16,
  instance: fc.integer({ min: 1, max: 0xffff_ffff }),
  game,
  peerId,
  knownInstance: uint32,
  expectedSequence: sequence,
});

/** Every kind of message, as bytes. */
const message = fc.oneof(
  hello.map(encodeHello),
  fc
    .tuple(fc.constantFrom("version-mismatch" as const, "protocol-error" as const), game)
    .map(([reason, identity]) => encodeRefusal(reason, identity)),
  uint32.map((instance) => encodeProbe("probe", instance)),
  uint32.map((instance) => encodeProbe("probe-ack", instance)),
  fc
    .record({
      sequence,
      ack: sequence,
      received: uint16,
      holdMs: fc.integer({ min: 0, max: 1_600 }),
      isWanted: fc.boolean(),
      isDetoured: fc.boolean(),
    })
    .map((ping) => encodePing(ping, 7)),
  farewell.map(encodeGoodbye),
  sequence.map(encodeStreamAck),
  fc.tuple(sequence, fc.uint8Array({ minLength: 1, maxLength: 300 })).map(([number, part]) => encodeFragment(number, true, part)),
);

describe("the link's messages", () => {
  it("[LK40] a hello is read as it was written, in at most 152 bytes", () => {
    fc.assert(
      fc.property(hello, (written) => {
        const bytes = encodeHello(written);
        expect(bytes.length).toBeLessThanOrEqual(152);
        expect(parseLinkPacket(bytes)).toEqual({ type: "hello", hello: written });
      }),
    );
  });

  it("[LK40] the other messages are read as they were written", () => {
    fc.assert(
      fc.property(game, uint32, sequence, sequence, uint16, fc.boolean(), (identity, instance, first, second, received, isWanted) => {
        expect(parseLinkPacket(encodeRefusal("version-mismatch", identity))).toEqual({
          type: "refusal",
          reason: "version-mismatch",
          game: identity,
        });
        expect(parseLinkPacket(encodeProbe("probe", instance))).toEqual({ type: "probe", instance });
        expect(parseLinkPacket(encodeProbe("probe-ack", instance))).toEqual({ type: "probe-ack", instance });
        const ping = { sequence: first, ack: second, received, holdMs: 12.3, isWanted, isDetoured: !isWanted };
        expect(parseLinkPacket(encodePing(ping, received))).toEqual({ type: "ping", ping, stamp: received });
        expect(parseLinkPacket(encodeStreamAck(first))).toEqual({ type: "stream-ack", expectedSequence: first });
      }),
    );
  });

  it("[LK40] a goodbye is read with its reason", () => {
    for (const each of FAREWELLS) expect(parseLinkPacket(encodeGoodbye(each))).toEqual({ type: "goodbye", farewell: each });
  });

  it("[DE2] a goodbye for a reason that nobody knows is malformed", () => {
    for (let reason = FAREWELLS.length; reason < 256; reason++) {
      expect(parseLinkPacket(Uint8Array.of(6, reason))).toEqual({ type: "malformed" });
    }
  });

  it("[LK40] a part of the stream fills its message unless it is the last", () => {
    const most = FRAGMENT_BYTES_MAX - FRAGMENT_HEADER_BYTES;
    const parse = (isLast: boolean, length: number): string =>
      parseLinkPacket(encodeFragment(sequenceOf(7), isLast, new Uint8Array(length))).type;
    expect([parse(true, 1), parse(true, most), parse(false, most)]).toEqual(["fragment", "fragment", "fragment"]);
    expect([parse(false, most - 1), parse(false, 1), parse(true, 0)]).toEqual(["malformed", "malformed", "malformed"]);
  });

  it("[LK41] a byte too few or too many is malformed", () => {
    fc.assert(
      fc.property(message, fc.nat(), (bytes, cut) => {
        // A fragment and its like are as long as they are; everything else has one length.
        fc.pre(bytes[0] !== 0x60);
        expect(parseLinkPacket(bytes.subarray(0, cut % bytes.length)).type).toBe("malformed");
        expect(parseLinkPacket(Uint8Array.of(...bytes, 0)).type).toBe("malformed");
      }),
    );
  });

  it("[LK41] any other bytes are malformed or read within their bounds, and never throw", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.tuple(fc.integer({ min: 1, max: 7 }), fc.uint8Array({ maxLength: 200 })).map(([kind, rest]) => Uint8Array.of(kind, ...rest)),
      fc.tuple(message, fc.nat(), fc.integer({ min: 0, max: 255 })).map(([valid, at, value]) => {
        const changed = valid.slice();
        changed[at % changed.length] = value;
        return changed;
      }),
    );
    fc.assert(
      fc.property(bytes, (anything) => {
        const packet = parseLinkPacket(anything);
        if (packet.type !== "hello") return true;
        return isEncodableGame(packet.hello.game) && packet.hello.instance !== 0 && parsePeerId(packet.hello.peerId) !== undefined;
      }),
      { numRuns: 2_000 },
    );
  });

  it("[LK42] a hello of another link version is told apart, whatever follows", () => {
    expect(parseLinkPacket(Uint8Array.of(1, 1))).toEqual({ type: "foreign-hello" });
    expect(parseLinkPacket(Uint8Array.of(1, 200, 9, 9, 9))).toEqual({ type: "foreign-hello" });
    expect(parseLinkPacket(Uint8Array.of(1))).toEqual({ type: "malformed" });
  });
});
