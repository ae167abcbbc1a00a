/**
 * A roster: who the members of a lobby are, numbered and signed by the broker, so that a member can show it to another one.
 *
 *   roster    base64url(header) "." base64url(payload) "." base64url(signature)        a JWS (RFC 7515), Ed25519 over all that stands before the second dot
 *   header    {"alg":"EdDSA","typ":"rollcall-roster","kid":KID}                         exactly so: it is compared, never read
 *   payload   mark 1 (2 uncertain, 3 certain) | life 12 | NUMBER 8 | issued 4 | expires 4 | n 1 | code n
 *             | n 1 | keys n × (kid 6, key 32) | n 1 | left n × (reason 1, peer id 16) | n 1 | members n × (peer id 16, order 4)
 *
 * Numbers are little-endian; NUMBER is low 4, high 4; times are seconds of the broker's clock.
 */
import { asciiBytes } from "../base/ascii.ts";
import { assert } from "../base/assert.ts";
import { decodeBase64Url, encodeBase64Url } from "../base/base64url.ts";
import { ByteReader, ByteWriter } from "../base/bytes.ts";
import { decodeHex, encodeHex } from "../base/hex.ts";
import { parsePeerId, type PeerId } from "../base/units.ts";
import * as LOBBY_LIMITS from "./lobby-limits.ts";
import type { LeaveReason } from "./lobby-types.ts";
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from "./membership.ts";
import type { RosterKey } from "./roster-authority.ts";

const UNCERTAIN = 2;
const CERTAIN = 3;
const LIFE_BYTES = 12;
const KID_BYTES = 6;
const ID_BYTES = 16;
const PAYLOAD_BYTES_MAX = 2_048;
const REASONS: readonly LeaveReason[] = ["left", "kicked", "banned", "expired"];
const HIGH = 0x1_0000_0000;

export interface RosterMember {
  readonly peerId: PeerId;
  /** As `Member.order`. */
  readonly order: number;
}

export interface Roster {
  /** The lobby's code, and what tells it from others that had the code before: 16 url-safe characters. */
  readonly code: string;
  readonly life: string;
  /** `LobbyState.event` of the moment: a higher one is newer. */
  readonly number: number;
  /** In seconds of the broker's clock. */
  readonly issuedS: number;
  readonly expiresS: number;
  /** False: of a lobby that members brought back, of which nobody knows yet whether it is the newest. It says who may come, not who is gone. */
  readonly isCertain: boolean;
  /** The broker's keys from now on. */
  readonly keys: readonly RosterKey[];
  /** Why the newest departures left. */
  readonly left: readonly { readonly peerId: PeerId; readonly reason: LeaveReason }[];
  readonly members: readonly RosterMember[];
}

/** What a roster says, and what has to be checked before that counts. */
export interface UncheckedRoster {
  readonly text: string;
  readonly roster: Roster;
  readonly key: Uint8Array;
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
}

/** The header, but for its last field: the name of the key. */
export const ROSTER_HEADER = { alg: "EdDSA", typ: "rollcall-roster" } as const;

/** As it is signed. */
function headerText(kid: string): string {
  return encodeBase64Url(asciiBytes(JSON.stringify({ ...ROSTER_HEADER, kid })));
}

/** The payload. Ids are 32 hex digits, as the broker makes them. */
export function encodeRoster({ code, life, number, issuedS, expiresS, isCertain, keys, left, members }: Roster): Uint8Array {
  const writer = new ByteWriter(new Uint8Array(PAYLOAD_BYTES_MAX));
  writer.u8(isCertain ? CERTAIN : UNCERTAIN);
  writeBytes(writer, decodeBase64Url(life, LIFE_BYTES));
  writer.u32(number % HIGH);
  writer.u32(Math.floor(number / HIGH));
  writer.u32(issuedS);
  writer.u32(expiresS);
  writer.u8(code.length);
  writer.bytes(asciiBytes(code));
  writer.u8(keys.length);
  for (const { kid, key } of keys) {
    writeBytes(writer, decodeBase64Url(kid, KID_BYTES));
    writeBytes(writer, decodeBase64Url(key, PUBLIC_KEY_BYTES));
  }
  writer.u8(left.length);
  for (const { peerId, reason } of left) {
    writer.u8(REASONS.indexOf(reason));
    writeBytes(writer, decodeHex(peerId, ID_BYTES));
  }
  writer.u8(members.length);
  for (const { peerId, order } of members) {
    writeBytes(writer, decodeHex(peerId, ID_BYTES));
    writer.u32(order);
  }
  return writer.written();
}

/** Reads what anybody may have sent; its signature is still to be checked. `keys`: that may have signed it. Never throws. */
export function parseRoster(text: string, keys: readonly RosterKey[]): UncheckedRoster | "roster-malformed" | "roster-key" {
  const [header = "", payload = "", tail = "", ...more] = text.length > LOBBY_LIMITS.rosterUnits ? [] : text.split(".");
  const bytes = decodeBase64Url(payload);
  const signature = decodeBase64Url(tail, SIGNATURE_BYTES);
  const roster = bytes && readPayload(new ByteReader(bytes));
  if (signature === undefined || roster === undefined || more.length > 0) return "roster-malformed";
  const signer = keys.find(({ kid }) => header === headerText(kid));
  const key = signer && decodeBase64Url(signer.key, PUBLIC_KEY_BYTES);
  if (key === undefined) return "roster-key";
  return { text, roster, key, signed: asciiBytes(`${header}.${payload}`), signature };
}

function readPayload(reader: ByteReader): Roster | undefined {
  const mark = reader.u8();
  const life = encodeBase64Url(reader.view(LIFE_BYTES));
  const number = reader.u32() + reader.u32() * HIGH;
  const [issuedS, expiresS] = [reader.u32(), reader.u32()];
  const code = String.fromCharCode(...reader.view(reader.u8()));
  const keys = readList(reader, LOBBY_LIMITS.rosterKeys, () => ({
    kid: encodeBase64Url(reader.view(KID_BYTES)),
    key: encodeBase64Url(reader.view(PUBLIC_KEY_BYTES)),
  }));
  const left = readList(reader, LOBBY_LIMITS.rosterLeft, () => {
    const reason = REASONS[reader.u8()];
    const peerId = readPeerId(reader);
    return reason && peerId && { peerId, reason };
  });
  const members = readList(reader, LOBBY_LIMITS.members, () => {
    const peerId = readPeerId(reader);
    const order = reader.u32();
    return peerId && { peerId, order };
  });
  const isWhole = reader.finished() && (mark === CERTAIN || mark === UNCERTAIN) && Number.isSafeInteger(number);
  if (!isWhole || keys === undefined || left === undefined || members === undefined) return undefined;
  return { code, life, number, issuedS, expiresS, isCertain: mark === CERTAIN, keys, left, members };
}

/** `undefined` where one of them cannot be read, or there are too many. */
function readList<Item>(reader: ByteReader, countMax: number, read: () => Item | undefined): readonly Item[] | undefined {
  const count = reader.u8();
  if (count > countMax) return undefined;
  const items: Item[] = [];
  for (let index = 0; index < count; index++) {
    const item = read();
    if (item === undefined || reader.failed) return undefined;
    items.push(item);
  }
  return items;
}

function readPeerId(reader: ByteReader): PeerId | undefined {
  return parsePeerId(encodeHex(reader.view(ID_BYTES)));
}

function writeBytes(writer: ByteWriter, bytes: Uint8Array | undefined): void {
  assert(bytes !== undefined, "ids, keys and lives as the broker makes them");
  writer.bytes(bytes);
}
