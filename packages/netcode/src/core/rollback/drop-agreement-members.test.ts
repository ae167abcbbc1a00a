import { describe, expect, it } from "vitest";
import type { DropVote } from "../wire/drop-vote-codec.ts";
import { DropAgreement } from "./drop-agreement.ts";
import { calm, framesOf, generationsOf, voteOf } from "../../../test/drop-votes.ts";

describe("a goodbye", () => {
  it("[RB40] is a decision for all who have not cast against it, and is handed on", () => {
    const leaver = new DropAgreement(3, 2);
    leaver.leave(117);
    const hears = new DropAgreement(3, 0);
    expect(hears.receive(2, leaver.own)).toBe("taken");
    expect(hears.consider(calm)).toBe(true);
    expect([hears.decide(), hears.own.agreed, hears.own.lastFrames[2], hears.own.left]).toEqual([4, 4, 117, 4]);
    const told = new DropAgreement(3, 1);
    told.receive(0, hears.own);
    told.consider(calm);
    expect([told.decide(), told.own.lastFrames[2], told.own.left]).toEqual([4, 117, 4]);
  });

  it("[RB40] of one who is cast out already is only its resignation: others may have decided with fewer inputs", () => {
    const agreement = new DropAgreement(3, 0);
    agreement.receive(1, voteOf({ holds: 4, proposal: 4 }));
    agreement.consider({ ...calm, droppable: 4 });
    agreement.own.lastFrames[2] = 110;
    expect(agreement.own.set).toBe(4);
    const leaver = new DropAgreement(3, 2);
    leaver.leave(117);
    expect(agreement.receive(2, leaver.own)).toBe("ignored");
    agreement.consider({ ...calm, droppable: 4 });
    expect([agreement.decide(), agreement.resigned]).toEqual([0, 4]);
    agreement.receive(1, voteOf({ set: 4, proposal: 4, lastFrames: framesOf(2, 112) }));
    agreement.consider({ ...calm, droppable: 4 });
    expect([agreement.decide(), agreement.own.lastFrames[2]]).toEqual([4, 112]);
  });
});

