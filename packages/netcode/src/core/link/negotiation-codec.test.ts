import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sequenceOf } from "../base/sequence.ts";
import { CANDIDATE_UNITS_MAX, CANDIDATES_MAX, DESCRIPTION_UNITS_MAX } from "../ports/negotiation.ts";
import { RELAY_HEADER_BYTES, RELIABLE_BYTES_MAX } from "../ports/transport.ts";
import { encodeNegotiation, isNegotiation, isNegotiationText, parseNegotiation, type NegotiationPacket } from "./negotiation-codec.ts";

const text = (maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom("a", "z", "0", "9", " ", "=", ":", "-", "\r", "\n", "~"), minLength: 1, maxLength });
const header = { instance: fc.nat(0xffff_ffff), generation: fc.nat(0xffff).map(sequenceOf) };
const anyPacket: fc.Arbitrary<NegotiationPacket> = fc.oneof(
  fc.record({
    ...header,
    type: fc.constant("offer" as const),
    iceRestart: fc.boolean(),
    description: text(400),
  }),
  fc.record({ ...header, type: fc.constant("answer" as const), description: text(400) }),
  fc.record({
    ...header,
    type: fc.constant("candidates" as const),
    candidates: fc.array(text(40), { minLength: 1, maxLength: CANDIDATES_MAX }),
  }),
  fc.record({
    ...header,
    type: fc.constant("ack" as const),
    of: fc.constantFrom("answer", "candidates", "cannot"),
    count: fc.nat(0xff),
  }),
);

describe("packets of an exchange", () => {
  it("[LK104] are read as they were written", () => {
    fc.assert(
      fc.property(anyPacket, (packet) => {
        const bytes = encodeNegotiation(packet);
        expect(isNegotiation(bytes[0] ?? 0)).toBe(true);
        expect(parseNegotiation(bytes)).toEqual(packet);
      }),
    );
  });

  it("[LK104] are refused with a byte too few, and read or refused without a throw whatever the bytes", () => {
    fc.assert(
      fc.property(anyPacket, (packet) => {
        const bytes = encodeNegotiation(packet);
        const isCut = parseNegotiation(bytes.subarray(0, bytes.length - 1));
        // A description may be any shorter one.
        const mayBeShorter = packet.type === "offer" || packet.type === "answer";
        expect(isCut === undefined || (mayBeShorter && isCut.type === packet.type)).toBe(true);
      }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 11, max: 14 }), fc.uint8Array({ maxLength: 64 }), (kind, rest) => {
        const bytes = Uint8Array.of(kind, ...rest);
        const packet = parseNegotiation(bytes);
        expect(packet === undefined ? bytes : encodeNegotiation(packet)).toEqual(bytes);
      }),
      { numRuns: 2_000 },
    );
  });

  it("[LK104] hold no text that is too long, empty, or not ASCII, and fit a message of a relay", () => {
    expect(isNegotiationText("", 10)).toBe(false);
    expect(isNegotiationText("é", 10)).toBe(false);
    expect(isNegotiationText("a".repeat(11), 10)).toBe(false);
    const longest = encodeNegotiation({
      type: "offer",
      instance: 1,
      generation: sequenceOf(1),
      iceRestart: true,
      description: "a".repeat(DESCRIPTION_UNITS_MAX),
    });
    expect(longest.length).toBeLessThanOrEqual(RELIABLE_BYTES_MAX - RELAY_HEADER_BYTES);
    expect(parseNegotiation(longest)?.type).toBe("offer");
    const answer = encodeNegotiation({ type: "answer", instance: 1, generation: sequenceOf(1), description: "a" });
    expect(parseNegotiation(Uint8Array.of(...answer, ...new Uint8Array(DESCRIPTION_UNITS_MAX).fill(97)))).toBeUndefined();
    expect(parseNegotiation(Uint8Array.of(...answer, 0xe9))).toBeUndefined();
    const candidates = encodeNegotiation({
      type: "candidates",
      instance: 1,
      generation: sequenceOf(1),
      candidates: ["a".repeat(CANDIDATE_UNITS_MAX + 1)],
    });
    expect(parseNegotiation(candidates)).toBeUndefined();
  });
});
