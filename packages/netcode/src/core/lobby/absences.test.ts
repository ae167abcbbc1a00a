import { describe, expect, test } from "vitest";
import { Random } from "../base/random.ts";
import { parsePeerId, type PeerId } from "../base/units.ts";
import type { Farewell, GoneReason } from "../ports/departure.ts";
import { Absences, type AbsenceEvent } from "./absences.ts";
import * as TIMES from "./absence-times.ts";

const BEN = idOf("ben");
const BEN_AGAIN = idOf("ben-again");
const CYD = idOf("cyd");

function idOf(text: string): PeerId {
  const id = parsePeerId(text);
  if (id === undefined) throw new Error(`expected: ${text} to be a peer id`);
  return id;
}

interface Told {
  readonly atMs: number;
  readonly event: AbsenceEvent;
}

type Step = readonly [atMs: number, act: (absences: Absences, nowMs: number) => void];

/** Plays steps in the order of their times on a clock that ticks every 25 ms, with Ben and Cyd linked from the start. */
function play(steps: readonly Step[], untilMs = 40_000, absences: Absences = room()): Told[] {
  const told: Told[] = [];
  const sorted = [...steps].toSorted(([left], [right]) => left - right);
  let next = 0;
  const drain = (atMs: number): void => {
    for (let event = absences.pollEvent(); event !== undefined; event = absences.pollEvent()) told.push({ atMs, event });
  };
  for (let nowMs = 0; nowMs <= untilMs; nowMs += 25) {
    for (let step = sorted[next]; step !== undefined && step[0] <= nowMs; step = sorted[next]) {
      step[1](absences, Math.max(nowMs - 24, step[0]));
      drain(step[0]);
      next += 1;
    }
    if (absences.pollTimeoutMs() <= nowMs) absences.handleTimeout(nowMs);
    else absences.handleHeard(nowMs, idOf("nobody"));
    drain(nowMs);
  }
  return told;
}

function room(): Absences {
  const absences = new Absences();
  for (const member of [BEN, CYD]) {
    absences.handleJoined(-100, member, true);
    absences.handleHeard(-50, member);
  }
  return absences;
}

const farewell =
  (word: Farewell, from = BEN) =>
  (absences: Absences, nowMs: number): void =>
    absences.handleFarewell(nowMs, from, word);
const silent =
  (sinceMs: number, from = BEN) =>
  (absences: Absences, nowMs: number): void =>
    absences.handleSilent(nowMs, from, sinceMs);
const heard =
  (from = BEN) =>
  (absences: Absences, nowMs: number): void =>
    absences.handleHeard(nowMs, from);
const disconnected =
  (from = BEN) =>
  (absences: Absences, nowMs: number): void =>
    absences.handleDisconnected(nowMs, from);
const returned =
  (after = BEN) =>
  (absences: Absences, nowMs: number): void => {
    absences.handleReturned(nowMs, BEN, after);
    absences.handleJoined(nowMs, after, true);
  };
const left =
  (reason: "left" | "kicked" | "banned" | "expired") =>
  (absences: Absences, nowMs: number): void =>
    absences.handleLeft(nowMs, BEN, reason);
const linkLost =
  (from = BEN) =>
  (absences: Absences, nowMs: number): void =>
    absences.handleLinkLost(nowMs, from);

function reasons(told: readonly Told[]): string[] {
  return told.map(({ event }) => (event.type === "gone" ? event.reason : event.type));
}

