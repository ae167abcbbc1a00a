import { describe, expect, it } from "vitest";
import { TestMatch, humanInput, testPeerId } from "../../../test/test-match.ts";
import { TestSimulation } from "../../../test/test-simulation.ts";
import { SESSION_DATAGRAM_BYTES_MAX } from "../ports/transport.ts";
import { RollbackSession } from "./rollback-session.ts";

const sum = (numbers: readonly number[]): number => numbers.reduce((total, value) => total + value, 0);

describe("a match over a clean link", () => {
  it("[RB1] gives equal checksums for equal confirmed frames, through many rollbacks", () => {
    const match = new TestMatch({ seats: [0, 1, 2, 3], input: humanInput(1) });
    match.run(4000);
    expect(match.agreedFrames()).toBeGreaterThan(220);
    for (const { session } of match.peers) {
      const { rollbacks, resimulatedFrames, refusals, confirmedFrame, frame } = session.stats();
      expect(rollbacks).toBeGreaterThan(20);
      expect(resimulatedFrames).toBeGreaterThanOrEqual(rollbacks);
      expect(frame - confirmedFrame).toBeLessThan(6);
      expect(refusals).toEqual({});
    }
  });

  it("[RB2] with constant inputs simulates each frame once after the keys are down", () => {
    const match = new TestMatch({ seats: [0, 1], input: () => 5 });
    match.run(1000);
    const before = match.peers.map(({ simulation, advances }) => [simulation.stepCount, advances] as const);
    match.run(5000);
    for (const [index, { simulation, advances, session }] of match.peers.entries()) {
      const [steps = 0, frames = 0] = before[index] ?? [];
      expect(advances - frames).toBeGreaterThan(295);
      expect((simulation.stepCount - steps) / (advances - frames)).toBe(1);
      // The one press from zeros was mispredicted: the test is not on the title screen.
      expect(session.stats().rollbacks).toBe(1);
    }
  });

  it("[RB13] sends one datagram per peer and advanced frame, of 16 bytes or less in the middle", () => {
    const match = new TestMatch({ seats: [0, 1, 2], input: humanInput(2), oneWayMs: 50 });
    match.run(5000);
    for (const { advances, payloadBytes, session } of match.peers) {
      expect(session.stats().datagramsSent).toBe(2 * advances);
      expect(payloadBytes.toSorted((a, b) => a - b)[payloadBytes.length >> 1]).toBeLessThanOrEqual(16);
      expect(session.stats().datagramBytesSent).toBe(sum(payloadBytes));
    }
    expect(match.peer(0).session.stats().rollbacks).toBeGreaterThan(10);
  });

  it("[PE1] measures the round trip from acks, to the millisecond", () => {
    const match = new TestMatch({ seats: [0, 1], oneWayMs: 37 });
    match.run(2000);
    const [peer] = match.peer(0).session.stats().peers;
    expect(peer).toMatchObject({ id: match.peer(1).id, lossRatio: 0 });
    expect(Math.abs((peer?.rttMs ?? 0) - 74)).toBeLessThanOrEqual(1);
  });

  it("[RB27] is synchronized once, when everybody was heard", () => {
    const match = new TestMatch({ seats: [0, 1, 2], startMs: (peer) => peer * 50 });
    match.run(1000);
    for (const { index } of match.peers) expect(match.eventsOf(index, "synchronized")).toHaveLength(1);
  });

  it("[RB11] tells every event of the game once as predicted and once as what became of it, with the same ids everywhere", () => {
    const match = new TestMatch({ seats: [0, 1], input: humanInput(3), endFrame: 300 });
    match.runUntil(() => match.peers.every(({ outcome }) => outcome === "over"), 8000);
    const idsOf = (peer: number, stage: string): string[] =>
      match.peer(peer).events.flatMap((event) => (event.type === "game" && event.stage === stage ? [event.id] : []));
    const real = new Set<string>();
    for (const [frame, inputs] of match.peer(0).simulation.inputs) {
      if (frame > 300) continue;
      const presses = inputs.filter((byte) => (byte & 1) !== 0).length;
      for (let ordinal = 0; ordinal < presses; ordinal++) real.add(`${frame}:press:${ordinal}`);
      if (frame % 10 === 0) real.add(`${frame}:beat:0`);
    }
    expect(real.size).toBeGreaterThan(100);
    for (const { index } of match.peers) {
      const predicted = idsOf(index, "predicted");
      const confirmed = idsOf(index, "confirmed");
      const cancelled = idsOf(index, "cancelled");
      expect(confirmed.toSorted()).toEqual([...real].toSorted());
      for (const list of [predicted, confirmed, cancelled]) expect(new Set(list).size).toBe(list.length);
      // What was predicted either happened or is taken back.
      expect(cancelled.toSorted()).toEqual(predicted.filter((id) => !real.has(id)).toSorted());
      expect(cancelled.length).toBeGreaterThan(0);
    }
    expect(match.peer(0).session.stats().rollbacks).toBeGreaterThan(10);
  });

  it("[RB25] holds for several players at one peer, bots between them, and inputs of 16 bytes", () => {
    const match = new TestMatch({ seats: [1, 0, -1, 0, 1, 0, 0, 0], inputBytes: 16, input: humanInput(4) });
    match.run(3000);
    expect(match.agreedFrames()).toBeGreaterThan(170);
    expect(match.peer(0).session.stats().rollbacks).toBeGreaterThan(10);
    expect(Math.max(...match.peer(0).payloadBytes)).toBeLessThanOrEqual(SESSION_DATAGRAM_BYTES_MAX);
    expect(match.peer(0).simulation.inputs.get(100)?.slice(32, 48)).toEqual(Array.from({ length: 16 }, () => 0));
  });
});

