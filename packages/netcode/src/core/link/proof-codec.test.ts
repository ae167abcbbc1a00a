import * as fc from "fast-check";
import { expect, it } from "vitest";
import { encodeProof, LINK_CHANNELS, parseLinkPacket } from "./link-codec.ts";

const bytesOf = (size: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: size, maxLength: size });
const anyProof = fc.record({ key: bytesOf(32), signature: bytesOf(64), mac: fc.option(bytesOf(32), { nil: undefined }) });

it("[ID47] a proof is read as it was written, on the reliable channel", () => {
  fc.assert(
    fc.property(anyProof, (proof) => {
      const bytes = encodeProof(proof);
      expect([bytes[0], bytes.length]).toEqual([0x0f, proof.mac === undefined ? 97 : 129]);
      expect(parseLinkPacket(bytes)).toEqual({ type: "proof", proof });
    }),
  );
  expect(LINK_CHANNELS[0x0f]).toEqual(["reliable"]);
});

it("[ID47] a byte too many or too few is malformed", () => {
  for (let size = 0; size < 200; size++) {
    const { type } = parseLinkPacket(Uint8Array.of(0x0f, ...new Uint8Array(size)));
    expect([size, type]).toEqual([size, size === 96 || size === 128 ? "proof" : "malformed"]);
  }
});
