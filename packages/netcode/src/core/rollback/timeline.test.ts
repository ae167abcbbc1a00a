import { describe, expect, it } from "vitest";
import { testPeerId } from "../../../test/test-match.ts";
import { Timeline, type TimelineEntry } from "./timeline.ts";

const [ada, bob] = [testPeerId("ada"), testPeerId("bob")];
const pause = (frame: number): TimelineEntry => ({ type: "pause", frame, peerId: ada });
const bot = (frame: number): TimelineEntry => ({ type: "seat-to-bot", frame, peerId: bob, playerIndexes: [1], cause: "lost" });

describe("the timeline", () => {
  it("[RB26] is in order of frames, then of ranks, in whatever order entries were agreed", () => {
    const timeline = new Timeline();
    timeline.add(pause(30), 2, 22);
    timeline.add(bot(10), 1, 10);
    timeline.add(bot(30), 1, 30);
    timeline.add(pause(20), 0, 12);
    expect(timeline.entries).toEqual([bot(10), pause(20), bot(30), pause(30)]);
  });

  it("[RB30] gives what nothing can take back: the frames that carry it are settled", () => {
    const timeline = new Timeline();
    timeline.add(bot(10), 1, 10);
    timeline.add(pause(30), 2, 22);
    timeline.add(bot(30), 1, 30);
    expect(timeline.settledFrom(0, 9)).toEqual([]);
    expect(timeline.settledFrom(0, 25)).toEqual([bot(10), pause(30)]);
    expect(timeline.settledFrom(11, 30)).toEqual([bot(30), pause(30)]);
  });
});
