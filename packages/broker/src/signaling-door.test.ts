import * as fc from "fast-check";
import { expect, test } from "vitest";
import { PageKey } from "../test/page-key.ts";
import { Counters } from "./counters.ts";
import type { GuardedSocket } from "./guarded-socket.ts";
import { SignalingDoor } from "./signaling-door.ts";
import { isSignalingProof } from "./signaling-proof.ts";

const NONCE = "n".repeat(32);

function doorOf(key: PageKey): { door: SignalingDoor; closed: string[]; passed: () => number; counters: Counters } {
  const closed: string[] = [];
  let passed = 0;
  const counters = new Counters();
  const socket = { send: () => undefined, ping: () => undefined, close: (_code: number, reason: string) => closed.push(reason) };
  const door = new SignalingDoor({
    peerId: key.peerId,
    nonce: NONCE,
    openedMs: 1_000,
    socket: socket as unknown as GuardedSocket,
    counters,
    admit: () => undefined,
    handlePassed: () => passed++,
  });
  return { door, closed, passed: () => passed, counters };
}

test("[ID23] a socket that proves nothing for 10 s is closed, and one that closes is forgotten", () => {
  const { door, closed, passed, counters } = doorOf(new PageKey());
  door.check(11_000);
  expect(closed).toEqual([]);
  door.check(11_001);
  expect([closed, counters.snapshot()]).toEqual([["no proof"], { "signaling:unproven": 1 }]);
  door.handleClosed();
  expect(passed()).toBe(1);
});

test("[ID20] until the proof nothing but a sign of life is taken: anything else ends the socket", () => {
  const key = new PageKey();
  const offer = { type: "OFFER", dst: "bob", payload: { type: "data", connectionId: "dc_1", sdp: { type: "offer", sdp: "v=0" } } };
  for (const text of [JSON.stringify(offer), JSON.stringify({ type: "LEAVE" }), "nonsense", JSON.stringify(key.proof("m".repeat(32)))]) {
    const { door, closed, passed } = doorOf(key);
    void door.handleText(JSON.stringify({ type: "HEARTBEAT" }));
    expect(closed).toEqual([]);
    void door.handleText(text);
    expect([closed, passed()]).toEqual([["no proof"], 0]);
  }
});

test("[ID23] who is no longer a member when the proof comes is sent away", () => {
  const key = new PageKey();
  const { door, closed, passed } = doorOf(key);
  void door.handleText(JSON.stringify(key.proof(NONCE)));
  expect([closed, passed()]).toEqual([["not a member"], 1]);
});

test("[ID21] whatever text comes for a proof, it is refused without a throw", () => {
  const key = new PageKey();
  const proof = key.proof(NONCE);
  expect(isSignalingProof(JSON.stringify(proof), key.peerId, NONCE)).toBe(true);
  const anyValue = fc.oneof(fc.string({ maxLength: 100 }), fc.constantFrom(proof.key, proof.signature), fc.integer(), fc.constant(null));
  const anyText = fc.oneof(
    fc.string({ maxLength: 600 }),
    fc.json(),
    fc.record({ type: fc.constantFrom("PROOF", "OPEN"), key: anyValue, signature: anyValue }).map((value) => JSON.stringify(value)),
  );
  fc.assert(
    fc.property(anyText, (text) => {
      const isProof = isSignalingProof(text, key.peerId, NONCE);
      expect(isProof ? JSON.parse(text) : proof).toEqual(proof);
    }),
    { numRuns: 500 },
  );
});
