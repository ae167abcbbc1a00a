import * as fc from "fast-check";
import { expect, it } from "vitest";
import { message } from "../base/message-type.ts";
import { u16, u8 } from "../base/schema.ts";
import type { PeerId } from "../base/units.ts";
import { MessageExchange, type EncodedMessage } from "./message-exchange.ts";

const ADA = "ada" as PeerId;
const EVE = "eve" as PeerId;
const TYPES = {
  emote: message({ kind: u8() }, { rateHz: 2, burst: 3 }),
  cursor: message({ at: u16() }, { delivery: "latest", rateHz: 30 }),
  spark: message({ at: u16() }, { delivery: "unreliable", rateHz: 5 }),
};

function bytesOf(encoded: EncodedMessage): Uint8Array {
  if (!encoded.ok) throw new Error(encoded.reason);
  return encoded.bytes;
}

it("[MS4] a message comes out under its name, as it was declared, on the channel that it was declared for", () => {
  const [ada, bob] = [new MessageExchange(TYPES), new MessageExchange(TYPES)];
  const emote = ada.encode(0, "emote", { kind: 3 });
  const cursor = ada.encode(0, "cursor", { at: 700 });
  expect([emote.ok && emote.channel, cursor.ok && cursor.channel]).toEqual(["reliable", "unreliable"]);
  expect(bob.decode(0, ADA, "reliable", bytesOf(emote))).toEqual({ name: "emote", payload: { kind: 3 } });
  expect(bob.decode(0, ADA, "unreliable", bytesOf(cursor))).toEqual({ name: "cursor", payload: { at: 700 } });
  expect(bob.decode(0, ADA, "unreliable", bytesOf(emote))).toBeUndefined();
  expect(bob.decode(0, ADA, "reliable", bytesOf(cursor))).toBeUndefined();
  expect(bob.refusals()).toEqual({ "wrong-channel": 2 });
});

it("[MS5] a sender keeps to its rate, and is told so", () => {
  const ada = new MessageExchange(TYPES);
  const outcomes = [0, 0, 0, 0, 400, 600, 600].map((nowMs) => ada.encode(nowMs, "emote", { kind: 1 }));
  expect(outcomes.map(({ ok }) => ok)).toEqual([true, true, true, false, false, true, false]);
  expect(outcomes[3]).toEqual({ ok: false, reason: "rate-limited" });
  // What is refused for its payload costs nothing, and other kinds have rates of their own.
  expect(ada.encode(600, "cursor", { at: 1 }).ok).toBe(true);
  expect(ada.encode(1_100, "emote", { kind: 300 })).toEqual({
    ok: false,
    reason: "invalid",
    expected: '"kind" as a number, whole, in 0…255',
  });
  expect(ada.encode(1_100, "emote", { kind: 1 }).ok).toBe(true);
});

it("[MS6] a sender that does not keep to its rate is cut off, after what an outage may have held back; others are not", () => {
  const bob = new MessageExchange(TYPES);
  const bytes = bytesOf(new MessageExchange(TYPES).encode(0, "emote", { kind: 1 }));
  const taken = Array.from({ length: 200 }, () => bob.decode(0, EVE, "reliable", bytes)).filter(
    (received) => received !== undefined,
  ).length;
  expect(taken).toBe(53);
  expect(bob.refusals()).toEqual({ "too-many": 147 });
  expect(bob.decode(0, ADA, "reliable", bytes)).toBeDefined();
  // Ten seconds later it may say some more.
  expect(bob.decode(10_000, EVE, "reliable", bytes)).toBeDefined();
});

it("[MS7] of a kind of which only the latest counts, an overtaken message is dropped; of another process all begins anew", () => {
  const [ada, bob] = [new MessageExchange(TYPES), new MessageExchange(TYPES)];
  const [first, second, third] = [1, 2, 3].map((at) => bytesOf(ada.encode(at * 100, "cursor", { at })));
  const hear = (bytes: Uint8Array | undefined): unknown => bob.decode(500, ADA, "unreliable", bytes ?? new Uint8Array(0))?.payload["at"];
  expect([hear(second), hear(first), hear(second), hear(third)]).toEqual([2, undefined, undefined, 3]);
  expect(bob.refusals()).toEqual({ stale: 2 });
  bob.forget(ADA);
  expect(hear(first)).toBe(1);
  // Where every one counts, none is dropped.
  const sparks = [1, 2].map((at) => bytesOf(ada.encode(0, "spark", { at })));
  expect(sparks.reverse().map((bytes) => bob.decode(500, ADA, "unreliable", bytes)?.payload["at"])).toEqual([2, 1]);
});

it("[MS8] an unknown index, a wrong length and anything else that makes no sense is refused and counted, and nothing throws", () => {
  const bob = new MessageExchange(TYPES);
  expect(bob.decode(0, EVE, "reliable", Uint8Array.of(0x18, 9, 1))).toBeUndefined();
  expect(bob.decode(0, EVE, "reliable", Uint8Array.of(0x18, 0))).toBeUndefined();
  expect(bob.decode(0, EVE, "reliable", Uint8Array.of(0x18, 0, 1, 2))).toBeUndefined();
  expect(bob.refusals()).toEqual({ "unknown-message": 1, malformed: 2 });
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 12 }),
      fc.constantFrom<"reliable" | "unreliable">("reliable", "unreliable"),
      (bytes, channel) => {
        expect(() => bob.decode(0, EVE, channel, Uint8Array.of(0x18 + ((bytes[0] ?? 0) % 3), ...bytes.subarray(1)))).not.toThrow();
      },
    ),
    { numRuns: 2_000 },
  );
});

it("[MS8] a name that is not declared is the caller's bug", () => {
  expect(() => new MessageExchange(TYPES).encode(0, "other", {})).toThrow("declares");
});
