import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MEMBERS_MAX } from "../base/units.ts";
import { DATAGRAM_BYTES_MAX, RELAY_HEADER_BYTES, SESSION_DATAGRAM_BYTES_MAX, STAMP_BYTES } from "../ports/transport.ts";
import * as KIND from "./link-kind.ts";
import { encodeNeighbours, parseNeighbours, readRelayHash, writeRelayed } from "./relay-codec.ts";

const hash = fc.integer({ min: 0, max: 0xffff_ffff });
const neighbours = fc.uniqueArray(
  fc.record({ hash, delayMs: fc.float({ min: 0, max: 2_000, noNaN: true }), lossRatio: fc.float({ min: 0, max: 1, noNaN: true }) }),
  {
    selector: (figures) => figures.hash,
    maxLength: MEMBERS_MAX,
  },
);

describe("what members say to their neighbours", () => {
  it("[LK88] a report is read as it was written, in steps of 2 ms up to 510 and of 1/255 of loss, never better than it is", () => {
    fc.assert(
      fc.property(neighbours, (written) => {
        const bytes = encodeNeighbours(written);
        expect(bytes.length).toBe(1 + 6 * written.length);
        const read = parseNeighbours(bytes);
        expect([...(read?.keys() ?? [])]).toEqual(written.map((figures) => figures.hash));
        for (const { hash: key, delayMs, lossRatio } of written) {
          const figures = read?.get(key);
          expect(figures?.delayMs).toBeGreaterThanOrEqual(Math.min(510, delayMs));
          expect(figures?.delayMs).toBeLessThanOrEqual(Math.min(510, delayMs) + 2);
          expect(figures?.lossRatio).toBeGreaterThanOrEqual(lossRatio - 1e-6);
          expect(figures?.lossRatio).toBeLessThanOrEqual(lossRatio + 1 / 255);
        }
      }),
    );
  });

  it("[LK88] a report of another length, or of more members than there can be, is none, and no bytes make it throw", () => {
    const whole = encodeNeighbours([{ hash: 7, delayMs: 3, lossRatio: 0.5 }]);
    for (let length = 2; length < whole.length; length++) expect(parseNeighbours(whole.subarray(0, length))).toBeUndefined();
    expect(parseNeighbours(Uint8Array.of(...whole, 0))).toBeUndefined();
    expect(parseNeighbours(Uint8Array.from({ length: 1 + 6 * (MEMBERS_MAX + 1) }, () => KIND.neighbours))).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
        parseNeighbours(bytes);
        readRelayHash(bytes);
      }),
    );
  });

  it("[LK84] a wrapping adds five bytes, and what is in it stays as it was", () => {
    fc.assert(
      fc.property(hash, fc.uint8Array({ minLength: 1, maxLength: 200 }), (target, packet) => {
        const bytes = new Uint8Array(packet.length + RELAY_HEADER_BYTES);
        expect(writeRelayed(bytes, KIND.relay, target, packet)).toBe(bytes.length);
        expect([bytes[0], readRelayHash(bytes)]).toEqual([KIND.relay, target]);
        expect(bytes.subarray(RELAY_HEADER_BYTES)).toEqual(packet);
      }),
    );
    expect(readRelayHash(Uint8Array.of(KIND.relay, 1, 2, 3, 4))).toBeUndefined();
    expect(SESSION_DATAGRAM_BYTES_MAX + STAMP_BYTES + RELAY_HEADER_BYTES).toBe(DATAGRAM_BYTES_MAX);
  });
});
