import { describe, expect, it } from "vitest";
import { DropVote } from "../wire/drop-vote-codec.ts";
import { DropAgreement } from "./drop-agreement.ts";
import { calm, voteOf } from "../../../test/drop-votes.ts";

describe("a vote", () => {
  it("[RB18] follows a higher rank at once, and a lower one when no answer comes in two seconds", () => {
    const agreement = new DropAgreement(4, 3);
    const accusation = voteOf({ holds: 0b0010, proposal: 0b0010 });
    expect(agreement.receive(2, accusation)).toBe("taken");
    expect(agreement.consider(calm)).toBe(false);
    expect(agreement.consider({ ...calm, clockMs: 1999 })).toBe(false);
    expect(agreement.consider({ ...calm, clockMs: 2000 })).toBe(true);
    expect([agreement.own.proposal, agreement.own.holds, agreement.own.set]).toEqual([0b0010, 0, 0]);
    const other = new DropAgreement(4, 3);
    other.receive(0, accusation);
    other.consider(calm);
    expect(other.own.proposal).toBe(0b0010);
  });

  it("[RB18] is taken back when the silent one speaks before all propose the same", () => {
    const agreement = new DropAgreement(4, 0);
    expect(agreement.consider({ ...calm, droppable: 0b0100 })).toBe(true);
    expect([agreement.own.proposal, agreement.own.set]).toEqual([0b0100, 0]);
    expect(agreement.consider(calm)).toBe(true);
    expect(agreement.own.proposal).toBe(0);
  });

  it("[RB18] binds once all others propose the same, and is then kept", () => {
    const agreement = new DropAgreement(3, 0);
    agreement.receive(1, voteOf({ holds: 4, proposal: 4 }));
    agreement.consider({ ...calm, droppable: 4 });
    expect(agreement.own.set).toBe(4);
    agreement.consider(calm);
    expect([agreement.own.set, agreement.decide()]).toEqual([4, 0]);
    agreement.receive(1, voteOf({ set: 4, proposal: 4 }));
    expect(agreement.decide()).toBe(4);
  });

  it("[RB18] waits while somebody else is silent", () => {
    const agreement = new DropAgreement(3, 0);
    expect(agreement.consider({ ...calm, droppable: 4, suspect: 2 })).toBe(false);
    expect(agreement.isWaiting).toBe(false);
    expect(agreement.consider({ ...calm, droppable: 4 })).toBe(true);
    expect(agreement.own.proposal).toBe(4);
  });

  it("[RB26] names the cause that was known when it was cast, so that all who decide name the same", () => {
    const agreement = new DropAgreement(3, 0);
    agreement.receive(1, voteOf({ holds: 4, proposal: 4, left: 4 }));
    agreement.consider({ ...calm, droppable: 4 });
    agreement.consider({ ...calm, droppable: 4, left: 4 });
    expect([agreement.own.set, agreement.own.left]).toEqual([4, 0]);
    agreement.receive(1, voteOf({ set: 4, proposal: 4, left: 4 }));
    expect([agreement.decide(), agreement.own.left]).toEqual([4, 4]);
  });

  it("[RB19] counts what others know from the broker", () => {
    // Two of four without the host; each has the broker's word on another one.
    const agreement = new DropAgreement(4, 3);
    const gone = { ...calm, droppable: 0b0011, words: 0b0001 };
    agreement.consider(gone);
    expect([agreement.isWaiting, agreement.own.proposal, agreement.own.words]).toEqual([true, 0, 0b0001]);
    agreement.receive(2, voteOf({ words: 0b0010 }));
    agreement.consider(gone);
    expect([agreement.isWaiting, agreement.own.proposal]).toEqual([false, 0b0011]);
  });

  it("[RB44] that names us again makes us resign, so that those who cast it can go on without a third who died", () => {
    const out = new DropAgreement(4, 3);
    const cast = voteOf({ set: 0b1000, proposal: 0b1000 });
    out.receive(1, cast);
    expect(out.consider(calm)).toBe(false);
    out.receive(1, cast);
    expect(out.consider(calm)).toBe(true);
    expect([out.own.words, out.own.proposal]).toEqual([0b1000, 0]);
    // Who has resigned decides nothing any more.
    out.consider({ ...calm, droppable: 0b0111, words: 0b0111 });
    expect([out.own.set, out.decide()]).toEqual([0, 0]);
    expect(out.hasResigned).toBe(true);

    // Members 1 and 2 have cast; 0, the host, dies without a word: two of four, but two of three once 3 has resigned.
    const left = new DropAgreement(4, 1);
    left.receive(0, voteOf({ proposal: 0b1000 }));
    left.receive(2, cast);
    left.consider({ ...calm, droppable: 0b1000 });
    expect(left.own.set).toBe(0b1000);
    left.consider({ ...calm, droppable: 0b1001 });
    expect([left.isWaiting, left.own.proposal]).toEqual([true, 0b1000]);
    expect(left.receive(3, out.own)).toBe("ignored");
    left.consider({ ...calm, droppable: 0b1001 });
    expect([left.isWaiting, left.own.proposal]).toEqual([false, 0b1001]);
  });

  it("[RB18] follows the higher rank where two casts exclude each other", () => {
    // A partition healed while both halves decided: 3 has cast against 1 and 2, 2 has cast against 3, each on a proposal of ours that was taken back.
    const agreement = new DropAgreement(4, 0);
    agreement.receive(2, voteOf({ set: 0b1000, proposal: 0b1000 }));
    agreement.receive(3, voteOf({ set: 0b0110, proposal: 0b0110 }));
    agreement.consider(calm);
    expect(agreement.own.proposal).toBe(0b1000);
  });

  it("[RB18] is not cast on the proposal of somebody who has fallen silent since", () => {
    const agreement = new DropAgreement(4, 0);
    agreement.receive(3, voteOf({ holds: 0b0110, proposal: 0b0110 }));
    agreement.consider({ ...calm, droppable: 0b0110, suspect: 0b1000 });
    expect([agreement.own.proposal, agreement.own.set]).toEqual([0b0110, 0]);
    agreement.consider({ ...calm, droppable: 0b0110, clockMs: 1 });
    expect(agreement.own.set).toBe(0b0110);
  });

  it("[RB44] that was told for something new is not told again", () => {
    const out = new DropAgreement(4, 3);
    const told = [
      voteOf({ set: 0b1000, proposal: 0b1000, holds: 0b1000 }),
      voteOf({ set: 0b1000, proposal: 0b1000 }),
      voteOf({ set: 0b1000, proposal: 0b1001, holds: 1 }),
    ];
    for (const vote of told) {
      out.receive(1, vote);
      out.consider(calm);
      expect(out.hasResigned).toBe(false);
    }
    out.receive(1, voteOf({ set: 0b1000, proposal: 0b1001, holds: 1 }));
    out.consider(calm);
    expect(out.hasResigned).toBe(true);
  });

  it("[RB44] of one who has cast lets it resign to another that will never cast the same", () => {
    const out = new DropAgreement(4, 3);
    out.receive(1, voteOf({ proposal: 1 }));
    out.receive(2, voteOf({ proposal: 1 }));
    out.consider({ ...calm, droppable: 1, words: 1 });
    expect(out.own.set).toBe(1);
    for (const isAgain of [false, true]) {
      expect(out.hasResigned).toBe(false);
      out.receive(1, voteOf({ set: 0b1000, proposal: 0b1000 }));
      out.consider({ ...calm, droppable: isAgain ? 1 : 0 });
    }
    expect([out.hasResigned, out.own.set]).toEqual([true, 1]);
  });

  it("[RB44] regression: of one whom another has cast out makes nobody resign: who is accused has to help the other", () => {
    // 3 has woken after a partition and casts on votes from before its end; 2 and the rest have cast it out meanwhile, and 4 is dead.
    const accused = new DropAgreement(5, 1);
    const stale = voteOf({ set: 0b10010, proposal: 0b10010 });
    accused.receive(3, stale);
    accused.receive(2, voteOf({ set: 0b1000, proposal: 0b1000 }));
    accused.receive(3, stale);
    accused.consider(calm);
    expect([accused.hasResigned, accused.own.proposal]).toEqual([false, 0b1000]);
    accused.receive(0, voteOf({ holds: 0b10000, proposal: 0b11000 }));
    accused.receive(2, voteOf({ set: 0b1000, proposal: 0b11000, holds: 0b10000 }));
    accused.consider({ ...calm, droppable: 0b10000 });
    expect(accused.own.set).toBe(0b11000);
    // Whoever contests it is silent by now: nobody else will decide.
    const alone = new DropAgreement(5, 1);
    alone.receive(2, voteOf({ set: 0b1000, proposal: 0b1000 }));
    for (const view of [calm, { ...calm, droppable: 0b100 }]) {
      alone.receive(3, stale);
      alone.consider(view);
    }
    expect(alone.hasResigned).toBe(true);
  });

  it("[RB44] regression: of two of whom one has cast out the other makes who is cast out by both resign: neither needs its voice", () => {
    const accused = new DropAgreement(4, 3);
    for (let told = 0; told < 2; told++) {
      accused.receive(0, voteOf({ set: 0b1100, proposal: 0b1100 }));
      accused.receive(1, voteOf({ set: 0b0001, proposal: 0b0001 }));
      accused.receive(2, voteOf({ set: 0b1000, proposal: 0b1000 }));
      accused.consider(calm);
    }
    expect(accused.hasResigned).toBe(true);
  });

  it("[RB44] regression: of one whom another has cast out makes resign whom that one cannot win: with what it has cast itself too few would remain", () => {
    // 1 has cast out 0, which has cast out 3, which has cast out 2.
    const accused = new DropAgreement(4, 3);
    for (const voter of [0, 1]) accused.receive(voter, voteOf({ holds: 0b0100, proposal: 0b0100 }));
    accused.consider({ ...calm, droppable: 0b0100 });
    expect(accused.own.set).toBe(0b0100);
    for (const isAgain of [false, true]) {
      accused.receive(0, voteOf({ set: 0b1000, proposal: 0b1000 }));
      accused.receive(1, voteOf({ set: 0b0001, proposal: 0b0001 }));
      accused.consider(calm);
      expect([accused.hasResigned, accused.own.proposal]).toEqual([isAgain, 0b0100]);
    }
    // Five can do without the two: 3 adds its voice to what 1 has cast.
    const needed = new DropAgreement(5, 3);
    for (const voter of [0, 1, 4]) needed.receive(voter, voteOf({ holds: 0b0100, proposal: 0b0100 }));
    needed.consider({ ...calm, droppable: 0b0100 });
    for (let told = 0; told < 2; told++) {
      needed.receive(4, voteOf({}));
      needed.receive(1, voteOf({ set: 0b0001, proposal: 0b0001 }));
      needed.receive(0, voteOf({ set: 0b1000, proposal: 0b1000 }));
      needed.consider(calm);
    }
    expect([needed.hasResigned, needed.own.set, needed.own.proposal]).toEqual([false, 0b0100, 0b0101]);
  });

  it("[RB44] regression: that goes in a circle leaves one, who goes on", () => {
    for (const [accusedBy0, accusedBy1, accusedBy2] of [
      [1, 2, 0],
      [2, 0, 1],
    ] as const) {
      const accused = [accusedBy0, accusedBy1, accusedBy2];
      const members = accused.map((_, member) => new DropAgreement(3, member));
      for (const [member, agreement] of members.entries()) {
        const bit = 1 << (accused[member] ?? 0);
        agreement.receive(3 - member - (accused[member] ?? 0), voteOf({ holds: bit, proposal: bit }));
        agreement.consider({ ...calm, droppable: bit });
        expect(agreement.own.set).toBe(bit);
      }
      for (let round = 0; round < 6; round++) {
        const told = members.map(({ own }) => {
          const vote = new DropVote();
          vote.copyFrom(own);
          return vote;
        });
        for (const [member, agreement] of members.entries()) {
          for (const [from, vote] of told.entries()) if (from !== member) agreement.receive(from, vote);
          agreement.consider(calm);
          agreement.decide();
        }
      }
      expect(members.map(({ hasResigned }) => hasResigned)).toEqual([false, true, true]);
      expect(members[0]?.own.agreed).toBe(0b110);
    }
  });

  /** 2 and 4 of five have cast out each other, and all hear each other again. */
  const opposed = (member: 2 | 4): DropAgreement => {
    const agreement = new DropAgreement(5, member);
    const bit = member === 2 ? 0b10000 : 0b00100;
    for (const voter of [0, 1, 3]) agreement.receive(voter, voteOf({ holds: bit, proposal: bit }));
    agreement.consider({ ...calm, droppable: bit });
    expect(agreement.own.set).toBe(bit);
    for (const voter of [0, 1, 3]) agreement.receive(voter, voteOf({}));
    return agreement;
  };

  it("[RB46] against each other makes who is cast out resign after ten seconds and three for each whom it outranks, also where others contest it, and the highest rank, too", () => {
    for (const [member, lastMs] of [
      [3, 13_000],
      [1, 19_000],
      [0, 22_000],
    ] as const) {
      const accused = new DropAgreement(5, member);
      accused.receive(4, voteOf({ set: 1 << member, proposal: 1 << member }));
      // 2 will need our voice; but that it comes to that, we wait in vain.
      accused.receive(2, voteOf({ set: 0b10000, proposal: 0b10000 }));
      for (const clockMs of [5000, 5000 + lastMs - 1]) accused.consider({ ...calm, clockMs });
      expect(accused.hasResigned).toBe(false);
      expect(accused.consider({ ...calm, clockMs: 5000 + lastMs })).toBe(true);
      expect([accused.own.words, accused.own.left]).toEqual([1 << member, 0]);
    }
  });

  it("[RB46] against each other for 35 seconds makes the lower rank yield, and three seconds later each the next one, but not the highest", () => {
    const lower = opposed(4);
    for (const clockMs of [0, 34_999]) lower.consider({ ...calm, clockMs });
    expect(lower.hasResigned).toBe(false);
    expect(lower.consider({ ...calm, clockMs: 35_000 })).toBe(true);
    expect([lower.hasResigned, lower.own.words, lower.own.left]).toEqual([true, 0b10000, 0b10000]);
    const higher = opposed(2);
    for (const clockMs of [0, 40_999]) higher.consider({ ...calm, clockMs });
    expect(higher.hasResigned).toBe(false);
    // Somebody resigns meanwhile: what follows from that takes its time, too.
    higher.receive(3, voteOf({ words: 0b01000, set: 0b10000, proposal: 0b10000 }));
    for (const clockMs of [41_000, 78_999]) higher.consider({ ...calm, clockMs });
    expect(higher.hasResigned).toBe(false);
    higher.consider({ ...calm, clockMs: 79_000 });
    expect([higher.hasResigned, higher.own.left]).toEqual([true, 0b00100]);
    const highest = new DropAgreement(3, 0);
    for (const droppable of [0b010, 0]) {
      highest.receive(2, voteOf({ holds: droppable, proposal: droppable }));
      highest.consider({ ...calm, droppable });
    }
    highest.receive(1, voteOf({ set: 1, proposal: 1 }));
    for (const clockMs of [0, 100_000]) highest.consider({ ...calm, clockMs });
    expect([highest.own.set, highest.hasResigned]).toEqual([0b010, false]);
  });

  it("[RB46] against each other makes nobody yield while one is silent whom it takes, and starts anew when it speaks", () => {
    for (const silent of [
      { droppable: 0, suspect: 1 },
      { droppable: 0b0111, suspect: 0 },
    ]) {
      const accused = opposed(4);
      for (const clockMs of [0, 40_000]) accused.consider({ ...calm, ...silent, clockMs });
      for (const clockMs of [41_000, 75_999]) accused.consider({ ...calm, clockMs });
      expect(accused.hasResigned).toBe(false);
      accused.consider({ ...calm, clockMs: 76_000 });
      expect(accused.hasResigned).toBe(true);
    }
  });

  it("[RB46] that cannot hold any more makes who gives up resign, and no member: one who would have to cast the same never can", () => {
    const other = opposed(4);
    other.receive(1, voteOf({ set: 0b1000, proposal: 0b1000 }));
    for (const clockMs of [0, 10_000]) other.consider({ ...calm, clockMs });
    expect([other.hasResigned, other.own.words, other.own.left]).toEqual([true, 0b10000, 0]);
    // Or it has resigned, which shows a moment later.
    const late = opposed(4);
    for (const clockMs of [0, 35_000]) late.consider({ ...calm, clockMs });
    expect(late.own.left).toBe(0b10000);
    late.receive(3, voteOf({ words: 0b1000 }));
    expect(late.consider({ ...calm, clockMs: 35_001 })).toBe(true);
    expect([late.own.words, late.own.left]).toEqual([0b10000, 0]);
  });

  it("[RB46] of one who yields counts still where heads are counted; it itself may be dropped by anybody", () => {
    for (const [left, isWaiting] of [
      [0b1000, true],
      [0, false],
    ] as const) {
      const agreement = new DropAgreement(4, 1);
      agreement.receive(3, voteOf({ set: 0b0100, proposal: 0b0100, words: 0b1000, left }));
      agreement.consider({ ...calm, droppable: 1 });
      // Two of four, or of three.
      expect([agreement.isWaiting, agreement.own.proposal]).toEqual([isWaiting, isWaiting ? 0b1000 : 0b1001]);
      for (const voter of [0, 2]) agreement.receive(voter, voteOf({ set: 0b1000, proposal: 0b1000 }));
      agreement.consider(calm);
      expect(agreement.decide()).toBe(0b1000);
    }
  });

  it("[RB23] that shrinks is refused; from somebody gone only its resignation counts", () => {
    const agreement = new DropAgreement(4, 0);
    expect(agreement.receive(1, voteOf({ set: 0b1100, proposal: 0b1100 }))).toBe("taken");
    expect(agreement.receive(1, voteOf({ set: 0b1000, proposal: 0b1000 }))).toBe("refused");
    const alone = new DropAgreement(2, 0);
    alone.consider({ ...calm, droppable: 2 });
    expect(alone.decide()).toBe(2);
    expect(alone.receive(1, voteOf({ set: 1, proposal: 1 }))).toBe("ignored");
    expect(alone.votes[1]?.set).toBe(0);
  });

  it("[RB12] of one whose match is over follows others, and holds nobody gone", () => {
    const agreement = new DropAgreement(3, 0);
    expect(agreement.consider({ ...calm, droppable: 4, proposes: false })).toBe(false);
    agreement.receive(1, voteOf({ holds: 4, proposal: 4 }));
    agreement.consider({ ...calm, droppable: 4, proposes: false });
    expect(agreement.own.set).toBe(4);
    agreement.receive(1, voteOf({ set: 4, proposal: 4 }));
    expect(agreement.decide()).toBe(4);
  });
});
