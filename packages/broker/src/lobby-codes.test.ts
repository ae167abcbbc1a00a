import { normalizeLobbyCode } from "@rollcall/netcode/lobby-protocol";
import { expect, test } from "vitest";
import { createBroker } from "./index.ts";
import { createSecrets } from "./secrets.ts";
import { readSettings } from "./settings.ts";

test("[LS50] codes have five to eight letters, as many as the broker was told; all of them are read as they are typed and pasted", async () => {
  for (const length of [5, 6, 7, 8]) {
    const secrets = createSecrets("a key of this test, and long enough", length);
    for (const code of [secrets.newCode(), secrets.codeOf("entrance", 0)]) {
      expect(code).toMatch(new RegExp(`^[BCDFGHJKMNPQRSTVWXYZ]{${length}}$`));
      expect(normalizeLobbyCode(` ${code.slice(0, 3).toLowerCase()}-${code.slice(3)} `)).toBe(code);
      expect(normalizeLobbyCode(`https://play.example/#j=${code}.${"a".repeat(23)}`)).toBe(code);
    }
    expect(readSettings(["--code-length", String(length)], {})).toMatchObject({ kind: "run", options: { codeLength: length } });
  }
  for (const text of ["BBBB", "BBBBBBBBB"]) expect(normalizeLobbyCode(text)).toBeUndefined();
  for (const text of ["4", "9", "five"]) expect(readSettings(["--code-length", text], {}).kind).toBe("refused");
  await expect(createBroker({ codeLength: 4 })).rejects.toThrow("5 to 8");
});
