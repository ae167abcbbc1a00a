import { PLAYERS_MAX, type LobbyCode } from "../base/units.ts";
import { parseJsonText } from "./json-text.ts";
import * as LOBBY_LIMITS from "./lobby-limits.ts";
import { normalizeLobbyCode } from "./lobby-code.ts";
import {
  audience,
  capacity,
  count,
  game,
  keepsake,
  metadata,
  peerId,
  playerProfile,
  profile,
  publicKey,
  reserved,
  secret,
  settings,
} from "./lobby-fields.ts";
import {
  flag,
  integer,
  isRecord,
  list,
  object,
  oneOf,
  optional,
  pattern,
  Refusal,
  text,
  variants,
  type Fields,
  type FrameParse,
  type Read,
} from "./lobby-shape.ts";
import type { Ban, BanList } from "./lobby-ban.ts";
import {
  LOBBY_ERROR_CODES,
  type Admission,
  type AudienceRole,
  type BrokerMessage,
  type CommandResult,
  type GoodbyeReason,
  type IceGrant,
  type IceServer,
  type LeaveReason,
  type LobbyChange,
  type LobbyDoor,
  type LobbyError,
  type LobbyState,
  type MatchAgreement,
  type MatchSeat,
  type Member,
} from "./lobby-types.ts";
import type { RosterAuthority, RosterKey } from "./roster-authority.ts";

export const lobbyCode: Read<LobbyCode> = (value) => (typeof value === "string" ? normalizeLobbyCode(value) : undefined) ?? new Refusal("");

const role = oneOf<AudienceRole>(["spectator", "queued"]);

const member: Read<Member> = object<Member>({
  peerId,
  seat: integer(0, LOBBY_LIMITS.members - 1),
  order: count,
  profile,
  ready: flag,
  connected: flag,
  role: optional(role),
  queueNumber: optional(count),
});

const match: Read<MatchAgreement> = object<MatchAgreement>({
  matchNumber: count,
  seed: integer(0, 0xffff_ffff),
  seats: list(
    variants<MatchSeat, "kind">("kind", { person: { peerId, profile: playerProfile }, bot: { profile: playerProfile } }),
    PLAYERS_MAX,
  ),
  settings,
  hostId: peerId,
  countdownMs: integer(0, LOBBY_LIMITS.countdownMs),
});

const door: Read<LobbyDoor> = object<LobbyDoor>({ listed: flag, password: flag, audience, reserved });

const lobby: Read<LobbyState> = object<LobbyState>({
  code: lobbyCode,
  game,
  capacity,
  locked: flag,
  door,
  relayOnly: flag,
  hostId: peerId,
  hostEpoch: count,
  settings,
  metadata,
  members: list(member, LOBBY_LIMITS.members),
  match: optional(match),
  matchCount: count,
  idle: flag,
  event: count,
});

const authority: Read<RosterAuthority> = object<RosterAuthority>({
  life: pattern(/^[A-Za-z0-9_-]{16}$/),
  clockS: integer(0, 0xffff_ffff),
  keys: list(object<RosterKey>({ kid: pattern(/^[A-Za-z0-9_-]{8}$/), key: publicKey }), LOBBY_LIMITS.rosterKeys),
});
const roster = pattern(/^[A-Za-z0-9_.-]+$/, LOBBY_LIMITS.rosterUnits);

const iceText = text(LOBBY_LIMITS.iceUnits);
const iceServer: Read<IceServer> = object<IceServer>({
  urls: list(iceText, LOBBY_LIMITS.iceUrls),
  username: optional(iceText),
  credential: optional(iceText),
});

const iceFields: Fields<IceGrant> = {
  iceServers: list(iceServer, LOBBY_LIMITS.iceServers),
  iceLifeMs: optional(count),
};
const iceGrant: Read<IceGrant> = object<IceGrant>(iceFields);

const admission: Read<Admission> = object<Admission>({
  lobby,
  peerId,
  resumeSecret: secret,
  signalingToken: secret,
  relaysFrames: optional(flag),
  authority: optional(authority),
  ...iceFields,
});

const banList: Read<BanList> = object<BanList>({
  bans: list(object<Ban>({ id: count, name: text(LOBBY_LIMITS.nameUnits), leftMs: optional(count) }), LOBBY_LIMITS.bans),
});

