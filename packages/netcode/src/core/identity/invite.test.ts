import * as fc from "fast-check";
import { expect, it } from "vitest";
import { normalizeLobbyCode } from "../ports/lobby-protocol.ts";
import { readInvite, readReservation, writeInvite, writeReservation } from "./invite.ts";

const anyInvite = fc.record({ secret: fc.uint8Array({ minLength: 16, maxLength: 16 }), isRequired: fc.boolean() });

it("[ID30] an invite is read from what was written, alone or in a link, and its code is the lobby's", () => {
  fc.assert(
    fc.property(anyInvite, (invite) => {
      const written = writeInvite("KXRTM", invite);
      for (const text of [
        written,
        ` ${written}\n`,
        `https://play.test/?broker=x#j=${written}`,
        `#j=${written}`,
        `https://play.test/#a=b&j=${written}&c=d`,
        `Come: https://play.test/#j=${written} now`,
      ]) {
        expect(readInvite(text)).toEqual(invite);
        expect(normalizeLobbyCode(text)).toBe("KXRTM");
      }
    }),
  );
});

it("[ID30] a code alone has no invite, and what only looks like one is none", () => {
  const written = writeInvite("KXRTM", { secret: new Uint8Array(16).fill(255), isRequired: false });
  for (const text of [
    "KXRTM",
    "#j=KXRTM",
    "",
    written.slice(0, -1),
    `${written}A`,
    written.replace(".", ""),
    written.replace(".", "#"),
    // A first byte that we do not know.
    `KXRTM.${"_".repeat(22)}8`,
  ]) {
    expect(readInvite(text)).toBeUndefined();
  }
  fc.assert(fc.property(fc.string(), (text) => void readInvite(text)));
});

it("[LS84] a reservation is read behind an invite, or a code alone, and neither takes the other for its own", () => {
  fc.assert(
    fc.property(anyInvite, fc.stringMatching(/^[A-Za-z0-9_-]{16,64}$/), (invite, reservation) => {
      for (const written of [writeInvite("KXRTMB", invite), "KXRTMB"]) {
        const held = writeReservation(written, reservation);
        for (const text of [
          held,
          ` ${held}\n`,
          `https://play.test/?broker=x#j=${held}`,
          `Come: https://play.test/#a=b&j=${held}&c=d now`,
        ]) {
          expect(readReservation(text)).toBe(reservation);
          expect(readInvite(text)).toEqual(written === "KXRTMB" ? undefined : invite);
          expect(normalizeLobbyCode(text)).toBe("KXRTMB");
        }
        expect(readReservation(written)).toBeUndefined();
      }
    }),
  );
  for (const text of ["", "~", `~${"r".repeat(32)}`, "KXRTM~short", `KXRTM~${"r".repeat(65)}`, `KXRTM.~${"r".repeat(32)}`])
    expect(readReservation(text)).toBeUndefined();
});