describe("a match alone", () => {
  it("[RB24] with players of this peer and bots confirms every frame at once, saves nothing and sends nothing", () => {
    const match = new TestMatch({ seats: [0, -1, 0], input: humanInput(5), session: { inputDelayFrames: 0 } });
    match.run(1000);
    const { session, simulation, payloadBytes } = match.peer(0);
    const { frame, confirmedFrame, peers } = session.stats();
    expect([confirmedFrame, peers, simulation.saves, payloadBytes.length]).toEqual([frame - 1, [], 0, 0]);
    expect(frame).toBeGreaterThan(55);
    expect(session.pollTimeoutMs()).toBe(Number.POSITIVE_INFINITY);
    expect(match.eventsOf(0, "synchronized")).toHaveLength(1);
  });

  it("[RB24] runs on bots only, without an input of ours", () => {
    const simulation = new TestSimulation({ playerCount: 2, endFrame: 9 });
    const [local] = [testPeerId("ada")];
    const players = [{ peerId: undefined }, { peerId: undefined }];
    const session = new RollbackSession(0, { localPeerId: local, hostId: local, matchEpoch: 0, players, simulation });
    for (let frame = 0; frame < 10; frame++) expect(session.advanceFrame(frame * 16, new Uint8Array(0), 0).outcome).toBe("advanced");
    expect(session.advanceFrame(170, new Uint8Array(0), 0).outcome).toBe("over");
  });
});

