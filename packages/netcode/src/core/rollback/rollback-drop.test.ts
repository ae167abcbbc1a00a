import { describe, expect, it } from "vitest";
import { TestMatch, humanInput, type TestMatchOptions } from "../../../test/test-match.ts";

/** A match that has run for two seconds, with rollbacks. */
function running(options: TestMatchOptions): TestMatch {
  const match = new TestMatch({ input: humanInput(1), ...options });
  match.run(2000);
  for (const { session } of match.peers) expect(session.stats().rollbacks).toBeGreaterThan(2);
  return match;
}

/** The peers in two groups that do not hear each other. */
function split(match: TestMatch, one: readonly number[], other: readonly number[]): void {
  for (const a of one) for (const b of other) match.breakPair(a, b);
}

/** The seats that went to bots at each of `peers`, without the local order of events: all must be the same. */
function botSeats(match: TestMatch, peers: readonly number[]): unknown {
  const lists = peers.map((peer) =>
    match
      .eventsOf(peer, "seat-to-bot")
      .map((event) => JSON.stringify(event))
      .toSorted(),
  );
  for (const list of lists) expect(list).toEqual(lists[0]);
  for (const peer of peers)
    expect(
      match
        .peer(peer)
        .session.timeline.map((entry) => JSON.stringify(entry))
        .toSorted(),
    ).toEqual(lists[0]);
  return lists[0]?.map((text) => JSON.parse(text) as unknown);
}

describe("a peer that goes silent", () => {
  it("[RB15] is suspect after a second, and recovers when it speaks again", () => {
    const match = running({ seats: [0, 1] });
    match.breakPair(0, 1);
    match.run(900);
    expect(match.eventsOf(0, "peer-suspect")).toEqual([]);
    match.run(200);
    expect(match.eventsOf(0, "peer-suspect")).toEqual([{ type: "peer-suspect", peerId: match.peer(1).id }]);
    match.broken.clear();
    match.run(200);
    expect(match.eventsOf(0, "peer-recovered")).toEqual([{ type: "peer-recovered", peerId: match.peer(1).id }]);
    match.run(1000);
    expect(match.eventsOf(0, "peer-suspect")).toHaveLength(1);
    expect(match.agreedFrames()).toBeGreaterThan(150);
  });

  it("[RB15] is not suspected at 20 % loss", () => {
    const match = new TestMatch({ seats: [0, 1, 2, 3], lossRatio: 0.2, jitterMs: 30, input: humanInput(2) });
    match.run(15_000);
    for (const { index } of match.peers) expect(match.eventsOf(index, "peer-suspect")).toEqual([]);
  });

  it.each([0, 0.2])("[RB16] goes to its bot 2.5 s after its last packet, at the same frame everywhere, with %d loss", (lossRatio) => {
    const match = running({ seats: [0, 1, 2, 3], lossRatio, jitterMs: lossRatio * 100 });
    match.peer(2).alive = false;
    match.run(2300);
    expect(botSeats(match, [0, 1, 3])).toEqual([]);
    match.run(600);
    expect(botSeats(match, [0, 1, 3])).toMatchObject([{ peerId: match.peer(2).id, playerIndexes: [2], cause: "lost" }]);
    match.run(1500);
    expect(match.agreedFrames()).toBeGreaterThan(180);
    expect(match.peer(0).session.stats().stalledFrames).toBeGreaterThan(100);
    expect(match.peer(0).outcome).toBe("advanced");
  });

  it("[RB16] goes to its bot 1 s after a goodbye, for those who did not hear it too", () => {
    const match = running({ seats: [0, 1, 2] });
    match.peer(2).alive = false;
    match.peer(0).session.handlePeerGone(match.nowMs, match.peer(2).id, "left");
    match.run(900);
    expect(botSeats(match, [0, 1])).toEqual([]);
    match.run(400);
    expect(botSeats(match, [0, 1])).toMatchObject([{ peerId: match.peer(2).id, cause: "left" }]);
  });

  it("[RB16] that was never heard has twice the time: it may still be loading", () => {
    const match = new TestMatch({ seats: [0, 1, 2] });
    match.peer(2).alive = false;
    match.run(4900);
    expect(botSeats(match, [0, 1])).toEqual([]);
    expect(match.eventsOf(0, "synchronized")).toEqual([]);
    match.run(700);
    expect(botSeats(match, [0, 1])).toMatchObject([{ frame: 0 }]);
    expect(match.eventsOf(0, "synchronized")).toHaveLength(1);
    match.run(1000);
    expect(match.agreedFrames()).toBeGreaterThan(40);
  });

  it("[RB21] stays when the broker's word turns out wrong: its packets keep coming", () => {
    const match = running({ seats: [0, 1] });
    match.peer(0).session.handlePeerGone(match.nowMs, match.peer(1).id, "lost");
    match.run(4000);
    expect(match.eventsOf(0, "seat-to-bot")).toEqual([]);
    // The word is spent: it does not count for a later silence.
    match.peer(1).alive = false;
    match.run(1800);
    expect(match.eventsOf(0, "seat-to-bot")).toEqual([]);
  });

  it("[RB16] that hears nobody counts as gone, though it still talks", () => {
    const match = running({ seats: [0, 1, 2, 3] });
    for (const other of [1, 2, 3]) match.broken.add(`${other}>0`);
    match.run(4000);
    expect(botSeats(match, [1, 2, 3])).toMatchObject([{ peerId: match.peer(0).id }]);
    expect(match.peer(0).outcome).toBe("stalled");
    match.broken.clear();
    match.run(1000);
    expect(match.eventsOf(0, "dropped")).toHaveLength(1);
    match.agreedFrames([match.peer(1), match.peer(2), match.peer(3)]);
  });

  it("[RB22] is not held against it by a page that was frozen itself", () => {
    const match = running({ seats: [0, 1] });
    const frozen = match.peer(0);
    match.peer(1).alive = false;
    // Ten seconds in which nobody calls the session of the page; then it wakes, before any packet is handled.
    frozen.alive = false;
    match.run(10_000);
    frozen.alive = true;
    frozen.nextFrameMs = match.nowMs;
    match.run(500);
    expect(match.eventsOf(0, "peer-suspect")).toEqual([]);
    expect(match.eventsOf(0, "seat-to-bot")).toEqual([]);
    match.run(2500);
    expect(match.eventsOf(0, "seat-to-bot")).toHaveLength(1);
  });
});

