import * as fc from "fast-check";
import { expect, test } from "vitest";
import { PINNED_VECTORS, computeVectors } from "../../../test/engine-vectors.ts";
import { GOLDEN_DIGESTS, GOLDEN_FRAMES } from "../../../test/golden-digests.ts";
import { GoldenRun } from "../../../test/golden-run.ts";
import { MATH_GOLDEN, mathChecksums } from "../../../test/math-golden.ts";
import { EXACT } from "../../../test/math-samples.ts";
import { findPlainFault } from "../base/plain-fault.ts";
import { decodePayload, encodePayload } from "../wire/payload-codec.ts";

test("[GA25] states, checksums, inputs and payloads come out as pinned in a browser", () => {
  expect(computeVectors()).toEqual(PINNED_VECTORS);
});

test("[DT1] the values of the exact functions come out as pinned in a browser", () => {
  expect(mathChecksums(EXACT)).toEqual(MATH_GOLDEN);
});

test("[DT20] the golden games come to the pinned digest in a browser", () => {
  expect(new GoldenRun().playTo(GOLDEN_FRAMES)).toBe(GOLDEN_DIGESTS[GOLDEN_FRAMES]);
});

// Strings take other ways through the codec than on Node, where it uses Buffer.
test("[GA20] any JSON comes back equal in a browser, where strings are coded by TextEncoder", () => {
  const text = fc.oneof(fc.string({ unit: "binary", maxLength: 80 }), fc.string({ unit: "grapheme", maxLength: 300 }));
  const json = fc.oneof(text, fc.double(), fc.dictionary(text, fc.array(text, { maxLength: 5 }), { maxKeys: 5 }));
  fc.assert(
    fc.property(json, (value) => {
      fc.pre(findPlainFault(value) === undefined);
      const bytes = encodePayload(value);
      expect(decodePayload(bytes)).toEqual({ ok: true, value });
    }),
    { numRuns: 1000 },
  );
});

test("[GA22] no bytes make the decoder throw in a browser", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 90 }), (bytes) => {
      const result = decodePayload(bytes);
      expect(result.ok ? encodePayload(result.value) : bytes).toEqual(bytes);
    }),
    { numRuns: 5000 },
  );
});
