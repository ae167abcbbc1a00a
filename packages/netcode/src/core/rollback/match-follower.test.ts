import { describe, expect, it } from "vitest";
import { testPeerId } from "../../../test/test-match.ts";
import { TestSimulation } from "../../../test/test-simulation.ts";
import { ByteReader, ByteWriter } from "../base/bytes.ts";
import type { SessionPlayer } from "../ports/session.ts";
import * as ROLLBACK_KIND from "../wire/rollback-kind.ts";
import { FEED_BUFFER_BYTES, FeedHeader, writeFeed } from "./feed-datagram.ts";
import { MatchFollower } from "./match-follower.ts";
import { SettledRunner } from "./settled-runner.ts";
import { encodeSnapshot } from "./snapshot-codec.ts";
import type { TimelineEntry } from "./timeline.ts";

const EPOCH = 7;
const LAYOUT = { playerCount: 2, inputBytes: 1 };
const [ann, bob] = [testPeerId("ann"), testPeerId("bob")];
const PLAYERS: readonly SessionPlayer[] = [{ peerId: ann }, { peerId: bob }];
const FRAMES = 20;
/** Bob goes after frame 12. */
const LOST: TimelineEntry = { type: "seat-to-bot", frame: 13, peerId: bob, playerIndexes: [1], cause: "lost" };

type Message = readonly [kind: number, bytes: Uint8Array];

function rowOf(frame: number): Uint8Array {
  return Uint8Array.of(frame, frame < LOST.frame ? 2 * frame : 0);
}

/** The match up to before `frame`. */
function played(frame: number): TestSimulation {
  const simulation = new TestSimulation(LAYOUT);
  const runner = new SettledRunner({ simulation, players: PLAYERS });
  runner.learn([LOST]);
  while (runner.frame < frame) runner.step(rowOf(runner.frame), () => {});
  return simulation;
}

function stateBefore(frame: number): Message {
  const simulation = played(frame);
  const [checksum, bytes] = [simulation.checksum(), simulation.serialize()];
  const timeline = LOST.frame < frame ? [LOST] : [];
  const baseRow = frame === 0 ? new Uint8Array(2) : rowOf(frame - 1);
  return [ROLLBACK_KIND.snapshot, encodeSnapshot(EPOCH, { frame, stepFrame: frame, checksum, timeline, baseRow, bytes })];
}

function rowsFrom(firstFrame: number): Message {
  const writer = new ByteWriter(new Uint8Array(FEED_BUFFER_BYTES));
  const rowCount = FRAMES - firstFrame;
  const entries = LOST.frame < firstFrame ? [] : [LOST];
  const header = Object.assign(new FeedHeader(), { firstFrame, rowCount, settledFrame: FRAMES - 1, entries });
  const rows = Uint8Array.from(Array.from({ length: rowCount }, (_, row) => [...rowOf(firstFrame + row)]).flat());
  writeFeed(writer, EPOCH, header, rows, LAYOUT);
  return [ROLLBACK_KIND.feed, writer.written().slice()];
}

function following(simulation: TestSimulation): MatchFollower {
  const follower = new MatchFollower(0, {
    localPeerId: testPeerId("own"),
    players: PLAYERS,
    matchEpoch: EPOCH,
    simulation,
    historyFrames: 256,
    isLive: true,
    serves: false,
    handleEntry: () => {},
    handleDesync: () => {},
  });
  follower.client.update(0);
  return follower;
}

function hear(follower: MatchFollower, messages: readonly Message[]): void {
  for (const [kind, bytes] of messages) expect(follower.handleMessage(0, ann, kind, new ByteReader(bytes.subarray(2)))).toBeUndefined();
  expect(follower.load()).toBeUndefined();
}

describe("a state, with rows and entries from after it", () => {
  const orders = [
    [stateBefore(12), rowsFrom(12)],
    [rowsFrom(12), stateBefore(12)],
  ];

  it("[FO23] regression: counts with them, whichever comes first, also for who had an older state", () => {
    for (const before of [[], [stateBefore(0)]]) {
      for (const messages of orders) {
        const simulation = new TestSimulation(LAYOUT);
        const follower = following(simulation);
        if (before.length > 0) hear(follower, before);
        expect(follower.isStarted).toBe(before.length > 0);
        hear(follower, messages);
        expect(follower.runner.frame).toBe(12);
        while (follower.canStep) {
          follower.step(() => {});
          expect(follower.runner.holders[1]).toBe(follower.runner.frame > LOST.frame ? undefined : bob);
        }
        expect([follower.runner.frame, simulation.checksum()]).toEqual([FRAMES, played(FRAMES).checksum()]);
      }
    }
  });
});
