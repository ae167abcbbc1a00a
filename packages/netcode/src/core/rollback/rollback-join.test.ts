import { describe, expect, it } from "vitest";
import { humanInput, TestMatch, type TestMatchOptions } from "../../../test/test-match.ts";
import { SEAT_LEAD_FRAMES } from "../wire/limits.ts";

/** A match whose peers `gone` were dropped, and whose others play on. */
function afterDrop(gone: readonly number[], options: TestMatchOptions): TestMatch {
  const match = new TestMatch({ input: humanInput(1), ...options });
  match.run(1500);
  for (const index of gone) match.peer(index).alive = false;
  match.run(4500);
  for (const { index, outcome } of match.alive) {
    expect(match.eventsOf(index, "seat-to-bot")).toHaveLength(gone.length);
    expect(outcome).toBe("advanced");
  }
  return match;
}

function stalls(match: TestMatch, peers: readonly number[]): readonly number[] {
  return peers.map((peer) => match.peer(peer).session.stats().stalledFrames);
}

/** True when the keys of `player` counted in one of the last frames that `peer` simulated. */
function isHeard(match: TestMatch, peer: number, player: number): boolean {
  return [...match.peer(peer).simulation.inputs.values()].slice(-60).some((inputs) => inputs[player] !== 0);
}

function expectSound(match: TestMatch, framesMin: number): void {
  expect(match.agreedFrames()).toBeGreaterThan(framesMin);
  for (const { index, outcome, session } of match.alive) {
    expect(outcome).toBe("advanced");
    expect(match.eventsOf(index, "desync")).toEqual([]);
    expect(match.eventsOf(index, "dropped")).toEqual([]);
    expect(session.stats().refusals).toEqual({});
  }
}

