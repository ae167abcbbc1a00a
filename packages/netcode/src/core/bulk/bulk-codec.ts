/**
 * What is said on `bulk`. Numbers are little-endian; `transfer` is a number of who sends the file.
 *
 *   offer    11 | transfer 2 | size 4 | checksum 4 | about: MessagePack of [name, type, metadata], at most 1,024
 *   accept   12 | transfer 2 | offset 4
 *   piece    13 | transfer 2 | offset 4 | sent 4 | bytes 1–1,100
 *   ack      14 | pieces 2 | delay 4 | received 4
 *   end      15 | transfer 2 | by 1 (0 who sends the file, 1 who receives it) | reason 1
 */
import { ByteReader, ByteWriter } from "../base/bytes.ts";
import { checksumBytes } from "../base/checksum.ts";
import { decodePayload, encodePayload } from "../wire/payload-codec.ts";
import * as KIND from "./bulk-kind.ts";
import { ABOUT_BYTES_MAX, BLOCK_BYTES, PIECE_BYTES } from "./bulk-limits.ts";

/** How a transfer ended. */
export type BulkEndReason =
  | "complete" // whole, and its checksum is right
  | "cancelled" // by either end
  | "refused" // the receiver did not want it
  | "too-large" // for what the receiver takes
  | "too-many" // of this peer at once
  | "corrupt" // what came is not what was announced
  | "gone"; // the other end left, or knows nothing of it any more

/** Reasons that travel; the others are found out here. */
const REASONS: readonly BulkEndReason[] = ["complete", "cancelled", "refused", "too-large", "too-many", "corrupt"];

/** What a file is. Plain data, hostile when it came from a peer. */
export interface BulkAbout {
  readonly name: string;
  /** A media type, or empty. */
  readonly type: string;
  /** Whatever the game adds. */
  readonly metadata: unknown;
}

export type BulkPacket =
  | { readonly type: "offer"; readonly transfer: number; readonly sizeBytes: number; readonly checksum: number; readonly about: BulkAbout }
  | { readonly type: "accept"; readonly transfer: number; readonly offset: number }
  /** `bytes` is a view of the packet. `sent`: the sender's clock, in tenths of ms, modulo 2³². */
  | { readonly type: "piece"; readonly transfer: number; readonly offset: number; readonly sent: number; readonly bytes: Uint8Array }
  /** `pieces`: received on this connection, modulo 65,536. `delay`: least of receiver's clock − `sent` since the last ack; `received`: receiver's clock at the newest piece. */
  | { readonly type: "ack"; readonly pieces: number; readonly delay: number; readonly received: number }
  | { readonly type: "end"; readonly transfer: number; readonly by: "sender" | "receiver"; readonly reason: BulkEndReason }
  | { readonly type: "malformed" };

const MALFORMED: BulkPacket = { type: "malformed" };
const PIECE_HEADER_BYTES = 11;
const ABOUT_LIMITS = { sizeBytes: ABOUT_BYTES_MAX, depth: 8, elements: 128, stringBytes: 512 };
const TICKS_PER_MS = 10;

/** Our clock as it travels: tenths of ms, modulo 2³². */
export function bulkClock(nowMs: number): number {
  return Math.floor(nowMs * TICKS_PER_MS) >>> 0;
}

/** The difference of two such clocks, in ms; right as long as it is below 2.5 days either way. */
export function clockDistanceMs(later: number, earlier: number): number {
  return ((later - earlier) | 0) / TICKS_PER_MS;
}

/** Name, type and metadata as bytes; `undefined` when they are too long. Anything but plain data is the caller's bug. */
export function encodeAbout({ name, type, metadata }: BulkAbout): Uint8Array | undefined {
  const bytes = encodePayload([name, type, metadata]);
  return decodePayload(bytes, ABOUT_LIMITS).ok ? bytes : undefined;
}