describe("each source alone", () => {
  test("[DE3] a closed page and one that went elsewhere are told 0.25 s after their goodbye", () => {
    for (const word of ["closed", "navigated"] as const) {
      const told = play([[1_000, farewell(word)]]);
      expect(reasons(told)).toEqual([word]);
      expect(told[0]?.atMs).toBeLessThanOrEqual(1_275);
    }
  });

  test("[DE4] a page that says that it reloads is gone, as navigated, only if it is not back after 6 s", () => {
    expect(play([[1_000, farewell("reloading")], [1_010, disconnected()], [4_000, returned(BEN_AGAIN)], [4_200, heard(BEN_AGAIN)]])).toEqual([]); // prettier-ignore
    const told = play([
      [1_000, farewell("reloading")],
      [1_010, disconnected()],
    ]);
    expect(reasons(told)).toEqual(["navigated"]);
    expect(told[0]?.atMs).toBeGreaterThanOrEqual(1_000 + TIMES.farewellMs.reloading);
  });

  test("[DE5] a socket that ends without a word, and silence from the same moment: killed, within 2.5 s", () => {
    const told = play([
      [1_020, disconnected()],
      [2_000, silent(1_000)],
    ]);
    expect(reasons(told)).toEqual(["killed"]);
    expect(told[0]?.atMs).toBeLessThanOrEqual(3_500);
  });

  test("[DE6] silence first, and the broker's word long after: lost", () => {
    const told = play([
      [2_000, silent(1_000)],
      [11_000, disconnected()],
    ]);
    expect(reasons(told)).toEqual(["lost"]);
    expect(told[0]?.atMs).toBeGreaterThanOrEqual(13_000);
  });

  test("[DE6] a control socket that was broken long before the silence: lost", () => {
    expect(reasons(play([[1_000, disconnected()], [10_000, silent(9_000)]]))).toEqual(["lost"]); // prettier-ignore
  });

  test("[DE7] a broken control socket alone, and silence of a member that the broker hears, are no departure", () => {
    expect(play([[1_000, disconnected()]])).toEqual([]);
    expect(play([[2_000, silent(1_000)], [21_000, linkLost()]])).toEqual([]); // prettier-ignore
  });

  test("[DE8] without a broker, a link that is lost is a member that is lost, unless nobody is heard", () => {
    const gone = (absences: Absences, nowMs: number): void => absences.handleBroker(nowMs, false);
    const steps: Step[] = [
      [500, gone],
      [2_000, silent(1_000)],
      [21_000, linkLost()],
    ];
    expect(reasons(play(steps))).toEqual(["lost"]);
    expect(play([...steps, [2_000, silent(1_000, CYD)], [21_000, linkLost(CYD)]])).toEqual([]); // prettier-ignore
  });
});

describe("sources that meet", () => {
  test("[DE9] the broker's word counts over the member's: who is kicked is kicked, whatever it says first", () => {
    expect(reasons(play([[1_000, farewell("left")], [1_600, left("kicked")]]))).toEqual(["kicked"]); // prettier-ignore
    expect(reasons(play([[1_000, left("kicked")], [1_100, farewell("left")]]))).toEqual(["kicked"]); // prettier-ignore
    expect(reasons(play([[1_000, farewell("left")], [1_600, left("banned")]]))).toEqual(["kicked"]); // prettier-ignore
  });

  test("[DE10] a seat that is free 90 s later is no second departure", () => {
    expect(reasons(play([[1_000, farewell("closed")], [1_010, disconnected()], [30_000, left("expired")]]))).toEqual(["closed"]); // prettier-ignore
    expect(reasons(play([[30_000, left("expired")]]))).toEqual(["lost"]);
  });

  test("[DE11] who is heard again after it was told as lost is back, once, though the broker says so later", () => {
    const news: boolean[] = [];
    const told = play([
      [1_000, disconnected()],
      [2_000, silent(1_000)],
      [9_000, heard()],
      [9_500, (absences, nowMs) => void news.push(absences.handleReturned(nowMs, BEN, BEN))],
      [12_000, disconnected()],
      [12_500, (absences, nowMs) => void news.push(absences.handleReturned(nowMs, BEN, BEN))],
    ]);
    expect(reasons(told)).toEqual(["killed", "back"]);
    expect(news).toEqual([false, true]);
  });

  test("[DE12] who was away before we came is not told as gone", () => {
    const absences = room();
    const dee = idOf("dee");
    absences.handleJoined(0, dee, false);
    expect(play([[20_000, (each, nowMs) => each.handleLeft(nowMs, dee, "expired")]], 25_000, absences)).toEqual([]);
  });

  test("[DE13] what arrived while our own process stood still is heard before anybody is missed", () => {
    const absences = room();
    absences.handleDisconnected(1_000, BEN);
    absences.handleSilent(2_000, BEN, 1_000);
    absences.handleTimeout(60_000);
    expect(absences.pollEvent()).toBeUndefined();
    absences.handleReturned(60_010, BEN, BEN);
    absences.handleTimeout(absences.pollTimeoutMs() === Infinity ? 61_000 : absences.pollTimeoutMs());
    expect(absences.pollEvent()).toBeUndefined();
  });

  test("[DE14] the reason is known for what is told before the departure and after it", () => {
    const absences = room();
    expect(absences.reasonOf(BEN)).toBeUndefined();
    absences.handleFarewell(1_000, BEN, "closed");
    expect(absences.reasonOf(BEN)).toBe("closed");
    absences.handleFarewell(1_000, CYD, "reloading");
    expect(absences.reasonOf(CYD)).toBeUndefined();
    absences.handleLeft(1_100, BEN, "expired");
    expect(absences.reasonOf(BEN)).toBe("closed");
  });
});