describe("somebody who joins a match that runs", () => {
  it.each([
    { lossRatio: 0 },
    { lossRatio: 0, oneWayMs: 120 },
    { lossRatio: 0.1, jitterMs: 20 },
    { lossRatio: 0.05, jitterMs: 60, session: { saveEveryFrames: 4, inputDelayFrames: 5 } },
  ])("[RB33] comes back into its seat at an agreed frame, and nobody waits for it: %o", (options) => {
    const match = afterDrop([2], { seats: [0, 1, 2], ...options });
    const before = stalls(match, [0, 1]);
    match.join(2, 0, [2]);
    match.run(4000);
    const [first, second] = [0, 1].map((index) => match.eventsOf(index, "seat-to-player"));
    expect(first).toMatchObject([{ peerId: match.id(2), playerIndexes: [2] }]);
    expect(second).toEqual(first);
    expectSound(match, 150);
    expect(isHeard(match, 0, 2)).toBe(true);
    expect(match.peer(2).session.stats().rollbacks).toBeGreaterThan(5);
    const waited = stalls(match, [0, 1]).map((count, index) => count - (before[index] ?? 0));
    // Where datagrams are lost, somebody may wait for a frame now and then, joiners or not.
    expect(Math.max(...waited)).toBeLessThanOrEqual(options.lossRatio * 100);
  });

  it("[RB33] takes the seat of a bot that was there from the start, from the second frame on", () => {
    const match = new TestMatch({ seats: [0, -1, 1, -1], input: humanInput(2) });
    match.run(300);
    match.join(2, 0, [1]);
    match.run(1000);
    match.join(3, 0, [3]);
    match.run(4000);
    expectSound(match, 200);
    for (const player of [1, 3]) expect(isHeard(match, 0, player)).toBe(true);
    expect(match.peer(1).session.timeline).toMatchObject([
      { type: "seat-to-player", peerId: match.id(2), playerIndexes: [1] },
      { type: "seat-to-player", peerId: match.id(3), playerIndexes: [3] },
    ]);
  });

  it("[RB33] may be two in the same frame, who meet each other as members", () => {
    const match = afterDrop([1, 3], { seats: [0, 1, 2, 3], lossRatio: 0.05, jitterMs: 20 });
    const { session } = match.peer(0);
    const [one, other] = [match.follow(0), match.follow(2)];
    expect(session.admit(match.id(1), [1])).toBe(true);
    expect(session.admit(match.id(3), [3])).toBe(true);
    match.seat(1, [1], one);
    match.seat(3, [3], other);
    match.run(4000);
    expectSound(match, 200);
    for (const player of [1, 3]) expect(isHeard(match, 2, player)).toBe(true);
    expect(match.eventsOf(1, "synchronized")).toHaveLength(1);
  });

  it("[RB33] with two players at one peer gets both back", () => {
    const match = afterDrop([1], { seats: [0, 1, 1, 2] });
    expect(match.peer(0).session.admit(match.id(1), [1])).toBe(false);
    match.join(1, 0, [1, 2]);
    match.run(3000);
    expectSound(match, 150);
    for (const player of [1, 2]) expect(isHeard(match, 0, player)).toBe(true);
  });

  it("[RB33] may come back again and again", () => {
    const match = new TestMatch({ seats: [0, 1, 2], input: humanInput(3), lossRatio: 0.05 });
    match.run(1500);
    for (let round = 1; round <= 3; round++) {
      match.peer(1).alive = false;
      match.run(4000);
      match.join(1, 0, [1], round % 2 === 0 ? 2 : 0);
      match.run(2000);
      expectSound(match, 100);
      expect(isHeard(match, 0, 1)).toBe(true);
      expect(match.peer(0).session.timeline).toHaveLength(2 * round);
    }
  });

  it.each([1, 10, 30])(
    "[RB45] regression: begins with a state %i frames of whose past it knows, well after the frame from which the others send to it",
    (rowsKnown) => {
      const match = afterDrop([2], { seats: [0, 1, 2], oneWayMs: 100 });
      const follower = match.follow(0);
      expect(match.peer(0).session.admit(match.id(2), [2])).toBe(true);
      match.run(800);
      const carrierFrame = (follower.seatFrame(match.id(2)) ?? 0) - SEAT_LEAD_FRAMES;
      expect(match.peer(0).session.settledFrame - carrierFrame).toBeGreaterThan(30);
      const before = stalls(match, [0, 1]);
      match.seat(2, [2], follower, rowsKnown);
      match.run(4000);
      expectSound(match, 150);
      expect(isHeard(match, 0, 2)).toBe(true);
      expect(stalls(match, [0, 1])).toEqual(before);
    },
  );

  it("[RB34] that never begins to play is dropped like any other", () => {
    const match = afterDrop([2], { seats: [0, 1, 2] });
    expect(match.peer(0).session.admit(match.id(2), [2])).toBe(true);
    match.run(9000);
    expect(match.agreedFrames()).toBeGreaterThan(100);
    for (const index of [0, 1]) expect(match.eventsOf(index, "seat-to-bot")).toHaveLength(2);
    const [, joined, gone] = match.peer(0).session.timeline;
    expect(gone).toMatchObject({ type: "seat-to-bot", frame: joined?.frame });
    // And may try again.
    match.join(2, 0, [2]);
    match.run(3000);
    expectSound(match, 100);
    expect(isHeard(match, 0, 2)).toBe(true);
  });

  it.each([300, 800, 1300, 1500, 2500])("[RB34] and goes again %i ms later leaves the seat to its bot at one frame", (livesMs) => {
    const match = afterDrop([2], { seats: [0, 1, 2], lossRatio: 0.05, jitterMs: 10 });
    match.join(2, 0, [2]);
    match.run(livesMs);
    match.peer(2).alive = false;
    match.run(6000);
    expect(match.agreedFrames()).toBeGreaterThan(100);
    const [first, second] = [0, 1].map((index) => match.eventsOf(index, "seat-to-bot"));
    expect(first).toHaveLength(2);
    expect(second).toEqual(first);
    expect(match.peer(0).outcome).toBe("advanced");
  });

  it.each([0, 60, 150, 400, 900, 1250, 1600])("[RB34] joins though the member that admitted it dies %i ms after its word", (livesMs) => {
    const match = afterDrop([3], { seats: [0, 1, 2, 3], host: 0 });
    const follower = match.follow(1);
    expect(match.peer(0).session.admit(match.id(3), [3])).toBe(true);
    match.run(20 + livesMs);
    match.peer(0).alive = false;
    match.seat(3, [3], follower);
    match.run(8000);
    expect(match.agreedFrames()).toBeGreaterThan(100);
    expect(match.alive.map(({ outcome }) => outcome)).toEqual(["advanced", "advanced", "advanced"]);
    expect(isHeard(match, 1, 3)).toBe(true);
    for (const { index, session } of match.alive) {
      expect(match.eventsOf(index, "dropped")).toEqual([]);
      expect(session.stats().refusals).toEqual({});
    }
  });

  it.each([
    { seats: [0, 1], how: "goodbye" },
    { seats: [0, 1], how: "word" },
    { seats: [0, 1, 2], how: "goodbye" },
    { seats: [0, 1, 2], how: "word" },
  ])("[RB41] regression: goes on alone when all others go right when it begins, before they count it: %o", ({ seats, how }) => {
    const match = afterDrop([1], { seats });
    match.join(1, 0, [1]);
    const { session, events } = match.peer(1);
    const begun = session.stats().frame;
    const others = match.alive.filter(({ index }) => index !== 1);
    for (const peer of others) {
      if (how === "goodbye") {
        peer.session.leave(match.nowMs);
        match.drain(peer);
      } else session.handlePeerGone(match.nowMs, peer.id, "lost");
      peer.alive = false;
    }
    match.run(6000);
    expect(session.confirmedFrame).toBeGreaterThan(begun + 150);
    expect(events.filter(({ type }) => type === "seat-to-bot")).toHaveLength(others.length);
    expect([match.peer(1).outcome, session.stats().refusals]).toEqual(["advanced", {}]);
    expect(isHeard(match, 1, 1)).toBe(true);
  });

  it("[RB41] regression: and another one go on when the last who was there before them dies, at any moment until long after all count them", () => {
    for (let livesMs = 0; livesMs <= 400; livesMs += 10) {
      const match = new TestMatch({ seats: [0, -1, -1], input: humanInput(1) });
      match.run(1500);
      const followers = [match.follow(0), match.follow(0)];
      for (const index of [1, 2]) expect(match.peer(0).session.admit(match.id(index), [index])).toBe(true);
      for (const [place, follower] of followers.entries()) match.seat(place + 1, [place + 1], follower);
      match.run(livesMs);
      match.peer(0).alive = false;
      const begun = match.peer(1).session.stats().frame;
      for (const index of [1, 2]) match.peer(index).session.handlePeerGone(match.nowMs, match.id(0), "lost");
      match.run(6000);
      for (const index of [1, 2]) {
        expect(match.peer(index).session.confirmedFrame).toBeGreaterThan(begun + 150);
        expect(match.eventsOf(index, "seat-to-bot")).toMatchObject([{ peerId: match.id(0) }]);
      }
      expectSound(match, 150);
    }
  });

  it("[RB33] takes in what the others send while it stands still before its first frame, however far they run ahead", () => {
    const match = afterDrop([2], { seats: [0, 1, 2] });
    match.join(2, 0, [2]);
    const joiner = match.peer(2);
    const begun = joiner.session.stats().frame;
    joiner.nextFrameMs = match.nowMs + 1600;
    match.run(1600);
    expect(match.peer(0).session.stats().frame - begun).toBeGreaterThan(70);
    expect(joiner.session.stats()).toMatchObject({ stalledFrames: 0, refusals: {} });
    match.run(3000);
    expectSound(match, 150);
  });
});

