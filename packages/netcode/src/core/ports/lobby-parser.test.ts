import * as fc from "fast-check";
import { expect, test } from "vitest";
import { encodeBase64Url } from "../base/base64url.ts";
import {
  applyLobbyChange,
  LOBBY_ERROR_CODES,
  LOBBY_LIMITS,
  LOBBY_PROTOCOL_VERSION,
  normalizeLobbyCode,
  parseBrokerMessage,
  parseJsonText,
  parseListMessage,
  parseMemberMessage,
  parsePeerId,
  type BrokerMessage,
  type GameIdentity,
  type Json,
  type LobbyChange,
  type LobbyCommand,
  type LobbyFilter,
  type LobbyState,
  type MatchAgreement,
  type Member,
  type MemberMessage,
  type PeerId,
  type PlayerProfile,
  type Profile,
} from "./lobby-protocol.ts";

const integer = (max = 1_000_000): fc.Arbitrary<number> => fc.integer({ min: 0, max });
const anyJson: fc.Arbitrary<Json> = fc
  .jsonValue({ maxDepth: 3 })
  // −0 is written as 0; the keys that reach into prototypes are refused.
  .map((value) => JSON.parse(JSON.stringify(value).replaceAll(/"(?:__proto__|constructor|prototype)"/g, '"x"')) as Json)
  .filter((value) => JSON.stringify(value).length < 300);
const anyPeerId: fc.Arbitrary<PeerId> = fc.stringMatching(/^[0-9a-f]{32}$/).map(peerIdOf);
const anyPlayer: fc.Arbitrary<PlayerProfile> = fc.record({ name: fc.string({ maxLength: 64 }), colour: integer(63), choices: anyJson });
const anyProfile: fc.Arbitrary<Profile> = fc.oneof(
  anyPlayer,
  fc.tuple(anyPlayer, fc.array(anyPlayer, { maxLength: 3 })).map(([player, guests]) => Object.assign(player, { guests })),
);
const anyGame: fc.Arbitrary<GameIdentity> = fc.record({
  id: fc.string({ minLength: 1, maxLength: 64 }),
  version: integer(),
  contentHash: fc.stringMatching(/^[0-9a-f]{8}$/),
});
const anyMember: fc.Arbitrary<Member> = fc.record({
  peerId: anyPeerId,
  seat: integer(63),
  order: integer(),
  profile: anyProfile,
  ready: fc.boolean(),
  connected: fc.boolean(),
});
const anyMatch: fc.Arbitrary<MatchAgreement> = fc.record({
  matchNumber: integer(),
  seed: integer(0xffff_ffff),
  seats: fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant("person" as const), peerId: anyPeerId, profile: anyPlayer }),
      fc.record({ kind: fc.constant("bot" as const), profile: anyPlayer }),
    ),
    { maxLength: 8 },
  ),
  settings: anyJson,
  hostId: anyPeerId,
  countdownMs: integer(60_000),
});
const anyCode = fc.stringMatching(/^[BCDFGHJKMNPQRSTVWXYZ]{5}$/);
const anySecret = fc.stringMatching(/^[A-Za-z0-9_-]{1,128}$/);

const anyToken = fc.stringMatching(/^[A-Za-z0-9_-]{16,64}$/);
const KEY = "A".repeat(43);
const anyKey = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(encodeBase64Url);
/** May be absent. */
const anyVisit = fc.oneof(fc.constant({}), fc.record({ device: anyToken }));
const anyNewcomer = fc.oneof(
  anyVisit,
  fc.record({ device: anyToken, entrance: fc.record({ id: anyToken, attempt: fc.integer({ min: 1, max: 1_000 }) }) }),
);

function withFields<Base extends object, More extends object>(
  base: fc.Arbitrary<Base>,
  more: fc.Arbitrary<More>,
): fc.Arbitrary<Base & More> {
  return fc.tuple(base, more).map(([left, right]) => Object.assign(left, right));
}

const anyVerifier = fc.record({ salt: fc.uint8Array({ minLength: 16, maxLength: 16 }).map(encodeBase64Url), storedKey: anyKey });

const anyFilter: fc.Arbitrary<LobbyFilter> = fc.record(
  {
    joinable: fc.boolean(),
    open: fc.boolean(),
    idle: fc.boolean(),
    metadata: fc.dictionary(
      fc.stringMatching(/^[a-z]{1,9}$/),
      fc.oneof(fc.string({ maxLength: 64 }), integer(), fc.boolean(), fc.constant(null)),
      { maxKeys: 8 },
    ),
  },
  { requiredKeys: [] },
);