/** One way to go, or to stay, and what must be told of it. Delays are random; each source comes when it does. */
interface Story {
  readonly steps: readonly Step[];
  readonly expected: readonly GoneReason[];
}

/** Every story with the goodbye, the broker's word and the silence in any order and with any delay that happens. */
function storyOf(random: Random): Story {
  const leavesMs = 2_000 + random.integer(3_000);
  /** On a path, a message takes up to 200 ms, and 400 ms now and then, when it was lost once. */
  const later = (mostMs = 200): number => leavesMs + 1 + random.integer(random.chance(0.1) ? mostMs + 400 : mostMs);
  const word = (delayMs = later(400)): Step => [delayMs, disconnected()];
  const silence: Step = [leavesMs + 1_000 + random.integer(200), silent(leavesMs)];
  const backMs = leavesMs + 700 + random.integer(2_000);
  const back: Step[] = [
    [backMs, returned(BEN_AGAIN)],
    [backMs + 50 + random.integer(500), heard(BEN_AGAIN)],
  ];
  const isSaid = random.chance(0.9);
  const said = (what: Farewell): Step[] => (isSaid ? [[later(), farewell(what)]] : [silence]);
  switch (random.integer(8)) {
    case 0:
      return { steps: [...said("closed"), word()], expected: [isSaid ? "closed" : "killed"] };
    case 1:
      return { steps: [...said("navigated"), word()], expected: [isSaid ? "navigated" : "killed"] };
    case 2: // A goodbye that is lost on a reload: the page is back before it would be missed.
      return isSaid ? { steps: [...said("reloading"), word(), ...back], expected: [] } : { steps: [word()], expected: [] };
    case 3:
      return { steps: [word(), silence], expected: ["killed"] };
    case 4: // The cable: the broker waits for the socket for 5 to 10 s.
      return { steps: [silence, word(leavesMs + 5_000 + random.integer(5_500))], expected: ["lost"] };
    case 5:
      return { steps: [[later(), farewell("left")], [later(700), left("kicked")]], expected: ["kicked"] }; // prettier-ignore
    case 6:
      return { steps: [...said("left"), [later(700), left("left")]], expected: ["left"] };
    default: {
      // A hole in the network: silence for a while, and a control socket that comes back a while later, or earlier.
      const endsMs = leavesMs + 1_000 + random.integer(3_500);
      const socket: Step[] = [
        [leavesMs + 5_000 + random.integer(5_000), disconnected()],
        [leavesMs + 11_000 + random.integer(8_000), returned()],
      ];
      return { steps: [[leavesMs + 1_000, silent(leavesMs)], [endsMs, heard()], ...(random.chance(0.5) ? socket : [])], expected: [] }; // prettier-ignore
    }
  }
}

test("[DE1] in 10,000 stories with sources in any order, each departure has one event with the right reason, and who stays or comes back has none", () => {
  const wrong: string[] = [];
  const seen = new Map<string, number>();
  for (let seed = 1; seed <= 10_000; seed++) {
    const { steps, expected } = storyOf(new Random(seed, "departures"));
    const told = reasons(play(steps, 26_000));
    const key = expected.join() || "nobody";
    seen.set(key, (seen.get(key) ?? 0) + 1);
    if (told.join() !== expected.join()) wrong.push(`seed ${seed}: expected [${expected.join()}], told [${told.join()}]`);
  }
  expect(wrong).toEqual([]);
  expect([...seen.keys()].toSorted()).toEqual(["closed", "kicked", "killed", "left", "lost", "navigated", "nobody"]);
  expect(Math.min(...seen.values())).toBeGreaterThan(500);
});