describe("a match over a bad link", () => {
  it.each([
    { lossRatio: 0.2, jitterMs: 40 },
    { lossRatio: 0.05, jitterMs: 0, saveEveryFrames: 4 },
    { lossRatio: 0, jitterMs: 120 },
    { lossRatio: 0.1, jitterMs: 20, inputDelayFrames: 0 },
  ])("[RB1] of %o ends with equal checksums", ({ lossRatio, jitterMs, ...session }) => {
    const match = new TestMatch({ seats: [0, 1, 2], input: humanInput(6), lossRatio, jitterMs, session });
    match.run(5000);
    expect(match.agreedFrames()).toBeGreaterThan(200);
    for (const peer of match.peers) {
      const stats = peer.session.stats();
      expect(stats.rollbacks).toBeGreaterThan(20);
      expect(stats.refusals).toEqual({});
      expect(Math.abs((stats.peers[0]?.lossRatio ?? 0) - lossRatio)).toBeLessThan(0.12);
    }
  });

  it.each([100, 300, 900, 2400])("[RB6] an outage of %i ms stalls, loses no input, and is over a round trip later", (outageMs) => {
    const match = new TestMatch({ seats: [0, 1], input: humanInput(7) });
    match.run(1000);
    match.breakPair(0, 1);
    match.run(outageMs);
    match.broken.clear();
    const stalled = match.peers.map(({ session }) => session.stats().stalledFrames);
    // The window and the delay bridge ten frames, of which the round trip takes up some.
    expect(Math.min(...stalled) > 0).toBe(outageMs > 200);
    match.run(250);
    for (const { outcome, session } of match.peers) {
      expect(outcome).toBe("advanced");
      expect(session.stats().frame - session.stats().confirmedFrame).toBeLessThan(8);
    }
    match.run(1000);
    expect(match.agreedFrames()).toBeGreaterThan(100);
    for (const index of [0, 1]) expect(match.eventsOf(index, "seat-to-bot")).toEqual([]);
  });

  it("[RB6] after a cut of any length below the drop both play on within a round trip and two frames, and wait no more", () => {
    const backMsMax = 100 + 2 * (1000 / 60);
    let waited = 0;
    for (let cutMs = 20; cutMs < 2480; cutMs += 20) {
      const match = new TestMatch({ seats: [0, 1], oneWayMs: 50, input: humanInput(cutMs), startMs: (peer) => peer * 7 });
      match.run(1000);
      match.breakPair(0, 1);
      match.run(cutMs);
      match.broken.clear();
      const advances = match.peers.map((peer) => peer.advances);
      if (match.peers.some(({ outcome }) => outcome === "stalled")) waited++;
      match.run(Math.floor(backMsMax));
      const stalled = match.peers.map(({ session }) => session.stats().stalledFrames);
      for (const { index, advances: now } of match.peers) expect(now).toBeGreaterThan((advances[index] ?? 0) + 1);
      match.run(500);
      expect(match.peers.map(({ session }) => session.stats().stalledFrames)).toEqual(stalled);
    }
    expect(waited).toBeGreaterThan(110);
  });

  it("[RB6] after a cut in one direction both play on as soon; who ran ahead meanwhile waits for a few single frames more", () => {
    for (let cutMs = 20; cutMs < 2480; cutMs += 40) {
      const match = new TestMatch({ seats: [0, 1], oneWayMs: 50, input: humanInput(cutMs), startMs: (peer) => peer * 7 });
      match.run(1000);
      match.broken.add("0>1");
      match.run(cutMs);
      match.broken.clear();
      const advances = match.peers.map((peer) => peer.advances);
      match.run(133);
      const stalled = match.peers.map(({ session }) => session.stats().stalledFrames);
      for (const { index, advances: now } of match.peers) expect(now).toBeGreaterThan(advances[index] ?? 0);
      match.run(1000);
      const more = match.peers.map(({ session }, index) => session.stats().stalledFrames - (stalled[index] ?? 0));
      expect(more[1]).toBe(0);
      expect(more[0]).toBeLessThan(6);
    }
  });

  it("[RB5] in lockstep predicts nothing and waits instead", () => {
    for (const [inputDelayFrames, framesMin, stallsMin] of [
      [1, 40, 50],
      [2, 60, 50],
      [7, 160, 0],
    ] as const) {
      const match = new TestMatch({ seats: [0, 1], input: humanInput(8), session: { predictionWindowFrames: 0, inputDelayFrames } });
      match.run(3000);
      const { rollbacks, stalledFrames, frame } = match.peer(0).session.stats();
      expect(rollbacks).toBe(0);
      // Only the states that peers compare.
      expect(match.peer(0).simulation.saves).toBeLessThanOrEqual(frame / 15 + 1);
      expect(match.agreedFrames()).toBeGreaterThan(40);
      expect(frame).toBeGreaterThan(framesMin);
      expect(stalledFrames).toBeGreaterThanOrEqual(stallsMin);
    }
    const lockstep = { predictionWindowFrames: 0, inputDelayFrames: 0 };
    expect(() => new TestMatch({ seats: [0, 1], session: lockstep })).toThrow("an input delay of at least 1 in lockstep");
  });

  it("[RB7] with a small budget repairs in slices and stays right", () => {
    const match = new TestMatch({
      seats: [0, 1, 2],
      input: humanInput(9),
      lossRatio: 0.1,
      resimulationBudgetFrames: 2,
      session: { inputDelayFrames: 0 },
    });
    match.run(5000);
    expect(match.agreedFrames()).toBeGreaterThan(200);
    const { resimulatedFrames, rollbacks, stalledFrames } = match.peer(0).session.stats();
    expect(resimulatedFrames).toBeGreaterThan(3 * rollbacks);
    expect(stalledFrames).toBeGreaterThan(10);
  });

  it("[RB13] goes on sending every 50 ms while it stands still", () => {
    const match = new TestMatch({ seats: [0, 1], startMs: (peer) => (peer === 0 ? 0 : 900) });
    match.run(900);
    const { stalledFrames, datagramsSent, frame } = match.peer(0).session.stats();
    expect(frame).toBe(10);
    expect(stalledFrames).toBeGreaterThan(30);
    expect(datagramsSent).toBeGreaterThan(22);
    expect(datagramsSent).toBeLessThan(30);
    match.run(2000);
    expect(match.agreedFrames()).toBeGreaterThan(80);
  });
});

