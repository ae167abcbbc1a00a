import * as fc from "fast-check";
import { expect, it } from "vitest";
import { StandInSigner } from "../../../test/stand-in-signer.ts";
import { encodeBase64Url } from "../base/base64url.ts";
import { encodeHex } from "../base/hex.ts";
import type { PeerId } from "../base/units.ts";
import * as LOBBY_LIMITS from "./lobby-limits.ts";
import { encodeRoster, parseRoster, type Roster } from "./roster.ts";

const SIGNER = new StandInSigner("k", () => new Uint8Array(64).fill(7));

const bytes = (sizeBytes: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: sizeBytes, maxLength: sizeBytes });
const peerId = bytes(16).map((id) => encodeHex(id) as PeerId);
const anyRoster: fc.Arbitrary<Roster> = fc.record({
  code: fc.constantFrom("KXRTM", "BCDFGHJK"),
  life: bytes(12).map(encodeBase64Url),
  number: fc.maxSafeNat(),
  issuedS: fc.nat(),
  expiresS: fc.nat(),
  isCertain: fc.boolean(),
  keys: fc.array(fc.record({ kid: bytes(6).map(encodeBase64Url), key: bytes(32).map(encodeBase64Url) }), { maxLength: 8 }),
  left: fc.array(
    fc.record({ peerId, reason: fc.constantFrom("left" as const, "kicked" as const, "banned" as const, "expired" as const) }),
    { maxLength: 8 },
  ),
  members: fc.array(fc.record({ peerId, order: fc.nat() }), { maxLength: 64 }),
});

it("[TK50] a roster is read as it was signed, and the largest one fits its limit", () => {
  fc.assert(
    fc.property(anyRoster, (roster) => {
      const text = SIGNER.signPayload(encodeRoster(roster));
      const found = parseRoster(text, [SIGNER.key]);
      expect(found).toMatchObject({ text, roster });
      expect(text.length).toBeLessThan(LOBBY_LIMITS.rosterUnits);
    }),
    { numRuns: 50 },
  );
  const member = { peerId: "f".repeat(32) as PeerId, order: 0xffff_ffff };
  const keys = Array.from({ length: 8 }, () => SIGNER.key);
  const left = Array.from({ length: 8 }, () => ({ peerId: member.peerId, reason: "kicked" as const }));
  const largest = SIGNER.sign({ number: Number.MAX_SAFE_INTEGER, members: Array.from({ length: 64 }, () => member), keys, left });
  expect(largest.length).toBeLessThan(0.9 * LOBBY_LIMITS.rosterUnits);
  expect(parseRoster(largest, [SIGNER.key])).toMatchObject({ roster: { number: Number.MAX_SAFE_INTEGER } });
});

it("[TK51] anything else is refused by what is wrong with it, whatever it is, and nothing throws", () => {
  const text = SIGNER.sign({ number: 1, members: [] });
  const [header = "", payload = "", signature = ""] = text.split(".");
  const refused = (wrong: string): unknown => parseRoster(wrong, [SIGNER.key]);
  for (const wrong of [
    "",
    "..",
    `${text}.`,
    `${text}A`,
    `${header}.${payload}`,
    `${header}..${signature}`,
    `${header}.${payload}AAAA.${signature}`,
    `${header}.${payload.slice(0, -4)}.${signature}`,
    `${header}.${payload}.${signature.slice(0, -1)}`,
    // A mark that nobody knows; more members than a lobby has.
    SIGNER.signPayload(Uint8Array.of(2)),
    ...[0, 1, 4, 5].map((mark) => SIGNER.signPayload(changed(0, mark))),
    SIGNER.signPayload(changed(-1, 65)),
    "A".repeat(LOBBY_LIMITS.rosterUnits + 1),
  ]) {
    expect({ wrong, refused: refused(wrong) }).toEqual({ wrong, refused: "roster-malformed" });
  }
  // Another algorithm, none, a field more: the header is not read at all.
  for (const head of [
    '{"alg":"none"}',
    '{"alg":"HS256","typ":"rollcall-roster","kid":"kkkkkkkk"}',
    '{"alg":"EdDSA","typ":"JWT","kid":"kkkkkkkk"}',
    '{"alg":"EdDSA","typ":"rollcall-roster","kid":"kkkkkkkl"}',
  ]) {
    expect(refused(`${btoa(head).replaceAll("=", "")}.${payload}.${signature}`)).toBe("roster-key");
  }
  expect(parseRoster(text, [])).toBe("roster-key");
  const units = fc.stringMatching(/^[.AZaz09_ é{-]{0,80}$/);
  fc.assert(fc.property(units, (garbage) => typeof refused(garbage) === "string"));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (garbage) => {
      const found = refused(SIGNER.signPayload(garbage));
      return found === "roster-malformed" || typeof found === "object";
    }),
  );
  fc.assert(
    fc.property(
      fc.nat({ max: text.length - 1 }),
      fc.string({ maxLength: 3 }),
      (at, other) => void refused(text.slice(0, at) + other + text.slice(at + 1)),
    ),
  );
});

/** The payload of an empty roster with one byte changed; −1: the last. */
function changed(at: number, value: number): Uint8Array {
  const payload = encodeRoster({
    code: "KXRTM",
    life: "l".repeat(16),
    number: 1,
    issuedS: 0,
    expiresS: 1,
    isCertain: true,
    keys: [SIGNER.key],
    left: [],
    members: [],
  });
  payload[at < 0 ? payload.length + at : at] = value;
  return payload;
}
