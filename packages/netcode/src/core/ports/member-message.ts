import { PLAYERS_MAX } from "../base/units.ts";
import { parseJsonText } from "./json-text.ts";
import {
  audience,
  capacity,
  count,
  entrance,
  game,
  hash,
  keepsake,
  metadata,
  peerId,
  playerProfile,
  profile,
  publicKey,
  salt,
  secret,
  settings,
  token,
} from "./lobby-fields.ts";
import * as LOBBY_LIMITS from "./lobby-limits.ts";
import type { FilterValue, LobbyFilter } from "./lobby-list-types.ts";
import type { PasswordProof, PasswordVerifier } from "./lobby-password.ts";
import {
  flag,
  integer,
  isRecord,
  list,
  oneOf,
  object,
  optional,
  pattern,
  record,
  Refusal,
  text,
  variants,
  type MemberMessageParse,
  type Read,
} from "./lobby-shape.ts";
import type { LobbyCommand } from "./lobby-command.ts";
import { LOBBY_PROTOCOL_VERSION } from "./lobby-types.ts";

const visit = { protocol: count, device: optional(token) };

const verifier: Read<PasswordVerifier> = object<PasswordVerifier>({ salt, storedKey: hash });
const proof: Read<PasswordProof> = object<PasswordProof>({ nonce: secret, proof: hash });

const filterValue: Read<FilterValue> = (value) =>
  value === null || typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value)) ? value : filterText(value);
const filterText = pattern(/^/, LOBBY_LIMITS.filterUnits);
const filterBounds = { countMax: LOBBY_LIMITS.filterFields, unitsMax: LOBBY_LIMITS.filterUnits };

const filter: Read<LobbyFilter> = object<LobbyFilter>({
  joinable: optional(flag),
  open: optional(flag),
  idle: optional(flag),
  metadata: optional(record(filterValue, filterBounds)),
});

const reservations = list(token, LOBBY_LIMITS.members);

const command: Read<LobbyCommand> = variants<LobbyCommand, "type">("type", {
  create: {
    ...visit,
    key: publicKey,
    entrance: optional(entrance),
    game,
    profile,
    capacity,
    settings,
    metadata,
    relayOnly: optional(flag),
    listed: optional(flag),
    password: optional(verifier),
    audience: optional(audience),
  },
  "quick-match": { ...visit, key: publicKey, entrance: optional(entrance), game, profile, filter, capacity, settings, metadata },
  list: { protocol: count, game, filter },
  join: {
    ...visit,
    key: publicKey,
    entrance: optional(entrance),
    code: text(LOBBY_LIMITS.codeUnits),
    game,
    profile,
    password: optional(proof),
    as: optional(oneOf(["spectator", "queue"])),
    reservation: optional(token),
  },
  challenge: { protocol: count, key: publicKey, code: text(LOBBY_LIMITS.codeUnits) },
  resume: {
    ...visit,
    key: optional(publicKey),
    code: text(LOBBY_LIMITS.codeUnits),
    secret,
    freshPage: flag,
    lastEvent: count,
    keepsake: optional(keepsake),
  },
  leave: {},
  "ice-servers": {},
  "keep-open": {},
  "set-profile": { profile },
  "set-ready": { ready: flag },
  "set-role": { role: oneOf(["player", "spectator"]), peerId: optional(peerId) },
  "set-settings": { settings },
  "set-metadata": { metadata },
  "set-locked": { locked: flag },
  "set-capacity": { capacity },
  "set-listed": { listed: flag },
  "set-audience": { audience },
  reserve: { reservations, forMs: integer(1, LOBBY_LIMITS.reservationMs) },
  unreserve: { reservations: optional(reservations) },
  "set-password": { password: (value) => (value === null ? value : verifier(value)) },
  kick: { peerId },
  ban: { peerId, banMs: optional(integer(1, LOBBY_LIMITS.banMs)) },
  bans: {},
  unban: { ban: count },
  "transfer-host": { peerId },
  start: {
    playerCount: integer(1, PLAYERS_MAX),
    botProfiles: list(playerProfile, PLAYERS_MAX),
    countdownMs: integer(0, LOBBY_LIMITS.countdownMs),
  },
  "end-match": { matchNumber: count },
});

/** Reads what a member sent. Refuses, never throws: size and nesting first, then JSON, then the shape. */
export function parseMemberMessage(frame: string): MemberMessageParse {
  const parsed = parseJsonText(frame, { bytesMax: LOBBY_LIMITS.frameBytes, depthMax: LOBBY_LIMITS.depth });
  if (!parsed.ok) return { ok: false, reason: parsed.reason, path: "", request: undefined };
  const message = parsed.value;
  if (!isRecord(message)) return badShape("", undefined);
  for (const key of ["ping", "pong"] as const) {
    if (!Object.hasOwn(message, key)) continue;
    const number = count(message[key]);
    if (number instanceof Refusal) return badShape(key, undefined);
    return { ok: true, value: key === "ping" ? { ping: number } : { pong: number } };
  }
  const request = count(Object.hasOwn(message, "request") ? message["request"] : undefined);
  if (request instanceof Refusal) return badShape("request", undefined);
  const body = Object.hasOwn(message, "command") ? message["command"] : undefined;
  if (ofOtherProtocol(body)) return { ok: false, reason: "other-protocol", path: "command.protocol", request };
  const hostEpoch = optional(count)(Object.hasOwn(message, "hostEpoch") ? message["hostEpoch"] : undefined);
  if (hostEpoch instanceof Refusal) return badShape("hostEpoch", request);
  const result = command(body);
  if (result instanceof Refusal) return badShape(result.path === "" ? "command" : `command.${result.path}`, request);
  return { ok: true, value: { request, command: result, ...(hostEpoch === undefined ? {} : { hostEpoch }) } };
}

/** Asked before the rest is read: a command of another version may have another shape, and its sender should hear so. */
function ofOtherProtocol(body: unknown): boolean {
  if (!isRecord(body) || !Object.hasOwn(body, "protocol")) return false;
  const protocol = count(body["protocol"]);
  return !(protocol instanceof Refusal) && protocol !== LOBBY_PROTOCOL_VERSION;
}

function badShape(path: string, request: number | undefined): MemberMessageParse {
  return { ok: false, reason: "bad-shape", path, request };
}
