import * as fc from "fast-check";
import { expect, test } from "vitest";
import { peer } from "../test/lobby-fixture.ts";
import { PendingSignals } from "./pending-signals.ts";
import { addSource, parseSignalingMessage, writeSignal } from "./signaling-message.ts";

const OFFER = {
  type: "OFFER",
  dst: "bob",
  payload: {
    sdp: { type: "offer", sdp: "v=0\r\n" },
    type: "data",
    connectionId: "dc_abc",
    label: "dc_abc",
    reliable: true,
    serialization: "raw",
    metadata: { any: ["thing"] },
  },
};
const ANSWER = { type: "ANSWER", dst: "bob", payload: { sdp: { type: "answer", sdp: "v=0" }, type: "media", connectionId: "mc_abc" } };
const CANDIDATE = {
  type: "CANDIDATE",
  dst: "bob",
  payload: { candidate: { candidate: "candidate:1", sdpMid: "0", sdpMLineIndex: 0 }, type: "data", connectionId: "dc_abc" },
};

test.each([OFFER, ANSWER, CANDIDATE, { type: "HEARTBEAT", echo: false }, { type: "LEAVE", dst: "bob" }, { type: "LEAVE" }])(
  "[BR40] $type of a PeerJS client is read",
  (message) => {
    expect(parseSignalingMessage(JSON.stringify(message))).toMatchObject({ ok: true, value: message });
  },
);

test.each([OFFER, ANSWER, CANDIDATE])("[BR44] an $type as it was written, with its source, is what the broker would write", (message) => {
  const frame = ` ${JSON.stringify(message, null, 1)}`;
  const parsed = parseSignalingMessage(frame);
  if (!parsed.ok || parsed.value.type === "HEARTBEAT" || parsed.value.dst === undefined) throw new Error("not read");
  const { dst, ...rest } = parsed.value;
  expect(parsed.isExact).toBe(true);
  expect(JSON.parse(addSource(peer("ada"), frame))).toEqual(JSON.parse(writeSignal(peer("ada"), { ...rest, dst })));
});

test.each([
  ["a source", JSON.stringify({ ...OFFER, src: "cyd" })],
  ["an escaped source", JSON.stringify(OFFER).replace(/}$/, String.raw`,"\u0073rc":"cyd"}`)],
  ["another field", JSON.stringify({ ...CANDIDATE, more: 1 })],
])("[BR44] a signal with %s is written anew", (_what, frame) => {
  expect(parseSignalingMessage(frame)).toMatchObject({ ok: true, isExact: false });
});

test.each([
  ["EXPIRE", { type: "EXPIRE", dst: "bob" }],
  ["OPEN", { type: "OPEN" }],
  ["ERROR", { type: "ERROR", dst: "bob", payload: { msg: "x" } }],
  ["an unknown type", { type: "toString", dst: "bob" }],
  ["no type", {}],
  ["no destination", { ...OFFER, dst: undefined }],
  ["an odd destination", { ...OFFER, dst: "<img>" }],
  ["an object as destination", { ...OFFER, dst: { toString: "bob" } }],
  ["no payload", { type: "OFFER", dst: "bob" }],
  ["an answer as offer", { ...OFFER, payload: ANSWER.payload }],
  ["no SDP text", { ...OFFER, payload: { ...OFFER.payload, sdp: { type: "offer" } } }],
  ["an SDP of 33 kB", { ...OFFER, payload: { ...OFFER.payload, sdp: { type: "offer", sdp: "x".repeat(33_000) } } }],
  ["a serialization that is no serializer", { ...OFFER, payload: { ...OFFER.payload, serialization: "toString" } }],
  ["a serialization of prototypes", { ...OFFER, payload: { ...OFFER.payload, serialization: "hasOwnProperty" } }],
  ["an odd connection id", { ...OFFER, payload: { ...OFFER.payload, connectionId: "a b" } }],
  ["an unknown connection type", { ...OFFER, payload: { ...OFFER.payload, type: "file" } }],
  ["no candidate", { ...CANDIDATE, payload: { ...CANDIDATE.payload, candidate: null } }],
  ["an array", [OFFER]],
  ["null", null],
])("[BR41] %s is refused", (_what, message) => {
  expect(parseSignalingMessage(JSON.stringify(message))).toEqual({ ok: false, reason: "bad-shape" });
});

test("[BR42] 20,000 broken messages are refused or read, and never throw", () => {
  let refused = 0;
  const valid = fc.constantFrom<unknown>(OFFER, ANSWER, CANDIDATE, { type: "LEAVE", dst: "bob" });
  const broken = fc.tuple(valid, fc.nat(400), fc.jsonValue({ maxDepth: 3 }), fc.boolean()).map(([message, at, value, cut]) => {
    if (cut) return JSON.stringify(message).slice(0, at);
    let count = 0;
    return JSON.stringify(message, (_key, item: unknown) => (count++ === at % 16 ? value : item));
  });
  const property = fc.property(fc.oneof(broken, fc.json(), fc.string()), (text) => {
    const result = parseSignalingMessage(text);
    if (!result.ok) refused++;
    const again = result.ok ? { ...parseSignalingMessage(JSON.stringify(result.value)), isExact: result.isExact } : result;
    expect(again).toEqual(result);
  });
  fc.assert(property, { numRuns: 20_000 });
  expect(refused).toBeGreaterThan(10_000);
}, 60_000);

test("[BR43] pending signals are bounded per destination in number, size and time; offers that waited too long are named once", () => {
  const pending = new PendingSignals({ countMax: 3, keptMs: 100 });
  const add = (nowMs: number, src: string, text = "x", isOffer = true): boolean =>
    pending.add(nowMs, { src: peer(src), dst: peer("bob"), isOffer, text });
  expect([add(0, "ada"), add(0, "ada"), add(50, "cyd", "y", false), add(50, "dan")]).toEqual([true, true, true, false]);
  expect(pending.takeExpired(99)).toEqual([]);
  expect(pending.takeExpired(100)).toEqual([{ src: "ada", dst: "bob" }]);
  expect(pending.take(peer("bob"), 120).map(({ text }) => text)).toEqual(["y"]);
  expect(pending.take(peer("bob"), 120)).toEqual([]);
  expect(add(200, "ada", "x".repeat(140_000))).toBe(false);
  add(200, "ada");
  add(200, "cyd", "z");
  pending.forget(peer("ada"));
  expect(pending.take(peer("bob"), 200).map(({ text }) => text)).toEqual(["z"]);
  // Of who comes before the next look at the time.
  add(300, "cyd", "late");
  expect(pending.take(peer("bob"), 400)).toEqual([]);
});

test("[BR43] all pending signals together stay under 16 MB", () => {
  const pending = new PendingSignals({ countMax: 64, keptMs: 10_000 });
  const text = "x".repeat(60_000);
  const kept = Array.from({ length: 400 }, (_, index) => pending.add(0, { src: peer("ada"), dst: peer(`d${index}`), isOffer: true, text }));
  expect(kept.filter(Boolean)).toHaveLength(Math.floor(16_777_216 / 60_000));
  expect(pending.takeExpired(10_000)).toHaveLength(279);
  expect(pending.add(10_000, { src: peer("ada"), dst: peer("bob"), isOffer: true, text })).toBe(true);
});
