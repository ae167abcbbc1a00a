import { describe, expect, it } from "vitest";
import { Random } from "../src/core/base/random.ts";
import { DropAgreement } from "../src/core/rollback/drop-agreement.ts";
import { isQuorum } from "../src/core/rollback/quorum.ts";
import { DropVote } from "../src/core/wire/drop-vote-codec.ts";

const TICK_MS = 500;

/** What each member has cast when all hear each other again: sets by member. What came before it, and whether it can come to it, is left out. */
type Casts = readonly number[];

/** Every way in which each member has cast nothing, or a set that it may cast. */
function castsOf(memberCount: number): Casts[] {
  const all = (1 << memberCount) - 1;
  let casts: Casts[] = [[]];
  for (let member = 0; member < memberCount; member++) {
    const sets = Array.from({ length: all + 1 }, (_, set) => set);
    const mayCast = sets.filter((set) => (set & (1 << member)) === 0 && isQuorum(all & ~set, all));
    casts = casts.flatMap((before) => mayCast.map((set) => before.concat(set)));
  }
  return casts;
}

/** Votes arrive in a random order, until nothing can be new any more. Returns those who still play. */
function playOn(casts: Casts, random: Random): readonly DropAgreement[] {
  const members = casts.map((set, member) => {
    const agreement = new DropAgreement(casts.length, member);
    agreement.own.set = agreement.own.proposal = set;
    return agreement;
  });
  const dropped = new Set<DropAgreement>();
  let clockMs = 0;
  const tell = (from: DropAgreement, to: DropAgreement): void => {
    if (from === to || dropped.has(to)) return;
    const vote = new DropVote();
    vote.copyFrom(from.own);
    const outcome = to.receive(members.indexOf(from), vote);
    if (outcome === "refused") throw new Error(`a vote of an honest member is refused: casts ${casts.join()}`);
    if (outcome === "dropped") {
      dropped.add(to);
      return to.resign();
    }
    to.consider({ droppable: 0, suspect: 0, words: 0, left: 0, proposes: true, clockMs });
    to.decide();
  };
  for (let told = 0; told < 25 * members.length ** 2; told++) {
    if (told % 16 === 0) clockMs += TICK_MS;
    const [from, to] = [members[random.integer(members.length)], members[random.integer(members.length)]];
    if (from !== undefined && to !== undefined) tell(from, to);
  }
  for (let round = 0; round < 10; round++) for (const from of members) for (const to of members) tell(from, to);
  return members.filter((member) => !dropped.has(member) && !member.hasResigned);
}

describe("casts against members who live", () => {
  it.each([3, 4])("[RB44] of %i, in whatever chain or circle, leave some who go on together, and no cast open", (memberCount) => {
    const random = new Random(7);
    for (const casts of castsOf(memberCount)) {
      for (let order = 0; order < 6; order++) {
        const playing = playOn(casts, random);
        const playingBits = playing.reduce((bits, { local }) => bits | local, 0);
        const rest = playing.map(({ own, all, isWaiting }) => [all & ~own.agreed, own.set === own.agreed, isWaiting]);
        expect(playing.length, `casts ${casts.join()}, order ${order}`).toBeGreaterThan(0);
        expect(rest, `casts ${casts.join()}, order ${order}`).toEqual(playing.map(() => [playingBits, true, false]));
      }
    }
  });
});