type CreateCommand = Extract<LobbyCommand, { readonly type: "create" }>;
type JoinCommand = Extract<LobbyCommand, { readonly type: "join" }>;

const anyDoorOptions: fc.Arbitrary<Pick<CreateCommand, "relayOnly" | "listed" | "password" | "audience">> = fc.record(
  { relayOnly: fc.boolean(), listed: fc.boolean(), password: anyVerifier, audience: integer(64) },
  { requiredKeys: [] },
);
const anyReservations = fc.array(anyToken, { maxLength: 3 });
const anyJoinOptions: fc.Arbitrary<Pick<JoinCommand, "password" | "as" | "reservation">> = fc.record(
  {
    password: fc.record({ nonce: anySecret, proof: anyKey }),
    as: fc.constantFrom("spectator" as const, "queue" as const),
    reservation: anyToken,
  },
  { requiredKeys: [] },
);

const anyCommand: fc.Arbitrary<LobbyCommand> = fc.oneof(
  withFields(
    withFields(
      fc.record({
        type: fc.constant("create" as const),
        protocol: fc.constant(LOBBY_PROTOCOL_VERSION),
        key: anyKey,
        game: anyGame,
        profile: anyProfile,
        capacity: fc.integer({ min: 1, max: 64 }),
        settings: anyJson,
        metadata: anyJson,
      }),
      anyNewcomer,
    ),
    anyDoorOptions,
  ),
  withFields(
    withFields(
      fc.record({
        type: fc.constant("join" as const),
        protocol: fc.constant(LOBBY_PROTOCOL_VERSION),
        key: anyKey,
        code: anyCode,
        game: anyGame,
        profile: anyProfile,
      }),
      anyNewcomer,
    ),
    anyJoinOptions,
  ),
  withFields(
    fc.record({
      type: fc.constant("resume" as const),
      protocol: fc.constant(LOBBY_PROTOCOL_VERSION),
      code: anyCode,
      secret: anySecret,
      freshPage: fc.boolean(),
      lastEvent: integer(),
    }),
    fc.oneof(anyVisit, fc.record({ key: anyKey })),
  ),
  fc.record({ type: fc.constantFrom("leave" as const, "ice-servers" as const) }),
  fc.record({ type: fc.constant("set-profile" as const), profile: anyProfile }),
  fc.record({ type: fc.constant("set-ready" as const), ready: fc.boolean() }),
  fc.record({ type: fc.constant("set-settings" as const), settings: anyJson }),
  fc.record({ type: fc.constant("set-metadata" as const), metadata: anyJson }),
  fc.record({ type: fc.constant("set-locked" as const), locked: fc.boolean() }),
  fc.record({ type: fc.constant("set-capacity" as const), capacity: fc.integer({ min: 1, max: 64 }) }),
  fc.record({ type: fc.constantFrom("kick" as const, "transfer-host" as const), peerId: anyPeerId }),
  fc.record({ type: fc.constant("ban" as const), peerId: anyPeerId }),
  fc.record({ type: fc.constant("ban" as const), peerId: anyPeerId, banMs: fc.integer({ min: 1, max: 86_400_000 }) }),
  fc.record({ type: fc.constantFrom("bans" as const, "keep-open" as const, "unreserve" as const) }),
  fc.record({ type: fc.constant("unreserve" as const), reservations: anyReservations }),
  fc.record({ type: fc.constant("reserve" as const), reservations: anyReservations, forMs: fc.integer({ min: 1, max: 86_400_000 }) }),
  fc.record({ type: fc.constant("set-listed" as const), listed: fc.boolean() }),
  fc.record({ type: fc.constant("set-audience" as const), audience: integer(64) }),
  fc.record({ type: fc.constant("set-role" as const), role: fc.constantFrom("player" as const, "spectator" as const), peerId: anyPeerId }),
  fc.record({ type: fc.constant("set-password" as const), password: fc.option(anyVerifier, { nil: null }) }),
  fc.record({ type: fc.constant("challenge" as const), protocol: fc.constant(LOBBY_PROTOCOL_VERSION), key: anyKey, code: anyCode }),
  fc.record({ type: fc.constant("list" as const), protocol: fc.constant(LOBBY_PROTOCOL_VERSION), game: anyGame, filter: anyFilter }),
  withFields(
    fc.record({
      type: fc.constant("quick-match" as const),
      protocol: fc.constant(LOBBY_PROTOCOL_VERSION),
      key: anyKey,
      game: anyGame,
      profile: anyProfile,
      filter: anyFilter,
      capacity: fc.integer({ min: 1, max: 64 }),
      settings: anyJson,
      metadata: anyJson,
    }),
    anyNewcomer,
  ),
  fc.record({ type: fc.constant("unban" as const), ban: integer() }),
  fc.record({
    type: fc.constant("start" as const),
    playerCount: fc.integer({ min: 1, max: 8 }),
    botProfiles: fc.array(anyPlayer, { maxLength: 8 }),
    countdownMs: integer(60_000),
  }),
  fc.record({ type: fc.constant("end-match" as const), matchNumber: integer() }),
);

