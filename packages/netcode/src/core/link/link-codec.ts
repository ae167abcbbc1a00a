/**
 * The link's own messages. Numbers are little-endian.
 *
 *   hello       reliable     01 | link version 1 | capabilities 2 | instance 4 | IDENTITY | n 1 | peer id n | known instance 4 | expected sequence 2
 *   refusal     reliable     02 | reason 1 | IDENTITY
 *   probe       unreliable   03 | instance of the asker 4
 *   probe ack   unreliable   04 | instance of the asker 4
 *   ping        unreliable   05 | sequence 2 | ack 2 | received 2 | hold 14 bits (tenths of ms), detoured 1 bit, wanted 1 bit | stamp 2
 *   goodbye     both         06 | why 1: 0 left, 1 closed, 2 navigated, 3 reloading
 *   stream ack  reliable     07 | expected sequence 2
 *   proof       reliable     0f | key 32 | signature 64 | mac 32, or nothing
 *   roster      reliable     10 | text (ports/roster.ts)
 *   fragment    reliable     60 | sequence 2 | last 1 | part (fills FRAGMENT_BYTES_MAX unless it is the last)
 *
 *   IDENTITY    game version 4 | content hash 4 | n 1 | game id n
 */
import { asciiBytes } from "../base/ascii.ts";
import { ByteReader, ByteWriter } from "../base/bytes.ts";
import { sequenceOf, type Sequence } from "../base/sequence.ts";
import { parsePeerId, type PeerId } from "../base/units.ts";
import { FAREWELLS, type Farewell } from "../ports/departure.ts";
import * as LOBBY_LIMITS from "../ports/lobby-limits.ts";
import type { GameIdentity } from "../ports/lobby-protocol.ts";
import { MAC_BYTES, PUBLIC_KEY_BYTES, SIGNATURE_BYTES, type MembershipProof } from "../ports/membership.ts";
import { RELAY_HEADER_BYTES, RELIABLE_BYTES_MAX, STAMP_BYTES, type Channel } from "../ports/transport.ts";
import * as KIND from "./link-kind.ts";
import { HOLD_MS_MAX, type Ping } from "./round-trip.ts";

/** Raised when an older link could misread a newer one. The first two bytes of a hello never change their meaning. */
export const LINK_VERSION = 2;

/** Where each kind of the link's messages may arrive, by first byte. */
export const LINK_CHANNELS: Readonly<Record<number, readonly Channel[]>> = {
  [KIND.hello]: ["reliable"],
  [KIND.refusal]: ["reliable"],
  [KIND.probe]: ["unreliable"],
  [KIND.probeAck]: ["unreliable"],
  [KIND.ping]: ["unreliable"],
  [KIND.goodbye]: ["reliable", "unreliable"],
  [KIND.streamAck]: ["reliable"],
  [KIND.relay]: ["unreliable", "control"],
  [KIND.relayed]: ["unreliable", "control"],
  [KIND.neighbours]: ["unreliable"],
  [KIND.proof]: ["reliable"],
  [KIND.roster]: ["reliable"],
  [KIND.offer]: ["control", "reliable"],
  [KIND.answer]: ["control", "reliable"],
  [KIND.candidates]: ["control", "reliable"],
  [KIND.negotiationAck]: ["control", "reliable"],
  [KIND.fragment]: ["reliable"],
};

/** What one end says about itself before anything else. */
export interface Hello {
  /** `CAPABILITY` bits. */
  readonly capabilities: number;
  /** Random, one per process: another one knows nothing of what was said before. Never 0. */
  readonly instance: number;
  readonly game: GameIdentity;
  readonly peerId: PeerId;
  /** The instance of the receiver that the sender last talked to; 0 for none. */
  readonly knownInstance: number;
  /** The next sequence that the sender expects of the stream of `knownInstance`. */
  readonly expectedSequence: Sequence;
}

/** Why a hello is refused, or the proof that belongs to it. */
export type RefusalReason = "version-mismatch" | "protocol-error" | "identity-mismatch" | "not-invited";

export type LinkPacket =
  | { readonly type: "hello"; readonly hello: Hello }
  /** A hello of a link version that we cannot read. */
  | { readonly type: "foreign-hello" }
  | { readonly type: "refusal"; readonly reason: RefusalReason; readonly game: GameIdentity }
  | { readonly type: "probe"; readonly instance: number }
  | { readonly type: "probe-ack"; readonly instance: number }
  | { readonly type: "ping"; readonly ping: Ping; readonly stamp: number }
  | { readonly type: "goodbye"; readonly farewell: Farewell }
  | { readonly type: "stream-ack"; readonly expectedSequence: Sequence }
  /** All are views of the packet. */
  | { readonly type: "proof"; readonly proof: MembershipProof }
  /** Of whoever, and perhaps of nobody's making. */
  | { readonly type: "roster"; readonly text: string }
  /** `part` is a view of the packet. */
  | { readonly type: "fragment"; readonly sequence: Sequence; readonly isLast: boolean; readonly part: Uint8Array }
  | { readonly type: "malformed" };

