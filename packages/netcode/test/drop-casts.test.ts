import { describe, expect, it } from "vitest";
import { IS_DEEP } from "../../../scripts/deep.ts";
import { Random } from "../src/core/base/random.ts";
import { DropAgreement } from "../src/core/rollback/drop-agreement.ts";
import { bitCount, isQuorum } from "../src/core/rollback/quorum.ts";
import { DropVote } from "../src/core/wire/drop-vote-codec.ts";

/** Everybody repeats its vote to everybody in this time. */
const TICK_MS = 500;
/** Rounds of repeated votes at most: each who yields does so half a minute or more after the one before. */
const ROUNDS_MAX = 600;

/** What each member has cast when all hear each other again: sets by member. What came before it, and whether it can come to it, is left out. */
type Casts = readonly number[];

/** Of five, that were stuck before there was RB46, in some orders or in all. */
const STUCK_BEFORE: readonly Casts[] = [
  [0b00010, 0b00101, 0b00000, 0b10100, 0b01001],
  [0b00110, 0b01001, 0b10001, 0b00011, 0b00001],
  [0b00100, 0b01001, 0b10001, 0b00011, 0b00100],
  [0b11000, 0b10100, 0b01010, 0b00101, 0b00011],
  [0b00110, 0b10001, 0b01001, 0b00101, 0b00000],
  [0b10100, 0b01001, 0b11000, 0b10010, 0b00100],
];

/** What a member may cast: sets without which a majority is left. */
function setsOf(memberCount: number, member: number): number[] {
  const all = (1 << memberCount) - 1;
  const sets = Array.from({ length: all + 1 }, (_, set) => set);
  return sets.filter((set) => (set & (1 << member)) === 0 && isQuorum(all & ~set, all));
}

/** Every way in which each member has cast nothing, or a set that it may cast. */
function castsOf(memberCount: number): Casts[] {
  let casts: Casts[] = [[]];
  for (let member = 0; member < memberCount; member++) {
    casts = casts.flatMap((before) => setsOf(memberCount, member).map((set) => before.concat(set)));
  }
  return casts;
}

function someCasts(memberCount: number, random: Random): Casts {
  return Array.from({ length: memberCount }, (_, member) => {
    const sets = setsOf(memberCount, member);
    return random.chance(0.2) ? 0 : (sets[random.integer(sets.length)] ?? 0);
  });
}

/** Members who hear each other again, but those who are `dead`, for whom everybody has the broker's word. */
class CastMatch {
  readonly members: readonly DropAgreement[];
  readonly #casts: Casts;
  readonly #dead: number;
  readonly #dropped = new Set<DropAgreement>();
  #clockMs = 0;

  constructor(casts: Casts, dead: number) {
    this.#casts = casts;
    this.#dead = dead;
    this.members = casts.map((set, member) => {
      const agreement = new DropAgreement(casts.length, member);
      agreement.own.set = agreement.own.proposal = set;
      return agreement;
    });
  }

  get playing(): readonly DropAgreement[] {
    return this.members.filter((member) => (member.local & this.#dead) === 0 && !this.#dropped.has(member) && !member.hasResigned);
  }

  /** What is not as it should be: somebody waits, or has a cast open, or has not dropped all who play no longer. */
  get fault(): string | undefined {
    const { playing } = this;
    if (playing.length === 0) return `nobody is left: casts ${this.#casts.join()}`;
    const bits = playing.reduce((sum, { local }) => sum | local, 0);
    const stuck = playing.filter(({ own, all, isWaiting }) => (all & ~own.agreed) !== bits || own.set !== own.agreed || isWaiting);
    return stuck.length === 0 ? undefined : `${stuck.length} of ${playing.length} do not go on: casts ${this.#casts.join()}`;
  }

  /** Votes arrive in a random order, and then in rounds until nothing can be new any more. */
  playOn(random: Random): void {
    const { members } = this;
    const count = members.length;
    for (let told = 0; told < 25 * count ** 2; told++) {
      if (told % (2 * count ** 2) === 0) this.#clockMs += TICK_MS;
      const [from, to] = [members[random.integer(count)], members[random.integer(count)]];
      if (from !== undefined && to !== undefined) this.#tell(from, to);
    }
    for (let round = 0; round < ROUNDS_MAX && (round < 10 || this.fault !== undefined); round++) {
      this.#clockMs += TICK_MS;
      for (const from of members) for (const to of members) this.#tell(from, to);
    }
  }

  #tell(from: DropAgreement, to: DropAgreement): void {
    if (from === to || ((from.local | to.local) & this.#dead) !== 0 || this.#dropped.has(to)) return;
    const vote = new DropVote();
    vote.copyFrom(from.own);
    const outcome = to.receive(this.members.indexOf(from), vote);
    if (outcome === "refused") throw new Error(`a vote of an honest member is refused: casts ${this.#casts.join()}`);
    if (outcome === "dropped") {
      this.#dropped.add(to);
      return to.resign();
    }
    to.consider({ droppable: this.#dead, suspect: 0, words: this.#dead, left: 0, proposes: true, clockMs: this.#clockMs });
    to.decide();
  }
}

describe("casts against members who live", () => {
  it.each([3, 4])("[RB44] of %i, in whatever chain or circle, leave some who go on together, and no cast open", (memberCount) => {
    const random = new Random(7);
    for (const casts of castsOf(memberCount)) {
      for (let order = 0; order < 6; order++) {
        const match = new CastMatch(casts, 0);
        match.playOn(random);
        expect(match.fault, `order ${order}`).toBeUndefined();
        // All of it goes by who accuses whom: nobody has to yield.
        expect(match.members.filter(({ yielded }) => yielded !== 0)).toEqual([]);
      }
    }
  });

  it.each([
    { memberCount: 5, deadCount: 0 },
    { memberCount: 8, deadCount: 0 },
    { memberCount: 4, deadCount: 1 },
    { memberCount: 5, deadCount: 1 },
    { memberCount: 6, deadCount: 2 },
  ])("[RB46] of $memberCount, of whom $deadCount are gone, leave some who go on together in the end", ({ memberCount, deadCount }) => {
    const random = new Random(memberCount + 10 * deadCount);
    let patient = 0;
    for (let run = 0; run < (IS_DEEP ? 20_000 : 150); run++) {
      let dead = 0;
      while (bitCount(dead) < deadCount) dead |= 1 << random.integer(memberCount);
      const match = new CastMatch(someCasts(memberCount, random), dead);
      match.playOn(random);
      expect(match.fault).toBeUndefined();
      if (match.members.some(({ yielded }) => yielded !== 0)) patient++;
    }
    // With some gone, some in a hundred come to that.
    expect(patient > 0 || deadCount === 0).toBe(true);
  });

  it("[RB46] regression: of five, that each wait for the voice of another one, leave some who go on", () => {
    const random = new Random(1);
    for (const casts of STUCK_BEFORE) {
      for (let order = 0; order < 20; order++) {
        const match = new CastMatch(casts, 0);
        match.playOn(random);
        expect(match.fault).toBeUndefined();
      }
    }
  });
});
