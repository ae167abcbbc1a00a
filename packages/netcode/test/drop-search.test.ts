import { describe, expect, it } from "vitest";
import { IS_DEEP } from "../../../scripts/deep.ts";
import type { DropEnding, DropScenario } from "./drop-scenario.ts";
import type { RestingMember } from "./drop-states.ts";
import { exploreSafely } from "./drop-invariants.ts";

/** `ROLLCALL_DEEP=1`: to the end, or so many states. Else the larger searches are cut off early, in an order from a seed. */
const STATES_MAX = 12_000;
/** Only five with free timing of who notices when, and four whose pairs all fall silent, have more. */
const DEEP_STATES_MAX = 20_000_000;
const DEEP_JOIN_STATES_MAX = 5_000_000;
const RUNS = IS_DEEP ? 2_000 : 25;

let statesTotal = 0;

function search(scenario: DropScenario, look?: (ending: DropEnding) => void): void {
  const deepMax = scenario.joins === undefined ? DEEP_STATES_MAX : DEEP_JOIN_STATES_MAX;
  const { statesMax = STATES_MAX } = scenario;
  const { states, endings, isComplete } = exploreSafely({ ...scenario, statesMax: IS_DEEP ? deepMax : statesMax }, look);
  statesTotal += states;
  if (IS_DEEP)
    process.stdout.write(`DEEP ${JSON.stringify(scenario)}: ${states} states, ${endings} endings${isComplete ? ", complete" : ""}\n`);
  expect(endings > 0 || !isComplete).toBe(true);
}

function playing({ members }: DropEnding): readonly RestingMember[] {
  return members.filter((member) => member.isAlive && member.status === "playing");
}

/** All of those who play have dropped exactly `gone`: holders as `slot.generation`. */
function expectDropped(ending: DropEnding, gone: readonly string[]): void {
  expect(playing(ending).length).toBeGreaterThan(0);
  for (const { decided } of playing(ending)) expect([...decided.keys()].toSorted()).toEqual(gone);
}

const PAIRS_OF_FOUR = [
  [0, 1],
  [0, 2],
  [0, 3],
  [1, 2],
  [1, 3],
  [2, 3],
] as const;