/** Bytes that a fragment adds to its part of a message. */
export const FRAGMENT_HEADER_BYTES = 4;
/** A whole fragment: leaves room for the header of a relay. */
export const FRAGMENT_BYTES_MAX: number = RELIABLE_BYTES_MAX - RELAY_HEADER_BYTES;
const MALFORMED: LinkPacket = { type: "malformed" };
const HOLD_UNITS_PER_MS = 10;
const HOLD_WANTED = 0x8000;
const HOLD_DETOURED = 0x4000;
const CONTENT_HASH_PATTERN = /^[0-9a-f]{8}$/;
const GAME_ID_PATTERN = /^[A-Za-z0-9.-]{1,64}$/;
/** Of a proof without a secret. */
const PROOF_BYTES = 1 + PUBLIC_KEY_BYTES + SIGNATURE_BYTES;
const REFUSAL_REASONS: readonly RefusalReason[] = ["version-mismatch", "protocol-error", "identity-mismatch", "not-invited"];

/** True for an identity that a hello can carry: id of 1–64 letters, digits, dots and dashes; version an unsigned 32-bit integer; hash of 8 hex digits. */
export function isEncodableGame(game: GameIdentity): boolean {
  return GAME_ID_PATTERN.test(game.id) && game.version >>> 0 === game.version && CONTENT_HASH_PATTERN.test(game.contentHash);
}

/** True when two peers may play together. */
export function isSameGame(left: GameIdentity, right: GameIdentity): boolean {
  return left.id === right.id && left.version === right.version && left.contentHash === right.contentHash;
}

export function encodeHello(hello: Hello): Uint8Array {
  const writer = start(KIND.hello, 24 + hello.game.id.length + hello.peerId.length);
  writer.u8(LINK_VERSION);
  writer.u16(hello.capabilities);
  writer.u32(hello.instance);
  writeIdentity(writer, hello.game);
  writeText(writer, hello.peerId);
  writer.u32(hello.knownInstance);
  writer.u16(hello.expectedSequence);
  return writer.written();
}

export function encodeRefusal(reason: RefusalReason, game: GameIdentity): Uint8Array {
  const writer = start(KIND.refusal, 11 + game.id.length);
  writer.u8(REFUSAL_REASONS.indexOf(reason));
  writeIdentity(writer, game);
  return writer.written();
}

export function encodeProof({ key, signature, mac }: MembershipProof): Uint8Array {
  const writer = start(KIND.proof, PROOF_BYTES + (mac === undefined ? 0 : MAC_BYTES));
  writer.bytes(key);
  writer.bytes(signature);
  if (mac !== undefined) writer.bytes(mac);
  return writer.written();
}

export function encodeProbe(type: "probe" | "probe-ack", instance: number): Uint8Array {
  const writer = start(type === "probe" ? KIND.probe : KIND.probeAck, 5);
  writer.u32(instance);
  return writer.written();
}

/** `stamp`: of now. */
export function encodePing(ping: Ping, stamp: number): Uint8Array {
  const writer = start(KIND.ping, 9 + STAMP_BYTES);
  writer.u16(ping.sequence);
  writer.u16(ping.ack);
  writer.u16(ping.received);
  const flags = (ping.isWanted ? HOLD_WANTED : 0) | (ping.isDetoured ? HOLD_DETOURED : 0);
  writer.u16(Math.round(Math.min(HOLD_MS_MAX, ping.holdMs) * HOLD_UNITS_PER_MS) | flags);
  writer.u16(stamp);
  return writer.written();
}

export function encodeGoodbye(farewell: Farewell): Uint8Array {
  return Uint8Array.of(KIND.goodbye, FAREWELLS.indexOf(farewell));
}

export function encodeStreamAck(expectedSequence: Sequence): Uint8Array {
  const writer = start(KIND.streamAck, 3);
  writer.u16(expectedSequence);
  return writer.written();
}

/** Copies `part`. */
export function encodeFragment(sequence: Sequence, isLast: boolean, part: Uint8Array): Uint8Array {
  const writer = start(KIND.fragment, FRAGMENT_HEADER_BYTES + part.length);
  writer.u16(sequence);
  writer.u8(isLast ? 1 : 0);
  writer.bytes(part);
  return writer.written();
}

