import { describe, expect, it } from "vitest";
import { DropVote } from "../wire/drop-vote-codec.ts";
import { DropAgreement, type DropView } from "./drop-agreement.ts";

const calm: DropView = { droppable: 0, suspect: 0, words: 0, left: 0, proposes: true, clockMs: 0 };

describe("a vote", () => {
  /** What another member says. */
  const voteOf = (fields: Partial<DropVote>): DropVote => Object.assign(new DropVote(), fields);

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

  it("[RB18] that names us twice makes us resign, so that those who cast it can go on without a third who died", () => {
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

  it("[RB18] of one who has cast lets it resign to those who have cast that and more", () => {
    const out = new DropAgreement(4, 3);
    out.receive(1, voteOf({ proposal: 1 }));
    out.receive(2, voteOf({ proposal: 1 }));
    out.consider({ ...calm, droppable: 1, words: 1 });
    expect(out.own.set).toBe(1);
    for (const set of [0b1000, 0b1000, 0b1001]) {
      expect(out.own.words & 0b1000).toBe(0);
      out.receive(1, voteOf({ set, proposal: set }));
      out.consider({ ...calm, droppable: 1, words: 1 });
    }
    expect(out.own.words & 0b1000).toBe(0b1000);
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
