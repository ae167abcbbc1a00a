import { ByteWriter, type ByteReader } from "../base/bytes.ts";
import { RELIABLE_BYTES_MAX } from "../ports/transport.ts";
import { SNAPSHOT_BYTES_MAX, STATE_PARTS_MAX } from "../ports/simulation.ts";
import * as ROLLBACK_KIND from "./rollback-kind.ts";

/**
 * Most frames of one log. At half, the frame that a desync began with is missed when two reports are lost; double does not fit a message with eight
 * players, the longest inputs and 64 parts (16 KiB: 42 frames).
 */
export const LOG_FRAMES_MAX = 40;

/** What one member had in some confirmed frames, row by row; see `writeChecksumLog`. */
export interface ChecksumLog {
  readonly firstFrame: number;
  readonly frameCount: number;
  readonly partCount: number;
  readonly rows: Uint8Array;
}

/** Bytes of one frame in a log. */
export function logRowBytes(partCount: number, inputsBytes: number): number {
  return 4 + 1 + inputsBytes + 4 * partCount;
}

/**
 *   0x27: u8 │ epoch: u8 │ first frame: varint │ parts: u8 │ then per frame:
 *   │ checksum: u32 │ bots: u8, bits by player │ inputs of all players │ hash of each part: u32 × parts
 *
 * Bytes of its own.
 */
export function encodeChecksumLog(matchEpoch: number, { firstFrame, partCount, rows }: ChecksumLog): Uint8Array {
  const writer = new ByteWriter(new Uint8Array(8 + rows.length));
  writer.u8(ROLLBACK_KIND.checksumLog);
  writer.u8(matchEpoch);
  writer.varint(firstFrame);
  writer.u8(partCount);
  writer.bytes(rows);
  return writer.written();
}

/** Reads what follows kind and epoch; `undefined` when malformed. `inputsBytes`: the inputs of all players in one frame. */
export function readChecksumLog(reader: ByteReader, inputsBytes: number): ChecksumLog | undefined {
  const firstFrame = reader.varint();
  const partCount = reader.u8();
  const rowBytes = logRowBytes(partCount, inputsBytes);
  const frameCount = reader.remainingBytes / rowBytes;
  const isWhole = Number.isInteger(frameCount) && frameCount >= 1 && frameCount <= LOG_FRAMES_MAX;
  if (reader.failed || !isWhole || partCount > STATE_PARTS_MAX || firstFrame > 0x7fff_ffff) return undefined;
  return { firstFrame, frameCount, partCount, rows: reader.view(reader.remainingBytes).slice() };
}

/** A state, or the wish for one. */
export interface StateMessage {
  /** The state is that after this frame. */
  readonly frame: number;
  /** `Simulation.serialize`; empty: the sender has it no longer, or it is too large to come unasked. */
  readonly state: Uint8Array;
}

/** A state that goes out with a request, so that the other end can report both: half a reliable message. A larger one is left out. */
export const REQUEST_STATE_BYTES_MAX: number = RELIABLE_BYTES_MAX / 2;

/**
 *   0x28 request, 0x29 reply: u8 │ epoch: u8 │ frame: varint │ state after it: the rest
 *
 * A request carries the sender's own state, which is wrong. Bytes of its own.
 */
export function encodeState(kind: number, matchEpoch: number, { frame, state }: StateMessage): Uint8Array {
  const writer = new ByteWriter(new Uint8Array(8 + state.length));
  writer.u8(kind);
  writer.u8(matchEpoch);
  writer.varint(frame);
  writer.bytes(state);
  return writer.written();
}

/** Reads what follows kind and epoch; `undefined` when malformed. The state is not looked into, and a view of what is read. */
export function readState(reader: ByteReader, stateBytesMax: number = SNAPSHOT_BYTES_MAX): StateMessage | undefined {
  const frame = reader.varint();
  const sizeBytes = reader.remainingBytes;
  if (reader.failed || frame > 0x7fff_ffff || sizeBytes > stateBytesMax) return undefined;
  return { frame, state: reader.view(sizeBytes) };
}
