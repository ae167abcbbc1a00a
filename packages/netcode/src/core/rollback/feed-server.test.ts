import { describe, expect, it } from "vitest";
import { testPeerId } from "../../../test/test-match.ts";
import { ByteReader, ByteWriter } from "../base/bytes.ts";
import { Random } from "../base/random.ts";
import type { PeerId } from "../base/units.ts";
import type { Transmit } from "../ports/session.ts";
import { readFollow, writeFeedAck, writeFollow, writeSeatRequest, type FollowMessage } from "../wire/follow-codec.ts";
import * as ROLLBACK_KIND from "../wire/rollback-kind.ts";
import { FEED_ROWS_BYTES_MAX, FeedHeader, readFeed } from "./feed-datagram.ts";
import { FeedServer } from "./feed-server.ts";
import type { SessionSnapshot, SettledSource } from "./settled-source.ts";
import { readSnapshot } from "./snapshot-codec.ts";
import type { TimelineEntry } from "./timeline.ts";

const EPOCH = 7;
const LAYOUT = { playerCount: 2, inputBytes: 1 };

/** A match as a number of frames: their inputs are the frame's low byte. */
class FakeSource implements SettledSource {
  settledFrame = 99;
  historyFrames = 256;
  snapshotFrame = 100;
  snapshots = 0;
  rowsCopied = 0;
  readonly entries: TimelineEntry[] = [];

  get oldestFrame(): number {
    return Math.max(0, this.settledFrame - this.historyFrames + 1);
  }

  copyRow(frame: number, into: Uint8Array): void {
    if (frame < this.oldestFrame || frame > this.settledFrame) throw new Error(`no frame ${frame}`);
    this.rowsCopied++;
    into.fill(frame & 0xff);
  }

  entriesFrom(frame: number): readonly TimelineEntry[] {
    return this.entries.filter((entry) => entry.frame >= frame);
  }

  checksum(frame: number): number | undefined {
    return frame * 3;
  }

  takeSnapshot(): SessionSnapshot {
    this.snapshots++;
    const frame = this.snapshotFrame;
    return { frame, stepFrame: frame, bytes: new Uint8Array(100), checksum: 1, timeline: this.entries, baseRow: new Uint8Array(2) };
  }
}

/** A server, and what it sent since the last look, by kind. */
class Feeding {
  readonly source = new FakeSource();
  readonly server: FeedServer;
  nowMs = 0;

  constructor(frameRateHz = 60) {
    this.server = new FeedServer({ source: this.source, matchEpoch: EPOCH, frameRateHz, ...LAYOUT });
  }

  say(from: PeerId, write: (writer: ByteWriter) => void): string | undefined {
    const writer = new ByteWriter(new Uint8Array(1200));
    write(writer);
    const bytes = writer.written();
    const reader = new ByteReader(bytes);
    const kind = reader.u8();
    reader.skip(1);
    return this.server.handleMessage(this.nowMs, from, kind, reader);
  }

  ask(from: PeerId, request: Partial<FollowMessage & { type: "request" }> = {}): string | undefined {
    return this.say(from, (writer) =>
      writeFollow(writer, EPOCH, { type: "request", isLive: false, serves: true, haveFrame: -1, ...request }),
    );
  }

  ack(from: PeerId, ackedFrame: number): string | undefined {
    return this.say(from, (writer) => writeFeedAck(writer, EPOCH, { timeMs: this.nowMs, ackedFrame }));
  }

  /** One frame of 1/60 s, in which `settles` frames settle. */
  frame(settles = 1): Transmit[] {
    this.nowMs += 1000 / 60;
    this.source.settledFrame += settles;
    this.source.snapshotFrame = this.source.settledFrame + 1;
    return this.drain();
  }

  drain(): Transmit[] {
    this.server.update(this.nowMs);
    const sent: Transmit[] = [];
    for (let transmit = this.server.pollTransmit(); transmit !== undefined; transmit = this.server.pollTransmit())
      sent.push({ ...transmit, bytes: transmit.bytes.slice() });
    return sent;
  }
}

function feedOf({ bytes }: Transmit): FeedHeader {
  const header = new FeedHeader();
  const rows = new Uint8Array(FEED_ROWS_BYTES_MAX);
  expect(readFeed(new ByteReader(bytes.subarray(2)), header, rows, LAYOUT)).toBe(true);
  for (let row = 0; row < header.rowCount; row++) expect(rows[row * 2]).toBe((header.firstFrame + row) & 0xff);
  return header;
}

const isKind =
  (kind: number) =>
  ({ bytes }: Transmit): boolean =>
    bytes[0] === kind;

