import { expect, test, vi } from "vitest";
import { TestLobby, TAG, code } from "../test/lobby-fixture.ts";
import { TypedPassword } from "../test/typed-password.ts";
import { provesPassword } from "./lobby-password.ts";
import { createSecrets } from "./secrets.ts";

const PASSWORD = new TypedPassword("open sesame");
const SALT = PASSWORD.verifier().salt;

/** A proof of `password`, with the text that it is of. */
function shown(password: TypedPassword, nonce = "nonce", key = "key"): { readonly text: string; readonly proof: string } {
  const { proof } = password.proof({ salt: SALT, nonce }, { code: "KXRTM", key });
  return { text: `rollcall/password/1\n${nonce}\nKXRTM\n${key}`, proof };
}

test("[LS30] newcomers of a lobby with a password show that they know it; members, and the host's own seat, are not asked", () => {
  const room = new TestLobby();
  room.join("bob");
  expect(room.command("bob", { type: "set-password", password: PASSWORD.verifier() })).toBe("NOT_HOST");
  expect(room.command("ada", { type: "set-password", password: PASSWORD.verifier() })).toBe("ok");
  expect(room.record.lobby.door.password).toBe(true);
  // What checks it is nobody's business.
  expect(JSON.stringify(room.record.lobby) + JSON.stringify(room.changes)).not.toContain(PASSWORD.verifier().storedKey);
  expect(room.join("cyd")).toBe("PASSWORD_REQUIRED");
  expect(room.join("cyd", { password: shown(new TypedPassword("open sesam")) })).toBe("WRONG_PASSWORD");
  expect(room.join("cyd", { game: { ...TAG, version: 9 } })).toBe("VERSION_MISMATCH");
  expect(room.join("cyd", { password: shown(PASSWORD) })).toBe("ok");
  room.disconnect("bob");
  expect(room.resume("bob", "bob2")).toBe("ok");
  room.command("ada", { type: "set-password", password: null });
  expect(room.join("dan")).toBe("ok");
  expect(room.record.lobby.door.password).toBe(false);
});

test("[LS30] a proof is of one text, and what is no proof is none and never throws", () => {
  const verifier = PASSWORD.verifier();
  const { text, proof } = shown(PASSWORD);
  expect(provesPassword(verifier, text, proof)).toBe(true);
  expect(provesPassword(verifier, `${text} `, proof)).toBe(false);
  for (const wrong of ["", "A".repeat(43), proof.slice(1), `${proof}AAAA`, "ü"]) expect(provesPassword(verifier, text, wrong)).toBe(false);
  for (const storedKey of ["", "AA", "A".repeat(43)]) expect(provesPassword({ ...verifier, storedKey }, text, proof)).toBe(false);
});

test("[LS32] a challenge is good for a minute or two, for one code and key; salts of codes without a password are made up, and stay", () => {
  vi.useFakeTimers();
  const secrets = createSecrets();
  const nonce = secrets.challenge(600_000, "KXRTM:key");
  expect(secrets.isChallenge(600_000, "KXRTM:key", nonce)).toBe(true);
  expect(secrets.isChallenge(719_999, "KXRTM:key", nonce)).toBe(true);
  expect(secrets.isChallenge(720_000, "KXRTM:key", nonce)).toBe(false);
  for (const [subject, given] of [
    ["KXRTN:key", nonce],
    ["KXRTM:other", nonce],
    ["KXRTM:key", ""],
    ["KXRTM:key", nonce.toLowerCase()],
  ] as const) {
    expect(secrets.isChallenge(600_000, subject, given)).toBe(false);
  }
  expect(createSecrets("another key, and long enough").isChallenge(600_000, "KXRTM:key", nonce)).toBe(false);
  const salts = ["BBBBB", "CCCCC"].map((text) => secrets.madeUpSalt(code(text)));
  expect(new Set([...salts, SALT]).size).toBe(3);
  for (const salt of salts) expect(salt).toMatch(/^[A-Za-z0-9_-]{21}[AQgw]$/);
  expect(secrets.madeUpSalt(code("BBBBB"))).toBe(salts[0]);
  vi.useRealTimers();
});
