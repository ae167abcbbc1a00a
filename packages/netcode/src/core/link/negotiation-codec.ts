/**
 * What two ends say to each other to exchange new descriptions. Numbers are little-endian; texts are ASCII.
 *
 *   offer        0b | instance of the sender 4 | generation 2 | flags 1 (bit 0: ICE restart) | description
 *   answer       0c | instance of the sender 4 | generation 2 | description
 *   candidates   0d | instance of the sender 4 | generation 2 | n × (length 2 | candidate): all so far
 *   ack          0e | instance of the sender 4 | generation 2 | of 1 (0 answer, 1 candidates, 2 cannot) | count 1
 */
import { asciiBytes } from "../base/ascii.ts";
import { unreachable } from "../base/assert.ts";
import { ByteReader, ByteWriter } from "../base/bytes.ts";
import { sequenceOf, type Sequence } from "../base/sequence.ts";
import { CANDIDATE_UNITS_MAX, CANDIDATES_MAX, DESCRIPTION_UNITS_MAX } from "../ports/negotiation.ts";
import * as KIND from "./link-kind.ts";

export type NegotiationPacket = { readonly instance: number; readonly generation: Sequence } & (
  | { readonly type: "offer"; readonly iceRestart: boolean; readonly description: string }
  | { readonly type: "answer"; readonly description: string }
  | { readonly type: "candidates"; readonly candidates: readonly string[] }
  /** `cannot`: there is no connection at this end to which the offer could belong, or it was refused. */
  | { readonly type: "ack"; readonly of: "answer" | "candidates" | "cannot"; readonly count: number }
);

const HEADER_BYTES = 7;
const ACKED = ["answer", "candidates", "cannot"] as const;
const TEXT_PATTERN = /^[\r\n\x20-\x7e]*$/;

/** True for a text that a packet can carry. */
export function isNegotiationText(text: string, unitsMax: number): boolean {
  return text.length > 0 && text.length <= unitsMax && TEXT_PATTERN.test(text);
}

/** True for the first byte of one of these packets. */
export function isNegotiation(kind: number): boolean {
  return kind >= KIND.offer && kind <= KIND.negotiationAck;
}

export function encodeNegotiation(packet: NegotiationPacket): Uint8Array {
  const writer = new ByteWriter(new Uint8Array(HEADER_BYTES + bodyBytes(packet)));
  writer.u8(kindOf(packet));
  writer.u32(packet.instance);
  writer.u16(packet.generation);
  if (packet.type === "offer") writer.u8(packet.iceRestart ? 1 : 0);
  if (packet.type === "offer" || packet.type === "answer") writer.bytes(asciiBytes(packet.description));
  if (packet.type === "candidates") {
    for (const candidate of packet.candidates) {
      writer.u16(candidate.length);
      writer.bytes(asciiBytes(candidate));
    }
  }
  if (packet.type === "ack") {
    writer.u8(ACKED.indexOf(packet.of));
    writer.u8(packet.count);
  }
  return writer.written();
}

/** `undefined` for bytes that are none: a byte too many or too few, or more than an honest end would say. */
export function parseNegotiation(bytes: Uint8Array): NegotiationPacket | undefined {
  const reader = new ByteReader(bytes);
  const kind = reader.u8();
  const header = { instance: reader.u32(), generation: sequenceOf(reader.u16()) };
  if (kind === KIND.offer) {
    const flags = reader.u8();
    const description = readText(reader, reader.remainingBytes, DESCRIPTION_UNITS_MAX);
    return description === undefined || flags > 1 ? undefined : { ...header, type: "offer", iceRestart: flags === 1, description };
  }
  if (kind === KIND.answer) {
    const description = readText(reader, reader.remainingBytes, DESCRIPTION_UNITS_MAX);
    return description === undefined ? undefined : { ...header, type: "answer", description };
  }
  if (kind === KIND.candidates) {
    const candidates = readCandidates(reader);
    return candidates === undefined ? undefined : { ...header, type: "candidates", candidates };
  }
  const of = ACKED[reader.u8()];
  const count = reader.u8();
  return kind === KIND.negotiationAck && of !== undefined && reader.finished() ? { ...header, type: "ack", of, count } : undefined;
}

function readCandidates(reader: ByteReader): readonly string[] | undefined {
  const candidates: string[] = [];
  while (reader.remainingBytes > 0) {
    const candidate = readText(reader, reader.u16(), CANDIDATE_UNITS_MAX);
    if (candidate === undefined || candidates.length >= CANDIDATES_MAX) return undefined;
    candidates.push(candidate);
  }
  return candidates.length > 0 && reader.finished() ? candidates : undefined;
}

function readText(reader: ByteReader, length: number, unitsMax: number): string | undefined {
  if (reader.failed || length === 0 || length > unitsMax || length > reader.remainingBytes) return undefined;
  let text = "";
  for (const byte of reader.view(length)) text += String.fromCharCode(byte);
  return TEXT_PATTERN.test(text) ? text : undefined;
}

function kindOf({ type }: NegotiationPacket): number {
  return { offer: KIND.offer, answer: KIND.answer, candidates: KIND.candidates, ack: KIND.negotiationAck }[type];
}

function bodyBytes(packet: NegotiationPacket): number {
  switch (packet.type) {
    case "offer":
      return 1 + packet.description.length;
    case "answer":
      return packet.description.length;
    case "candidates":
      return packet.candidates.reduce((sum, candidate) => sum + 2 + candidate.length, 0);
    case "ack":
      return 2;
    default:
      return unreachable(packet);
  }
}
