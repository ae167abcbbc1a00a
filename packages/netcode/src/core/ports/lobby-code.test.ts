import { expect, test } from "vitest";
import { normalizeLobbyCode } from "./lobby-code.ts";

test.each([
  ["KXRTM", "KXRTM"],
  ["kxrtm", "KXRTM"],
  [" kx-r t\u2013m\u200b ", "KXRTM"],
  ["https://play.example/#j=kxrtm", "KXRTM"],
  ["Join me: https://play.example/?fx=off#j=KXR%20TM&name=Ada see you", "KXRTM"],
  [`kxrtm~${"r".repeat(32)}`, "KXRTM"],
  [`https://play.example/#j=kxrtmb.${"s".repeat(23)}~${"r".repeat(32)} now`, "KXRTMB"],
  [`KXRTM~${"r".repeat(15)}`, undefined],
  ["KXRT", undefined],
  ["KXRTMKXRT", undefined],
  ["KXRTL", undefined],
  ["KXR\u00dfM", undefined],
  ["", undefined],
  [null, undefined],
  ["https://play.example/", undefined],
  [`#j=KXRTM${" ".repeat(3_000)}`, undefined],
])("[LP10] %j is the code %j", (text, code) => {
  expect(normalizeLobbyCode(text)).toBe(code);
});