const anyChange: fc.Arbitrary<LobbyChange> = fc.oneof(
  fc.record({ type: fc.constant("member-joined" as const), member: anyMember }),
  fc.record({
    type: fc.constant("member-left" as const),
    peerId: anyPeerId,
    reason: fc.constantFrom("left" as const, "kicked" as const, "banned" as const, "expired" as const),
  }),
  fc.record({ type: fc.constant("member-disconnected" as const), peerId: anyPeerId }),
  fc.record({ type: fc.constant("member-returned" as const), peerId: anyPeerId, member: anyMember }),
  fc.record({ type: fc.constant("member-changed" as const), peerId: anyPeerId, profile: anyProfile, ready: fc.boolean() }),
  fc.record(
    {
      type: fc.constant("role-changed" as const),
      peerId: anyPeerId,
      role: fc.constantFrom("spectator" as const, "queued" as const),
      queueNumber: integer(),
    },
    { requiredKeys: ["type", "peerId"] },
  ),
  fc.record({ type: fc.constant("host-changed" as const), hostId: anyPeerId, hostEpoch: integer() }),
  fc.record({ type: fc.constant("settings-changed" as const), settings: anyJson }),
  fc.record({ type: fc.constant("metadata-changed" as const), metadata: anyJson }),
  fc.record({ type: fc.constant("locked-changed" as const), locked: fc.boolean() }),
  fc.record({ type: fc.constant("capacity-changed" as const), capacity: fc.integer({ min: 1, max: 64 }) }),
  fc.record({
    type: fc.constant("door-changed" as const),
    door: fc.record({ listed: fc.boolean(), password: fc.boolean(), audience: integer(64), reserved: integer(64) }),
  }),
  fc.record({ type: fc.constant("idle-changed" as const), idle: fc.boolean() }),
  fc.record({ type: fc.constant("match-started" as const), match: anyMatch }),
  fc.record({ type: fc.constant("match-ended" as const), matchNumber: integer() }),
);

const anyDoor = fc.record({ listed: fc.boolean(), password: fc.boolean(), audience: integer(64), reserved: integer(64) });
const anyLobby = fc.record({
  code: anyCode,
  game: anyGame,
  capacity: fc.integer({ min: 1, max: 64 }),
  locked: fc.boolean(),
  door: anyDoor,
  relayOnly: fc.boolean(),
  hostId: anyPeerId,
  hostEpoch: integer(),
  settings: anyJson,
  metadata: anyJson,
  members: fc.array(anyMember, { maxLength: 4 }),
  match: fc.option(anyMatch, { nil: undefined }),
  matchCount: integer(),
  idle: fc.boolean(),
  event: integer(),
});
const anyIceServer = fc.record({ urls: fc.array(fc.string({ minLength: 1, maxLength: 80 }), { maxLength: 3 }) });
const anyIceGrant = fc.record(
  { iceServers: fc.array(anyIceServer, { maxLength: 3 }), iceLifeMs: integer() },
  { requiredKeys: ["iceServers"] },
);
const anyBan = fc.record(
  { id: integer(), name: fc.string({ minLength: 1, maxLength: 64 }), leftMs: integer() },
  { requiredKeys: ["id", "name"] },
);
const anyBanList = fc.record({ bans: fc.array(anyBan, { maxLength: 3 }) });
const anyAdmission = fc
  .tuple(fc.record({ lobby: anyLobby, peerId: anyPeerId, resumeSecret: anySecret, signalingToken: anySecret }), anyIceGrant)
  .map(([admission, grant]) => Object.assign(admission, grant));

