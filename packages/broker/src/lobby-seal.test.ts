import { randomBytes } from "node:crypto";
import { LOBBY_LIMITS } from "@rollcall/netcode/lobby-protocol";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { named, TestLobby } from "../test/lobby-fixture.ts";
import { KEEPSAKE_AGE_MS, LobbySeal } from "./lobby-seal.ts";

const KEY = "a signing key of this test, long enough";
const { record } = (() => {
  const room = new TestLobby();
  room.join("bob");
  return room;
})();

function sealed(seal: LobbySeal, of = record): string {
  const keepsake = seal.seal(of);
  if (keepsake === undefined) throw new Error("too large");
  return keepsake;
}

test("[LB60] a keepsake gives the record back, without its newest changes, to whoever has the key", () => {
  const keepsake = sealed(new LobbySeal(KEY, () => 1_000));
  expect(keepsake).toMatch(/^[A-Za-z0-9_-]+$/);
  const opened = new LobbySeal(KEY, () => 2_000).open(keepsake);
  expect(opened).toEqual({ ok: true, record: { ...record, recent: [] } });
  expect(sealed(new LobbySeal(KEY, () => 1_000))).not.toBe(keepsake);
});

test("[LB60] another key's, an old one, one from the future and one of another version are refused", () => {
  let nowMs = 1_000_000_000;
  const seal = new LobbySeal(KEY, () => nowMs);
  const keepsake = sealed(seal);
  expect(new LobbySeal(`${KEY}!`, () => nowMs).open(keepsake)).toEqual({ ok: false, reason: "seal-key" });
  nowMs += KEEPSAKE_AGE_MS;
  expect(seal.open(keepsake).ok).toBe(true);
  nowMs += 1;
  expect(seal.open(keepsake)).toEqual({ ok: false, reason: "seal-old" });
  nowMs -= KEEPSAKE_AGE_MS + 601_000;
  expect(seal.open(keepsake)).toEqual({ ok: false, reason: "seal-old" });
  expect(seal.open(`C${keepsake.slice(1)}`)).toEqual({ ok: false, reason: "seal-version" });
});

test("[LB60] whatever is changed, cut or made up is refused, and nothing throws", () => {
  const seal = new LobbySeal(KEY, () => 1_000);
  const bytes = Buffer.from(sealed(seal), "base64url");
  const anyDamage = fc.oneof(
    fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 })).map(([index, mask]) => {
      const copy = Buffer.from(bytes);
      copy.writeUInt8(copy.readUInt8(index) ^ mask, index);
      return copy;
    }),
    fc.nat(bytes.length - 1).map((length) => bytes.subarray(0, length)),
    fc.uint8Array({ maxLength: 200 }).map((tail) => Buffer.concat([bytes, Buffer.of(0), tail])),
    fc.uint8Array({ maxLength: 400 }).map((rest) => Buffer.concat([Buffer.of(1), rest])),
  );
  fc.assert(
    fc.property(anyDamage, (damaged) => {
      expect(seal.open(damaged.toString("base64url")).ok).toBe(false);
    }),
    { numRuns: 2_000 },
  );
  for (const text of ["", "AQ", "!", "\u0001"]) expect(seal.open(text).ok).toBe(false);
});

test("[LB61] a lobby that is too large for a frame has no keepsake; one of 64 ordinary members has", () => {
  const room = new TestLobby({ capacity: 64 });
  for (let index = 1; index < 64; index++) room.join(`member-${index}`);
  const seal = new LobbySeal(KEY, () => 1_000);
  expect(sealed(seal, room.record).length).toBeLessThan(LOBBY_LIMITS.keepsakeUnits / 2);
  // Noise does not pack.
  const noise = randomBytes(64 * 700).toString("base64");
  for (const [index, { peerId }] of room.record.lobby.members.entries()) {
    const choices = noise.slice(index * 900, index * 900 + 900);
    expect(room.command(peerId, { type: "set-profile", profile: { ...named("x"), choices } })).toBe("ok");
  }
  expect(seal.seal(room.record) === undefined).toBe(true);
});
