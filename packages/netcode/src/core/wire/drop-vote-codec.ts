import { ByteReader, ByteWriter } from "../base/bytes.ts";
import { NULL_FRAME, PLAYERS_MAX } from "../base/units.ts";
import { INPUT_BLOCK_BYTES_MAX, readInputRows, writeInputBlock } from "./input-block.ts";
import { INPUT_ROWS_MAX } from "./limits.ts";
import * as ROLLBACK_KIND from "./rollback-kind.ts";

/** What one member says about who is gone, and who has come. Sets are bits by member rank; how they are used: `DropAgreement`. */
export class DropVote {
  /** The binding vote. Only grows. */
  set = 0;
  /** Whose end is decided, as far as this member knows: part of `set`. */
  agreed = 0;
  /** Whom this member finds gone itself. */
  holds = 0;
  /** Whom it would drop, its own findings or not: holds `set`. */
  proposal = 0;
  /** For whom the broker (or a goodbye) vouches. With its own bit a member resigns. */
  words = 0;
  /** Who said goodbye. With its own bit, and that in `words`, a member yields. */
  left = 0;
  /** Who came during the match and may not be counted by everybody yet, as far as this member knows. */
  joining = 0;
  /** By member: how often somebody has joined into its slot, up to the holder that this member counts. */
  readonly generations: Uint16Array = new Uint16Array(PLAYERS_MAX);
  /** By member: the last frame of its inputs that this member has; only meaningful for members of `set`. */
  readonly lastFrames: Int32Array = new Int32Array(PLAYERS_MAX).fill(NULL_FRAME);

  /** Takes back all that was said about `members`. */
  forget(members: number): void {
    this.set &= ~members;
    this.agreed &= ~members;
    this.holds &= ~members;
    this.proposal &= ~members;
    this.words &= ~members;
    this.left &= ~members;
    this.joining &= ~members;
  }

  /** True when `other`, of the same member, says nothing new: it was only repeated. */
  saysTheSame(other: DropVote): boolean {
    const isSameSets =
      this.set === other.set && this.agreed === other.agreed && this.holds === other.holds && this.proposal === other.proposal;
    return isSameSets && this.words === other.words && this.left === other.left && this.joining === other.joining;
  }

  copyFrom(other: DropVote): void {
    this.set = other.set;
    this.agreed = other.agreed;
    this.holds = other.holds;
    this.proposal = other.proposal;
    this.words = other.words;
    this.left = other.left;
    this.joining = other.joining;
    this.generations.set(other.generations);
    this.lastFrames.set(other.lastFrames);
  }
}

/** Which players each member holds, by rank; the sender and receiver of a vote must agree on it. */
export interface VoteLayout {
  readonly playersOf: readonly (readonly number[])[];
  readonly inputBytes: number;
  readonly entries?: TailEntries;
}

/** What else a member attached to its inputs: it travels with them in the votes about its end. */
export interface TailEntries {
  /** Writes the entries of `member` in these frames, at most `TAIL_ENTRIES_BYTES_MAX`. */
  write(writer: ByteWriter, member: number, firstFrame: number, lastFrame: number): void;
  /** Reads what `write` wrote, to the reader's end, and keeps what belongs to frames after `afterFrame`. False when malformed. */
  read(reader: ByteReader, member: number, firstFrame: number, lastFrame: number, afterFrame: number): boolean;
}

/** Gives the inputs of `player` in `count` frames from `frame` on to the writer of a vote. */
export type ReadColumn = (player: number, frame: number, count: number, target: Uint8Array) => void;

/** Takes the inputs of `player` in `count` frames from `firstFrame` on out of a vote: `rows`, after one row that is not theirs. */
export type TakeColumn = (member: number, player: number, firstFrame: number, count: number, rows: Uint8Array) => void;

/** Takes the entries of a member, for frames up to `lastFrame`, out of a vote. The bytes are valid during the call only. */
export type TakeEntries = (member: number, lastFrame: number, bytes: Uint8Array) => void;

/** Entries of one member in a vote. A pause takes some ten bytes, a seat some forty; nobody writes more than a few in a second. */
export const TAIL_ENTRIES_BYTES_MAX = 512;

/** Longest vote: seven members with one player each, or one with seven, all tails and entries full. */
export const DROP_VOTE_BYTES_MAX = 12_288;

/** A slot changes hands at most so often: at one join each ten seconds, in a week. */
export const GENERATION_MAX = 0xffff;

const rows = new Uint8Array(INPUT_BLOCK_BYTES_MAX);
const entryWriter = new ByteWriter(new Uint8Array(TAIL_ENTRIES_BYTES_MAX));
const entryReader = new ByteReader();

/**
 *   0x21: u8 │ epoch: u8 │ set │ agreed │ holds │ proposal │ words │ left │ seated: varints │
 *   if seated: joining: varint │ for each member in `seated`, by rank: generation: varint │
 *   for each member in `set`, by rank:
 *     last frame + 1: varint │ per player of it, by rising index: the last 64 inputs (fewer near the start), as an input block with a base row of zeros │
 *     its entries in these frames: size: varint, bytes
 *
 * The tail lets whoever has fewer inputs of a peer that is gone catch up with whoever has most.
 */