describe("several peers that go", () => {
  it.each([0, 40, 150, 1200, 2450, 2600])("[RB17] %i ms apart end at the same frames for all survivors", (gapMs) => {
    const match = running({ seats: [0, 1, 2, 3, 4], lossRatio: 0.1, jitterMs: 30 });
    match.peer(4).alive = false;
    match.run(gapMs);
    match.peer(1).alive = false;
    match.run(6000);
    const seats = botSeats(match, [0, 2, 3]);
    expect(seats).toHaveLength(2);
    expect(match.agreedFrames()).toBeGreaterThan(180);
    expect(match.peer(0).outcome).toBe("advanced");
  });

  it("[RB17] one of them between its vote and the decision, survivors still agree", () => {
    const outcomes = new Set<string>();
    for (let dieMs = 2480; dieMs <= 2840; dieMs += 15) {
      const match = new TestMatch({ seats: [0, 1, 2, 3, 4], lossRatio: 0.15, jitterMs: 40, seed: dieMs, input: humanInput(1) });
      match.run(1000);
      match.peer(4).alive = false;
      match.run(dieMs);
      match.peer(3).alive = false;
      match.run(5000);
      expect(botSeats(match, [0, 1, 2])).toHaveLength(2);
      expect(match.agreedFrames()).toBeGreaterThan(150);
      outcomes.add(String(match.eventsOf(3, "seat-to-bot").length));
    }
    // It died before its decision in some runs, and after it in others.
    expect([...outcomes].toSorted()).toEqual(["0", "1"]);
  });

  it("[RB17] survivors fill the inputs that only one of them has", () => {
    const match = running({ seats: [0, 1, 2] });
    // The last words of the one who goes reach one survivor only.
    match.broken.add("2>0");
    match.run(120);
    match.peer(2).alive = false;
    const received = match.peer(0).session.stats().confirmedFrame;
    match.run(4000);
    const [seat] = match.eventsOf(0, "seat-to-bot");
    expect(seat?.type === "seat-to-bot" ? seat.frame : 0).toBeGreaterThan(received + 5);
    botSeats(match, [0, 1]);
    expect(match.agreedFrames()).toBeGreaterThan(150);
  });
});

