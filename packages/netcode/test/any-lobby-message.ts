/** Every message that members, and the broker to them and to who follows the public list, may send. */
import * as fc from "fast-check";
import { encodeBase64Url } from "../src/core/base/base64url.ts";
import {
  LOBBY_ERROR_CODES,
  LOBBY_PROTOCOL_VERSION,
  parsePeerId,
  type BrokerMessage,
  type GameIdentity,
  type Json,
  type LobbyChange,
  type LobbyCommand,
  type LobbyFilter,
  type MatchAgreement,
  type Member,
  type MemberMessage,
  type PeerId,
  type PlayerProfile,
  type Profile,
} from "../src/core/ports/lobby-protocol.ts";

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

const anyDoor = fc.record({ listed: fc.boolean(), password: fc.boolean(), audience: integer(64), reserved: integer(64) });
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
  fc.record({ type: fc.constant("door-changed" as const), door: anyDoor }),
  fc.record({ type: fc.constant("idle-changed" as const), idle: fc.boolean() }),
  fc.record({ type: fc.constant("match-started" as const), match: anyMatch }),
  fc.record({ type: fc.constant("match-ended" as const), matchNumber: integer() }),
);

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

export const anyMemberMessage: fc.Arbitrary<MemberMessage> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ request: integer(), command: anyCommand }) },
  { weight: 1, arbitrary: fc.record({ ping: integer() }) },
  { weight: 1, arbitrary: fc.record({ pong: integer() }) },
);
export const anyBrokerMessage: fc.Arbitrary<BrokerMessage> = fc.oneof(
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
export const anyListMessage: fc.Arbitrary<unknown> = fc.oneof(
  fc.record({ reply: integer(), ok: fc.constant(true as const), result: fc.record({ lobbies: anyListings, total: integer() }) }),
  fc.record({ list: fc.record({ put: anyListings, gone: fc.array(anyCode, { maxLength: 3 }), total: integer() }) }),
  fc.record({ ping: integer() }),
);

/** Any text that may be an id. */
export function peerIdOf(text: string): PeerId {
  const peerId = parsePeerId(text);
  if (peerId === undefined) throw new Error(`not a peer id: ${text}`);
  return peerId;
}
