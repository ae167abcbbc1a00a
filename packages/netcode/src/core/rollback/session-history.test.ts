import { describe, expect, it } from "vitest";
import { testPeerId } from "../../../test/test-match.ts";
import { TestSimulation } from "../../../test/test-simulation.ts";
import { openHistory, timelineBefore } from "./session-history.ts";
import { SessionRoster } from "./session-roster.ts";
import type { SessionStart } from "./settled-source.ts";
import type { TimelineEntry } from "./timeline.ts";

const [ada, bob, cyd, eve] = [testPeerId("ada"), testPeerId("bob"), testPeerId("cyd"), testPeerId("eve")];
const simulation = new TestSimulation({ playerCount: 4 });
const players = [ada, bob, undefined, cyd].map((peerId) => ({ peerId }));

function open(localPeerId: typeof ada, timeline: readonly TimelineEntry[], frame: number) {
  const rows = (past: number): Uint8Array | undefined => (past < 100 ? undefined : Uint8Array.of(past & 0xff, 0, 0, 0));
  const start: SessionStart = { frame, stepFrame: frame, timeline, rows, joinFrame: 0 };
  const roster = new SessionRoster({ localPeerId, hostId: ada, players, timeline: timelineBefore(start) });
  return { roster, ...openHistory(roster, simulation, start) };
}

const toBot = (peerId: typeof ada, player: number, frame: number): TimelineEntry => ({
  type: "seat-to-bot",
  frame,
  peerId,
  playerIndexes: [player],
  cause: "lost",
});
const toPlayer = (peerId: typeof ada, player: number, frame: number): TimelineEntry => ({
  type: "seat-to-player",
  frame,
  peerId,
  playerIndexes: [player],
});

describe("what a joiner knows when it begins", () => {
  it("[RB33] are the slots and who holds them, since when, and for the how many-th time", () => {
    const timeline = [
      toBot(bob, 1, 120),
      toBot(cyd, 3, 150),
      toPlayer(bob, 1, 300),
      toPlayer(eve, 2, 301),
      toBot(bob, 1, 320),
      toPlayer(bob, 1, 400),
    ];
    const { roster, inputs, agreement, firstFrames, oldestFrame } = open(bob, timeline, 340);
    expect(roster.playersOf).toEqual([[0], [1], [3], [2]]);
    expect([0, 1, 2, 3].map((slot) => roster.holder(slot))).toEqual([ada, bob, cyd, eve]);
    expect([roster.localMember, roster.memberOf(eve)]).toEqual([1, 3]);
    expect(agreement).toEqual({ vacant: 4, generations: [0, 2, 0, 1], seated: [3, 1] });
    expect(firstFrames).toEqual([0, 400, 0, 301]);
    expect([1, 2, 3].map((player) => inputs.lastFrame(player))).toEqual([399, 339, 339]);
    expect([319, 320, 399, 400].map((frame) => inputs.isBot(1, frame))).toEqual([false, true, true, false]);
    // Frame 143 has the place of frame 399, which is known already.
    expect(oldestFrame).toBe(144);
  });

  it("[RB33] is nothing that comes again with inputs and votes", () => {
    const pause = (frame: number, type: "pause" | "resume"): TimelineEntry => ({ type, frame, peerId: ada });
    const timeline = [
      pause(150, "pause"),
      toPlayer(eve, 2, 200),
      toBot(cyd, 3, 201),
      pause(207, "resume"),
      pause(208, "pause"),
      toPlayer(cyd, 3, 275),
    ];
    const { pauses, agreement, timeline: known } = open(eve, timeline, 200);
    expect(known.entries).toEqual([pause(150, "pause"), toPlayer(eve, 2, 200), pause(207, "resume")]);
    expect([200, 206, 207, 208].map((frame) => pauses.isPaused(frame))).toEqual([true, true, false, false]);
    expect(agreement.vacant).toBe(0);
  });

  it("[RB33] leaves out what cannot be of this match, wherever it comes from", () => {
    const timeline = [toPlayer(eve, 2, 150), toPlayer(cyd, 0, 160), toPlayer(bob, 9, 170), toBot(bob, 77, 180)];
    const { roster, timeline: known } = open(eve, timeline, 200);
    expect(known.entries).toEqual([toPlayer(eve, 2, 150)]);
    expect(roster.memberOf(eve)).toBe(3);
  });
});
