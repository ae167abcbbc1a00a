import { expect, test } from "vitest";
import { PINNED_VECTORS, computeVectors } from "../../../test/engine-vectors.ts";

test("[GA25] states, checksums, inputs and payloads come out as pinned on Node", () => {
  expect(computeVectors()).toEqual(PINNED_VECTORS);
});