/** Reads one of the link's messages. Exact: a byte too many or too few is malformed. */
export function parseLinkPacket(bytes: Uint8Array): LinkPacket {
  const reader = new ByteReader(bytes);
  const packet = parseBody(reader, bytes.length);
  // A foreign hello goes on in a way that we do not know.
  return reader.finished() || packet.type === "foreign-hello" ? packet : MALFORMED;
}

function parseBody(reader: ByteReader, sizeBytes: number): LinkPacket {
  switch (reader.u8()) {
    case KIND.hello:
      return parseHello(reader);
    case KIND.refusal: {
      const reason = REFUSAL_REASONS[reader.u8()];
      const game = readIdentity(reader);
      return reason === undefined || game === undefined ? MALFORMED : { type: "refusal", reason, game };
    }
    case KIND.probe:
      return { type: "probe", instance: reader.u32() };
    case KIND.probeAck:
      return { type: "probe-ack", instance: reader.u32() };
    case KIND.ping:
      return { type: "ping", ping: readPing(reader), stamp: reader.u16() };
    case KIND.goodbye: {
      const farewell = FAREWELLS[reader.u8()];
      return farewell === undefined ? MALFORMED : { type: "goodbye", farewell };
    }
    case KIND.streamAck:
      return { type: "stream-ack", expectedSequence: sequenceOf(reader.u16()) };
    case KIND.proof: {
      const key = reader.view(PUBLIC_KEY_BYTES);
      const signature = reader.view(SIGNATURE_BYTES);
      return { type: "proof", proof: { key, signature, mac: sizeBytes > PROOF_BYTES ? reader.view(MAC_BYTES) : undefined } };
    }
    case KIND.roster:
      if (sizeBytes > 1 + LOBBY_LIMITS.rosterUnits) return MALFORMED;
      return { type: "roster", text: String.fromCharCode(...reader.view(reader.remainingBytes)) };
    case KIND.fragment: {
      const sequence = sequenceOf(reader.u16());
      const last = reader.u8();
      const part = reader.view(reader.remainingBytes);
      // Only the last part may be short: otherwise a message could be a million parts of a byte each.
      if (part.length === 0 || last > 1 || (last === 0 && sizeBytes !== FRAGMENT_BYTES_MAX)) return MALFORMED;
      return { type: "fragment", sequence, isLast: last === 1, part };
    }
    default:
      return MALFORMED;
  }
}

function parseHello(reader: ByteReader): LinkPacket {
  const version = reader.u8();
  if (reader.failed) return MALFORMED;
  if (version !== LINK_VERSION) return { type: "foreign-hello" };
  const capabilities = reader.u16();
  const instance = reader.u32();
  const game = readIdentity(reader);
  const peerId = parsePeerId(readText(reader));
  const knownInstance = reader.u32();
  const expectedSequence = sequenceOf(reader.u16());
  if (game === undefined || peerId === undefined || instance === 0) return MALFORMED;
  return { type: "hello", hello: { capabilities, instance, game, peerId, knownInstance, expectedSequence } };
}

function readPing(reader: ByteReader): Ping {
  const sequence = sequenceOf(reader.u16());
  const ack = sequenceOf(reader.u16());
  const received = reader.u16();
  const hold = reader.u16();
  const holdMs = (hold & (HOLD_DETOURED - 1)) / HOLD_UNITS_PER_MS;
  return { sequence, ack, received, holdMs, isWanted: (hold & HOLD_WANTED) !== 0, isDetoured: (hold & HOLD_DETOURED) !== 0 };
}

function start(kind: number, sizeBytes: number): ByteWriter {
  const writer = new ByteWriter(new Uint8Array(sizeBytes));
  writer.u8(kind);
  return writer;
}

function writeIdentity(writer: ByteWriter, game: GameIdentity): void {
  writer.u32(game.version);
  writer.u32(Number.parseInt(game.contentHash, 16));
  writeText(writer, game.id);
}

function readIdentity(reader: ByteReader): GameIdentity | undefined {
  const version = reader.u32();
  const contentHash = reader.u32().toString(16).padStart(8, "0");
  const id = readText(reader);
  return GAME_ID_PATTERN.test(id) ? { id, version, contentHash } : undefined;
}

/** One length byte, then ASCII: the patterns of ids allow nothing else. */
function writeText(writer: ByteWriter, text: string): void {
  writer.u8(text.length);
  writer.bytes(asciiBytes(text));
}

function readText(reader: ByteReader): string {
  return String.fromCharCode(...reader.view(reader.u8()));
}
