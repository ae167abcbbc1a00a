import { expect, test } from "vitest";
import { plainFrame } from "./plain-frame.ts";

test.each([0, 1, 125, 126, 65_535])("[BR45] a text of %i ASCII letters is one whole frame with the shortest head", (length) => {
  const text = "x".repeat(length);
  const bytes = Buffer.from(plainFrame(text) ?? "", "latin1");
  const head = length < 126 ? [0x81, length] : [0x81, 126, length >> 8, length & 255];
  expect([...bytes.subarray(0, head.length)]).toEqual(head);
  expect(bytes.subarray(head.length).toString() === text).toBe(true);
});

test.each(["x".repeat(65_536), "é", "💥", "\u{2028}"])("[BR45] a text that is longer, or not ASCII, is left to `ws` (%#)", (text) => {
  expect(plainFrame(text)).toBeUndefined();
});
