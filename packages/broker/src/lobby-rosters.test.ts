import { createHash } from "node:crypto";
import { parsePeerId, parseRoster, type PeerId, type Roster, type RosterAuthority, type RosterKey } from "@rollcall/netcode/lobby-protocol";
import { compactVerify } from "jose";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { TestLobby } from "../test/lobby-fixture.ts";
import { KeyRing, SigningKey } from "./key-ring.ts";
import type { LobbyRecord } from "./lobby-record.ts";
import { restoreLobby } from "./lobby-restoration.ts";
import { LobbyRooms } from "./lobby-rooms.ts";
import { LobbyRosters } from "./lobby-rosters.ts";
import { RosterSigner } from "./roster-signer.ts";
import { isSignedBy } from "./secrets.ts";

const HOUR_MS = 3_600_000;
const [ADA, BOB, CYD] = ["a", "b", "c"].map((digit) => parsePeerId(digit.repeat(32))) as [PeerId, PeerId, PeerId];

/** As the fixture, with ids as keys make them. */
function lobbyOf(...ids: readonly PeerId[]): TestLobby {
  const lobby = new TestLobby();
  const rename = (peerId: string): PeerId => (peerId === "ada" ? ADA : (peerId as PeerId));
  lobby.record = JSON.parse(JSON.stringify(lobby.record).replaceAll('"ada"', `"${rename("ada")}"`)) as LobbyRecord;
  lobby.connections.set(ADA, 1);
  for (const peerId of ids) lobby.join(peerId, { peerId });
  return lobby;
}

/** A roster, if one of `keys` signed it. */
function read(text: string, keys: readonly RosterKey[]): Roster {
  const found = parseRoster(text, keys);
  if (typeof found === "string") throw new Error(found);
  const key = Buffer.from(found.key).toString("base64url");
  const owner = createHash("sha256").update(found.key).digest("hex").slice(0, 32) as PeerId;
  const signed = Buffer.from(found.signed).toString();
  expect(isSignedBy(owner, signed, { key, signature: Buffer.from(found.signature).toString("base64url") })).toBe(true);
  return found.roster;
}

