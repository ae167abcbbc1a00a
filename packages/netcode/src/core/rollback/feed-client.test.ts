import { describe, expect, it } from "vitest";
import { testPeerId } from "../../../test/test-match.ts";
import { ByteReader, ByteWriter } from "../base/bytes.ts";
import type { PeerId } from "../base/units.ts";
import * as ROLLBACK_KIND from "../wire/rollback-kind.ts";
import { FeedClient } from "./feed-client.ts";
import { FEED_BUFFER_BYTES, FeedHeader, writeFeed } from "./feed-datagram.ts";
import { encodeSnapshot } from "./snapshot-codec.ts";

const EPOCH = 7;
const LAYOUT = { playerCount: 2, inputBytes: 1 };
const [ann, bob] = [testPeerId("ann"), testPeerId("bob")];

function following(): FeedClient {
  const options = {
    localPeerId: testPeerId("own"),
    matchEpoch: EPOCH,
    feeders: [ann, bob],
    historyFrames: 256,
    isLive: true,
    serves: false,
  };
  const client = new FeedClient(0, { ...options, ...LAYOUT });
  client.update(0);
  return client;
}

function say(client: FeedClient, from: PeerId, kind: number, bytes: Uint8Array): string | undefined {
  return client.handleMessage(0, from, kind, new ByteReader(bytes.subarray(2)), 0);
}

function sendState(client: FeedClient, from: PeerId, frame: number): string | undefined {
  const [bytes, baseRow] = [Uint8Array.of(1, 2, 3), new Uint8Array(2)];
  const state = encodeSnapshot(EPOCH, { frame, stepFrame: frame, checksum: 1, timeline: [], baseRow, bytes });
  return say(client, from, ROLLBACK_KIND.snapshot, state);
}

function sendRows(client: FeedClient, from: PeerId, firstFrame: number, rowCount: number): string | undefined {
  const writer = new ByteWriter(new Uint8Array(FEED_BUFFER_BYTES));
  const header = Object.assign(new FeedHeader(), { firstFrame, rowCount, settledFrame: firstFrame + rowCount - 1 });
  writeFeed(writer, EPOCH, header, new Uint8Array(rowCount * 2), LAYOUT);
  return say(client, from, ROLLBACK_KIND.feed, writer.written());
}

describe("a follower", () => {
  it("[FO23] takes the newest of several states that came while it stood still, and refuses none", () => {
    const client = following();
    expect([100, 400, 250].map((frame) => sendState(client, ann, frame))).toEqual([undefined, undefined, undefined]);
    expect(client.takeSnapshot()?.frame).toBe(400);
    expect(client.takeSnapshot()).toBeUndefined();
  });

  it("[FO23] ignores a state that it was sent twice, and takes one that lies ahead of what it has", () => {
    const client = following();
    sendState(client, ann, 100);
    client.begin(client.takeSnapshot()?.frame ?? 0, new Uint8Array(2));
    expect([sendRows(client, ann, 100, 5), sendState(client, ann, 100), sendState(client, ann, 105)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect([client.newestFrame, client.takeSnapshot()]).toEqual([104, undefined]);
    expect(sendState(client, ann, 106)).toBeUndefined();
    expect(client.takeSnapshot()?.frame).toBe(106);
  });

  it("[FO23] ignores what whom it followed before still sends, and refuses who was never asked", () => {
    const client = following();
    client.follow(bob);
    expect([sendState(client, ann, 100), sendRows(client, ann, 100, 3)]).toEqual([undefined, undefined]);
    expect([client.takeSnapshot(), sendState(client, testPeerId("eve"), 100)]).toEqual([undefined, "not-feeder"]);
  });

  it("[FO23] refuses a flood of states, until one was taken", () => {
    const client = following();
    const refusals = Array.from({ length: 20 }, (_, index) => sendState(client, ann, 100 + index));
    expect(refusals.filter((refusal) => refusal === "snapshot-flood")).toHaveLength(4);
    client.takeSnapshot();
    expect(sendState(client, ann, 200)).toBeUndefined();
  });
});