describe("a pair that cannot talk", () => {
  it.each([
    [[1, 2], 2],
    [[0, 1], 1],
    [[0, 2], 2],
  ] as const)("[RB18] %o costs the lower rank its seat, and the rest play on", ([a, b], dropped) => {
    const match = running({ seats: [0, 1, 2] });
    match.breakPair(a, b);
    match.run(6500);
    const survivors = [0, 1, 2].filter((peer) => peer !== dropped);
    expect(botSeats(match, survivors)).toMatchObject([{ peerId: match.peer(dropped).id }]);
    expect(match.eventsOf(dropped, "dropped")).toHaveLength(1);
    expect(match.peer(dropped).outcome).toBe("over");
    for (const survivor of survivors) expect(match.peer(survivor).outcome).toBe("advanced");
    match.agreedFrames(survivors.map((peer) => match.peer(peer)));
  });

  it("[RB18] twice in one match costs one seat each", () => {
    const match = running({ seats: [0, 1, 2, 3] });
    match.breakPair(0, 3);
    match.breakPair(1, 2);
    match.run(7000);
    expect(botSeats(match, [0, 1])).toMatchObject([{ peerId: match.peer(2).id }, { peerId: match.peer(3).id }]);
    match.agreedFrames([match.peer(0), match.peer(1)]);
  });
});

describe("who may go on", () => {
  it("[RB19] of two players the host goes on, and the guest waits for the broker's word", () => {
    const hostLeft = running({ seats: [0, 1] });
    hostLeft.peer(1).alive = false;
    hostLeft.run(3000);
    expect(hostLeft.eventsOf(0, "seat-to-bot")).toHaveLength(1);
    const guestLeft = running({ seats: [0, 1] });
    guestLeft.peer(0).alive = false;
    guestLeft.run(6000);
    expect(guestLeft.eventsOf(1, "seat-to-bot")).toEqual([]);
    expect(guestLeft.eventsOf(1, "waiting-for-quorum")).toHaveLength(1);
    expect(guestLeft.peer(1).outcome).toBe("stalled");
    guestLeft.peer(1).session.handlePeerGone(guestLeft.nowMs, guestLeft.peer(0).id, "lost");
    guestLeft.run(1100);
    expect(guestLeft.eventsOf(1, "seat-to-bot")).toHaveLength(1);
    expect(guestLeft.peer(1).outcome).toBe("advanced");
  });

  it("[RB19] of two halves the one with the lobby host goes on; the other waits, and is told when it is back", () => {
    const match = running({ seats: [0, 1, 2, 3], host: 2 });
    split(match, [0, 1], [2, 3]);
    match.run(4000);
    expect(botSeats(match, [2, 3])).toHaveLength(2);
    for (const waiting of [0, 1]) {
      expect(match.eventsOf(waiting, "seat-to-bot")).toEqual([]);
      expect(match.eventsOf(waiting, "waiting-for-quorum")).toHaveLength(1);
    }
    match.broken.clear();
    match.run(1000);
    for (const waiting of [0, 1]) expect(match.eventsOf(waiting, "dropped")).toHaveLength(1);
    match.agreedFrames([match.peer(2), match.peer(3)]);
  });

  it("[RB19] of three who lose the host the two go on", () => {
    const match = running({ seats: [0, 1, 2] });
    match.peer(0).alive = false;
    match.run(3000);
    expect(botSeats(match, [1, 2])).toHaveLength(1);
  });

  it("[RB19] nobody of three parts of five, until they are together again: then all go on where they were", () => {
    const match = running({ seats: [0, 1, 2, 3, 4] });
    split(match, [0, 1], [2, 3, 4]);
    split(match, [2, 3], [4]);
    match.run(6000);
    for (const { index, outcome } of match.peers) {
      expect(outcome).toBe("stalled");
      expect(match.eventsOf(index, "waiting-for-quorum")).toHaveLength(1);
      expect(match.eventsOf(index, "seat-to-bot")).toEqual([]);
    }
    match.broken.clear();
    match.run(1500);
    for (const { outcome } of match.peers) expect(outcome).toBe("advanced");
    expect(match.agreedFrames()).toBeGreaterThan(180);
  });

  it("[RB19] counts those who are still in: four who go one by one leave the fifth, if it is the host", () => {
    const match = running({ seats: [0, 1, 2, 3, 4] });
    for (const gone of [4, 3, 2, 1]) {
      match.peer(gone).alive = false;
      match.run(4000);
    }
    expect(match.eventsOf(0, "seat-to-bot")).toHaveLength(4);
    expect(match.peer(0).outcome).toBe("advanced");
  });
});

