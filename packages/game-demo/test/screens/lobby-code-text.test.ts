import { LOBBY_CODE_ALPHABET, LOBBY_CODE_LENGTH, LOBBY_CODE_LENGTH_MAX } from "@rollcall/netcode/lobby-protocol";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inviteTo, isCodeEnded, isWholeCode, readInvite, readLobbyCode, spellCode } from "../../src/screens/lobby-code-text.ts";

const code = fc
  .array(fc.constantFrom(...LOBBY_CODE_ALPHABET.split("")), { minLength: LOBBY_CODE_LENGTH, maxLength: LOBBY_CODE_LENGTH_MAX })
  .map((letters) => letters.join(""));

describe("[SC1] the code field takes whatever people paste", () => {
  test.each([
    ["kxrtm", "KXRTM"],
    ["KXR TM", "KXRTM"],
    ["k x r t m", "KXRTM"],
    ["KXR-TM", "KXRTM"],
    ["  kxr–tm\n", "KXRTM"],
    ["http://192.168.1.7:5173/#j=KXRTM", "KXRTM"],
    ["https://play.example/?broker=https%3A%2F%2Fb.example#j=kxrtm", "KXRTM"],
    ["play.example/#fx=low&j=KXRTM", "KXRTM"],
    ["Join my game: KXRTM", "KXRTM"],
    ["come and play! the code is kxr tm :)", "KXRTM"],
    ["kx", "KX"],
    ["koxaL", "KX"],
    ["", ""],
    ["12345", ""],
  ])("%j is read as %j", (typed, read) => {
    expect(readLobbyCode(typed)).toBe(read);
    expect(readLobbyCode(typed, 5)).toBe(read);
  });

  test.each([
    ["kxrtmbcd", undefined, "KXRTMBCD"],
    ["KXR TMBCD", undefined, "KXRTMBCD"],
    ["kxrtmbcdfg", undefined, "KXRTMBCD"],
    ["Join my game: KXR TMBC", undefined, "KXRTMBC"],
    ["kxrtmb", 6, "KXRTMB"],
    ["kxrtmb", 5, "KXRTM"],
    ["hi kxrtm", 5, "KXRTM"],
    ["my pet crwth says: KXR TMB", 6, "KXRTMB"],
    // A link has the code of its own lobby, whatever the codes of today have.
    ["https://play.example/#j=kxrtmbc", 5, "KXRTMBC"],
    ["https://play.example/#j=kxrtm", 8, "KXRTM"],
  ])("%j, where codes have %j letters, is read as %j", (typed, length, read) => {
    expect(readLobbyCode(typed, length)).toBe(read);
  });

  test("a code survives any case and any separators", () => {
    fc.assert(
      fc.property(
        code,
        fc.array(fc.constantFrom("", " ", "-", "\t", "."), { minLength: 8, maxLength: 8 }),
        fc.boolean(),
        (letters, gaps, lower) => {
          const typed = letters
            .split("")
            .map((letter, index) => (gaps[index] ?? "") + letter)
            .join("");
          expect(readLobbyCode(lower ? typed.toLowerCase() : typed)).toBe(letters);
          expect(isWholeCode(letters)).toBe(true);
        },
      ),
    );
  });

  test("whatever is typed, only letters of the alphabet are left, eight at most, and reading them again changes nothing", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (typed) => {
        const read = readLobbyCode(typed);
        expect(read.split("").every((letter) => LOBBY_CODE_ALPHABET.includes(letter))).toBe(true);
        expect(read.length).toBeLessThanOrEqual(LOBBY_CODE_LENGTH_MAX);
        expect(readLobbyCode(read)).toBe(read);
      }),
    );
  });
});

test("[SC50] an invite is read with its code, from a link, a message or alone", () => {
  const secret = `${"aB-_5678".repeat(2)}abcdefg`;
  for (const text of [
    `kxrtm.${secret}`,
    `https://play.example/?x=1#j=KXRTM.${secret}`,
    `Come: https://play.example/#j=KXRTM.${secret}, now`,
  ]) {
    expect([readLobbyCode(text), readInvite(text)]).toEqual(["KXRTM", `KXRTM.${secret}`]);
  }
  for (const text of ["KXRTM", "#j=KXRTM", `KXRTM.${secret}x`, `KXRTM.${secret.slice(1)}`, `AEIOU.${secret}`]) {
    expect(readInvite(text)).toBeUndefined();
  }
});

test("[SC93] a link, and an invite, say where the code ends; what is typed does not. A reservation stays with its invite, and an invite with its code", () => {
  const secret = `${"aB-_5678".repeat(2)}abcdefg`;
  const reservation = "r".repeat(32);
  const held = [`KXRTMB.${secret}~${reservation}`, `KXRTMB~${reservation}`];
  for (const invite of held) {
    for (const text of [invite, `Come: https://play.example/#j=${invite} now`]) {
      expect([readLobbyCode(text), readInvite(text), isCodeEnded(text)]).toEqual(["KXRTMB", invite, true]);
    }
    expect([inviteTo("KXRTMB", invite), inviteTo("KXRTM", invite)]).toEqual([invite, undefined]);
  }
  expect(isCodeEnded("play.example/#j=KXRTM")).toBe(true);
  for (const text of ["KXRTM", "KXRTMBCD", "kxr tm", `KXRTM~${reservation.slice(17)}`]) expect(isCodeEnded(text)).toBe(false);
});

test("[SC2] a screen reader hears the code letter by letter", () => {
  expect(spellCode("KXRTM")).toBe("K, X, R, T, M");
});
