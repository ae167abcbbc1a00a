import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import { NULL_FRAME, PLAYERS_MAX } from "../base/units.ts";
import { SESSION_DATAGRAM_BYTES_MAX } from "../ports/transport.ts";
import { INPUT_BLOCK_BYTES_MAX, readInputRows, writeInputBlock } from "../wire/input-block.ts";
import { INPUT_BYTES_MAX, INPUT_ROWS_MAX } from "../wire/limits.ts";
import * as ROLLBACK_KIND from "../wire/rollback-kind.ts";
import { ENTRY_BYTES_MAX, readEntry, writeEntry } from "./timeline-codec.ts";
import type { TimelineEntry } from "./timeline.ts";

/** Sizes that both ends of a feed must agree on. */
export interface FeedLayout {
  readonly playerCount: number;
  readonly inputBytes: number;
}

/** Everything of a feed datagram but the inputs. One object is written over and over. */
export class FeedHeader {
  /** The newest frame that is settled at the feeder. */
  settledFrame: number = NULL_FRAME;
  /** The rows are those of `firstFrame … firstFrame + rowCount − 1`, at most `settledFrame`. */
  firstFrame = 0;
  rowCount = 0;
  /** The time of the receiver's last ack, and for how long it was held here, follow. */
  hasEcho = false;
  echoMs = 0;
  /** Up to 255. */
  heldMs = 0;
  hasReport = false;
  /** `checksum` is that of the state after this frame. */
  reportFrame = 0;
  checksum = 0;
  /** All that hold from `firstFrame` on or later, by rising frame, as far as they were known; those up to the last row are complete. */
  entries: readonly TimelineEntry[] = [];
}

const ECHO_FLAG = 1;
const REPORT_FLAG = 2;
/** Room for entries in a datagram: more wait for the next, and rows with them. */
const ENTRIES_BYTES_MAX = 512;

/** Room for the rows of one datagram. */
export const FEED_ROWS_BYTES_MAX: number = INPUT_ROWS_MAX * PLAYERS_MAX * INPUT_BYTES_MAX;
/** A datagram before it is known to fit. */
export const FEED_BUFFER_BYTES: number = 1024 + FEED_ROWS_BYTES_MAX + (FEED_ROWS_BYTES_MAX >>> 3);

const column = new Uint8Array(INPUT_BLOCK_BYTES_MAX);

/**
 *   0x24: u8 │ epoch: u8 │ flags: u8 │ settled frame + 1: varint │ first frame: varint │ rows: u8
 *   │ flag 1: echo: u16, held: u8 │ flag 2: report frame: varint, checksum: u32
 *   │ entries: u8, then entries │ if rows > 0, per player: an input block with a base row of zeros
 *
 * Each datagram can be read without any other: what was lost leaves a gap and nothing worse. `rows`: `header.rowCount` rows of all players. `buffer` of the writer:
 * `FEED_BUFFER_BYTES`. Rows and entries that do not fit a datagram are left out; `header` says what was written.
 */
export function writeFeed(writer: ByteWriter, matchEpoch: number, header: FeedHeader, rows: Uint8Array, layout: FeedLayout): void {
  fitEntries(header);
  for (;;) {
    writer.reset();
    writeHead(writer, matchEpoch, header);
    for (let player = 0; player < (header.rowCount > 0 ? layout.playerCount : 0); player++) {
      takeColumn(rows, player, header.rowCount, layout);
      writeInputBlock(writer, player, column, header.rowCount, layout.inputBytes);
    }
    if (writer.sizeBytes <= SESSION_DATAGRAM_BYTES_MAX) return;
    header.rowCount >>>= 1;
    if (header.reportFrame >= header.firstFrame + header.rowCount) header.hasReport = false;
  }
}

function fitEntries(header: FeedHeader): void {
  let count = 0;
  for (let left = ENTRIES_BYTES_MAX; count < header.entries.length && left >= ENTRY_BYTES_MAX; count++) left -= ENTRY_BYTES_MAX;
  const omitted = header.entries[count];
  if (omitted === undefined) return;
  header.entries = header.entries.slice(0, count);
  header.rowCount = Math.min(header.rowCount, Math.max(0, omitted.frame - header.firstFrame));
}

