import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parsePeerId } from "@rollcall/netcode/lobby-protocol";
import * as fc from "fast-check";
import { expect, test, vi } from "vitest";
import { TestLobby } from "../test/lobby-fixture.ts";
import { KeyRing, parseSigningKeys, SigningKey } from "./key-ring.ts";
import { LobbySeal } from "./lobby-seal.ts";
import { createSecrets } from "./secrets.ts";
import { openSigningKeys } from "./signing-key.ts";

const HOUR_MS = 3_600_000;
const SECRETS = ["a", "b", "c"].map((letter) => letter.repeat(32));
const [OLD, NOW, NEXT] = SECRETS.map((secret, index) => new SigningKey(secret, [-Infinity, 100 * HOUR_MS, 200 * HOUR_MS][index])) as [
  SigningKey,
  SigningKey,
  SigningKey,
];
const ADA = parsePeerId("ada")!;

test("[TK10] the newest key whose time has come signs; those to come verify, and those before it for 24 hours more", () => {
  let nowMs = 0;
  const ring = new KeyRing(
    () => [NOW, NEXT, OLD],
    () => nowMs,
  );
  const state = (): unknown => ({
    current: ring.current.kid,
    former: ring.former.map(({ kid }) => kid),
    found: [OLD, NOW, NEXT].map(({ kid }) => ring.find(kid) !== undefined),
  });
  expect(state()).toEqual({ current: OLD.kid, former: [], found: [true, true, true] });
  nowMs = 100 * HOUR_MS;
  expect(state()).toEqual({ current: NOW.kid, former: [OLD.kid], found: [true, true, true] });
  nowMs = 124 * HOUR_MS - 1;
  expect(state()).toMatchObject({ former: [OLD.kid] });
  nowMs = 124 * HOUR_MS;
  expect(state()).toEqual({ current: NOW.kid, former: [], found: [false, true, true] });
  nowMs = 200 * HOUR_MS;
  expect(state()).toEqual({ current: NEXT.kid, former: [NOW.kid], found: [false, true, true] });
});

test("[TK11] signaling tokens, keepsakes and codes of the key before go on while it verifies, and no longer", () => {
  let nowMs = 0;
  const ring = new KeyRing(
    () => [OLD, NOW],
    () => nowMs,
  );
  const secrets = createSecrets(ring);
  const seal = new LobbySeal(ring, () => nowMs);
  const { record } = new TestLobby();
  const [token, code] = [secrets.signalingToken(ADA), secrets.codeOf("entrance", 0)];
  expect(secrets.formerCodesOf("entrance")).toEqual([]);
  nowMs = 100 * HOUR_MS - 1;
  const keepsake = seal.seal(record)!;
  nowMs = 100 * HOUR_MS;
  expect(secrets.signalingToken(ADA)).not.toBe(token);
  expect(secrets.isSignalingToken(ADA, token)).toBe(true);
  expect(secrets.codeOf("entrance", 0)).not.toBe(code);
  expect(secrets.formerCodesOf("entrance")).toEqual([code]);
  expect(seal.open(keepsake)).toMatchObject({ ok: true });
  nowMs = 124 * HOUR_MS;
  expect(secrets.isSignalingToken(ADA, token)).toBe(false);
  expect(seal.open(keepsake)).toEqual({ ok: false, reason: "seal-key" });
  // Another node of the same keys, whose clock or file is ahead: what it signs is taken here.
  nowMs = 99 * HOUR_MS;
  const ahead = createSecrets(
    new KeyRing(
      () => [OLD, NOW],
      () => nowMs + 2 * HOUR_MS,
    ),
  );
  expect(secrets.isSignalingToken(ADA, ahead.signalingToken(ADA))).toBe(true);
});

test("[TK12] one secret makes a key for each purpose, the same in every process, and a name that is not told by chance", () => {
  const [one, same, other] = [SECRETS[0], SECRETS[0], SECRETS[1]].map((secret) => new SigningKey(secret!)) as [
    SigningKey,
    SigningKey,
    SigningKey,
  ];
  expect(one.kid).toMatch(/^[A-Za-z0-9_-]{8}$/);
  const made = (key: SigningKey): readonly unknown[] => [key.kid, key.hmac("a"), key.derive("a", "", 32)];
  expect(made(same)).toEqual(made(one));
  for (const [index, value] of made(other).entries()) expect(value).not.toEqual(made(one)[index]);
  expect(one.derive("a", "", 32)).not.toEqual(one.derive("b", "", 32));
});

test("[TK13] a file has one key a line, each with the time from which it signs; anything else is refused", () => {
  const [a, b] = SECRETS as [string, string, string];
  const kids = (text: string): unknown => parseSigningKeys(text, HOUR_MS)?.map(({ kid, fromMs }) => [kid, fromMs]);
  const kid = (secret: string): string => new SigningKey(secret).kid;
  expect(kids(`${a}\n`)).toEqual([[kid(a), -Infinity]]);
  expect(kids(`# first\n  ${a}  \n\n1970-01-01T02:00Z ${b}\n`)).toEqual([
    [kid(a), -Infinity],
    [kid(b), 2 * HOUR_MS],
  ]);
  const [early, late] = ["1970-01-01T00:30:00Z", "1970-01-01T02:00:00Z"];
  expect(kids(`${early} ${a}\n${late} ${b}`)).toHaveLength(2);
  for (const wrong of [
    "",
    "short",
    `${late} ${a}`,
    `${a} ${b}`,
    `${a}\n${b}`,
    `${early} ${a}\n${early} ${b}`,
    `${early} ${a}\n${late} ${a}`,
    `1970-13-01T00:00Z ${a}`,
    `yesterday ${a}`,
    Array.from({ length: 9 }, (_, index) => `1970-01-01T00:0${index}Z ${"k".repeat(32)}${index}`).join("\n"),
  ]) {
    expect({ wrong, read: parseSigningKeys(wrong, HOUR_MS) }).toEqual({ wrong, read: undefined });
  }
  fc.assert(fc.property(fc.string(), (text) => void parseSigningKeys(text, 0)));
});

test("[TK14] the file is read again when it changes; one that cannot be read changes nothing and is told", () => {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-keys-"));
  const path = join(folder, "key");
  writeFileSync(path, SECRETS[0]!);
  let unreadable = 0;
  vi.useFakeTimers();
  const { ring, close } = openSigningKeys({ signingKey: undefined, signingKeyFile: path }, () => unreadable++);
  try {
    expect(ring.current.kid).toBe(OLD.kid);
    writeFileSync(path, "nonsense");
    vi.advanceTimersByTime(4_000);
    expect(unreadable).toBe(1);
    expect(ring.current.kid).toBe(OLD.kid);
    writeFileSync(path, `${SECRETS[0]}\n2026-01-01T00:00Z ${SECRETS[1]}\n2999-01-01T00:00Z ${SECRETS[2]}\n`);
    vi.advanceTimersByTime(2_000);
    expect(ring.current.kid).toBe(NOW.kid);
    expect(ring.find(NEXT.kid)?.kid).toBe(NEXT.kid);
    expect(unreadable).toBe(1);
  } finally {
    close();
    vi.useRealTimers();
    rmSync(folder, { recursive: true });
  }
});