describe("a member that comes", () => {
  const vacant = { vacant: 0b1000, generations: [0, 0, 0, 0], seated: [] };
  const joined = { vacant: 0, generations: [0, 0, 0, 1], seated: [3] };

  it("[RB41] counts once it is accepted; what is said of the one before it counts for nothing", () => {
    const agreement = new DropAgreement(4, 0, vacant);
    expect(agreement.isAccepted(3)).toBe(true);
    agreement.announce(3, 1);
    expect([agreement.isAccepted(3), agreement.own.agreed]).toEqual([false, 0b1000]);
    agreement.accept(3);
    agreement.accept(3);
    expect([agreement.isAccepted(3), agreement.own.agreed, agreement.own.joining]).toEqual([true, 0, 0b1000]);
    // Of member 1, who has not accepted it; and late, of the one who held the slot before.
    expect(agreement.receive(1, voteOf({ set: 0b1000, agreed: 0b1000, proposal: 0b1000 }))).toBe("taken");
    agreement.consider(calm);
    expect([agreement.decide(), agreement.own.agreed]).toEqual([0, 0]);
    expect(agreement.receive(3, voteOf({ holds: 0b0010, proposal: 0b0010 }))).toBe("ignored");
    expect(agreement.votes[3]?.proposal).toBe(0);
  });

  it("[RB41] is accepted when another has accepted it, and not before its entry is known", () => {
    const early = new DropAgreement(4, 0, vacant);
    expect(early.receive(1, voteOf({ joining: 0b1000, generations: generationsOf(3, 1) }))).toBe("ignored");
    expect([early.isAccepted(3), early.own.agreed]).toEqual([true, 0b1000]);
    early.announce(3, 1);
    expect(early.receive(1, voteOf({ joining: 0b1000, generations: generationsOf(3, 1) }))).toBe("taken");
    expect([early.isAccepted(3), early.own.agreed]).toEqual([true, 0]);
  });

  it("[RB41] decides nothing until it is told that all count it, and then takes over what they decided", () => {
    const comer = new DropAgreement(4, 3, joined);
    const generations = generationsOf(3, 1);
    const decided = { set: 0b0100, agreed: 0b0100, proposal: 0b0100, lastFrames: framesOf(2, 140), generations };
    comer.receive(0, voteOf({ ...decided, joining: 0b1000 }));
    comer.consider(calm);
    expect([comer.isJoining, comer.decide(), comer.own.agreed]).toEqual([true, 0, 0]);
    comer.receive(1, voteOf({ ...decided, joining: 0 }));
    comer.consider(calm);
    expect([comer.isJoining, comer.decide(), comer.own.agreed, comer.own.lastFrames[2]]).toEqual([false, 0b0100, 0b0100, 140]);
  });

  it("[RB41] learns who else counts everywhere before it is counted itself", () => {
    const comer = new DropAgreement(4, 2, { vacant: 0, generations: [0, 1, 1, 1], seated: [3, 1, 2] });
    const generations = new Uint16Array([0, 1, 1, 1]);
    comer.receive(1, voteOf({ generations, joining: 0b0100, holds: 1, proposal: 1 }));
    comer.receive(3, voteOf({ generations, joining: 0b0100, holds: 1, proposal: 1 }));
    comer.consider({ ...calm, droppable: 1 });
    // The host is dead. Three of four may go on, and two of three, but not one of two: the others have to be known to count.
    expect([comer.isJoining, comer.own.joining, comer.own.proposal]).toEqual([true, 0b0100, 1]);
  });

  it("[RB41] regression: is not told that it counts by one who joins itself, and has not heard of what was decided without it", () => {
    const comer = new DropAgreement(4, 2, { vacant: 0, generations: [0, 0, 1, 1], seated: [2, 3] });
    const generations = new Uint16Array([0, 0, 1, 1]);
    comer.receive(3, voteOf({ generations, joining: 0b1000 }));
    comer.consider(calm);
    expect(comer.isJoining).toBe(true);
    // Before it counted the two, 0 has decided that 1 is gone.
    comer.receive(0, voteOf({ generations, joining: 0, set: 0b0010, agreed: 0b0010, proposal: 0b0010, lastFrames: framesOf(1, 140) }));
    comer.consider(calm);
    expect([comer.isJoining, comer.decide(), comer.own.lastFrames[1]]).toEqual([false, 0b0010, 140]);
  });

  it("[RB41] regression: goes on alone when all others say goodbye, or are gone by the broker's word, before it is counted", () => {
    const generations = generationsOf(3, 1);
    const goodbye = (bits: number, fields: Partial<DropVote> = {}): DropVote =>
      voteOf({ set: bits, agreed: bits, proposal: bits, left: bits, generations, joining: 0b1000, ...fields });
    const comer = new DropAgreement(4, 3, joined);
    // 0 knew of the end of 1 when it left; 2 is left.
    comer.receive(0, goodbye(0b0011, { left: 0b0001, lastFrames: framesOf(1, 140) }));
    comer.consider(calm);
    expect([comer.isJoining, comer.decide()]).toEqual([true, 0]);
    const vouched = new DropAgreement(4, 3, joined);
    vouched.receive(0, goodbye(0b0011, { left: 0b0001, lastFrames: framesOf(1, 140) }));
    comer.receive(2, goodbye(0b0100));
    comer.consider(calm);
    expect([comer.isJoining, comer.decide(), comer.own.lastFrames[1]]).toEqual([false, 0b0111, 140]);
    // The same with a word for 2 in place of its goodbye; silence alone is not enough.
    vouched.consider({ ...calm, droppable: 0b0100 });
    expect([vouched.isJoining, vouched.decide()]).toEqual([true, 0]);
    vouched.consider({ ...calm, droppable: 0b0100, words: 0b0100 });
    expect([vouched.isJoining, vouched.decide(), vouched.own.agreed]).toEqual([false, 0b0111, 0b0111]);
  });

  it("[RB41] regression: goes on with another who joins where both have cast the same, and takes over what any of those who cast it has decided", () => {
    const start = { vacant: 0b1000, generations: [0, 1, 1, 0], seated: [1, 2] };
    const generations = generationsOf(1, 1);
    generations[2] = 1;
    const said = { generations, joining: 0b0110, proposal: 0b1001, lastFrames: framesOf(0, 140) };
    const gone = { ...calm, droppable: 0b0001, words: 0b0001 };
    const comer = new DropAgreement(4, 2, start);
    comer.receive(1, voteOf({ ...said, set: 0b1000, agreed: 0b1000 }));
    comer.consider(gone);
    comer.own.lastFrames[0] = 138;
    // All would cast it; but nobody has told that they have.
    expect([comer.own.set, comer.isJoining, comer.decide()]).toEqual([0b1001, true, 0]);
    comer.receive(1, voteOf({ ...said, set: 0b1001, agreed: 0b1000 }));
    expect([comer.decide(), comer.isJoining, comer.own.agreed, comer.own.lastFrames[0]]).toEqual([0b0001, false, 0b1001, 140]);
    // Who counts others may decide otherwise.
    const alone = new DropAgreement(4, 2, start);
    alone.consider(gone);
    alone.receive(1, voteOf({ ...said, generations: generationsOf(1, 1), set: 0b1001, agreed: 0b1000 }));
    alone.consider(gone);
    expect([alone.isJoining, alone.decide()]).toEqual([true, 0]);
    // Decided before with fewer inputs than ours.
    const late = new DropAgreement(4, 2, start);
    late.receive(1, voteOf({ ...said, set: 0b1001, agreed: 0b1001, lastFrames: framesOf(0, 130) }));
    late.consider(gone);
    late.own.lastFrames[0] = 138;
    expect([late.decide(), late.isJoining, late.own.lastFrames[0]]).toEqual([0b0001, false, 130]);
  });

  it("[RB40] whose goodbye comes before it counts is gone as soon as it does", () => {
    const agreement = new DropAgreement(4, 0, vacant);
    agreement.announce(3, 1);
    const generations = generationsOf(3, 1);
    agreement.receive(3, voteOf({ set: 8, agreed: 8, proposal: 8, left: 8, joining: 8, generations, lastFrames: framesOf(3, 90) }));
    agreement.consider(calm);
    expect([agreement.isAccepted(3), agreement.decide()]).toEqual([false, 0]);
    agreement.accept(3);
    agreement.consider(calm);
    expect([agreement.isAccepted(3), agreement.decide(), agreement.own.lastFrames[3]]).toEqual([true, 0b1000, 90]);
  });

  it("[RB41] regression: takes votes that were sent before what it knew when it began, and late ones of its peer's former session hurt nobody", () => {
    const comer = new DropAgreement(4, 3, { vacant: 0b0100, generations: [0, 0, 0, 1], seated: [3] });
    expect(comer.receive(0, voteOf({ set: 0b1000, agreed: 0b1000, proposal: 0b1000 }))).toBe("taken");
    expect(comer.receive(0, voteOf({ set: 0b1100, agreed: 0b1000, proposal: 0b1100 }))).toBe("taken");
    const other = new DropAgreement(4, 0, vacant);
    other.announce(3, 1);
    expect(other.receive(3, voteOf({ holds: 1, proposal: 1 }))).toBe("ignored");
    expect(other.isAccepted(3)).toBe(false);
  });

  it("[RB41] does not help a guest to outvote a host that may not count it yet", () => {
    const guest = new DropAgreement(3, 1, { vacant: 0b100, generations: [0, 0, 0], seated: [] });
    guest.announce(2, 1);
    guest.accept(2);
    guest.receive(2, voteOf({ generations: generationsOf(2, 1), joining: 0b100 }));
    guest.consider({ ...calm, droppable: 0b001 });
    expect([guest.isWaiting, guest.own.proposal]).toEqual([true, 0]);
    // As far as the guest knows the host has died; or it lives, has heard nothing since its entry, and goes on alone.
    const host = new DropAgreement(3, 0, { vacant: 0b100, generations: [0, 0, 0], seated: [] });
    host.announce(2, 1);
    host.consider({ ...calm, droppable: 0b010 });
    expect(host.decide()).toBe(0b010);
    // The host has told that it counts the new one too: two of three.
    guest.receive(0, voteOf({ generations: generationsOf(2, 1), joining: 0b100 }));
    guest.consider(calm);
    expect(guest.own.joining).toBe(0);
    guest.consider({ ...calm, droppable: 0b001 });
    expect([guest.isWaiting, guest.own.proposal]).toEqual([false, 0b001]);
  });

  it("[RB41] regression: a set is not decided with the vote of one who may have decided it without the new one's inputs", () => {
    // 1 has decided {2} at frame 145 with our vote, and counts the new one only now. We count it already, and it has frame 148.
    const agreement = new DropAgreement(4, 0, vacant);
    agreement.receive(1, voteOf({ set: 0b1000, agreed: 0b1000, holds: 0b0100, proposal: 0b1100 }));
    agreement.announce(3, 1);
    agreement.consider({ ...calm, droppable: 0b0100 });
    agreement.own.lastFrames[2] = 142;
    expect(agreement.own.set).toBe(0b1100);
    agreement.receive(1, voteOf({ set: 0b1100, agreed: 0b1000, holds: 0b0100, proposal: 0b1100, lastFrames: framesOf(2, 145) }));
    const generations = generationsOf(3, 1);
    agreement.receive(3, voteOf({ set: 0b0100, proposal: 0b0100, joining: 0b1000, generations, lastFrames: framesOf(2, 148) }));
    // What it said before it counted counts then.
    expect(agreement.isAccepted(3)).toBe(false);
    agreement.accept(3);
    agreement.consider({ ...calm, droppable: 0b0100 });
    expect([agreement.isAccepted(3), agreement.decide()]).toEqual([true, 0]);
    agreement.receive(
      1,
      voteOf({ set: 0b0100, agreed: 0b0100, proposal: 0b0100, joining: 0b1000, generations, lastFrames: framesOf(2, 145) }),
    );
    agreement.consider({ ...calm, droppable: 0b0100 });
    expect([agreement.decide(), agreement.own.lastFrames[2]]).toEqual([0b0100, 145]);
  });
});

