import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader, ByteWriter } from "../base/bytes.ts";
import { RELIABLE_BYTES_MAX } from "../ports/transport.ts";
import { DROP_VOTE_BYTES_MAX, DropVote, readDropVote, TAIL_ENTRIES_BYTES_MAX, writeDropVote, type VoteLayout } from "./drop-vote-codec.ts";
import { INPUT_ROWS_MAX } from "./limits.ts";
import * as ROLLBACK_KIND from "./rollback-kind.ts";

/** Three members: two seats, one seat, one seat; inputs of two bytes that differ in every frame. */
const layout: VoteLayout = { playersOf: [[0, 3], [1], [2]], inputBytes: 2 };

function inputOf(player: number, frame: number): readonly number[] {
  return [(frame * 7 + player) & 0xff, frame & 1];
}

function readColumn(player: number, frame: number, count: number, target: Uint8Array): void {
  for (let row = 0; row < count; row++) target.set(inputOf(player, frame + row), row * 2);
}

function encode(vote: DropVote): Uint8Array {
  const writer = new ByteWriter(new Uint8Array(DROP_VOTE_BYTES_MAX));
  writeDropVote(writer, 9, vote, layout, readColumn);
  return writer.written().slice();
}

function decode(bytes: Uint8Array): { vote: DropVote; columns: number[][] } | undefined {
  const reader = new ByteReader(bytes);
  reader.skip(2);
  const vote = new DropVote();
  const columns: number[][] = [];
  const isRead = readDropVote(reader, vote, layout, {
    column: (member, player, firstFrame, count, rows) => {
      columns.push([member, player, firstFrame, count, ...rows.subarray(2, 2 + 2 * count)]);
    },
    entries: () => {},
  });
  return isRead ? { vote, columns } : undefined;
}

const votes = fc
  .record({
    set: fc.nat(7),
    agreed: fc.nat(7),
    holds: fc.nat(7),
    more: fc.nat(7),
    words: fc.nat(7),
    left: fc.nat(7),
    generations: fc.array(fc.constantFrom(0, 0, 1, 2, 65_535), { minLength: 3, maxLength: 3 }),
    joining: fc.nat(7),
    frames: fc.array(fc.integer({ min: -1, max: 5000 }), { minLength: 3, maxLength: 3 }),
  })
  .map(({ set, agreed, holds, more, words, left, generations, joining, frames }) => {
    const vote = new DropVote();
    vote.set = set;
    vote.agreed = agreed & set;
    vote.proposal = set | more;
    vote.holds = holds & vote.proposal;
    vote.words = words;
    vote.left = left;
    vote.generations.set(generations);
    for (const [member, generation] of generations.entries()) if (generation > 0) vote.joining |= joining & (1 << member);
    for (const [member, frame] of frames.entries()) if ((set & (1 << member)) !== 0) vote.lastFrames[member] = frame;
    return vote;
  });

