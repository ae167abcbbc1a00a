import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import { unreachable } from "../base/assert.ts";
import type { PeerId } from "../base/units.ts";
import { readPeerId, writePeerId } from "../wire/peer-id-codec.ts";
import { INPUT_DELAY_MAX } from "../wire/limits.ts";
import type { TimelineEntry } from "./timeline.ts";

/** Longest entry: frame, type, peer, players. */
export const ENTRY_BYTES_MAX = 72;

/** Frames are 31 bits. */
const FRAME_MAX = 0x7fff_ffff;

const SEAT_LEFT = 0;
const SEAT_LOST = 1;
const SEAT_TO_PLAYER = 2;
const PAUSE = 3;
const RESUME = 4;
const INPUT_DELAY = 5;

/**
 *   frame: varint │ type: u8 │ peer │ types 0–2: players, u8 of bits by index; type 5: frames, u8
 *
 * Types: 0 seat to bot, who left; 1 seat to bot, who was lost; 2 seat to player; 3 pause; 4 resume; 5 input delay. `writePeer` writes the peer: a replay
 * has no use for ids.
 */
export function writeEntry(
  writer: ByteWriter,
  entry: TimelineEntry,
  writePeer: (writer: ByteWriter, peerId: PeerId) => void = writePeerId,
): void {
  writer.varint(entry.frame);
  switch (entry.type) {
    case "seat-to-bot":
    case "seat-to-player":
      writer.u8(entry.type === "seat-to-player" ? SEAT_TO_PLAYER : entry.cause === "left" ? SEAT_LEFT : SEAT_LOST);
      writePeer(writer, entry.peerId);
      return writer.u8(playerBits(entry.playerIndexes));
    case "pause":
    case "resume":
      writer.u8(entry.type === "pause" ? PAUSE : RESUME);
      return writePeer(writer, entry.peerId);
    case "input-delay":
      writer.u8(INPUT_DELAY);
      writePeer(writer, entry.peerId);
      return writer.u8(entry.frames);
    default:
      return unreachable(entry);
  }
}

/** Reads one entry of a match of `playerCount` players; `undefined` when malformed. */
export function readEntry(
  reader: ByteReader,
  playerCount: number,
  readPeer: (reader: ByteReader) => PeerId | undefined = readPeerId,
): TimelineEntry | undefined {
  const frame = reader.varint();
  const type = reader.u8();
  const peerId = readPeer(reader);
  if (peerId === undefined || frame > FRAME_MAX) return undefined;
  if (type === PAUSE || type === RESUME) return reader.failed ? undefined : { type: type === PAUSE ? "pause" : "resume", frame, peerId };
  const value = reader.u8();
  if (reader.failed) return undefined;
  if (type === INPUT_DELAY) return value > INPUT_DELAY_MAX ? undefined : { type: "input-delay", frame, peerId, frames: value };
  if (type > SEAT_TO_PLAYER || value === 0 || value >>> playerCount !== 0) return undefined;
  const playerIndexes = playersOf(value);
  if (type === SEAT_TO_PLAYER) return { type: "seat-to-player", frame, peerId, playerIndexes };
  return { type: "seat-to-bot", frame, peerId, playerIndexes, cause: type === SEAT_LEFT ? "left" : "lost" };
}

/** Players as bits by index. */
export function playerBits(playerIndexes: readonly number[]): number {
  return playerIndexes.reduce((bits, player) => bits | (1 << player), 0);
}

/** The players of `bits`, by rising index. */
export function playersOf(bits: number): number[] {
  const players: number[] = [];
  for (let player = 0; bits >>> player !== 0; player++) if ((bits & (1 << player)) !== 0) players.push(player);
  return players;
}