describe("every interleaving of drops", () => {
  it("[RB19] of two: the host goes on, the guest waits, and goes on with the broker's word", () => {
    search({ memberCount: 2, dead: [1] }, (ending) => expectDropped(ending, ["1.0"]));
    search({ memberCount: 2, dead: [0] }, ({ members }) => expect([members[1]?.decided.size, members[1]?.isWaiting]).toEqual([0, true]));
    search({ memberCount: 2, dead: [0], words: [0] }, (ending) => expectDropped(ending, ["0.0"]));
  });

  it("[RB17] of three, four and five with one gone ends with the same frame", () => {
    for (const gone of [0, 1, 2]) search({ memberCount: 3, dead: [gone] }, (ending) => expectDropped(ending, [`${gone}.0`]));
    for (const gone of [0, 3]) search({ memberCount: 4, dead: [gone] }, (ending) => expectDropped(ending, [`${gone}.0`]));
    // Of five, with all who notice it before they hear of it, and, as far as it goes, without that.
    for (const isNoticedFirst of [true, false]) {
      for (const gone of IS_DEEP ? [0, 2, 4] : [4]) {
        search({ memberCount: 5, dead: [gone], isNoticedFirst }, (ending) => expectDropped(ending, [`${gone}.0`]));
      }
    }
  });

  it("[RB17] of four and five with two gone at once ends with the same frames", () => {
    for (const other of [1, 2, 3]) {
      search({ memberCount: 4, dead: [0, other], words: [0, other] }, (ending) => expectDropped(ending, ["0.0", `${other}.0`]));
    }
    search({ memberCount: 4, dead: [2, 3] }, (ending) => expectDropped(ending, ["2.0", "3.0"]));
    for (const pair of [
      [3, 4],
      [0, 2],
    ] as const) {
      search({ memberCount: 5, dead: pair }, (ending) => expectDropped(ending, [`${pair[0]}.0`, `${pair[1]}.0`]));
    }
  });

  it("[RB17] of three and four where a voter dies at any moment, its votes lost or not: what one has decided, the others decide", () => {
    const sizes = new Set<number>();
    search({ memberCount: 3, dead: [2], mortal: [1] }, ({ members }) => {
      sizes.add(members[0]?.decided.size ?? 0);
      // With both gone before anything was decided, the host is one of three.
      expect(members[1]?.isAlive === true || members[0]?.decided.size === 2 || members[0]?.isWaiting === true).toBe(true);
    });
    expect(sizes).toEqual(new Set([0, 1, 2]));
    search({ memberCount: 4, dead: [0], mortal: [1] }, (ending) => {
      if (playing(ending).length === 3) return expectDropped(ending, ["0.0"]);
      // Two of four without the host, unless the first drop was decided in time to make it two of three.
      if (ending.members[2]?.decided.size !== 0) return expectDropped(ending, ["0.0", "1.0"]);
      expectDropped(ending, []);
      expect(playing(ending).map(({ isWaiting }) => isWaiting)).toEqual([true, true]);
    });
    search({ memberCount: 4, mortal: [2, 3] });
    search({ memberCount: 5, dead: [4], mortal: [1] });
  });

  it("[RB18] of three with one broken pair costs exactly one of the two, the lower rank; with two, the two that can talk go on", () => {
    for (const pair of [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const) {
      search({ memberCount: 3, broken: [pair] }, (ending) => {
        for (const { decided } of playing(ending).filter(({ slot }) => slot !== pair[1]))
          expect([...decided.keys()]).toEqual([`${pair[1]}.0`]);
        expect(ending.members.filter(({ decided }) => decided.size > 0)).toHaveLength(2);
      });
      const third = 3 - pair[0] - pair[1];
      const broken = [pair, [pair[0], third]] as const;
      search({ memberCount: 3, broken }, ({ members }) => {
        for (const slot of [pair[1], third]) expect([...(members[slot]?.decided.keys() ?? [])]).toEqual([`${pair[0]}.0`]);
      });
    }
  });

  it("[RB18] of four with any broken pairs never ends in two matches, and somebody goes on where one pair is broken", () => {
    for (let bits = 1; bits < 1 << PAIRS_OF_FOUR.length; bits++) {
      const broken = PAIRS_OF_FOUR.filter((_, index) => (bits & (1 << index)) !== 0);
      search({ memberCount: 4, broken, statesMax: 400 }, ({ members }) => {
        const [only] = broken;
        if (broken.length > 1 || only === undefined) return;
        for (const { decided } of members.filter(({ slot }) => slot !== only[1])) expect([...decided.keys()]).toEqual([`${only[1]}.0`]);
      });
    }
  });

  it("[RB44] of three and four of whom any fall silent once and speak again leaves no cast open, also where casts cross or go in a circle", () => {
    const all = [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const;
    search({ memberCount: 3, flaky: all });
    for (const pair of all) search({ memberCount: 3, flaky: all.filter((other) => other !== pair) });
    search({ memberCount: 3, flaky: [[0, 2]], mortal: [1] });
    search({ memberCount: 4, flaky: PAIRS_OF_FOUR.filter(([first, second]) => first < 2 && second >= 2) });
    const random = { runs: IS_DEEP ? 20_000 : 300, seed: 1 };
    search({ memberCount: 3, flaky: all, random });
    search({ memberCount: 4, flaky: PAIRS_OF_FOUR.filter(([, second]) => second === 3), random });
    // Casts in a chain: whom two have cast out, of whom one is cast out itself, is needed by neither.
    for (const seed of [538, 1_848]) search({ memberCount: 4, flaky: PAIRS_OF_FOUR, random: { runs: IS_DEEP ? 20_000 : 1, seed } });
    // One has cast out the host, which has cast out a second, which has cast out a third: of the third nobody can have the voice while the second counts.
    search({ memberCount: 4, flaky: PAIRS_OF_FOUR, random: { runs: 1, seed: 15_842 } });
  });

  it("[RB46] regression: of four of whom any fall silent once and speak again while one dies without a word, those who live go on", () => {
    for (const seed of [386, 437, 586, 610, 660, 884, 996]) {
      search({ memberCount: 4, flaky: PAIRS_OF_FOUR, mortal: [3], random: { runs: IS_DEEP ? 500 : 1, seed } });
    }
  });

  it("[RB40] of goodbyes: one that arrives anywhere is the same everywhere, also when it is lost on the way to some", () => {
    search({ memberCount: 3, leaving: [2] });
    search({ memberCount: 3, leaving: [2], mortal: [2] });
    search({ memberCount: 3, leaving: [0], mortal: [1] });
    search({ memberCount: 4, leaving: [3], mortal: [3] });
    search({ memberCount: 4, leaving: [2, 3] });
    search({ memberCount: 4, leaving: [0], mortal: [0, 1] });
  });
});

describe("the search", () => {
  /** How all participants may end. */
  function endingsOf(scenario: DropScenario): ReadonlySet<string> {
    const endings = new Set<string>();
    exploreSafely(scenario, ({ members }) => {
      // Of who is out, what it said last is in the votes of others, and not remembered.
      const ends = members.map(({ status, isAlive, decided, ...member }) => [
        status,
        isAlive,
        [...decided],
        status === "playing" ? member : "",
      ]);
      endings.add(JSON.stringify(ends));
    });
    return endings;
  }

  it("[RB17] finds by some orders of moves every ending that there is by all orders", () => {
    const scenarios: readonly DropScenario[] = [
      { memberCount: 3, dead: [1] },
      { memberCount: 3, dead: [2], mortal: [1] },
      { memberCount: 3, mortal: [0, 2] },
      { memberCount: 3, leaving: [2], mortal: [2] },
      { memberCount: 3, leaving: [0], mortal: [1] },
      { memberCount: 3, broken: [[0, 1]] },
      {
        memberCount: 3,
        broken: [
          [0, 1],
          [1, 2],
        ],
      },
      { memberCount: 3, flaky: [[1, 2]] },
      { memberCount: 2, vacant: [0], joins: [0], leaving: [1] },
      { memberCount: 2, vacant: [0], joins: [0], mortal: [1, 2], words: [1] },
    ];
    let most = 0;
    for (const scenario of scenarios) {
      const all = endingsOf({ ...scenario, isFull: true });
      expect(endingsOf(scenario)).toEqual(all);
      most = Math.max(most, all.size);
    }
    expect(most).toBeGreaterThan(5);
  });
});

describe("every interleaving of joins and drops", () => {
  it("[RB41] one joins, or another dies meanwhile, or it dies itself, or never begins", () => {
    for (const slot of [0, 2]) {
      const others = [0, 1, 2].filter((other) => other !== slot);
      search({ memberCount: 3, vacant: [slot], joins: [slot] });
      search({ memberCount: 3, vacant: [slot], joins: [slot], dead: [3] });
      for (const mortal of [...others, 3]) search({ memberCount: 3, vacant: [slot], joins: [slot], mortal: [mortal] });
      for (const leaving of [...others, 3]) search({ memberCount: 3, vacant: [slot], joins: [slot], leaving: [leaving] });
    }
    search({ memberCount: 3, vacant: [2], joins: [2], mortal: [1, 3] });
  });

  it("[RB41] regression: one joins, and all others say goodbye, or are gone by the broker's word, before they count it: it goes on alone", () => {
    let alone = 0;
    const look = (ending: DropEnding): void => {
      const [last, ...others] = playing(ending);
      if (last === undefined || others.length > 0 || last.generation === 0) return;
      // A goodbye from before it began did not reach it: it says that it waits, for the broker's word.
      if (last.isWaiting) return;
      alone++;
      expect([last.isJoining, last.isWaiting, last.agreed]).toEqual([
        false,
        false,
        ((1 << last.generations.length) - 1) & ~(1 << last.slot),
      ]);
    };
    search({ memberCount: 2, vacant: [0], joins: [0], leaving: [1] }, look);
    search({ memberCount: 2, vacant: [0], joins: [0], mortal: [1], words: [1] }, look);
    search({ memberCount: 3, vacant: [0], joins: [0], leaving: [1, 2] }, look);
    search({ memberCount: 3, vacant: [2], joins: [2], leaving: [0], mortal: [1], words: [1] }, look);
    search({ memberCount: 3, vacant: [2], joins: [2], leaving: [0, 1], mortal: [0, 1], words: [0, 1] }, look);
    expect(alone).toBeGreaterThan(5);
  });

  it("[RB41] one joins four while another is gone, or two die", () => {
    search({ memberCount: 4, vacant: [3], joins: [3], dead: [2] });
    search({ memberCount: 4, vacant: [0], joins: [0], dead: [1] });
    search({ memberCount: 4, vacant: [3], joins: [3], mortal: [0] });
    search({ memberCount: 4, vacant: [3], joins: [3], mortal: [1, 2] });
    search({ memberCount: 4, vacant: [0], joins: [0], mortal: [1, 4] });
  });

  it("[RB41] one returns to its seat, twice", () => {
    search({ memberCount: 3, dead: [2], joins: [2] });
    search({ memberCount: 3, dead: [2], joins: [2], mortal: [0] });
    search({ memberCount: 3, dead: [2], joins: [2, 2], mortal: [3] });
    search({ memberCount: 3, dead: [0], words: [0], joins: [0, 0], mortal: [3] });
  });

  it("[RB41] two join at once", () => {
    search({ memberCount: 3, vacant: [1, 2], joins: [1, 2] });
    search({ memberCount: 3, vacant: [0, 2], joins: [2, 0], mortal: [3] });
    search({ memberCount: 4, vacant: [2, 3], joins: [2, 3], mortal: [1] });
    search({ memberCount: 4, vacant: [2, 3], joins: [3, 2], mortal: [4] });
    // The first has begun, and not confirmed that the others come when they begin.
    search({ memberCount: 4, vacant: [1, 2, 3], joins: [1, 2, 3], random: { runs: IS_DEEP ? 5_000 : 150, seed: 1 } });
    search({ memberCount: 4, vacant: [1, 2, 3], joins: [2, 3, 1], mortal: [4], random: { runs: IS_DEEP ? 5_000 : 300, seed: 1 } });
  });

  it("[RB41] two or three join, and the last who was there before dies or leaves at any moment: with the broker's word they go on, without it they wait", () => {
    const sizes = new Set<string>();
    const look = (ending: DropEnding): void => {
      const left = playing(ending);
      if (left.length > 1 && left.every(({ generation }) => generation > 0))
        for (const member of left) sizes.add(`${left.length} ${member.isJoining} ${member.isWaiting} ${member.decided.has("0.0")}`);
    };
    for (const joins of [
      [1, 2],
      [2, 1],
    ]) {
      search({ memberCount: 3, vacant: [1, 2], joins, mortal: [0], words: [0] }, look);
      expect(sizes).toEqual(new Set(["2 false false true"]));
      search({ memberCount: 3, vacant: [1, 2], joins, leaving: [0], words: [0] }, look);
    }
    search(
      { memberCount: 4, vacant: [1, 2, 3], joins: [3, 1, 2], mortal: [0], words: [0], random: { runs: IS_DEEP ? 20_000 : 300, seed: 1 } },
      look,
    );
    expect([...sizes].toSorted()).toEqual(["2 false false true", "3 false false true"]);
    sizes.clear();
    search({ memberCount: 3, vacant: [1, 2], joins: [1, 2], mortal: [0] }, look);
    expect([...sizes].toSorted()).toEqual(["2 false false true", "2 false true false", "2 true true false"]);
  });

  it("[RB41] two join, and those who were there before die, or one of the two dies, too", () => {
    search({ memberCount: 4, vacant: [2, 3], joins: [2, 3], mortal: [0, 1], words: [0, 1] });
    // That all count the other who joins, those who were there may know by the word of the first alone: it is enough.
    search({ memberCount: 4, vacant: [2, 3], joins: [2, 3], mortal: [0, 1], random: { runs: IS_DEEP ? 20_000 : 1_500, seed: 1 } });
    search({ memberCount: 3, vacant: [1, 2], joins: [1, 2], mortal: [0, 3], words: [0, 1] });
    search({ memberCount: 3, vacant: [1, 2], joins: [1, 2], mortal: [0, 4], words: [0] });
  });

  it("[RB41] a partition between a host and a guest with the one who joins never ends in two matches", () => {
    search({ memberCount: 3, vacant: [2], joins: [2], broken: [[0, 1]] });
    const apart = [
      [0, 1],
      [0, 3],
    ] as const;
    search({ memberCount: 3, vacant: [2], joins: [2], broken: apart });
    search({ memberCount: 3, vacant: [0], joins: [0], broken: [[1, 2]] });
    const twoApart = [
      [0, 1],
      [0, 4],
      [0, 5],
    ] as const;
    search({ memberCount: 4, vacant: [2, 3], joins: [2, 3], broken: twoApart });
  });

  it("[RB41] a decision that only the one who joins has heard of binds nobody", () => {
    search({ memberCount: 4, vacant: [3], joins: [3], dead: [2], mortal: [1], words: [1, 2], statesMax: 40_000 });
  });

  it("[RB41] five to eight in random orders: two join, two die, one leaves", () => {
    const dead = new Set<number>();
    for (let memberCount = 5; memberCount <= 8; memberCount++) {
      for (let run = 0; run < RUNS; run++) {
        const scenario = {
          memberCount,
          vacant: [2, memberCount - 1],
          joins: [2, memberCount - 1],
          mortal: [run % 2, memberCount],
          leaving: [3],
        };
        search({ ...scenario, random: { runs: 1, seed: 1000 * run + memberCount } }, ({ members }) => {
          dead.add(members.filter(({ isAlive, status }) => !isAlive || status === "left").length);
        });
      }
    }
    expect(dead.size).toBeGreaterThan(2);
  });

  it("[RB17] looked at many states of matches", () => {
    expect(statesTotal).toBeGreaterThan(100_000);
  });
});