/** Rosters of a lobby with these in the room, and what each of them heard. */
function stage(members: readonly PeerId[]): {
  readonly rosters: LobbyRosters;
  readonly write: (lobby: TestLobby) => Promise<void>;
  readonly signed: () => Promise<void>;
  readonly authority: (lobby: TestLobby) => RosterAuthority;
  readonly heard: Map<PeerId, Roster[]>;
} {
  const signer = new RosterSigner(KeyRing.of("k".repeat(32)), Date.now);
  const signing = vi.spyOn(signer, "sign");
  /** Whatever is being signed is on its way to the members. */
  const signed = async (): Promise<void> => {
    for (let count = -1; count < signing.mock.results.length;) {
      count = signing.mock.results.length;
      await Promise.all(signing.mock.results.map(({ value }) => value as Promise<string>));
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const rooms = new LobbyRooms(() => undefined);
  const failures: unknown[] = [];
  const rosters = new LobbyRosters({ signer, rooms, handleFailure: (error) => failures.push(error) });
  const heard = new Map(members.map((peerId): [PeerId, Roster[]] => [peerId, []]));
  const authority = (lobby: TestLobby): RosterAuthority => rosters.authorityOf(lobby.record);
  const write = async (lobby: TestLobby): Promise<void> => {
    for (const [peerId, list] of heard) {
      const sendText = (text: string): void => void list.push(read((JSON.parse(text) as { roster: string }).roster, authority(lobby).keys));
      rooms.enter(lobby.record.lobby, { peerId, connection: 1 }, { sendText, sendFrame: () => false, goodbye: () => {} });
    }
    rosters.handleWritten(lobby.record.lobby.code, lobby.record);
    await signed();
    expect(failures).toEqual([]);
  };
  return { rosters, write, signed, authority, heard };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
});

afterEach(() => {
  vi.useRealTimers();
});

test("[TK52] a roster is a JSON Web Signature that any library checks, by the key that the broker names at the admission", async () => {
  const { record } = lobbyOf(BOB);
  const signer = new RosterSigner(KeyRing.of(), Date.now);
  const text = await signer.sign(record);
  const { keys, life, clockS } = signer.authorityOf(record);
  const key = { kty: "OKP", crv: "Ed25519", x: keys[0]!.key };
  const { protectedHeader } = await compactVerify(text, key);
  expect(protectedHeader).toEqual({ alg: "EdDSA", typ: "rollcall-roster", kid: keys[0]!.kid });
  const changed = `${text.slice(0, 100)}${text[100] === "A" ? "B" : "A"}${text.slice(101)}`;
  await expect(compactVerify(changed, key)).rejects.toThrow();
  expect(read(text, keys)).toEqual({
    code: "KXRTM",
    life,
    number: 1,
    issuedS: clockS,
    expiresS: clockS + 6 * 3_600,
    isCertain: true,
    keys,
    left: [],
    members: [
      { peerId: ADA, order: 1 },
      { peerId: BOB, order: 2 },
    ],
  });
  // The life's own id stays with the broker.
  expect(life).not.toContain(record.life.id);
});

test("[TK53] nodes of one secret sign alike; a new key stands in rosters for two hours before it signs them", async () => {
  let nowMs = 0;
  const ringOf = (...keys: SigningKey[]): RosterSigner =>
    new RosterSigner(
      new KeyRing(
        () => keys,
        () => nowMs,
      ),
      () => nowMs,
    );
  const [old, next] = [new SigningKey("a".repeat(32)), new SigningKey("b".repeat(32), 10 * HOUR_MS)];
  const { record } = lobbyOf(BOB);
  expect(await ringOf(old).sign(record)).toBe(await ringOf(new SigningKey("a".repeat(32))).sign(record));
  const kidOf = async (signer: RosterSigner): Promise<unknown> => {
    const text = await signer.sign(record);
    const { kid } = JSON.parse(Buffer.from(text.slice(0, text.indexOf(".")), "base64url").toString()) as { kid: string };
    const known = read(text, signer.authorityOf(record).keys).keys.map((key) => key.kid);
    return { kid, known };
  };
  const both = ringOf(old, next);
  expect(await kidOf(both)).toEqual({ kid: old.kid, known: [next.kid, old.kid] });
  nowMs = 12 * HOUR_MS - 1;
  expect(await kidOf(both)).toEqual({ kid: old.kid, known: [next.kid, old.kid] });
  nowMs = 12 * HOUR_MS;
  expect(await kidOf(both)).toEqual({ kid: next.kid, known: [next.kid, old.kid] });
  nowMs = 34 * HOUR_MS;
  expect(await kidOf(both)).toEqual({ kid: next.kid, known: [next.kid] });
  // The key before was taken out at once: what there is signs.
  nowMs = 10 * HOUR_MS;
  expect(await kidOf(ringOf(next))).toEqual({ kid: next.kid, known: [next.kid] });
});

test("[TK54] members get a roster when somebody came or left, and every hour, and who comes back gets the newest; a lobby of one has none", async () => {
  const lobby = lobbyOf();
  const { rosters, write, signed, heard } = stage([ADA, BOB]);
  const told = (peerId: PeerId): unknown[] => (heard.get(peerId) ?? []).splice(0).map(({ number, members }) => [number, members.length]);
  await write(lobby);
  expect(told(ADA)).toEqual([]);
  lobby.join(BOB, { peerId: BOB });
  await write(lobby);
  expect([told(ADA), told(BOB)]).toEqual([[[1, 2]], [[1, 2]]]);
  lobby.command(ADA, { type: "set-locked", locked: true });
  lobby.disconnect(BOB);
  await write(lobby);
  expect([told(ADA), told(BOB)]).toEqual([[], []]);
  lobby.resume(BOB);
  await write(lobby);
  rosters.greet(lobby.record.lobby.code, BOB, lobby.record);
  expect([told(ADA), told(BOB)]).toEqual([[], [[1, 2]]]);
  vi.advanceTimersByTime(HOUR_MS);
  await signed();
  expect(told(ADA)).toEqual([[lobby.record.lobby.event, 2]]);
  heard.set(CYD, []);
  lobby.command(ADA, { type: "set-locked", locked: false });
  lobby.join(CYD, { peerId: CYD });
  await write(lobby);
  lobby.command(ADA, { type: "kick", peerId: CYD });
  await write(lobby);
  expect(heard.get(ADA)?.at(-1)).toMatchObject({ left: [{ peerId: CYD, reason: "kicked" }], number: lobby.record.lobby.event });
  rosters.close();
  expect(vi.getTimerCount()).toBe(0);
});

test("[TK55] a lobby that members brought back signs as uncertain until it is certain, with numbers above all that there were", async () => {
  const lobby = lobbyOf(BOB, CYD);
  const before = lobby.record.lobby.event;
  const { write, heard, authority } = stage([ADA]);
  const { life } = authority(lobby);
  lobby.record = restoreLobby(lobby.record, undefined, { nowMs: lobby.nowMs, wallMs: Date.now() });
  await write(lobby);
  lobby.resume("ada");
  await write(lobby);
  lobby.resume(BOB);
  await write(lobby);
  const rosters = heard.get(ADA) ?? [];
  expect(rosters.map(({ isCertain }) => isCertain)).toEqual([false, true]);
  expect(rosters.every((roster) => roster.number > before + 65_000 && roster.life === life)).toBe(true);
  expect(rosters[1]!.number).toBeGreaterThan(rosters[0]!.number);
});
