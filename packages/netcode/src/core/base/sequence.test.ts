import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isSequenceNewer, nextSequence, sequenceDistance, sequenceOf } from "./sequence.ts";

test("[BA6] a sequence comes round after 65,535", () => {
  expect(nextSequence(sequenceOf(65_535))).toBe(0);
  expect(sequenceOf(65_536 + 7)).toBe(7);
});

test("[BA6] distance counts around the circle, up to half of it", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 65_535 }), fc.integer({ min: -32_767, max: 32_767 }), (start, distance) => {
      const reference = sequenceOf(start);
      const candidate = sequenceOf(start + distance + 65_536);
      expect(sequenceDistance(candidate, reference)).toBe(distance);
      expect(isSequenceNewer(candidate, reference)).toBe(distance > 0);
      expect(isSequenceNewer(reference, candidate)).toBe(distance < 0);
    }),
  );
});

test("[BA6] at exactly half the circle neither is newer", () => {
  expect(isSequenceNewer(sequenceOf(32_768), sequenceOf(0))).toBe(false);
  expect(isSequenceNewer(sequenceOf(0), sequenceOf(32_768))).toBe(false);
});
