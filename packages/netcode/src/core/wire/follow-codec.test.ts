import { array, assert as check, boolean, constantFrom, integer, nat, oneof, property, record, uint8Array } from "fast-check";
import { describe, expect, it } from "vitest";
import { testPeerId } from "../../../test/test-match.ts";
import { ByteReader, ByteWriter } from "../base/bytes.ts";
import {
  FEED_ACK_BYTES_MAX,
  FOLLOW_BYTES_MAX,
  readFeedAck,
  readFollow,
  readSeatRequest,
  SEAT_REQUEST_BYTES,
  writeFeedAck,
  writeFollow,
  writeSeatRequest,
  type FollowMessage,
} from "./follow-codec.ts";

/** What comes after kind and epoch. */
function bodyOf(sizeMax: number, write: (writer: ByteWriter) => void): ByteReader {
  const writer = new ByteWriter(new Uint8Array(sizeMax));
  write(writer);
  const reader = new ByteReader(writer.written());
  reader.skip(2);
  return reader;
}

const peerIds = array(
  integer({ min: 1, max: 64 }).map((length) => testPeerId("a".repeat(length))),
  { minLength: 1, maxLength: 8 },
);
const messages = oneof(
  record({
    type: constantFrom("request" as const),
    isLive: boolean(),
    serves: boolean(),
    haveFrame: integer({ min: -1, max: 0x7fff_fffe }),
  }),
  record({ type: constantFrom("redirect" as const), peerIds }),
  record({ type: constantFrom("refused" as const), reason: constantFrom("full" as const, "not-ready" as const) }),
  record({ type: constantFrom("stop" as const) }),
);

describe("what followers and feeders say", () => {
  it("[WF1] gives back what was written, within its bounds", () => {
    check(
      property(messages, (message: FollowMessage) => {
        expect(readFollow(bodyOf(FOLLOW_BYTES_MAX, (writer) => writeFollow(writer, 7, message)))).toEqual(message);
      }),
    );
    check(
      property(nat(0xffff), integer({ min: -1, max: 0x7fff_fffe }), (timeMs, ackedFrame) => {
        const ack = { timeMs: 0, ackedFrame: 0 };
        expect(
          readFeedAck(
            bodyOf(FEED_ACK_BYTES_MAX, (writer) => writeFeedAck(writer, 7, { timeMs, ackedFrame })),
            ack,
          ),
        ).toBe(true);
        expect(ack).toEqual({ timeMs, ackedFrame });
      }),
    );
    check(
      property(integer({ min: 1, max: 15 }), nat(15), nat(0xffff), (players, heardPlayers, rttMs) => {
        const request = { players, heardPlayers, rttMs };
        expect(
          readSeatRequest(
            bodyOf(SEAT_REQUEST_BYTES, (writer) => writeSeatRequest(writer, 7, request)),
            4,
          ),
        ).toEqual(request);
      }),
    );
  });

  it("[WF2] refuses what no honest peer writes, and never throws", () => {
    check(
      property(uint8Array({ maxLength: 80 }), (bytes) => {
        const read = readFollow(new ByteReader(bytes));
        expect(read === undefined || read.type !== undefined).toBe(true);
        readFeedAck(new ByteReader(bytes), { timeMs: 0, ackedFrame: 0 });
        readSeatRequest(new ByteReader(bytes), 3);
      }),
    );
    for (const body of [[4], [0, 4, 1], [0, 0], [1, 0], [1, 9], [2, 2], [3, 0], [1, 1, 1, 0x2f]])
      expect(readFollow(new ByteReader(Uint8Array.from(body)))).toBeUndefined();
    for (const body of [
      [0, 1, 0, 0],
      [8, 0, 0, 0],
      [1, 8, 0, 0],
      [1, 1, 0],
      [1, 1, 0, 0, 0],
    ])
      expect(readSeatRequest(new ByteReader(Uint8Array.from(body)), 3)).toBeUndefined();
  });
});
