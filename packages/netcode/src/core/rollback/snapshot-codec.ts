import { ByteWriter, type ByteReader } from "../base/bytes.ts";
import { SNAPSHOT_BYTES_MAX } from "../ports/simulation.ts";
import * as ROLLBACK_KIND from "../wire/rollback-kind.ts";
import type { FeedLayout } from "./feed-datagram.ts";
import type { SessionSnapshot } from "./settled-source.ts";
import { ENTRY_BYTES_MAX, readEntry, writeEntry } from "./timeline-codec.ts";
import type { TimelineEntry } from "./timeline.ts";

/** Most entries of one snapshot. A seat that changes hands each second of an hour makes half as many. */
const ENTRIES_MAX = 8192;
const HEAD_BYTES_MAX = 24;

/**
 *   0x26: u8 │ epoch: u8 │ frame: varint │ step frame: varint │ checksum: u32
 *   │ entries: varint, then entries │ inputs of all players in the frame before │ state: the rest
 *
 * Records of input delays are left out: they change nothing. Bytes of its own.
 */
export function encodeSnapshot(matchEpoch: number, snapshot: SessionSnapshot): Uint8Array {
  const entries = snapshot.timeline.filter(({ type }) => type !== "input-delay").slice(-ENTRIES_MAX);
  const writer = new ByteWriter(
    new Uint8Array(HEAD_BYTES_MAX + entries.length * ENTRY_BYTES_MAX + snapshot.baseRow.length + snapshot.bytes.length),
  );
  writer.u8(ROLLBACK_KIND.snapshot);
  writer.u8(matchEpoch);
  writer.varint(snapshot.frame);
  writer.varint(snapshot.stepFrame);
  writer.u32(snapshot.checksum);
  writer.varint(entries.length);
  for (const entry of entries) writeEntry(writer, entry);
  writer.bytes(snapshot.baseRow);
  writer.bytes(snapshot.bytes);
  return writer.written();
}

/** Reads what follows kind and epoch; `undefined` when malformed. The state in it is not looked into; all bytes are copies. */
export function readSnapshot(reader: ByteReader, { playerCount, inputBytes }: FeedLayout): SessionSnapshot | undefined {
  const frame = reader.varint();
  const stepFrame = reader.varint();
  const checksum = reader.u32();
  const count = reader.varint();
  if (reader.failed || frame > 0x7fff_ffff || stepFrame > frame || count > ENTRIES_MAX) return undefined;
  const timeline: TimelineEntry[] = [];
  for (let index = 0; index < count; index++) {
    const entry = readEntry(reader, playerCount);
    if (entry === undefined || entry.frame < (timeline.at(-1)?.frame ?? 0)) return undefined;
    timeline.push(entry);
  }
  const baseRow = reader.view(playerCount * inputBytes).slice();
  const sizeBytes = reader.remainingBytes;
  if (reader.failed || sizeBytes === 0 || sizeBytes > SNAPSHOT_BYTES_MAX) return undefined;
  return { frame, stepFrame, checksum, timeline, baseRow, bytes: reader.view(sizeBytes).slice() };
}