export function writeDropVote(writer: ByteWriter, matchEpoch: number, vote: DropVote, layout: VoteLayout, readColumn: ReadColumn): void {
  writer.u8(ROLLBACK_KIND.dropVote);
  writer.u8(matchEpoch);
  writer.varint(vote.set);
  writer.varint(vote.agreed);
  writer.varint(vote.holds);
  writer.varint(vote.proposal);
  writer.varint(vote.words);
  writer.varint(vote.left);
  writeGenerations(writer, vote, layout.playersOf.length);
  for (let member = 0; member < layout.playersOf.length; member++) {
    if ((vote.set & (1 << member)) === 0) continue;
    const lastFrame = vote.lastFrames[member] ?? NULL_FRAME;
    const count = tailCount(lastFrame);
    writer.varint(lastFrame + 1);
    for (const player of layout.playersOf[member] ?? []) {
      rows.fill(0, 0, layout.inputBytes);
      readColumn(player, lastFrame - count + 1, count, rows.subarray(layout.inputBytes));
      writeInputBlock(writer, player, rows, count, layout.inputBytes);
    }
    entryWriter.reset();
    if (count > 0) layout.entries?.write(entryWriter, member, lastFrame - count + 1, lastFrame);
    writer.varint(entryWriter.sizeBytes);
    writer.bytes(entryWriter.written());
  }
}

export interface VoteTakers {
  readonly column: TakeColumn;
  readonly entries: TakeEntries;
}

/** Reads what follows kind and epoch, to the exact end. False when malformed; `vote` is then undefined. `takers` may be called before that shows. */
export function readDropVote(reader: ByteReader, vote: DropVote, layout: VoteLayout, takers?: VoteTakers): boolean {
  const memberCount = layout.playersOf.length;
  vote.set = reader.varint();
  vote.agreed = reader.varint();
  vote.holds = reader.varint();
  vote.proposal = reader.varint();
  vote.words = reader.varint();
  vote.left = reader.varint();
  const { set, agreed, holds, proposal, words, left } = vote;
  if (reader.failed || (proposal | words | left) >>> memberCount !== 0) return false;
  if (((set | holds) & ~proposal) !== 0 || (agreed & ~set) !== 0 || !readGenerations(reader, vote, memberCount)) return false;
  for (let member = 0; member < memberCount; member++) {
    if ((vote.set & (1 << member)) === 0) continue;
    const lastFrame = reader.varint() - 1;
    if (reader.failed || lastFrame > 0x7fff_fffe) return false;
    const count = tailCount(lastFrame);
    vote.lastFrames[member] = lastFrame;
    for (const player of layout.playersOf[member] ?? []) {
      rows.fill(0, 0, layout.inputBytes);
      if (reader.varint() !== player || !readInputRows(reader, rows, count, layout.inputBytes)) return false;
      takers?.column(member, player, lastFrame - count + 1, count, rows);
    }
    if (!readEntries(reader, member, lastFrame, layout, takers)) return false;
  }
  return reader.finished();
}

function writeGenerations(writer: ByteWriter, vote: DropVote, memberCount: number): void {
  let seated = 0;
  for (let member = 0; member < memberCount; member++) if ((vote.generations[member] ?? 0) > 0) seated |= 1 << member;
  writer.varint(seated);
  if (seated === 0) return;
  writer.varint(vote.joining);
  for (let member = 0; member < memberCount; member++) if ((seated & (1 << member)) !== 0) writer.varint(vote.generations[member] ?? 0);
}

function readGenerations(reader: ByteReader, vote: DropVote, memberCount: number): boolean {
  const seated = reader.varint();
  vote.joining = seated === 0 ? 0 : reader.varint();
  vote.generations.fill(0);
  if (reader.failed || seated >>> memberCount !== 0 || (vote.joining & ~seated) !== 0) return false;
  for (let member = 0; member < memberCount; member++) {
    if ((seated & (1 << member)) === 0) continue;
    const generation = reader.varint();
    if (generation < 1 || generation > GENERATION_MAX) return false;
    vote.generations[member] = generation;
  }
  return true;
}

function readEntries(reader: ByteReader, member: number, lastFrame: number, layout: VoteLayout, takers: VoteTakers | undefined): boolean {
  const sizeBytes = reader.varint();
  if (reader.failed || sizeBytes > Math.min(TAIL_ENTRIES_BYTES_MAX, reader.remainingBytes)) return false;
  const count = tailCount(lastFrame);
  const bytes = reader.view(sizeBytes);
  if (sizeBytes > 0) {
    entryReader.reset(bytes);
    // The layout's reader sees the frames of the tail only, and keeps nothing yet.
    if (count === 0 || layout.entries?.read(entryReader, member, lastFrame - count + 1, lastFrame, lastFrame) !== true) return false;
  }
  takers?.entries(member, lastFrame, bytes);
  return true;
}

function tailCount(lastFrame: number): number {
  return Math.min(INPUT_ROWS_MAX, lastFrame + 1);
}
