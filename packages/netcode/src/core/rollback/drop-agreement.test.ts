import { describe, expect, it } from "vitest";
import { exploreDrops, type DropEnding, type DropScenario } from "../../../test/drop-explorer.ts";
import { DropVote } from "../wire/drop-vote-codec.ts";
import { DropAgreement, type DropView } from "./drop-agreement.ts";

const calm: DropView = { droppable: 0, suspect: 0, words: 0, left: 0, proposes: true, clockMs: 0 };

/** Explores a scenario; no two members that hold each other in the match may differ about anybody's last frame. */
function explore(scenario: DropScenario, check: (ending: DropEnding) => void): number {
  let endings = 0;
  const states = exploreDrops(scenario, (ending) => {
    endings++;
    for (const one of ending.alive) {
      for (const other of ending.alive) {
        const [first, second] = [ending.decided[one], ending.decided[other]];
        if (first === undefined || second === undefined || first.has(other) || second.has(one)) continue;
        const differs = [...first].some(([member, frame]) => (second.get(member) ?? frame) !== frame);
        if (differs) throw new Error(`members ${one} and ${other} differ after ${JSON.stringify(ending.actions)}`);
      }
    }
    check(ending);
  });
  expect(endings).toBeGreaterThan(0);
  return states;
}

/** All of `survivors` have dropped exactly `gone`, with equal frames. */
function expectDropped({ decided, actions }: DropEnding, survivors: readonly number[], gone: readonly number[]): void {
  const lists = survivors.map((survivor) => [...(decided[survivor] ?? [])].toSorted(([a], [b]) => a - b));
  const [first = []] = lists;
  expect({ actions, lists, gone: first.map(([member]) => member) }).toEqual({ actions, lists: lists.map(() => first), gone });
}

describe("every interleaving", () => {
  it("[RB19] of two: the host goes on, the guest waits, and goes on with the broker's word", () => {
    explore({ memberCount: 2, dead: [1] }, (ending) => expectDropped(ending, [0], [1]));
    explore({ memberCount: 2, dead: [0] }, ({ decided, isWaiting }) => expect([decided[1]?.size, isWaiting[1]]).toEqual([0, true]));
    explore({ memberCount: 2, dead: [0], words: [0] }, (ending) => expectDropped(ending, [1], [0]));
  });

  it("[RB17] of three with one gone ends with the same frame", () => {
    for (const gone of [0, 1, 2]) {
      const survivors = [0, 1, 2].filter((member) => member !== gone);
      const states = explore({ memberCount: 3, dead: [gone] }, (ending) => expectDropped(ending, survivors, [gone]));
      expect(states).toBeGreaterThan(10);
    }
  });

  it("[RB17] of four with one gone, or two at once, ends with the same frames", () => {
    const states = explore({ memberCount: 4, dead: [3] }, (ending) => expectDropped(ending, [0, 1, 2], [3]));
    expect(states).toBeGreaterThan(2000);
    for (const other of [1, 2, 3]) {
      const survivors = [1, 2, 3].filter((member) => member !== other);
      explore({ memberCount: 4, dead: [0, other], words: [0, other] }, (ending) => expectDropped(ending, survivors, [0, other]));
    }
    explore({ memberCount: 4, dead: [2, 3] }, (ending) => expectDropped(ending, [0, 1], [2, 3]));
  });

  it("[RB17] of three where a voter dies at any moment, its votes lost or not", () => {
    const sizes = new Set<number>();
    explore({ memberCount: 3, dead: [2], mortal: [1] }, ({ alive, decided, isWaiting }) => {
      sizes.add(decided[0]?.size ?? 0);
      // With both gone before anything was decided, the host is one of three.
      expect(alive.length === 2 || decided[0]?.size === 2 || isWaiting[0] === true).toBe(true);
    });
    expect(sizes).toEqual(new Set([0, 1, 2]));
  });

  it("[RB17] of four where a voter dies at any moment, its votes lost or not: what one has decided, the others decide", () => {
    const states = explore({ memberCount: 4, dead: [0], mortal: [1] }, (ending) => {
      const { alive, decided, isWaiting } = ending;
      if (alive.length === 3) return expectDropped(ending, [1, 2, 3], [0]);
      // Two of four without the host, unless the first drop was decided in time to make it two of three.
      if (decided[2]?.size !== 0) return expectDropped(ending, [2, 3], [0, 1]);
      expectDropped(ending, [2, 3], []);
      return expect([isWaiting[2], isWaiting[3]]).toEqual([true, true]);
    });
    expect(states).toBeGreaterThan(10_000);
  });

  it("[RB18] of three with one broken pair costs exactly one of the two, the lower rank", () => {
    for (const [a, b] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const) {
      const survivors = [0, 1, 2].filter((member) => member !== b);
      explore({ memberCount: 3, broken: [[a, b]] }, (ending) => expectDropped(ending, survivors, [b]));
    }
  });

  it("[RB18] of three with two broken pairs leaves the two that can talk", () => {
    explore(
      {
        memberCount: 3,
        broken: [
          [0, 1],
          [0, 2],
        ],
      },
      (ending) => expectDropped(ending, [1, 2], [0]),
    );
    explore(
      {
        memberCount: 3,
        broken: [
          [0, 1],
          [1, 2],
        ],
      },
      (ending) => expectDropped(ending, [0, 2], [1]),
    );
    explore(
      {
        memberCount: 3,
        broken: [
          [0, 2],
          [1, 2],
        ],
      },
      (ending) => expectDropped(ending, [0, 1], [2]),
    );
    explore(
      {
        memberCount: 3,
        broken: [
          [0, 1],
          [0, 2],
          [1, 2],
        ],
      },
      ({ decided }) => expect(decided.map((own) => own?.size)).toEqual([0, 0, 0]),
    );
  });

  it("[RB18] of four with any broken pairs never ends in two matches, and somebody goes on where one pair is broken", () => {
    const pairs = [
      [0, 1],
      [0, 2],
      [0, 3],
      [1, 2],
      [1, 3],
      [2, 3],
    ] as const;
    for (let bits = 1; bits < 1 << pairs.length; bits++) {
      const broken = pairs.filter((_, index) => (bits & (1 << index)) !== 0);
      explore({ memberCount: 4, broken, statesMax: 250 }, (ending) => {
        const [only] = broken;
        if (broken.length > 1 || only === undefined) return;
        expectDropped(
          ending,
          [0, 1, 2, 3].filter((member) => member !== only[1]),
          [only[1]],
        );
      });
    }
  });
});

