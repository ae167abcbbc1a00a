import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import { NULL_FRAME } from "../base/units.ts";
import { STREAM_ENTRIES_MAX, STREAM_ENTRIES_PER_FRAME_MAX, STREAM_ENTRY_BYTES_SUM, STREAM_ENTRY_SPAN_FRAMES } from "../wire/limits.ts";
import {
  isSameEntry,
  readStreamEntries,
  streamEntryBytes,
  writeStreamEntries,
  type CarriedEntry,
  type StreamEntry,
} from "../wire/stream-entry-codec.ts";
import { HISTORY_FRAMES } from "./input-table.ts";

const NONE: readonly CarriedEntry[] = [];

/**
 * The entries that each slot's holder attached to its inputs, beside the inputs themselves: they travel with them, are acknowledged with them, and once
 * stored never change. Nearly all frames have none.
 */
export class InputEntries {
  /** By slot, in order of frame: those of the last `HISTORY_FRAMES` frames. */
  readonly #lists: readonly CarriedEntry[][];
  /** By slot, the frame of the newest entry: answers nearly all questions. */
  readonly #newest: Int32Array;
  readonly #incoming: CarriedEntry[] = [];

  constructor(slotCount: number) {
    this.#lists = Array.from({ length: slotCount }, () => []);
    this.#newest = new Int32Array(slotCount).fill(NULL_FRAME);
  }

  hasSince(slot: number, frame: number): boolean {
    return (this.#newest[slot] ?? NULL_FRAME) >= frame;
  }

  /** Entries of frames `first … last`. */
  between(slot: number, first: number, last: number): readonly CarriedEntry[] {
    if (!this.hasSince(slot, first)) return NONE;
    return (this.#lists[slot] ?? NONE).filter(({ frame }) => frame >= first && frame <= last);
  }

  /**
   * True while `entry` may be attached to `frame`, which is not before any other entry: any `STREAM_ENTRY_SPAN_FRAMES` frames hold few of them, so
   * that all fit one datagram beside the inputs, and one vote.
   */
  fits(slot: number, frame: number, entry: StreamEntry): boolean {
    let bytes = streamEntryBytes(entry);
    let count = 1;
    let perFrame = 1;
    for (const other of this.between(slot, frame - STREAM_ENTRY_SPAN_FRAMES + 1, frame)) {
      bytes += streamEntryBytes(other.entry);
      count++;
      if (other.frame === frame) perFrame++;
    }
    return count <= STREAM_ENTRIES_MAX && bytes <= STREAM_ENTRY_BYTES_SUM && perFrame <= STREAM_ENTRIES_PER_FRAME_MAX;
  }

  /** By rising frame; only what `fits`. */
  append(slot: number, frame: number, entry: StreamEntry): void {
    this.#forget(slot, frame);
    this.#lists[slot]?.push({ frame, entry });
    this.#newest[slot] = frame;
  }

  /** True when `incoming` says of frames `first … last` exactly what is stored. */
  agrees(slot: number, incoming: readonly CarriedEntry[], first: number, last: number): boolean {
    const known = this.between(slot, first, last);
    let place = 0;
    for (const { frame, entry } of incoming) {
      if (frame < first || frame > last) continue;
      const other = known[place++];
      if (other === undefined || other.frame !== frame || !isSameEntry(other.entry, entry)) return false;
    }
    return place === known.length;
  }

  /** Stores those of `incoming` that are of frames after `afterFrame`. False, and nothing stored, when they are more than any honest member attaches. */
  take(slot: number, incoming: readonly CarriedEntry[], afterFrame: number): boolean {
    if (incoming.length === 0) return true;
    const list = this.#lists[slot];
    if (list === undefined) return false;
    this.#forget(slot, this.#newest[slot] ?? NULL_FRAME);
    const length = list.length;
    const newest = this.#newest[slot] ?? NULL_FRAME;
    for (const { frame, entry } of incoming) {
      if (frame <= afterFrame) continue;
      if (!this.fits(slot, frame, entry)) {
        list.length = length;
        this.#newest[slot] = newest;
        return false;
      }
      list.push({ frame, entry });
      this.#newest[slot] = frame;
    }
    return true;
  }

  /** A slot's entries of frames `first … last` for a vote about its end; at most 512 B, since those frames are at most `INPUT_ROWS_MAX`. */
  write(writer: ByteWriter, slot: number, first: number, last: number): void {
    writeStreamEntries(writer, this.between(slot, first, last), last);
  }

  /** Reads what `write` wrote, and stores entries of frames after `afterFrame`. False when malformed. */
  read(reader: ByteReader, slot: number, first: number, last: number, afterFrame: number): boolean {
    const incoming = this.#incoming;
    return readStreamEntries(reader, incoming, last, last - first + 1) && this.take(slot, incoming, afterFrame);
  }

  #forget(slot: number, newestFrame: number): void {
    const list = this.#lists[slot];
    const kept = list?.findIndex(({ frame }) => frame > newestFrame - HISTORY_FRAMES) ?? 0;
    if (kept > 0) list?.splice(0, kept);
  }
}