describe("clocks", () => {
  /** Distance of the two peers in frames, with fractions. */
  const distance = (match: TestMatch): number => {
    const [first = 0, second = 0] = match.peers.map((peer) => peer.session.stats().frame - (peer.nextFrameMs - match.nowMs) / (1000 / 60));
    return Math.abs(first - second);
  };

  it("[RB14] a start 100 ms late evens out within five seconds", () => {
    const match = new TestMatch({ seats: [0, 1], input: humanInput(1), startMs: (peer) => peer * 100 });
    match.run(400);
    expect(distance(match)).toBeGreaterThan(2);
    match.run(4600);
    expect(distance(match)).toBeLessThan(0.25);
    expect(match.peer(0).session.stats().peers[0]?.frameAdvantage).toBeLessThan(0.25);
  });

  it("[RB14] clocks that differ by 1 % stay a quarter of a frame apart, and predict alike", () => {
    const match = new TestMatch({ seats: [0, 1], input: humanInput(2), driftRatio: (peer) => peer * 0.01 });
    match.run(20_000);
    expect(distance(match)).toBeLessThan(0.35);
    expect(match.peer(0).paceRatio).toBeGreaterThan(1.003);
    expect(match.peer(1).paceRatio).toBeLessThan(0.997);
    const depths = match.peers.map(({ session }) => session.stats().resimulatedFrames / session.stats().rollbacks);
    expect(Math.abs((depths[0] ?? 0) - (depths[1] ?? 9))).toBeLessThan(1);
    expect(match.peer(0).session.stats().stalledFrames).toBe(0);
  });
});

