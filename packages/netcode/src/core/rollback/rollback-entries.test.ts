import { describe, expect, it } from "vitest";
import { humanInput, TestMatch } from "../../../test/test-match.ts";
import { Random } from "../base/random.ts";
import { PAUSE_LEAD_FRAMES } from "../wire/limits.ts";

/** Pauses and their ends, as each peer was told: all must be the same. Only frames that all have confirmed. */
function pauses(match: TestMatch): readonly { readonly type: string; readonly frame: number }[] {
  const confirmed = Math.min(...match.alive.map(({ session }) => session.confirmedFrame));
  const lists = match.alive.map(({ events }) =>
    events.flatMap((event) =>
      (event.type === "paused" || event.type === "resumed") && event.frame <= confirmed ? [{ ...event, type: event.type }] : [],
    ),
  );
  for (const list of lists) expect(list).toEqual(lists[0]);
  return lists[0] ?? [];
}

describe("a pause", () => {
  it("[RB29] stops the game for everybody at one frame, and its end lets it go on at another", () => {
    const match = new TestMatch({ seats: [0, 1, 2], input: humanInput(1) });
    match.run(1000);
    const asked = match.peer(1).session.stats().frame;
    match.peer(1).session.pause();
    match.run(2000);
    const steps = match.peers.map(({ simulation }) => Math.max(...simulation.steps.keys()));
    expect(new Set(steps).size).toBe(1);
    match.peer(2).session.resume();
    match.run(2000);
    const [paused, resumed, ...others] = pauses(match);
    expect(paused).toMatchObject({ type: "paused", peerId: match.id(1) });
    expect(resumed).toMatchObject({ type: "resumed", peerId: match.id(2) });
    expect(others).toEqual([]);
    // The delay (2), and the lead of the entry.
    expect((paused?.frame ?? 0) - asked).toBeLessThanOrEqual(PAUSE_LEAD_FRAMES + 3);
    const stoppedFrames = (resumed?.frame ?? 0) - (paused?.frame ?? 0);
    expect(stoppedFrames).toBeGreaterThan(115);
    // The game counts its own steps: those that stood still are not among them.
    for (const { simulation, session } of match.peers) {
      expect(Math.max(...simulation.steps.keys())).toBe(session.stats().frame - 1 - stoppedFrames);
      expect(session.stats().refusals).toEqual({});
    }
    expect(match.agreedFrames()).toBeGreaterThan(200);
    const frame = paused?.frame ?? 0;
    expect(match.peer(0).session.checksum(frame + 30)).toBe(match.peer(0).session.checksum(frame - 1));
  });

  it("[RB29] of which the news comes in time for others rolls nobody back", () => {
    const match = new TestMatch({ seats: [0, 1], input: () => 0, oneWayMs: 100 });
    match.run(1000);
    match.peer(0).session.pause();
    match.run(1000);
    match.peer(1).session.resume();
    match.run(1000);
    expect(pauses(match)).toHaveLength(2);
    for (const { session } of match.peers) expect(session.stats().rollbacks).toBe(0);
  });

  it("[RB29] of which the news comes late is rolled back to", () => {
    const match = new TestMatch({ seats: [0, 1], input: humanInput(1), oneWayMs: 100, session: { predictionWindowFrames: 16 } });
    match.run(1000);
    match.broken.add("0>1");
    match.peer(0).session.pause();
    match.run(180);
    match.broken.clear();
    match.run(1000);
    expect(pauses(match)).toHaveLength(1);
    expect(match.peer(1).session.stats().resimulatedFrames).toBeGreaterThan(0);
    expect(new Set(match.peers.map(({ simulation }) => simulation.checksum())).size).toBe(1);
  });

  it.each([1, 2, 3, 4, 5, 6])("[RB29] that many want and many end comes out the same everywhere (%i)", (seed) => {
    const match = new TestMatch({ seats: [0, 1, 2, 3], input: humanInput(seed), lossRatio: 0.15, jitterMs: 80, seed });
    const random = new Random(seed, "pauses");
    for (let round = 0; round < 60; round++) {
      match.run(random.integer(200));
      const { session } = match.peer(random.integer(4));
      if (random.chance(0.5)) session.pause();
      else session.resume();
    }
    match.run(1000);
    const list = pauses(match);
    expect(list.length).toBeGreaterThan(8);
    for (const [index, { type }] of list.entries()) expect(type).toBe(index % 2 === 0 ? "paused" : "resumed");
    expect(match.agreedFrames()).toBeGreaterThan(200);
    const timelines = match.peers.map(({ session }) => session.entriesFrom(0).filter(({ frame }) => frame <= session.settledFrame));
    const shortest = Math.min(...timelines.map(({ length }) => length));
    expect(shortest).toBeGreaterThanOrEqual(list.length - 2);
    for (const timeline of timelines) expect(timeline.slice(0, shortest)).toEqual(timelines[0]?.slice(0, shortest));
  });

  it("[RB29] outlives who asked for it, and anybody ends it", () => {
    const match = new TestMatch({ seats: [0, 1, 2], input: humanInput(2) });
    match.run(1000);
    match.peer(2).session.pause();
    match.run(300);
    match.peer(2).alive = false;
    match.run(4000);
    expect(match.eventsOf(0, "seat-to-bot")).toHaveLength(1);
    const steps = match.peer(0).simulation.stepCount;
    match.run(500);
    expect(match.peer(0).simulation.stepCount).toBe(steps);
    match.peer(1).session.resume();
    match.run(1000);
    expect(match.peer(0).simulation.stepCount).toBeGreaterThan(steps + 40);
    expect(match.agreedFrames()).toBeGreaterThan(150);
  });

  it("[RB29] survives in the votes when who asked for it dies with the word, and only one other heard it", () => {
    const match = new TestMatch({ seats: [0, 1, 2], input: humanInput(2), oneWayMs: 30 });
    match.run(1000);
    match.broken.add("2>0");
    match.peer(2).session.pause();
    match.run(60);
    match.peer(2).alive = false;
    match.run(5000);
    expect(match.eventsOf(0, "seat-to-bot")).toHaveLength(1);
    expect(pauses(match)).toMatchObject([{ type: "paused", peerId: match.id(2) }]);
    expect(match.agreedFrames()).toBeGreaterThan(150);
  });

  it("[RB29] asked for twice, or while the game stands still, is one", () => {
    const match = new TestMatch({ seats: [0, 1] });
    match.run(500);
    for (let count = 0; count < 20; count++) match.peer(0).session.pause();
    match.peer(0).session.resume();
    match.peer(0).session.pause();
    match.run(1000);
    for (let count = 0; count < 20; count++) match.peer(0).session.pause();
    match.run(500);
    expect(pauses(match).map(({ type }) => type)).toEqual(["paused"]);
  });

  it("[RB29] works alone, and with bots only", () => {
    for (const seats of [
      [0, -1],
      [-1, -1],
    ]) {
      const match = new TestMatch({ seats });
      match.run(500);
      match.peer(0).session.pause();
      match.run(500);
      const steps = match.peer(0).simulation.stepCount;
      match.run(500);
      expect(match.peer(0).simulation.stepCount).toBe(steps);
      match.peer(0).session.resume();
      match.run(500);
      expect(match.peer(0).simulation.stepCount).toBeGreaterThan(steps + 10);
      expect(pauses(match)).toMatchObject([{ peerId: match.id(0) }, { peerId: match.id(0) }]);
    }
  });

  it("[RB29] lets members come and go", () => {
    const match = new TestMatch({ seats: [0, 1, 2], input: humanInput(4), lossRatio: 0.05 });
    match.run(1000);
    match.peer(0).session.pause();
    match.run(500);
    match.peer(2).alive = false;
    match.run(4000);
    match.join(2, 0, [2]);
    match.run(3000);
    expect(match.agreedFrames()).toBeGreaterThan(150);
    match.peer(2).session.resume();
    match.run(2000);
    expect(match.agreedFrames()).toBeGreaterThan(150);
    const steps = match.alive.map(({ simulation, session }) => Math.max(...simulation.steps.keys()) - session.stats().frame);
    expect(new Set(steps).size).toBe(1);
    expect(match.eventsOf(2, "resumed")).toHaveLength(1);
    expect(match.eventsOf(2, "paused")).toEqual([]);
  });
});

