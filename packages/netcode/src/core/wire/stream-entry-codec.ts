import { unreachable } from "../base/assert.ts";
import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import { PLAYERS_MAX, type PeerId } from "../base/units.ts";
import { INPUT_DELAY_MAX, STREAM_ENTRIES_MAX } from "./limits.ts";
import { readPeerId, writePeerId } from "./peer-id-codec.ts";

/**
 * What a member attaches to one of its inputs: nobody can confirm that frame without it, so that it is agreed without a vote.
 *
 * `seat`: from `SEAT_LEAD_FRAMES` after its frame on, slot `slot` belongs to `peerId`, the `generation`-th that joins into it.
 */
export type StreamEntry =
  | { readonly type: "pause" | "resume" }
  | { readonly type: "input-delay"; readonly frames: number }
  | { readonly type: "seat"; readonly slot: number; readonly peerId: PeerId; readonly generation: number };

/** An entry and the input frame that carries it. */
export interface CarriedEntry {
  readonly frame: number;
  readonly entry: StreamEntry;
}

const PAUSE = 0;
const RESUME = 1;
const INPUT_DELAY = 2;
const SEAT = 3;

/** Bytes of `entry` in a list, with its frame distance (which is below 128). */
export function streamEntryBytes(entry: StreamEntry): number {
  switch (entry.type) {
    case "pause":
    case "resume":
      return 2;
    case "input-delay":
      return 3;
    case "seat":
      return 5 + entry.peerId.length;
    default:
      return unreachable(entry);
  }
}

/**
 *   count: u8 │ for each, by frame: newest frame − its frame: varint │ type: u8 │
 *     0 pause, 1 resume: nothing │ 2 input delay: frames u8 │ 3 seat: slot u8 │ generation u8 │ id length u8 │ peer id, ASCII
 */
export function writeStreamEntries(writer: ByteWriter, entries: readonly CarriedEntry[], newestFrame: number): void {
  writer.u8(entries.length);
  for (const { frame, entry } of entries) {
    writer.varint(newestFrame - frame);
    writeEntry(writer, entry);
  }
}

/**
 * Reads entries of frames `newestFrame − rowCount + 1 … newestFrame`, by rising frame, into `into`, which is emptied. False when malformed.
 */
export function readStreamEntries(reader: ByteReader, into: CarriedEntry[], newestFrame: number, rowCount: number): boolean {
  into.length = 0;
  const count = reader.u8();
  if (count > STREAM_ENTRIES_MAX) return false;
  let distanceBefore = rowCount - 1;
  for (let index = 0; index < count; index++) {
    const distance = reader.varint();
    const entry = readEntry(reader);
    if (entry === undefined || reader.failed || distance > distanceBefore) return false;
    distanceBefore = distance;
    into.push({ frame: newestFrame - distance, entry });
  }
  return !reader.failed;
}

/** True when both say the same. */
export function isSameEntry(left: StreamEntry, right: StreamEntry): boolean {
  if (left.type === "input-delay") return right.type === "input-delay" && left.frames === right.frames;
  if (left.type !== "seat") return left.type === right.type;
  if (right.type !== "seat") return false;
  return left.slot === right.slot && left.generation === right.generation && left.peerId === right.peerId;
}

function writeEntry(writer: ByteWriter, entry: StreamEntry): void {
  switch (entry.type) {
    case "pause":
      return writer.u8(PAUSE);
    case "resume":
      return writer.u8(RESUME);
    case "input-delay":
      writer.u8(INPUT_DELAY);
      return writer.u8(entry.frames);
    case "seat":
      writer.u8(SEAT);
      writer.u8(entry.slot);
      writer.u8(entry.generation);
      return writePeerId(writer, entry.peerId);
    default:
      unreachable(entry);
  }
}

function readEntry(reader: ByteReader): StreamEntry | undefined {
  const type = reader.u8();
  switch (type) {
    case PAUSE:
      return { type: "pause" };
    case RESUME:
      return { type: "resume" };
    case INPUT_DELAY: {
      const frames = reader.u8();
      return frames <= INPUT_DELAY_MAX ? { type: "input-delay", frames } : undefined;
    }
    case SEAT:
      return readSeat(reader);
    default:
      return undefined;
  }
}

function readSeat(reader: ByteReader): StreamEntry | undefined {
  const slot = reader.u8();
  const generation = reader.u8();
  const peerId = readPeerId(reader);
  return peerId === undefined || slot >= PLAYERS_MAX ? undefined : { type: "seat", slot, peerId, generation };
}