describe("two matches that meet", () => {
  it("[RB42] end the one without the broker's word, or without the highest rank", () => {
    const decided = (local: number, gone: number, words: number): DropAgreement => {
      const agreement = new DropAgreement(2, local);
      agreement.own.set = agreement.own.agreed = agreement.own.proposal = gone;
      agreement.own.words = words;
      return agreement;
    };
    // The host by its rank, the guest by the broker's word.
    expect(decided(0, 0b10, 0).receive(1, decided(1, 0b01, 0b01).own)).toBe("dropped");
    expect(decided(1, 0b01, 0b01).receive(0, decided(0, 0b10, 0).own)).toBe("ignored");
    // Both, or none.
    for (const words of [0b11, 0]) {
      expect(decided(0, 0b10, words & 0b10).receive(1, decided(1, 0b01, words & 0b01).own)).toBe("ignored");
      expect(decided(1, 0b01, words & 0b01).receive(0, decided(0, 0b10, words & 0b10).own)).toBe("dropped");
    }
  });

  it("[RB42] a word that comes after the decision changes nothing of it", () => {
    const host = new DropAgreement(2, 0);
    host.consider({ ...calm, droppable: 2 });
    expect([host.decide(), host.own.words]).toEqual([2, 0]);
    host.consider({ ...calm, droppable: 2, words: 2 });
    expect(host.own.words).toBe(0);
  });
});