describe("a drop vote", () => {
  it("[WI4] comes back as it was, with the last inputs of everybody that it names", () => {
    fc.assert(
      fc.property(votes, (vote) => {
        const bytes = encode(vote);
        expect([bytes[0], bytes[1]]).toEqual([ROLLBACK_KIND.dropVote, 9]);
        const decoded = decode(bytes);
        expect(decoded?.vote).toEqual(vote);
        for (const [member = 0, player = 0, firstFrame = 0, count = 0, ...inputs] of decoded?.columns ?? []) {
          const lastFrame = vote.lastFrames[member] ?? 0;
          expect(count).toBe(Math.min(INPUT_ROWS_MAX, lastFrame + 1));
          expect(firstFrame + count - 1).toBe(lastFrame);
          expect(inputs).toEqual(Array.from({ length: count }, (_, row) => inputOf(player, firstFrame + row)).flat());
        }
      }),
    );
  });

  it("[WI4] never throws on other bytes, and what it reads it would write", () => {
    fc.assert(
      fc.property(votes, fc.nat(2000), fc.nat(255), (vote, place, byte) => {
        const bytes = encode(vote);
        bytes[2 + (place % (bytes.length - 2))] = byte;
        const decoded = decode(bytes);
        if (decoded === undefined) return;
        const { set, agreed, holds, proposal, words, left } = decoded.vote;
        expect((proposal | words | left) >>> 3).toBe(0);
        expect([(set | holds) & ~proposal, agreed & ~set]).toEqual([0, 0]);
      }),
    );
  });

  it("[WI4] that names a stranger, or more than it proposes, or goes on behind its end, is refused", () => {
    const vote = new DropVote();
    vote.set = 2;
    vote.proposal = 2;
    vote.lastFrames[1] = 3;
    const bytes = encode(vote);
    expect(decode(bytes)).toBeDefined();
    for (const [place, value] of [
      [2, 0],
      [2, 8],
      [3, 1],
      [4, 5],
      [5, 0],
      [5, 10],
      [6, 8],
      [7, 8],
      [8, 8],
      [9, 2],
    ] as const) {
      const changed = bytes.slice();
      changed[place] = value;
      expect(decode(changed)).toBeUndefined();
    }
    expect(decode(Uint8Array.of(...bytes, 0))).toBeUndefined();
    for (let size = 2; size < bytes.length; size++) expect(decode(bytes.subarray(0, size))).toBeUndefined();
  });

  it("[WI4] that gives a generation to nobody, or names as joining who never joined, is refused", () => {
    const vote = new DropVote();
    vote.generations[2] = 300;
    vote.joining = 4;
    const bytes = encode(vote);
    expect([...bytes.subarray(8)]).toEqual([4, 4, 0xac, 0x02]);
    expect(decode(bytes)?.vote).toEqual(vote);
    for (const tail of [
      [4, 4, 0],
      [4, 2, 1],
      [0, 4],
      [12, 4, 1, 1],
      [4, 4, 0x80, 0x80, 4],
    ]) {
      expect(decode(Uint8Array.of(...bytes.subarray(0, 8), ...tail))).toBeUndefined();
    }
  });

  it("[WI4] carries what members attached to their last inputs, and refuses it where it is none of theirs", () => {
    const taken: unknown[] = [];
    const withEntries: VoteLayout = {
      ...layout,
      entries: {
        write: (writer, member, firstFrame, lastFrame) => {
          if (member === 1) writer.bytes(Uint8Array.of(member, firstFrame, lastFrame));
        },
        read: (reader, member, firstFrame, lastFrame, afterFrame) => {
          const isRight = reader.u8() === member && reader.u8() === firstFrame && reader.u8() === lastFrame && afterFrame === lastFrame;
          return isRight && reader.finished();
        },
      },
    };
    const vote = new DropVote();
    vote.set = 0b110;
    vote.proposal = 0b110;
    vote.lastFrames[1] = 20;
    vote.lastFrames[2] = 30;
    const writer = new ByteWriter(new Uint8Array(DROP_VOTE_BYTES_MAX));
    writeDropVote(writer, 9, vote, withEntries, readColumn);
    const read = (bytes: Uint8Array, reading: VoteLayout): boolean => {
      const reader = new ByteReader(bytes);
      reader.skip(2);
      return readDropVote(reader, new DropVote(), reading, {
        column: () => {},
        entries: (member, lastFrame, entryBytes) => void taken.push([member, lastFrame, ...entryBytes]),
      });
    };
    expect(read(writer.written(), withEntries)).toBe(true);
    expect(taken).toEqual([
      [1, 20, 1, 0, 20],
      [2, 30],
    ]);
    expect(read(writer.written(), layout)).toBe(false);
    const changed = writer.written().slice();
    changed[changed.lastIndexOf(20)] = 21;
    expect(read(changed, withEntries)).toBe(false);
  });

  it("[WI4] at its longest is a reliable message in one piece", () => {
    const longest: VoteLayout = { playersOf: [[0], [1, 2, 3, 4, 5, 6, 7]], inputBytes: 16 };
    const vote = new DropVote();
    vote.set = 2;
    vote.proposal = 2;
    vote.lastFrames[1] = 0x7fff_0000;
    const writer = new ByteWriter(new Uint8Array(DROP_VOTE_BYTES_MAX));
    writeDropVote(writer, 9, vote, longest, (player, _frame, count, target) => {
      for (let index = 0; index < count * 16; index++) target[index] = Math.imul(index + player, 0x9e3779b1) >>> 24;
    });
    expect(writer.sizeBytes).toBeGreaterThan(7 * 16 * INPUT_ROWS_MAX);
    expect(writer.remainingBytes).toBeGreaterThan(7 * TAIL_ENTRIES_BYTES_MAX);
    expect(DROP_VOTE_BYTES_MAX).toBeLessThanOrEqual(RELIABLE_BYTES_MAX);
  });
});
