import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { PeerId } from "../base/units.ts";
import { encodeBrokerFrame, FRAME_HEADER_BYTES, parseBrokerFrame, writeFramePeer } from "./broker-frame.ts";
import { CHANNEL_BYTES_MAX } from "./transport.ts";

const anyPeerId = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString("hex") as PeerId);
const anyFrame = fc.constantFrom("unreliable" as const, "reliable" as const).chain((channel) =>
  fc.record({
    channel: fc.constant(channel),
    peerId: anyPeerId,
    packet: fc.uint8Array({ minLength: 1, maxLength: CHANNEL_BYTES_MAX[channel] }),
  }),
);

test("[LP16] a frame is read as it was meant, and the broker's sender takes the receiver's place", () => {
  fc.assert(
    fc.property(anyFrame, anyPeerId, (frame, source) => {
      const bytes = encodeBrokerFrame(frame);
      if (bytes === undefined) throw new Error("not encoded");
      expect(parseBrokerFrame(bytes)).toEqual(frame);
      expect(writeFramePeer(bytes, source)).toBe(true);
      expect(parseBrokerFrame(bytes)).toEqual({ ...frame, peerId: source });
    }),
  );
});

test("[LP16] any other bytes are refused or read, and never throw; sizes and ids have their bounds", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => void parseBrokerFrame(bytes)),
    { numRuns: 2_000 },
  );
  const peerId = "0123456789abcdef0123456789abcdef" as PeerId;
  for (const channel of ["unreliable", "reliable"] as const) {
    const most = CHANNEL_BYTES_MAX[channel];
    expect(encodeBrokerFrame({ channel, peerId, packet: new Uint8Array(most) })).toHaveLength(most + FRAME_HEADER_BYTES);
    expect(encodeBrokerFrame({ channel, peerId, packet: new Uint8Array(most + 1) })).toBeUndefined();
    const tooLong = new Uint8Array(FRAME_HEADER_BYTES + most + 1);
    tooLong[0] = channel === "reliable" ? 1 : 0;
    expect(parseBrokerFrame(tooLong)).toBeUndefined();
  }
  expect(encodeBrokerFrame({ channel: "reliable", peerId, packet: new Uint8Array(0) })).toBeUndefined();
  expect(encodeBrokerFrame({ channel: "reliable", peerId: "ada" as PeerId, packet: new Uint8Array(1) })).toBeUndefined();
  expect(parseBrokerFrame(new Uint8Array(FRAME_HEADER_BYTES))).toBeUndefined();
  expect(parseBrokerFrame(Uint8Array.of(2, ...new Uint8Array(20)))).toBeUndefined();
});