/** Hash of a whole file: of each block, with the hash of those before it as the seed, so that it can be computed as blocks come. */
export function checksumFile(bytes: Uint8Array): number {
  let hash = 0;
  for (let start = 0; start < bytes.length; start += BLOCK_BYTES) {
    hash = checksumBytes(bytes, hash, Math.min(start + BLOCK_BYTES, bytes.length), start);
  }
  return hash;
}

export function encodeOffer(transfer: number, sizeBytes: number, checksum: number, about: Uint8Array): Uint8Array {
  const writer = start(KIND.offer, transfer, 11 + about.length);
  writer.u32(sizeBytes);
  writer.u32(checksum);
  writer.bytes(about);
  return writer.written();
}

export function encodeAccept(transfer: number, offset: number): Uint8Array {
  const writer = start(KIND.accept, transfer, 7);
  writer.u32(offset);
  return writer.written();
}

/** Copies `bytes[offset … offset + sizeBytes)` of the file. */
export function encodePiece(transfer: number, offset: number, sent: number, file: Uint8Array, sizeBytes: number): Uint8Array {
  const writer = start(KIND.piece, transfer, PIECE_HEADER_BYTES + sizeBytes);
  writer.u32(offset);
  writer.u32(sent);
  writer.bytes(file, offset, offset + sizeBytes);
  return writer.written();
}

export function encodeAck(pieces: number, delay: number, received: number): Uint8Array {
  const writer = start(KIND.ack, pieces, 11);
  writer.u32(delay);
  writer.u32(received);
  return writer.written();
}

export function encodeEnd(transfer: number, by: "sender" | "receiver", reason: BulkEndReason): Uint8Array {
  const writer = start(KIND.end, transfer, 5);
  writer.u8(by === "sender" ? 0 : 1);
  writer.u8(REASONS.indexOf(reason));
  return writer.written();
}

/** Reads a message of `bulk`. Exact: a byte too many or too few is malformed. Never throws. */
export function parseBulkPacket(bytes: Uint8Array): BulkPacket {
  const reader = new ByteReader(bytes);
  const packet = parseBody(reader);
  return reader.finished() ? packet : MALFORMED;
}

function parseBody(reader: ByteReader): BulkPacket {
  const kind = reader.u8();
  const transfer = reader.u16();
  switch (kind) {
    case KIND.offer: {
      const [sizeBytes, checksum] = [reader.u32(), reader.u32()];
      const about = reader.failed ? undefined : parseAbout(reader.view(reader.remainingBytes));
      return about === undefined ? MALFORMED : { type: "offer", transfer, sizeBytes, checksum, about };
    }
    case KIND.accept:
      return { type: "accept", transfer, offset: reader.u32() };
    case KIND.piece: {
      const [offset, sent] = [reader.u32(), reader.u32()];
      const view = reader.view(reader.remainingBytes);
      return view.length === 0 || view.length > PIECE_BYTES ? MALFORMED : { type: "piece", transfer, offset, sent, bytes: view };
    }
    case KIND.ack:
      return { type: "ack", pieces: transfer, delay: reader.u32(), received: reader.u32() };
    case KIND.end: {
      const by = reader.u8();
      const reason = REASONS[reader.u8()];
      return reason === undefined || by > 1 ? MALFORMED : { type: "end", transfer, by: by === 0 ? "sender" : "receiver", reason };
    }
    default:
      return MALFORMED;
  }
}

function parseAbout(bytes: Uint8Array): BulkAbout | undefined {
  const result = decodePayload(bytes, ABOUT_LIMITS);
  if (!result.ok || !Array.isArray(result.value) || result.value.length !== 3) return undefined;
  const [name, type, metadata]: readonly unknown[] = result.value;
  return typeof name === "string" && typeof type === "string" ? { name, type, metadata } : undefined;
}

/** All messages begin with their kind and a number of two bytes. */
function start(kind: number, number: number, sizeBytes: number): ByteWriter {
  const writer = new ByteWriter(new Uint8Array(sizeBytes));
  writer.u8(kind);
  writer.u16(number);
  return writer;
}