describe("the seats of others", () => {
  it("[RB32] are given by the highest rank that plays, while they are a bot's, to whom plays nowhere else", () => {
    const match = afterDrop([2], { seats: [0, 1, 2, -1] });
    const [host, guest] = [match.peer(0).session, match.peer(1).session];
    expect(guest.admit(match.id(2), [2])).toBe(false);
    for (const players of [[0], [1], [2, 3], [], [7]]) expect(host.admit(match.id(2), players)).toBe(false);
    expect(host.admit(match.id(1), [3])).toBe(false);
    expect(host.admit(match.id(2), [3])).toBe(true);
    // While that is under way, neither the seat nor the peer is free.
    expect(host.admit(match.id(4), [3])).toBe(false);
    expect(host.admit(match.id(2), [2])).toBe(false);
    match.run(500);
    expect(host.admit(match.id(4), [3])).toBe(false);
    expect(host.admit(match.id(2), [2])).toBe(false);
    expect(match.peer(0).session.timeline.filter(({ type }) => type === "seat-to-player")).toHaveLength(1);
  });

  it("[RB32] pass to the next rank when the host is gone, and back when it returns", () => {
    const match = afterDrop([0], { seats: [0, 1, 2] });
    expect(match.peer(2).session.admit(match.id(0), [0])).toBe(false);
    match.join(0, 1, [0]);
    match.run(2500);
    expectSound(match, 100);
    match.peer(2).alive = false;
    match.run(4000);
    expect(match.peer(1).session.admit(match.id(2), [2])).toBe(false);
    match.join(2, 0, [2]);
    match.run(3000);
    expectSound(match, 150);
  });

  it("[RB33] change hands so many frames after the word that everybody has heard of it", () => {
    const match = afterDrop([1], { seats: [0, 1, 2], oneWayMs: 150 });
    const { session } = match.peer(0);
    const asked = session.stats().frame;
    match.join(1, 0, [1]);
    const joined = session.timeline.at(-1);
    expect((joined?.frame ?? 0) - asked).toBeGreaterThanOrEqual(SEAT_LEAD_FRAMES);
    expect((joined?.frame ?? 0) - asked).toBeLessThan(SEAT_LEAD_FRAMES + 10);
    match.run(3000);
    expectSound(match, 150);
  });
});