describe("a member that was dropped", () => {
  it("[RB20] is told when it is back, by those who hear it, and plays no further", () => {
    const match = running({ seats: [0, 1, 2] });
    split(match, [2], [0, 1]);
    match.run(4000);
    expect(match.eventsOf(2, "dropped")).toEqual([]);
    match.broken.clear();
    // One of the two still does not reach it.
    match.breakPair(0, 2);
    match.run(1000);
    const [seat] = match.eventsOf(0, "seat-to-bot");
    expect(match.eventsOf(2, "dropped")).toMatchObject([{ frame: seat?.type === "seat-to-bot" ? seat.frame : -1 }]);
    const { frame, datagramsSent } = match.peer(2).session.stats();
    match.run(1000);
    expect(match.peer(2).outcome).toBe("over");
    expect(match.peer(2).session.stats()).toMatchObject({ frame, datagramsSent });
    expect(match.peer(2).session.pollTimeoutMs()).toBe(Number.POSITIVE_INFINITY);
  });

  it("[RB20] tells all others once, since who decided it may have died before they heard of it", () => {
    const match = running({ seats: [0, 1, 2, 3] });
    split(match, [3], [0, 1, 2]);
    // Its proposal arrives yet, what it casts then does not.
    match.run(2580);
    match.broken.add("0>1").add("0>2");
    match.runUntil(() => match.eventsOf(0, "seat-to-bot").length > 0, 200);
    match.broken.delete("0>3");
    match.runUntil(() => match.eventsOf(3, "dropped").length > 0, 1000);
    match.peer(0).alive = false;
    for (const peer of [1, 2]) expect(match.eventsOf(peer, "seat-to-bot")).toEqual([]);
    match.broken.delete("3>1");
    match.broken.delete("3>2");
    match.run(6000);
    // Two of four would not be enough: two of three are.
    expect(botSeats(match, [1, 2])).toHaveLength(2);
    expect(match.peer(1).outcome).toBe("advanced");
    match.agreedFrames([match.peer(1), match.peer(2)]);
  });

  it("[RB26] is an entry of the timeline, the same for all survivors", () => {
    const match = running({ seats: [0, 1, 0, 2] });
    match.peer(1).alive = false;
    match.run(4000);
    const [entry, ...more] = match.peer(0).session.timeline;
    expect(more).toEqual([]);
    expect(entry).toMatchObject({ type: "seat-to-bot", peerId: match.peer(1).id, playerIndexes: [1], cause: "lost" });
    expect(match.peer(2).session.timeline).toEqual([entry]);
    // Before its frame the seat was played with the peer's inputs, from then on by the bot: zeros here.
    const frame = entry?.frame ?? 0;
    for (const { simulation } of [match.peer(0), match.peer(2)]) expect(simulation.inputs.get(frame)?.[1]).toBe(0);
    expect(match.agreedFrames()).toBeGreaterThan(150);
  });
});

describe("a drop at the end of the match", () => {
  it("[RB12] does not keep a peer from its end that lacks the last inputs of one who is gone", () => {
    const match = new TestMatch({ seats: [0, 1, 2], input: humanInput(1), endFrame: 200 });
    match.runUntil(() => match.peer(0).session.stats().frame > 196, 5000);
    match.broken.add("2>1");
    match.runUntil(() => match.peer(0).outcome === "over", 1000);
    match.peer(2).alive = false;
    match.run(500);
    expect(match.peer(1).outcome).toBe("stalled");
    match.run(4000);
    expect(match.peer(1).outcome).toBe("over");
    expect(match.eventsOf(1, "ended")).toEqual(match.eventsOf(0, "ended"));
  });

  it("[RB16] finds nobody deaf to whom nothing is repeated any more: two that ended, cut off from each other since, cast alike", () => {
    const match = new TestMatch({ seats: [0, 1, 2, 3], input: humanInput(1), endFrame: 200 });
    match.runUntil(() => match.peer(0).session.stats().frame > 196, 5000);
    match.broken.add("3>1");
    match.runUntil(() => [0, 2, 3].every((peer) => match.peer(peer).session.frame > 200), 1000);
    // What is under way ends the match; that it came is told by nobody, until nothing is repeated any more.
    match.lossRatio = 1;
    match.run(100);
    expect(match.peers.map(({ outcome }) => outcome)).toEqual(["over", "stalled", "over", "over"]);
    match.peer(3).alive = false;
    match.run(3000);
    expect(match.eventsOf(1, "waiting-for-quorum")).toHaveLength(1);
    match.lossRatio = 0;
    match.run(4000);
    expect(match.peer(1).outcome).toBe("over");
    expect(match.eventsOf(1, "ended")).toEqual(match.eventsOf(0, "ended"));
  });
});