describe("a vote", () => {
  it("[RB18] is joined at once from a higher rank, and from a lower one when no answer comes in two seconds", () => {
    const agreement = new DropAgreement(4, 3);
    const vote = new DropVote();
    vote.set = 1 << 1;
    expect(agreement.receive(2, vote)).toBe(true);
    expect(agreement.consider(calm)).toBe(0);
    expect(agreement.consider({ ...calm, clockMs: 1999 })).toBe(0);
    expect(agreement.consider({ ...calm, clockMs: 2000 })).toBe(1 << 1);
    const other = new DropAgreement(4, 3);
    other.receive(0, vote);
    expect(other.consider(calm)).toBe(1 << 1);
  });

  it("[RB18] waits while somebody else is silent", () => {
    const agreement = new DropAgreement(3, 0);
    expect(agreement.consider({ ...calm, droppable: 4, suspect: 2 })).toBe(0);
    expect(agreement.isWaiting).toBe(false);
    expect(agreement.consider({ ...calm, droppable: 4 })).toBe(4);
  });

  it("[RB23] that shrinks, or comes from somebody gone, is refused", () => {
    const agreement = new DropAgreement(4, 0);
    const vote = new DropVote();
    vote.set = 0b1100;
    expect(agreement.receive(1, vote)).toBe(true);
    vote.set = 0b1000;
    expect(agreement.receive(1, vote)).toBe(false);
    vote.set = 0b1110;
    expect(agreement.receive(1, vote)).toBe(false);
    agreement.consider({ ...calm, droppable: 0b1000 });
    expect(agreement.receive(3, vote)).toBe(false);
  });

  it("[RB12] of one whose match is over joins others, and proposes nobody", () => {
    const agreement = new DropAgreement(3, 0);
    expect(agreement.consider({ ...calm, droppable: 4, proposes: false })).toBe(0);
    const vote = new DropVote();
    vote.set = 4;
    agreement.receive(1, vote);
    expect(agreement.consider({ ...calm, droppable: 4, proposes: false })).toBe(4);
    expect(agreement.decide()).toBe(4);
  });
});