const anyMemberMessage: fc.Arbitrary<MemberMessage> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ request: integer(), command: anyCommand }) },
  { weight: 1, arbitrary: fc.record({ ping: integer() }) },
  { weight: 1, arbitrary: fc.record({ pong: integer() }) },
);
const anyBrokerMessage = fc.oneof(
  { weight: 6, arbitrary: fc.record({ event: integer(), change: anyChange }) },
  {
    weight: 3,
    arbitrary: fc.record({
      reply: integer(),
      ok: fc.constant(true as const),
      result: fc.option(fc.oneof(anyAdmission, anyIceGrant, anyBanList), { nil: null }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      reply: integer(),
      ok: fc.constant(false as const),
      error: fc.record({ code: fc.constantFrom(...LOBBY_ERROR_CODES), message: fc.string({ minLength: 1, maxLength: 90 }) }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ goodbye: fc.constantFrom("REPLACED" as const, "SHUTTING_DOWN" as const) }) },
  { weight: 1, arbitrary: fc.record({ ping: integer() }) },
);

const anyListing = fc.record({
  code: anyCode,
  hostName: fc.string({ minLength: 1, maxLength: 64 }),
  metadata: anyJson,
  members: fc.integer({ min: 0, max: 64 }),
  capacity: fc.integer({ min: 1, max: 64 }),
  playing: fc.boolean(),
  password: fc.boolean(),
  relayOnly: fc.boolean(),
});
const anyListings = fc.array(anyListing, { maxLength: 3 });
const anyListMessage = fc.oneof(
  fc.record({ reply: integer(), ok: fc.constant(true as const), result: fc.record({ lobbies: anyListings, total: integer() }) }),
  fc.record({ list: fc.record({ put: anyListings, gone: fc.array(anyCode, { maxLength: 3 }), total: integer() }) }),
  fc.record({ ping: integer() }),
);

function peerIdOf(text: string): PeerId {
  const peerId = parsePeerId(text);
  if (peerId === undefined) throw new Error(`not a peer id: ${text}`);
  return peerId;
}

/** Valid messages with one thing broken: a value replaced, a key dropped, bytes exchanged. */
function anyBroken(valid: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  return fc
    .tuple(valid, fc.nat(), fc.jsonValue({ maxDepth: 4 }), fc.constantFrom("value", "drop", "byte", "cut"))
    .map(([message, at, value, kind]) => {
      const text = JSON.stringify(message);
      const index = at % text.length;
      if (kind === "byte") return text.slice(0, index) + String.fromCharCode(at % 256) + text.slice(index + 1);
      if (kind === "cut") return text.slice(0, index);
      let count = 0;
      const target = at % (text.split('"').length + 1);
      return JSON.stringify(message, (_key, item: unknown) => (count++ === target ? (kind === "drop" ? undefined : value) : item)) ?? "";
    });
}

test("[LP1] what a member may say is read as it was meant", () => {
  const property = fc.property(anyMemberMessage, (message) => {
    expect(parseMemberMessage(JSON.stringify(message))).toEqual({ ok: true, value: message });
  });
  fc.assert(property, { numRuns: 500 });
});

test("[LP1] what a broker may say is read as it was meant", () => {
  const property = fc.property(anyBrokerMessage, (message) => {
    expect(parseBrokerMessage(JSON.stringify(message))).toEqual({ ok: true, value: message });
  });
  fc.assert(property, { numRuns: 500 });
});

test("[LP1] what a broker may say of the public list is read as it was meant", () => {
  const property = fc.property(anyListMessage, (message) => {
    expect(parseListMessage(JSON.stringify(message))).toEqual({ ok: true, value: message });
  });
  fc.assert(property, { numRuns: 300 });
});

test.each([
  ["member", parseMemberMessage, anyMemberMessage],
  ["broker", parseBrokerMessage, anyBrokerMessage],
  ["broker with a list", parseListMessage, anyListMessage],
] as const)(
  "[LP2] 10,000 broken messages of a %s are refused, or read as something of the protocol, and never throw",
  (_side, parse, valid) => {
    const counts = { refused: 0, read: 0 };
    const property = fc.property(fc.oneof(anyBroken(valid), fc.json(), fc.string()), (text) => {
      const result = parse(text);
      counts[result.ok ? "read" : "refused"]++;
      // What is taken survives being written and read again: it really is of the protocol.
      expect(result.ok ? parse(JSON.stringify(result.value)) : result).toEqual(result);
    });
    fc.assert(property, { numRuns: 10_000 });
    expect(counts.refused).toBeGreaterThan(1_000);
    expect(counts.read).toBeGreaterThan(100);
  },
);

test("[LP3] a frame over the limit is refused unread, and one at the limit is read", () => {
  const pad = (bytes: number): string => `{"ping":1}${" ".repeat(bytes - 10)}`;
  expect(parseMemberMessage(pad(LOBBY_LIMITS.frameBytes)).ok).toBe(true);
  expect(parseMemberMessage(pad(LOBBY_LIMITS.frameBytes + 1))).toMatchObject({ ok: false, reason: "too-large" });
  expect(parseBrokerMessage(pad(LOBBY_LIMITS.brokerFrameBytes + 1))).toMatchObject({ ok: false, reason: "too-large" });
  // Bytes count, not characters: "€" is three.
  expect(parseJsonText(`"${"€".repeat(10)}"`, { bytesMax: 31, depthMax: 1 })).toEqual({ ok: false, reason: "too-large" });
  expect(parseJsonText(`"${"€".repeat(10)}"`, { bytesMax: 32, depthMax: 1 }).ok).toBe(true);
  expect(parseJsonText(`"${"😀".repeat(10)}"`, { bytesMax: 42, depthMax: 1 }).ok).toBe(true);
  expect(parseJsonText(`"${"😀".repeat(10)}"`, { bytesMax: 41, depthMax: 1 })).toEqual({ ok: false, reason: "too-large" });
});

test("[LP4] nesting over 32 is refused before it is parsed; brackets inside strings do not count", () => {
  const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
  expect(parseJsonText(nested(32), { bytesMax: 1e6, depthMax: 32 }).ok).toBe(true);
  expect(parseJsonText(nested(33), { bytesMax: 1e6, depthMax: 32 })).toEqual({ ok: false, reason: "too-deep" });
  expect(parseMemberMessage(`{"request":1,"command":${'{"a":'.repeat(6_000)}1${"}".repeat(6_000)}}`)).toMatchObject({
    ok: false,
    reason: "too-deep",
  });
  expect(parseJsonText(JSON.stringify(`\\"${nested(100)}`), { bytesMax: 1e6, depthMax: 1 }).ok).toBe(true);
});

test("[LP5] keys that reach into prototypes and numbers that JSON cannot write are refused", () => {
  for (const key of ["__proto__", "constructor", "prototype"]) {
    expect(parseMemberMessage(`{"request":1,"command":{"type":"set-settings","settings":{"${key}":{"polluted":1}}}}`)).toMatchObject({
      ok: false,
      reason: "bad-key",
    });
  }
  for (const number of ["1e999", "-1e999", "-0", "-0.0"]) {
    expect(parseMemberMessage(`{"request":1,"command":{"type":"set-settings","settings":[${number}]}}`)).toMatchObject({
      ok: false,
      reason: "bad-number",
    });
  }
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
});

test("[LP6] fields are bounded: name, choices, settings, capacity, players, countdown", () => {
  const ok = (command: unknown): boolean => parseMemberMessage(JSON.stringify({ request: 1, command })).ok;
  const profile = { name: "x".repeat(64), colour: 63, choices: "c".repeat(1022) };
  expect(ok({ type: "set-profile", profile })).toBe(true);
  expect(ok({ type: "set-profile", profile: { ...profile, name: "x".repeat(65) } })).toBe(false);
  expect(ok({ type: "set-profile", profile: { ...profile, colour: 64 } })).toBe(false);
  expect(ok({ type: "set-profile", profile: { ...profile, choices: "c".repeat(1023) } })).toBe(false);
  expect(ok({ type: "set-settings", settings: "s".repeat(4094) })).toBe(true);
  expect(ok({ type: "set-settings", settings: "s".repeat(4095) })).toBe(false);
  const { name, colour, choices } = profile;
  const guests = Array.from({ length: 3 }, () => ({ name, colour, choices }));
  expect(ok({ type: "set-profile", profile: { ...profile, guests } })).toBe(true);
  expect(ok({ type: "set-profile", profile: { ...profile, guests: [...guests, ...guests] } })).toBe(false);
  for (const [capacity, fits] of [
    [0, false],
    [1, true],
    [64, true],
    [65, false],
    [2.5, false],
  ] as const) {
    expect(ok({ type: "set-capacity", capacity })).toBe(fits);
  }
  expect(ok({ type: "start", playerCount: 9, botProfiles: [], countdownMs: 0 })).toBe(false);
  expect(ok({ type: "start", playerCount: 8, botProfiles: [], countdownMs: 60_001 })).toBe(false);
});

test("[ID24] who comes in names a key of 32 bytes, written in the one way that there is", () => {
  const join = { type: "join", protocol: LOBBY_PROTOCOL_VERSION, code: "KXRTM", game: { id: "tag", version: 1, contentHash: "0123abcd" } };
  const read = (key: unknown): boolean => {
    const command = { ...join, profile: { name: "", colour: 0, choices: null }, key };
    return parseMemberMessage(JSON.stringify({ request: 1, command })).ok;
  };
  expect([KEY, `${"-_".repeat(21)}w`].map(read)).toEqual([true, true]);
  const wrong = [
    undefined,
    null,
    7,
    "",
    KEY.slice(1),
    `${KEY}A`,
    `${KEY}=`,
    `${"A".repeat(42)}B`,
    `${"A".repeat(42)}+`,
    `${"A".repeat(42)}é`,
  ];
  expect(wrong.filter(read)).toEqual([]);
});

test("[LP15] device and entrance are optional, and bounded", () => {
  const join = {
    type: "join",
    protocol: LOBBY_PROTOCOL_VERSION,
    key: KEY,
    code: "KXRTM",
    game: { id: "tag", version: 1, contentHash: "0123abcd" },
  };
  const read = (more: object): unknown => {
    const command = { ...join, profile: { name: "", colour: 0, choices: null }, ...more };
    const result = parseMemberMessage(JSON.stringify({ request: 1, command }));
    return result.ok ? "ok" : result.path;
  };
  expect(read({})).toBe("ok");
  for (const [device, fits] of [
    ["d".repeat(15), false],
    ["d".repeat(16), true],
    ["-_9Z".repeat(16), true],
    ["d".repeat(65), false],
    [`${"d".repeat(20)} `, false],
    ["é".repeat(20), false],
    [7, false],
    [null, false],
  ] as const) {
    expect(read({ device })).toBe(fits ? "ok" : "command.device");
    expect(read({ entrance: { id: device, attempt: 1 } })).toBe(fits ? "ok" : "command.entrance.id");
  }
  for (const attempt of [0, 1_001, 1.5, "1"]) expect(read({ entrance: { id: "e".repeat(16), attempt } })).toBe("command.entrance.attempt");
});

test("[LP7] a refusal names the field and, where it can be read, the request", () => {
  const text = '{"request":7,"command":{"type":"set-profile","profile":{"name":5,"colour":0,"choices":null}}}';
  expect(parseMemberMessage(text)).toEqual({ ok: false, reason: "bad-shape", path: "command.profile.name", request: 7 });
  expect(parseMemberMessage('{"request":7,"command":{"type":"toString"}}')).toEqual({
    ok: false,
    reason: "bad-shape",
    path: "command.type",
    request: 7,
  });
  expect(parseMemberMessage("{")).toEqual({ ok: false, reason: "not-json", path: "", request: undefined });
});

test("[LP8] a command of another protocol version is told apart, whatever else it holds", () => {
  const text = '{"request":7,"command":{"type":"join","protocol":1,"ticket":{}}}';
  expect(parseMemberMessage(text)).toEqual({ ok: false, reason: "other-protocol", path: "command.protocol", request: 7 });
});

test("[LP9] fields that are not of the protocol are dropped", () => {
  expect(parseMemberMessage('{"request":1,"command":{"type":"leave","extra":1},"more":2}')).toEqual({
    ok: true,
    value: { request: 1, command: { type: "leave" } },
  });
});

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
  ["https://play.example/", undefined],
  [`#j=KXRTM${" ".repeat(3_000)}`, undefined],
])("[LP10] %j is the code %j", (text, code) => {
  expect(normalizeLobbyCode(text)).toBe(code);
});