const feeds = isKind(ROLLBACK_KIND.feed);
const snapshots = isKind(ROLLBACK_KIND.snapshot);
const ann = testPeerId("ann");

describe("a feeder", () => {
  it("[FO15] sends a state only once it is settled, and one state to all who ask about then", () => {
    const feeding = new Feeding();
    feeding.source.snapshotFrame = 104;
    feeding.ask(ann);
    feeding.ask(testPeerId("bob"));
    expect(feeding.drain().filter(snapshots)).toHaveLength(0);
    feeding.source.settledFrame = 102;
    expect(feeding.drain().filter(snapshots)).toHaveLength(0);
    feeding.source.settledFrame = 103;
    const sent = feeding.drain().filter(snapshots);
    expect(sent.map(({ to }) => to)).toEqual([ann, testPeerId("bob")]);
    expect(feeding.source.snapshots).toBe(1);
    expect(readSnapshot(new ByteReader(sent[0]?.bytes.subarray(2)), LAYOUT)?.frame).toBe(104);
  });

  it("[FO16] repeats what is not acked, 60 times a second to who is about to play and 20 times to who watches", () => {
    const feeding = new Feeding();
    const live = testPeerId("live");
    feeding.ask(ann);
    feeding.ask(live, { isLive: true });
    feeding.frame();
    let last = new FeedHeader();
    const counts = new Map<PeerId, number>();
    for (let frame = 0; frame < 120; frame++) {
      for (const transmit of feeding.frame().filter(feeds)) {
        counts.set(transmit.to, (counts.get(transmit.to) ?? 0) + 1);
        if (transmit.to === ann) last = feedOf(transmit);
      }
      if (frame < 100) feeding.ack(ann, feeding.source.settledFrame - 6);
      feeding.ack(live, feeding.source.settledFrame - 6);
    }
    expect(counts.get(live)).toBe(120);
    expect(counts.get(ann)).toBeGreaterThanOrEqual(38);
    expect(counts.get(ann)).toBeLessThanOrEqual(42);
    // Nothing was acked for 20 frames: all of them are in the last one.
    expect(last.rowCount).toBeGreaterThan(20);
    expect(last.firstFrame + last.rowCount - 1).toBe(last.settledFrame);
  });

  it.each([1, 5, 10, 12, 20, 30, 60, 240])("[FO26] feeds at %d frames a second, and is done each time", (frameRateHz) => {
    const feeding = new Feeding(frameRateHz);
    const live = testPeerId("live");
    feeding.ask(ann);
    feeding.ask(live, { isLive: true });
    const sentTo = new Map([ann, live].map((peerId) => [peerId, 0]));
    // Two seconds in which every second call finds another frame; then one in which nobody acknowledges.
    for (let call = 0; call < 60; call++) {
      feeding.nowMs += call % 2 === 0 ? 500 / frameRateHz : 50;
      if (call % 2 === 0) feeding.source.settledFrame++;
      feeding.server.update(feeding.nowMs);
      for (const peerId of call < 40 ? [ann, live] : []) feeding.ack(peerId, feeding.source.settledFrame - 2);
      const before = new Map(sentTo);
      for (let next = feeding.server.pollTransmit(); next !== undefined; next = feeding.server.pollTransmit()) {
        const count = (sentTo.get(next.to) ?? 0) + 1;
        sentTo.set(next.to, count);
        // A state and the frames after it.
        if (count > (before.get(next.to) ?? 0) + 2) throw new Error(`call ${call}: more and more for ${next.to}`);
      }
    }
    for (const count of sentTo.values()) expect(count).toBeGreaterThan(10);
  });

  it("[FO17] gives a new state to who falls behind what it remembers, and lets go of who is silent for 5 s", () => {
    const feeding = new Feeding();
    feeding.ask(ann);
    expect(feeding.frame().filter(snapshots)).toHaveLength(1);
    let states = 0;
    for (let frame = 0; frame < 280; frame++) states += feeding.frame().filter(snapshots).length;
    expect(states).toBe(1);
    expect(feeding.server.followers).toEqual([ann]);
    for (let frame = 0; frame < 40; frame++) feeding.frame();
    expect(feeding.server.followers).toEqual([]);
    expect(feeding.server.pollTimeoutMs()).toBe(Number.POSITIVE_INFINITY);
  });

  it("[FO10] feeds six who watch and two more who want to play, and names those who serve to the others", () => {
    const feeding = new Feeding();
    for (let index = 0; index < 7; index++) feeding.ask(testPeerId(`watcher-${index}`), { serves: index < 2 });
    for (let index = 0; index < 3; index++) feeding.ask(testPeerId(`live-${index}`), { isLive: true, serves: false });
    expect(feeding.server.followers).toHaveLength(8);
    const answers = feeding.drain().filter(isKind(ROLLBACK_KIND.follow));
    expect(answers.map(({ to }) => to)).toEqual([testPeerId("watcher-6"), testPeerId("live-2")]);
    for (const { bytes } of answers) {
      const message = readFollow(new ByteReader(bytes.subarray(2)));
      expect(message).toEqual({ type: "redirect", peerIds: [testPeerId("watcher-0"), testPeerId("watcher-1")] });
    }
  });

  it("[FO18] goes on without a state for who has what it still remembers", () => {
    const feeding = new Feeding();
    feeding.source.settledFrame = 500;
    feeding.ask(ann, { haveFrame: 300 });
    const sent = feeding.frame();
    expect(sent.filter(snapshots)).toHaveLength(0);
    expect(feedOf(sent.find(feeds) ?? { to: ann, channel: "unreliable", bytes: new Uint8Array(0) }).firstFrame).toBe(301);
  });

  it("[FO19] answers who only asks whether it is heard, with a checksum and no inputs", () => {
    const feeding = new Feeding();
    expect(feeding.ack(ann, -1)).toBeUndefined();
    const [answer] = feeding.drain();
    expect(answer?.to).toBe(ann);
    const header = feedOf(answer ?? { to: ann, channel: "unreliable", bytes: new Uint8Array(0) });
    expect([header.rowCount, header.hasEcho, header.hasReport, header.checksum]).toEqual([0, true, true, header.reportFrame * 3]);
    expect(feeding.server.followers).toEqual([]);
  });

  it("[FO20] who stops and asks again gets no more states for it", () => {
    const feeding = new Feeding();
    let states = 0;
    let datagrams = 0;
    for (let frame = 0; frame < 120; frame++) {
      for (let time = 0; time < 20; time++) {
        feeding.say(ann, (writer) => writeFollow(writer, EPOCH, { type: "stop" }));
        feeding.ask(ann, { isLive: true, haveFrame: time % 2 === 0 ? -1 : feeding.source.settledFrame });
        for (let next = feeding.server.pollTransmit(); next !== undefined; next = feeding.server.pollTransmit()) {
          if (next.bytes[0] === ROLLBACK_KIND.snapshot) states++;
          else datagrams++;
        }
      }
      feeding.frame();
    }
    // Two seconds.
    expect(states).toBeLessThanOrEqual(5);
    expect(datagrams).toBeLessThanOrEqual(121);
    // An honest one who does so gets its state all the same.
    const ben = testPeerId("ben");
    feeding.ask(ben);
    feeding.say(ben, (writer) => writeFollow(writer, EPOCH, { type: "stop" }));
    feeding.ask(ben);
    expect(feeding.frame().map(({ bytes }) => bytes[0])).toContain(ROLLBACK_KIND.snapshot);
  });

  it("[FO20] a hostile follower gets little work out of it: floods, forged acks, noise", () => {
    const feeding = new Feeding();
    const random = new Random(3);
    const refusals = new Map<string, number>();
    const count = (refusal: string | undefined): void => {
      if (refusal !== undefined) refusals.set(refusal, (refusals.get(refusal) ?? 0) + 1);
    };
    const strangers = Array.from({ length: 40 }, (_, index) => testPeerId(`peer-${index}`));
    let sent = 0;
    for (let frame = 0; frame < 300; frame++) {
      for (let packet = 0; packet < 40; packet++) {
        const from = strangers[random.integer(40)] ?? ann;
        const choice = random.integer(4);
        if (choice === 0) count(feeding.ask(from, { isLive: true, haveFrame: random.integer(2) === 0 ? -1 : random.integer(1_000_000) }));
        else if (choice === 1) count(feeding.ack(from, random.integer(1_000_000)));
        else if (choice === 2)
          count(feeding.say(from, (writer) => writeSeatRequest(writer, EPOCH, { players: 1, heardPlayers: 3, rttMs: 1 })));
        else
          count(
            feeding.say(from, (writer) =>
              writer.bytes(Uint8Array.from([0x23 + random.integer(3), EPOCH, random.integer(9), random.integer(256)])),
            ),
          );
      }
      const before = feeding.source.rowsCopied;
      sent += feeding.frame().length;
      // At most one datagram of 63 rows for each of eight followers.
      expect(feeding.source.rowsCopied - before).toBeLessThanOrEqual(8 * 63);
    }
    expect(feeding.server.followers.length).toBeLessThanOrEqual(8);
    expect(feeding.source.snapshots).toBeLessThan(20);
    expect(sent / 300).toBeLessThan(26);
    expect(refusals.get("follow-flood")).toBeGreaterThan(1000);
    expect(refusals.get("malformed")).toBeGreaterThan(1000);
  });
});
