import * as fc from "fast-check";
import { expect, it } from "vitest";
import { decodeBase64Url, encodeBase64Url } from "./base64url.ts";

it("[ID1] bytes are written as text that may stand in a link, and read again", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      const text = encodeBase64Url(bytes);
      expect(text).toBe(Buffer.from(bytes).toString("base64url"));
      expect(decodeBase64Url(text, bytes.length)).toEqual(bytes);
    }),
  );
});

it("[ID1] any other text is refused: another length, foreign letters, bits that are left over", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 50 }), fc.nat({ max: 40 }), (text, sizeBytes) => {
      const bytes = decodeBase64Url(text, sizeBytes);
      expect(bytes === undefined ? text : encodeBase64Url(bytes)).toBe(text);
    }),
  );
  expect(["AA=", "A+", "A/", "AB", "A", "AAA", ""].map((text) => decodeBase64Url(text, 1))).toEqual(Array.from({ length: 7 }));
  expect(decodeBase64Url("AA", 1)).toEqual(Uint8Array.of(0));
});