describe("what is settled", () => {
  it("[RB30] is what all members have confirmed, and never more", () => {
    const match = new TestMatch({ seats: [0, 1, 2], input: humanInput(5), lossRatio: 0.1, jitterMs: 40 });
    let before = -1;
    for (let round = 0; round < 300; round++) {
      match.run(13);
      const confirmed = Math.min(...match.peers.map(({ session }) => session.confirmedFrame));
      const { settledFrame } = match.peer(0).session;
      expect(settledFrame).toBeLessThanOrEqual(confirmed);
      expect(settledFrame).toBeGreaterThanOrEqual(before);
      before = settledFrame;
    }
    expect(match.peer(0).session.confirmedFrame - before).toBeLessThan(20);
    expect(before).toBeGreaterThan(190);
  });

  it("[RB30] waits for a silent member, and goes on without it once it is dropped", () => {
    const match = new TestMatch({ seats: [0, 1, 2] });
    match.run(1000);
    match.peer(2).alive = false;
    match.run(2000);
    const { session } = match.peer(0);
    const waiting = session.settledFrame;
    match.run(3000);
    expect(session.settledFrame).toBeGreaterThan(waiting + 60);
    expect(session.entriesFrom(0)).toMatchObject([{ type: "seat-to-bot" }]);
  });

  it("[RB30] can be followed: a state, the inputs of all after it, and what was agreed", () => {
    const match = new TestMatch({ seats: [0, 1, -1], input: humanInput(6), lossRatio: 0.05 });
    match.run(2000);
    match.peer(0).session.pause();
    match.run(400);
    const follower = match.follow(1);
    match.peer(0).session.resume();
    match.run(1000);
    const simulation = match.peer(1).simulation;
    const own = new (simulation.constructor as new (options: { playerCount: number }) => typeof simulation)({ playerCount: 3 });
    const { frame } = follower.catchUp(own);
    expect(frame).toBe(match.peer(1).session.settledFrame + 1);
    expect(own.checksum()).toBe(match.peer(0).session.checksum(frame - 1));
    expect(own.stepCount).toBeGreaterThan(30);
  });
});