describe("the end of a match", () => {
  it.each([0, 0.2])("[RB12] comes at the same frame with the same result everywhere, with %d loss, and then all is quiet", (lossRatio) => {
    const match = new TestMatch({ seats: [0, 1, 2], input: humanInput(3), lossRatio, endFrame: 200 });
    match.runUntil(() => match.peers.every(({ outcome }) => outcome === "over"), 8000);
    const ends = match.peers.map(({ index }) => match.eventsOf(index, "ended"));
    for (const end of ends) expect(end).toEqual(ends[0]);
    expect(ends[0]).toMatchObject([{ frame: 200 }]);
    const { session, simulation } = match.peer(0);
    expect([session.stats().frame, session.stats().confirmedFrame]).toEqual([201, 200]);
    expect(simulation.checksum()).toBe(session.checksum(200));
    expect(match.agreedFrames()).toBe(201);
    match.run(3000);
    const sent = match.peers.map((peer) => peer.session.stats().datagramsSent);
    match.run(1000);
    expect(match.peers.map((peer) => peer.session.stats().datagramsSent)).toEqual(sent);
    for (const peer of match.peers) expect(peer.session.pollTimeoutMs()).toBe(Number.POSITIVE_INFINITY);
  });

  it("[RB12] still comes for a peer that was cut off when the others ended", () => {
    const match = new TestMatch({ seats: [0, 1], input: humanInput(3), endFrame: 120 });
    match.runUntil(() => match.peer(0).session.stats().frame >= 116, 4000);
    match.broken.add("0>1");
    match.run(2300);
    expect(match.peers.map(({ outcome }) => outcome)).toEqual(["over", "stalled"]);
    match.broken.clear();
    match.run(300);
    expect(match.peer(1).outcome).toBe("over");
    expect(match.eventsOf(1, "ended")).toEqual(match.eventsOf(0, "ended"));
  });
});

describe("the end of a match that somebody else has, too", () => {
  it("[FO24] is asked for until it was told: that its one datagram is lost keeps it from nobody", () => {
    const match = new TestMatch({ seats: [0, 1, 2], input: humanInput(3), endFrame: 120 });
    const isOver = (peer: number): boolean => match.peer(peer).outcome === "over";
    match.runUntil(() => match.peer(0).session.stats().frame >= 116, 4000);
    // 1 has all that 0 sent, and acknowledges it, but lacks the last inputs of 2.
    match.broken.add("2>1");
    match.runUntil(() => isOver(0) && isOver(2), 1000);
    match.run(300);
    expect(isOver(1)).toBe(false);
    match.broken.add("1>0");
    match.broken.delete("2>1");
    match.run(300);
    expect([isOver(1), match.peer(0).session.pollTimeoutMs() < Number.POSITIVE_INFINITY]).toEqual([true, true]);
    match.broken.clear();
    match.run(200);
    expect(match.peers.map(({ session }) => session.pollTimeoutMs())).toEqual([0, 1, 2].map(() => Number.POSITIVE_INFINITY));
  });
});

describe("a desync", () => {
  it("[RB10] is told once, with the frame that it began with, and over with a repair", () => {
    const match = new TestMatch({
      seats: [0, 1, 2],
      input: humanInput(4),
      simulation: (peer) => (peer === 2 ? { corruptFrame: 100 } : {}),
    });
    match.run(5000);
    expect(match.eventsOf(0, "desync")).toMatchObject([{ peerId: match.peer(2).id, frame: 100, paths: ["state"] }]);
    expect(match.eventsOf(1, "desync")).toMatchObject([{ peerId: match.peer(2).id, frame: 100, paths: ["state"] }]);
    expect(match.eventsOf(2, "desync")).toHaveLength(2);
    for (const index of [0, 1, 2]) expect(match.eventsOf(index, "repaired")).toMatchObject([{ peerId: match.peer(2).id }]);
    expect(match.peer(0).session.stats().refusals["desync"]).toBeGreaterThan(0);
  });

  it("[RB10] is found within a second though datagrams are lost, and never claimed while there is none", () => {
    const options = { seats: [0, 1], input: humanInput(5), lossRatio: 0.2, jitterMs: 60 };
    const sound = new TestMatch(options);
    sound.run(10_000);
    expect(sound.peer(0).session.stats().rollbacks).toBeGreaterThan(40);
    for (const index of [0, 1]) expect(sound.eventsOf(index, "desync")).toEqual([]);
    const broken = new TestMatch({ ...options, simulation: (peer) => (peer === 1 ? { corruptFrame: 61 } : {}) });
    broken.runUntil(() => broken.eventsOf(0, "desync").length > 0, 3500);
    expect(broken.eventsOf(0, "desync")).toMatchObject([{ peerId: broken.peer(1).id }]);
  });
});
