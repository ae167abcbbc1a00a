import { expect, it } from "vitest";
import { testPeerId } from "../../../test/test-match.ts";
import { TestSimulation } from "../../../test/test-simulation.ts";
import { ByteWriter } from "../base/bytes.ts";
import type { SessionPlayer } from "../ports/session.ts";
import { FEED_BUFFER_BYTES, FeedHeader, writeFeed } from "./feed-datagram.ts";
import { FollowSession } from "./follow-session.ts";
import { SettledRunner } from "./settled-runner.ts";
import { encodeSnapshot } from "./snapshot-codec.ts";

const EPOCH = 7;
const LAYOUT = { playerCount: 2, inputBytes: 1 };
const [ann, bob] = [testPeerId("ann"), testPeerId("bob")];
const PLAYERS: readonly SessionPlayer[] = [{ peerId: ann }, { peerId: bob }];
const FRAMES = 40;

function rowOf(frame: number): Uint8Array {
  return Uint8Array.of(frame, 2 * frame);
}

function stateBefore(frame: number): Uint8Array {
  const simulation = new TestSimulation(LAYOUT);
  const runner = new SettledRunner({ simulation, players: PLAYERS });
  while (runner.frame < frame) runner.step(rowOf(runner.frame), () => {});
  const [checksum, bytes] = [simulation.checksum(), simulation.serialize()];
  const baseRow = frame === 0 ? new Uint8Array(2) : rowOf(frame - 1);
  return encodeSnapshot(EPOCH, { frame, stepFrame: frame, checksum, timeline: [], baseRow, bytes });
}

/** All rows from `firstFrame` on, and what the feeder says of a state, where it says something. */
function rowsFrom(firstFrame: number, report: Partial<FeedHeader> = {}): Uint8Array {
  const writer = new ByteWriter(new Uint8Array(FEED_BUFFER_BYTES));
  const rowCount = FRAMES - firstFrame;
  const header = Object.assign(new FeedHeader(), { firstFrame, rowCount, settledFrame: FRAMES - 1 }, report);
  const rows = Uint8Array.from(Array.from({ length: rowCount }, (_, row) => [...rowOf(firstFrame + row)]).flat());
  writeFeed(writer, EPOCH, header, rows, LAYOUT);
  return writer.written().slice();
}

it("[FO25] a seek into rows that are gone shows nothing, and every event of what is shown after it is told once", () => {
  const session = new FollowSession(0, {
    localPeerId: testPeerId("own"),
    players: PLAYERS,
    matchEpoch: EPOCH,
    simulation: new TestSimulation(LAYOUT),
    delayFrames: 30,
  });
  const nothing = new Uint8Array(0);
  session.advanceFrame(0, nothing, 8);
  session.handlePacket(0, ann, stateBefore(1));
  // Ann claims another state for a frame in the middle of what we seek over: nothing of hers counts any more, rows and all.
  session.handlePacket(0, ann, rowsFrom(1, { hasReport: true, reportFrame: 20, checksum: 1 }));
  session.advanceFrame(16, nothing, 8);
  expect([session.feeder, session.newestFrame]).toEqual([ann, FRAMES - 1]);
  expect(session.seek(30)).toBe(false);
  expect(session.feeder).toBe(bob);
  // No frame was begun without its inputs: there is none to show again.
  expect(session.seek(0)).toBe(false);
  session.handlePacket(32, bob, stateBefore(10));
  session.handlePacket(32, bob, rowsFrom(10));
  for (let frame = 0; frame < FRAMES; frame++) session.advanceFrame(32 + 16 * frame, nothing, 8);
  expect(session.frame).toBe(FRAMES);
  const beats: number[] = [];
  for (let event = session.pollEvent(); event !== undefined; event = session.pollEvent()) {
    if (event.type === "game" && event.name === "beat") beats.push(event.frame);
  }
  expect(beats).toEqual([10, 20, 30]);
});