function writeHead(writer: ByteWriter, matchEpoch: number, header: FeedHeader): void {
  writer.u8(ROLLBACK_KIND.feed);
  writer.u8(matchEpoch);
  writer.u8((header.hasEcho ? ECHO_FLAG : 0) | (header.hasReport ? REPORT_FLAG : 0));
  writer.varint(header.settledFrame + 1);
  writer.varint(header.firstFrame);
  writer.u8(header.rowCount);
  if (header.hasEcho) {
    writer.u16(header.echoMs);
    writer.u8(Math.min(255, header.heldMs));
  }
  if (header.hasReport) {
    writer.varint(header.reportFrame);
    writer.u32(header.checksum);
  }
  writer.u8(header.entries.length);
  for (const entry of header.entries) writeEntry(writer, entry);
}

/** Reads what follows kind and epoch, to the exact end. `rows` gets `header.rowCount` rows. False when malformed; `header` and `rows` are then undefined. */
export function readFeed(reader: ByteReader, header: FeedHeader, rows: Uint8Array, layout: FeedLayout): boolean {
  const flags = reader.u8();
  header.settledFrame = reader.varint() - 1;
  header.firstFrame = reader.varint();
  header.rowCount = reader.u8();
  header.hasEcho = (flags & ECHO_FLAG) !== 0;
  header.echoMs = header.hasEcho ? reader.u16() : 0;
  header.heldMs = header.hasEcho ? reader.u8() : 0;
  header.hasReport = (flags & REPORT_FLAG) !== 0;
  header.reportFrame = header.hasReport ? reader.varint() : 0;
  header.checksum = header.hasReport ? reader.u32() : 0;
  if (reader.failed || flags > (ECHO_FLAG | REPORT_FLAG) || header.rowCount > INPUT_ROWS_MAX || header.settledFrame > 0x7fff_ffff)
    return false;
  if (header.rowCount > 0 && header.firstFrame + header.rowCount - 1 > header.settledFrame) return false;
  if (header.hasReport && header.reportFrame > header.settledFrame) return false;
  if (!readEntries(reader, header, layout.playerCount)) return false;
  for (let player = 0; player < (header.rowCount > 0 ? layout.playerCount : 0); player++) {
    column.fill(0, 0, layout.inputBytes);
    if (reader.varint() !== player || !readInputRows(reader, column, header.rowCount, layout.inputBytes)) return false;
    giveColumn(rows, player, header.rowCount, layout);
  }
  return reader.finished();
}

function readEntries(reader: ByteReader, header: FeedHeader, playerCount: number): boolean {
  const count = reader.u8();
  header.entries = NO_ENTRIES;
  if (count === 0) return true;
  const entries: TimelineEntry[] = [];
  let last = header.firstFrame;
  for (let index = 0; index < count; index++) {
    const entry = readEntry(reader, playerCount);
    if (entry === undefined || entry.frame < last) return false;
    last = entry.frame;
    entries.push(entry);
  }
  header.entries = entries;
  return true;
}

/** The inputs of one player out of `rows`, behind a row of zeros. */
function takeColumn(rows: Uint8Array, player: number, rowCount: number, { playerCount, inputBytes }: FeedLayout): void {
  column.fill(0, 0, inputBytes);
  for (let row = 0; row < rowCount; row++) {
    const start = (row * playerCount + player) * inputBytes;
    for (let index = 0; index < inputBytes; index++) column[(row + 1) * inputBytes + index] = rows[start + index] ?? 0;
  }
}

function giveColumn(rows: Uint8Array, player: number, rowCount: number, { playerCount, inputBytes }: FeedLayout): void {
  for (let row = 0; row < rowCount; row++) {
    const start = (row * playerCount + player) * inputBytes;
    for (let index = 0; index < inputBytes; index++) rows[start + index] = column[(row + 1) * inputBytes + index] ?? 0;
  }
}

const NO_ENTRIES: readonly TimelineEntry[] = [];