function lobbyState(): LobbyState {
  const parsed = parseBrokerMessage(
    JSON.stringify({
      reply: 1,
      ok: true,
      result: {
        lobby: {
          code: "KXRTM",
          game: { id: "tag", version: 1, contentHash: "00000000" },
          capacity: 2,
          locked: false,
          door: { listed: false, password: false, audience: 0, reserved: 0 },
          relayOnly: false,
          hostId: "a",
          hostEpoch: 1,
          settings: null,
          metadata: null,
          members: [member("a", 0, 1)],
          matchCount: 0,
          idle: false,
          event: 4,
        },
        peerId: "a",
        resumeSecret: "s",
        signalingToken: "t",
        iceServers: [],
      },
    }),
  );
  if (!parsed.ok || !("reply" in parsed.value) || !parsed.value.ok || parsed.value.result === null || !("lobby" in parsed.value.result))
    throw new Error("not a lobby");
  return parsed.value.result.lobby;
}

function member(peerId: string, seat: number, order: number): Member {
  return { peerId: peerIdOf(peerId), seat, order, profile: { name: peerId, colour: 0, choices: null }, ready: true, connected: true };
}

test("[LP11] members stay in seat order, and a change is taken only as the next in number", () => {
  const state = lobbyState();
  const two = applyLobbyChange(state, 5, { type: "member-joined", member: member("b", 1, 2) });
  const gone = two && applyLobbyChange(two, 6, { type: "member-left", peerId: peerIdOf("a"), reason: "left" });
  const back = gone && applyLobbyChange(gone, 7, { type: "member-joined", member: member("c", 0, 3) });
  expect(back?.members.map((item) => item.peerId)).toEqual(["c", "b"]);
  expect(back?.event).toBe(7);
  expect(applyLobbyChange(state, 4, { type: "locked-changed", locked: true })).toBeUndefined();
  expect(applyLobbyChange(state, 6, { type: "locked-changed", locked: true })).toBeUndefined();
});

