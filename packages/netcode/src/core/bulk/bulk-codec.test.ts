import * as fc from "fast-check";
import { expect, it } from "vitest";
import {
  bulkClock,
  checksumFile,
  clockDistanceMs,
  encodeAbout,
  encodeAccept,
  encodeAck,
  encodeEnd,
  encodeOffer,
  encodePiece,
  parseBulkPacket,
  type BulkEndReason,
} from "./bulk-codec.ts";
import { BLOCK_BYTES, PIECE_BYTES } from "./bulk-limits.ts";

const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const REASONS: readonly BulkEndReason[] = ["complete", "cancelled", "refused", "too-large", "too-many", "corrupt"];
const about = fc.record({
  name: fc.string({ maxLength: 40 }),
  type: fc.string({ maxLength: 20 }),
  metadata: fc.constantFrom(null, 7, { kind: "map" }, [1, 2]),
});
/** Any message, as its end would write it. */
const message = fc.oneof(
  fc.tuple(u16, u32, u32, about).map(([transfer, size, checksum, what]) => encodeOffer(transfer, size, checksum, encodeAbout(what)!)),
  fc.tuple(u16, u32).map(([transfer, offset]) => encodeAccept(transfer, offset)),
  fc
    .tuple(u16, u32, fc.uint8Array({ minLength: 1, maxLength: PIECE_BYTES }))
    .map(([transfer, sent, bytes]) => encodePiece(transfer, 0, sent, bytes, bytes.length)),
  fc.tuple(u16, u32, u32).map(([pieces, delay, received]) => encodeAck(pieces, delay, received)),
  fc
    .tuple(u16, fc.constantFrom<"sender" | "receiver">("sender", "receiver"), fc.constantFrom(...REASONS))
    .map(([transfer, by, reason]) => encodeEnd(transfer, by, reason)),
);

it("[BK20] every message is read as it was written", () => {
  fc.assert(
    fc.property(u16, u32, u32, about, (transfer, sizeBytes, checksum, what) => {
      expect(parseBulkPacket(encodeOffer(transfer, sizeBytes, checksum, encodeAbout(what)!))).toEqual({
        type: "offer",
        transfer,
        sizeBytes,
        checksum,
        about: what,
      });
    }),
  );
  fc.assert(
    fc.property(u16, u32, u32, fc.uint8Array({ minLength: 1, maxLength: PIECE_BYTES }), (transfer, sent, received, bytes) => {
      const file = new Uint8Array(bytes.length + 9);
      file.set(bytes, 5);
      expect(parseBulkPacket(encodePiece(transfer, 5, sent, file, bytes.length))).toEqual({
        type: "piece",
        transfer,
        offset: 5,
        sent,
        bytes,
      });
      expect(parseBulkPacket(encodeAccept(transfer, sent))).toEqual({ type: "accept", transfer, offset: sent });
      expect(parseBulkPacket(encodeAck(transfer, sent, received))).toEqual({ type: "ack", pieces: transfer, delay: sent, received });
      for (const by of ["sender", "receiver"] as const) {
        for (const reason of REASONS)
          expect(parseBulkPacket(encodeEnd(transfer, by, reason))).toEqual({ type: "end", transfer, by, reason });
      }
    }),
  );
});

it("[BK21] any other bytes are malformed, one too few or too many included", () => {
  fc.assert(
    fc.property(message, fc.integer({ min: 0, max: 255 }), (bytes, extra) => {
      // A piece of any length is a piece.
      fc.pre(bytes[0] !== 0x13);
      expect(parseBulkPacket(bytes.subarray(0, bytes.length - 1)).type).toBe("malformed");
      expect(parseBulkPacket(Uint8Array.of(...bytes, extra)).type).toBe("malformed");
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(() => parseBulkPacket(bytes)).not.toThrow();
    }),
    { numRuns: 2_000 },
  );
  const longest = encodePiece(1, 0, 0, new Uint8Array(PIECE_BYTES), PIECE_BYTES);
  expect(parseBulkPacket(longest).type).toBe("piece");
  for (const bytes of [
    Uint8Array.of(...longest, 0),

    Uint8Array.of(),
    Uint8Array.of(0x13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    Uint8Array.of(0x15, 0, 0, 2, 0),
    Uint8Array.of(0x15, 0, 0, 0, 6),
  ]) {
    expect(parseBulkPacket(bytes)).toEqual({ type: "malformed" });
  }
});

it("[BK22] name, type and metadata have 1,024 bytes together", () => {
  expect(encodeAbout({ name: "n".repeat(500), type: "t".repeat(500), metadata: null })).toBeDefined();
  expect(encodeAbout({ name: "n".repeat(500), type: "t".repeat(500), metadata: "m".repeat(100) })).toBeUndefined();
  expect(() => encodeAbout({ name: "n", type: "", metadata: () => {} })).toThrow("plain data");
});

it("[BK23] clocks on the wire wrap, and their distance does not", () => {
  const wrapMs = 0x1_0000_0000 / 10;
  expect(clockDistanceMs(bulkClock(wrapMs + 3), bulkClock(wrapMs - 4))).toBeCloseTo(7, 0);
  expect(clockDistanceMs(bulkClock(wrapMs - 4), bulkClock(wrapMs + 3))).toBeCloseTo(-7, 0);
});

it("[BK24] the checksum of a file notices a changed byte and a changed order of blocks", () => {
  const file = new Uint8Array(3 * BLOCK_BYTES + 5).fill(1, BLOCK_BYTES);
  const changed = file.slice();
  changed[3 * BLOCK_BYTES] = 2;
  const swapped = file.slice();
  swapped.set(file.subarray(BLOCK_BYTES, 2 * BLOCK_BYTES), 0);
  swapped.set(file.subarray(0, BLOCK_BYTES), BLOCK_BYTES);
  expect(new Set([file, changed, swapped, file.subarray(1)].map(checksumFile)).size).toBe(4);
});