describe("input delay and prediction window", () => {
  it("[RB35] change while the match runs, and nobody's inputs are lost or differ", () => {
    const match = new TestMatch({ seats: [0, 1], input: humanInput(7), oneWayMs: 60 });
    const { session } = match.peer(0);
    match.run(1000);
    for (const frames of [6, 0, 15, 2]) {
      session.setInputDelay(frames);
      match.run(3000);
    }
    expect(match.agreedFrames()).toBeGreaterThan(200);
    for (const { session: each } of match.peers) {
      expect(each.stats().refusals).toEqual({});
      const delays = each.timeline.flatMap((entry) => (entry.type === "input-delay" ? [entry.frames] : []));
      expect(delays).toEqual([6, 0, 15, 2]);
    }
    expect(() => session.setInputDelay(16)).toThrow("an input delay of 0 to 15");
  });

  it("[RB35] a rise repeats the sample in the frames between, a fall leaves out one that says nothing new", () => {
    const pressed = new Set<number>();
    // A key for one frame, every half second: none may get lost.
    const match = new TestMatch({
      seats: [0],
      input: (_, call) => (call % 30 === 7 ? 8 + ((call / 30) & 7) : 0),
      session: { inputDelayFrames: 8 },
    });
    match.run(1000);
    match.peer(0).session.setInputDelay(0);
    match.run(2000);
    match.peer(0).session.setInputDelay(3);
    match.run(2000);
    for (const [frame, [input = 0]] of match.peer(0).simulation.inputs) if (input !== 0) pressed.add(frame);
    const calls = match.peer(0).calls;
    expect(pressed.size).toBe(Math.floor((calls - 7 - 3) / 30) + 1);
  });

  it("[RB35] a window of 0 makes lockstep of it, and a wider one lets it predict again", () => {
    const match = new TestMatch({ seats: [0, 1], input: humanInput(8), oneWayMs: 60 });
    match.run(1500);
    for (const { session } of match.peers) session.setPredictionWindow(0);
    match.run(500);
    const before = match.peers.map(({ session }) => session.stats().rollbacks);
    expect(before[0]).toBeGreaterThan(0);
    match.run(2000);
    expect(match.peers.map(({ session }) => session.stats().rollbacks)).toEqual(before);
    for (const { session } of match.peers) session.setPredictionWindow(16);
    match.run(2000);
    expect(match.agreedFrames()).toBeGreaterThan(200);
    expect(match.peer(0).session.stats().rollbacks).toBeGreaterThan(before[0] ?? 0);
    for (const { session } of match.peers) session.setInputDelay(0);
    match.run(2000);
    expect(() => match.peer(0).session.setPredictionWindow(0)).toThrow("an input delay of at least 1 in lockstep");
    expect(() => match.peer(0).session.setPredictionWindow(17)).toThrow("a prediction window of 0 to 16");
  });
});

describe("a goodbye", () => {
  it("[RB40] gives the seats to their bots at once, after the last input, without a wait", () => {
    const match = new TestMatch({ seats: [0, 1, 2], input: humanInput(9) });
    match.run(1500);
    const before = match.peer(0).session.stats().stalledFrames;
    const leaver = match.peer(2);
    leaver.session.leave(match.nowMs);
    match.drain(leaver);
    match.run(500);
    expect(leaver.outcome).toBe("over");
    for (const index of [0, 1]) expect(match.eventsOf(index, "seat-to-bot")).toMatchObject([{ peerId: match.id(2), cause: "left" }]);
    expect(match.eventsOf(0, "seat-to-bot")).toEqual(match.eventsOf(1, "seat-to-bot"));
    expect(match.peer(0).session.stats().stalledFrames).toBe(before);
    expect(match.agreedFrames([match.peer(0), match.peer(1)])).toBeGreaterThan(90);
    expect(leaver.session.pollTransmit()).toBeUndefined();
    expect(leaver.session.pollTimeoutMs()).toBe(Number.POSITIVE_INFINITY);
  });
});