test("[LP12] a change that names what is not there, or is there already, does not fit", () => {
  const state = lobbyState();
  const stranger = peerIdOf("stranger");
  const misfits: readonly LobbyChange[] = [
    { type: "member-joined", member: member("a", 1, 2) },
    { type: "member-joined", member: member("b", 0, 2) },
    { type: "member-left", peerId: stranger, reason: "left" },
    { type: "member-disconnected", peerId: stranger },
    { type: "member-returned", peerId: stranger, member: member("b", 0, 2) },
    { type: "member-returned", peerId: peerIdOf("a"), member: member("b", 1, 2) },
    { type: "member-changed", peerId: stranger, profile: member("a", 0, 1).profile, ready: false },
    { type: "host-changed", hostId: stranger, hostEpoch: 2 },
    { type: "host-changed", hostId: peerIdOf("a"), hostEpoch: 1 },
    { type: "match-ended", matchNumber: 1 },
  ];
  expect(misfits.filter((change) => applyLobbyChange(state, 5, change) !== undefined)).toEqual([]);
});

test("[LP13] a host that returns as a new peer stays host, in a new host epoch", () => {
  const after = applyLobbyChange(lobbyState(), 5, { type: "member-returned", peerId: peerIdOf("a"), member: member("b", 0, 2) });
  expect(after).toMatchObject({ hostId: "b", hostEpoch: 2, members: [{ peerId: "b" }] });
});

test("[LP14] a match starts and ends by its number, and clears everybody's ready", () => {
  const match: MatchAgreement = { matchNumber: 1, seed: 1, seats: [], settings: null, hostId: peerIdOf("a"), countdownMs: 0 };
  const state = lobbyState();
  const started = applyLobbyChange(state, 5, { type: "match-started", match });
  expect(started).toMatchObject({ match, matchCount: 1, members: [{ ready: false }] });
  expect(started && applyLobbyChange(started, 6, { type: "match-started", match: { ...match, matchNumber: 2 } })).toBeUndefined();
  expect(started && applyLobbyChange(started, 6, { type: "match-ended", matchNumber: 2 })).toBeUndefined();
  const ended = started && applyLobbyChange(started, 6, { type: "match-ended", matchNumber: 1 });
  expect(ended?.match).toBeUndefined();
  expect(ended?.matchCount).toBe(1);
  const message: BrokerMessage = { event: 1, change: { type: "match-ended", matchNumber: 1 } };
  expect(parseBrokerMessage(JSON.stringify(message)).ok).toBe(true);
});
