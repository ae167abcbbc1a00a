import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import { NULL_FRAME, PLAYERS_MAX } from "../base/units.ts";
import { INPUT_BLOCK_BYTES_MAX, readInputRows, writeInputBlock } from "./input-block.ts";
import { INPUT_ROWS_MAX } from "./limits.ts";
import * as ROLLBACK_KIND from "./rollback-kind.ts";

/** What one member says about who is gone. Sets are bits by member rank; how they are used: `DropAgreement`. */
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
  /** Who said goodbye. */
  left = 0;
  /** By member: the last frame of its inputs that this member has; only meaningful for members of `set`. */
  readonly lastFrames: Int32Array = new Int32Array(PLAYERS_MAX).fill(NULL_FRAME);

  copyFrom(other: DropVote): void {
    this.set = other.set;
    this.agreed = other.agreed;
    this.holds = other.holds;
    this.proposal = other.proposal;
    this.words = other.words;
    this.left = other.left;
    this.lastFrames.set(other.lastFrames);
  }
}

/** Which players each member holds, by rank; the sender and receiver of a vote must agree on it. */
export interface VoteLayout {
  readonly playersOf: readonly (readonly number[])[];
  readonly inputBytes: number;
}

/** Gives the inputs of `player` in `count` frames from `frame` on to the writer of a vote. */
export type ReadColumn = (player: number, frame: number, count: number, target: Uint8Array) => void;

/** Takes the inputs of `player` in `count` frames from `firstFrame` on out of a vote: `rows`, after one row that is not theirs. */
export type TakeColumn = (member: number, player: number, firstFrame: number, count: number, rows: Uint8Array) => void;

/** Longest vote: seven members with one player each, or one with seven, all tails full. */
export const DROP_VOTE_BYTES_MAX = 8192;

const rows = new Uint8Array(INPUT_BLOCK_BYTES_MAX);

/**
 *   0x21: u8 │ epoch: u8 │ set │ agreed │ holds │ proposal │ words │ left: varints │ for each member in `set`, by rank:
 *     last frame + 1: varint │ per player of it, by rising index: the last 64 inputs (fewer near the start), as an input block with a base row of zeros
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
  }
}

/** Reads what follows kind and epoch, to the exact end. False when malformed; `vote` is then undefined. `take` may be called before that shows. */
export function readDropVote(reader: ByteReader, vote: DropVote, layout: VoteLayout, take: TakeColumn): boolean {
  const memberCount = layout.playersOf.length;
  vote.set = reader.varint();
  vote.agreed = reader.varint();
  vote.holds = reader.varint();
  vote.proposal = reader.varint();
  vote.words = reader.varint();
  vote.left = reader.varint();
  const { set, agreed, holds, proposal, words, left } = vote;
  if (reader.failed || (proposal | words | left) >>> memberCount !== 0) return false;
  if (((set | holds) & ~proposal) !== 0 || (agreed & ~set) !== 0) return false;
  for (let member = 0; member < memberCount; member++) {
    if ((vote.set & (1 << member)) === 0) continue;
    const lastFrame = reader.varint() - 1;
    if (reader.failed || lastFrame > 0x7fff_fffe) return false;
    const count = tailCount(lastFrame);
    vote.lastFrames[member] = lastFrame;
    for (const player of layout.playersOf[member] ?? []) {
      rows.fill(0, 0, layout.inputBytes);
      if (reader.varint() !== player || !readInputRows(reader, rows, count, layout.inputBytes)) return false;
      take(member, player, lastFrame - count + 1, count, rows);
    }
  }
  return reader.finished();
}

function tailCount(lastFrame: number): number {
  return Math.min(INPUT_ROWS_MAX, lastFrame + 1);
}