/** By the field that only one kind of result has. */
const results: readonly (readonly [key: string, read: Read<Admission | CommandResult>])[] = [
  ["lobby", admission],
  ["iceServers", iceGrant],
  ["bans", banList],
];

const result: Read<Admission | CommandResult | null> = (value) => {
  if (value === null) return null;
  const read = isRecord(value) ? results.find(([key]) => Object.hasOwn(value, key))?.[1] : undefined;
  return read === undefined ? new Refusal("") : read(value);
};

const error: Read<LobbyError> = object<LobbyError>({
  code: oneOf(LOBBY_ERROR_CODES),
  message: text(LOBBY_LIMITS.messageUnits),
  retryAfterMs: optional(count),
  expected: optional(game),
});

const change: Read<LobbyChange> = variants<LobbyChange, "type">("type", {
  "member-joined": { member },
  "member-left": { peerId, reason: oneOf<LeaveReason>(["left", "kicked", "banned", "expired"]) },
  "member-disconnected": { peerId },
  "member-returned": { peerId, member },
  "member-changed": { peerId, profile, ready: flag },
  "role-changed": { peerId, role: optional(role), queueNumber: optional(count) },
  "host-changed": { hostId: peerId, hostEpoch: count },
  "settings-changed": { settings },
  "metadata-changed": { metadata },
  "locked-changed": { locked: flag },
  "capacity-changed": { capacity },
  "door-changed": { door },
  "idle-changed": { idle: flag },
  "match-started": { match },
  "match-ended": { matchNumber: count },
});

export const goodbye: Read<GoodbyeReason> = oneOf<GoodbyeReason>([
  "REPLACED",
  "KICKED",
  "BANNED",
  "RATE_LIMITED",
  "BAD_REQUEST",
  "SHUTTING_DOWN",
  "LOBBY_CLOSED",
  "LOBBY_IDLE",
]);

/** What tells a kind of message, and how that is read. */
export type FieldReaders<Message> = readonly (readonly [key: string, read: Read<Message>])[];

type RefusedReply = Extract<BrokerMessage, { readonly ok: false }>;
const refused = object<RefusedReply>({ reply: count, ok: oneOf([false]), error });

/** Replies: as `granted` reads them, or refusals. */
export function replies<Granted>(granted: Read<Granted>): readonly ["reply", Read<Granted | RefusedReply>] {
  return ["reply", (value) => (isRecord(value) && value["ok"] === true ? granted(value) : refused(value))];
}

type MessageOf<Key extends string> = Extract<BrokerMessage, { readonly [Name in Key]: unknown }>;

/** By the field that only one kind of message has. */
const readers: FieldReaders<BrokerMessage> = [
  ["event", object<MessageOf<"event">>({ event: count, change })],
  replies(object<Extract<BrokerMessage, { readonly ok: true }>>({ reply: count, ok: oneOf([true]), result })),
  ["keepsake", object<MessageOf<"keepsake">>({ keepsake })],
  ["roster", object<MessageOf<"roster">>({ roster })],
  ["ping", object<MessageOf<"ping">>({ ping: count })],
  ["pong", object<MessageOf<"pong">>({ pong: count })],
  ["goodbye", object<MessageOf<"goodbye">>({ goodbye })],
];

/** Reads what the broker sent. A member trusts its broker no more than it must: every field is checked and bounded, nothing throws. */
export function parseBrokerMessage(frame: string): FrameParse<BrokerMessage> {
  return parseByField(frame, readers);
}

/** Reads a frame by the field that tells its kind. */
export function parseByField<Message>(frame: string, readers: FieldReaders<Message>): FrameParse<Message> {
  const parsed = parseJsonText(frame, { bytesMax: LOBBY_LIMITS.brokerFrameBytes, depthMax: LOBBY_LIMITS.depth });
  if (!parsed.ok) return { ok: false, reason: parsed.reason, path: "" };
  const message = parsed.value;
  const read = isRecord(message) ? readers.find(([key]) => Object.hasOwn(message, key))?.[1] : undefined;
  const result = read === undefined ? new Refusal("") : read(message);
  return result instanceof Refusal ? { ok: false, reason: "bad-shape", path: result.path } : { ok: true, value: result };
}
