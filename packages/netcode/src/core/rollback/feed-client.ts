import { ByteWriter, type ByteReader } from "../base/bytes.ts";
import { NULL_FRAME, type PeerId } from "../base/units.ts";
import type { Transmit } from "../ports/session.ts";
import { FEED_ACK_BYTES_MAX, FOLLOW_BYTES_MAX, readFollow, writeFeedAck, writeFollow, type FollowMessage } from "../wire/follow-codec.ts";
import * as ROLLBACK_KIND from "../wire/rollback-kind.ts";
import { FEED_ROWS_BYTES_MAX, FeedHeader, readFeed, type FeedLayout } from "./feed-datagram.ts";
import type { SessionSnapshot } from "./settled-source.ts";
import { readSnapshot } from "./snapshot-codec.ts";
import type { TimelineEntry } from "./timeline.ts";

/** Who does not answer, or goes silent, for so long is left for another: at half, 20 % loss would do; at double, a picture stands still for two seconds. */
const SILENT_MS = 1000;
/** A feeder that has nothing new for so long may be cut off itself. All may be waiting for a drop, which takes 2.5 s. */
const STUCK_MS = 3500;
/** Who is refused asks the next one after so long: where all are full, this is how often one asks. */
const REFUSED_MS = 250;
/** An ack at least so often. */
const ACK_INTERVAL_MS = 200;
/** Time without any call counts as at most so much silence: a page that was frozen need not change its feeder when it wakes. */
const UNOBSERVED_MS_MAX = 250;
/** States that may come at once: a feeder sends one for each request, one a second at most, and one more each 256 frames. */
const SNAPSHOTS_MAX = 16;
/** Whom redirections name, and who was given: 64 members of a lobby. */
const CANDIDATES_MAX = 64;

export interface FeedClientOptions extends FeedLayout {
  readonly localPeerId: PeerId;
  readonly matchEpoch: number;
  /** Whom to ask, best first. */
  readonly feeders: readonly PeerId[];
  /** Rows that are kept, a power of two. */
  readonly historyFrames: number;
  /** Wants each frame at once, since it is about to play. */
  readonly isLive: boolean;
  /** Feeds others if it is asked. */
  readonly serves: boolean;
}

/** What a datagram said about the state after a frame. */
export interface ChecksumReport {
  readonly from: PeerId;
  readonly frame: number;
  readonly checksum: number;
}

/** Gets a match as it settles from one peer, and from another when that one fails. Knows bytes, not states. */
export class FeedClient {
  readonly #options: FeedClientOptions;
  readonly #candidates: PeerId[] = [];
  readonly #distrusted = new Set<PeerId>();
  readonly #rows: Uint8Array;
  readonly #rowFrames: Int32Array;
  readonly #rowBytes: number;
  readonly #incoming = new Uint8Array(FEED_ROWS_BYTES_MAX);
  readonly #header = new FeedHeader();
  readonly #writer = new ByteWriter(new Uint8Array(Math.max(FOLLOW_BYTES_MAX, FEED_ACK_BYTES_MAX)));
  readonly #outgoing: { readonly to: PeerId; readonly message: FollowMessage }[] = [];
  #feeder: PeerId | undefined;
  #isFed = false;
  #wantsSnapshot = true;
  #snapshot: SessionSnapshot | undefined;
  /** Those that came since one was taken last. */
  #snapshotCount = 0;
  #entries: readonly TimelineEntry[] = [];
  #report: ChecksumReport | undefined;
  /** The first row of those that lie without a gap up to `newestFrame`. */
  #baseFrame = 0;
  #newestFrame: number = NULL_FRAME;
  #settledFrame: number = NULL_FRAME;
  #hasBase = false;
  #isIdle = false;
  #ackDue = false;
  #nowMs: number;
  #observedMs = 0;
  #heardMs = Number.NEGATIVE_INFINITY;
  #progressMs = 0;
  #ackedMs = Number.NEGATIVE_INFINITY;
  #rttMs = 0;

  constructor(nowMs: number, options: FeedClientOptions) {
    this.#options = options;
    this.#nowMs = nowMs;
    this.#rowBytes = options.playerCount * options.inputBytes;
    this.#rows = new Uint8Array(options.historyFrames * this.#rowBytes);
    this.#rowFrames = new Int32Array(options.historyFrames).fill(NULL_FRAME);
    for (const peerId of options.feeders) this.addFeeder(peerId);
  }

  /** Whom we ask or follow. */
  get feeder(): PeerId | undefined {
    return this.#feeder;
  }

  /** The newest frame whose row, and all since the snapshot, are here. */
  get newestFrame(): number {
    return this.#newestFrame;
  }

  get oldestFrame(): number {
    return Math.max(this.#baseFrame, this.#newestFrame - this.#options.historyFrames + 1);
  }

  /** The newest frame that is settled at the feeder, as it says. */
  get settledFrame(): number {
    return this.#settledFrame;
  }

  /** Round trip to the feeder; 0 until measured. */
  get rttMs(): number {
    return this.#rttMs;
  }

  addFeeder(peerId: PeerId): void {
    if (peerId === this.#options.localPeerId || this.#candidates.includes(peerId) || this.#candidates.length >= CANDIDATES_MAX) return;
    this.#candidates.push(peerId);
  }

  /** Asks `peerId` from now on. */
  follow(peerId: PeerId): void {
    if (this.#feeder !== undefined && this.#feeder !== peerId) this.#outgoing.push({ to: this.#feeder, message: { type: "stop" } });
    this.#feeder = peerId;
    this.#isIdle = false;
    this.#isFed = false;
    this.#heardMs = this.#observedMs;
    this.#progressMs = this.#observedMs;
    this.#wantsSnapshot = !this.#hasBase;
    const haveFrame = this.#hasBase ? this.#newestFrame : NULL_FRAME;
    const { isLive, serves } = this.#options;
    this.#outgoing.push({ to: peerId, message: { type: "request", isLive, serves, haveFrame } });
  }

  /** The feeder lied, or our state is not the match's: a state from somebody else, and never from it again while anybody else is left. */
  distrust(): void {
    if (this.#feeder !== undefined) this.#distrusted.add(this.#feeder);
    this.#hasBase = false;
    this.#snapshot = undefined;
    this.#newestFrame = NULL_FRAME;
    this.#rowFrames.fill(NULL_FRAME);
    this.#followNext();
  }

  /** True once rows count from a state of ours. */
  get hasBase(): boolean {
    return this.#hasBase;
  }

  /** Wants nothing more until `follow`: the match is over, or nobody looks. */
  stop(): void {
    if (this.#feeder !== undefined && !this.#isIdle) this.#outgoing.push({ to: this.#feeder, message: { type: "stop" } });
    this.#isIdle = true;
  }

  get isIdle(): boolean {
    return this.#isIdle;
  }

  /** Messages of the kinds 0x23, 0x24 and 0x26, from after kind and epoch. `keepFrame`: rows from it on may not be overwritten. Returns why it was refused. */
  handleMessage(nowMs: number, from: PeerId, kind: number, reader: ByteReader, keepFrame: number): string | undefined {
    this.#observe(nowMs);
    if (kind === ROLLBACK_KIND.follow) return this.#handleFollow(from, readFollow(reader));
    // Whom we followed, or asked, before has not heard yet that we do no more.
    if (from !== this.#feeder || this.#isIdle) return this.#candidates.includes(from) ? undefined : "not-feeder";
    if (kind === ROLLBACK_KIND.feed) return this.#handleFeed(from, reader, keepFrame);
    return this.#handleSnapshot(reader);
  }

  /** Looks whether the feeder still serves. Call with every frame. */
  update(nowMs: number): void {
    this.#observe(nowMs);
    if (this.#isIdle) return;
    const isSilent = this.#observedMs - this.#heardMs >= SILENT_MS;
    const isStuck = this.#observedMs - this.#progressMs >= STUCK_MS;
    if (this.#feeder === undefined || isSilent || isStuck) this.#followNext();
    if (this.#isFed && this.#observedMs - this.#ackedMs >= ACK_INTERVAL_MS) this.#ackDue = true;
  }

  pollTransmit(): Transmit | undefined {
    const writer = this.#writer;
    const next = this.#outgoing.shift();
    writer.reset();
    if (next !== undefined) {
      writeFollow(writer, this.#options.matchEpoch, next.message);
      return { to: next.to, channel: "reliable", bytes: writer.written() };
    }
    if (!this.#ackDue || this.#feeder === undefined || this.#isIdle) return undefined;
    this.#ackDue = false;
    this.#ackedMs = this.#observedMs;
    writeFeedAck(writer, this.#options.matchEpoch, { timeMs: this.#nowMs, ackedFrame: this.#hasBase ? this.#newestFrame : NULL_FRAME });
    return { to: this.#feeder, channel: "unreliable", bytes: writer.written() };
  }

  /** A state that came, once. */
  takeSnapshot(): SessionSnapshot | undefined {
    const snapshot = this.#snapshot;
    this.#snapshot = undefined;
    this.#snapshotCount = 0;
    return snapshot;
  }

  /** Entries of the newest datagram, once. */
  takeEntries(): readonly TimelineEntry[] {
    const entries = this.#entries;
    this.#entries = NO_ENTRIES;
    return entries;
  }

  /** The newest checksum of the feeder, once. */
  takeReport(): ChecksumReport | undefined {
    const report = this.#report;
    this.#report = undefined;
    return report;
  }

  /** The state before `frame` is ours: rows count from there. */
  begin(frame: number, baseRow: Uint8Array): void {
    this.#hasBase = true;
    this.#wantsSnapshot = false;
    if (frame > 0) this.#store(frame - 1, baseRow, 0);
    this.#baseFrame = Math.max(0, frame - 1);
    this.#newestFrame = frame - 1;
    this.#advance();
    this.#ackDue = true;
  }

  has(frame: number): boolean {
    return frame >= this.oldestFrame && frame <= this.#newestFrame;
  }

  /** Copies a row; only of a frame that `has`. */
  copyRow(frame: number, into: Uint8Array): void {
    const start = this.#slot(frame) * this.#rowBytes;
    for (let index = 0; index < this.#rowBytes; index++) into[index] = this.#rows[start + index] ?? 0;
  }

  #observe(nowMs: number): void {
    this.#observedMs += Math.max(0, Math.min(UNOBSERVED_MS_MAX, nowMs - this.#nowMs));
    this.#nowMs = nowMs;
  }

  #heard(): void {
    this.#isFed = true;
    this.#heardMs = this.#observedMs;
  }

  #handleFollow(from: PeerId, message: FollowMessage | undefined): string | undefined {
    if (message === undefined) return "malformed";
    if (from !== this.#feeder) return undefined;
    if (message.type === "redirect") {
      for (const peerId of message.peerIds) this.addFeeder(peerId);
      // Those who are sent away together should not all go to the same.
      const { localPeerId } = this.#options;
      const choice = message.peerIds[localPeerId.charCodeAt(localPeerId.length - 1) % message.peerIds.length];
      if (choice !== undefined && this.#candidates.includes(choice)) this.#turnTo(choice);
    } else if (message.type !== "request") this.#heardMs = this.#observedMs - SILENT_MS + REFUSED_MS;
    return undefined;
  }

  #handleSnapshot(reader: ByteReader): string | undefined {
    // Decoding a large one takes time.
    if (this.#snapshotCount >= SNAPSHOTS_MAX) return "snapshot-flood";
    this.#snapshotCount++;
    const snapshot = readSnapshot(reader, this.#options);
    if (snapshot === undefined) return "malformed";
    this.#heard();
    // An answer to what we had asked before, or sent again while we stood still, comes late: the newest counts.
    const known = this.#wantsSnapshot ? NULL_FRAME : this.#newestFrame + 1;
    if (snapshot.frame > Math.max(known, this.#snapshot?.frame ?? NULL_FRAME)) this.#snapshot = snapshot;
    return undefined;
  }

  #handleFeed(from: PeerId, reader: ByteReader, keepFrame: number): string | undefined {
    const header = this.#header;
    if (!readFeed(reader, header, this.#incoming, this.#options)) return "malformed";
    this.#heard();
    this.#ackDue = true;
    this.#settledFrame = Math.max(this.#settledFrame, header.settledFrame);
    if (header.hasEcho) this.#measure(header.echoMs, header.heldMs);
    const limit = this.#hasBase ? keepFrame + this.#options.historyFrames : Number.POSITIVE_INFINITY;
    for (let row = 0; row < header.rowCount; row++) {
      const frame = header.firstFrame + row;
      if (frame > this.#newestFrame && frame < limit) this.#store(frame, this.#incoming, row * this.#rowBytes);
    }
    if (header.entries.length > 0) this.#entries = header.entries;
    if (header.hasReport) this.#report = { from, frame: header.reportFrame, checksum: header.checksum };
    this.#advance();
    return undefined;
  }

  #measure(echoMs: number, heldMs: number): void {
    const sampleMs = ((Math.floor(this.#nowMs) & 0xffff) - echoMs - heldMs) & 0xffff;
    // An echo of a minute ago wraps into nonsense; so does a hostile one.
    if (sampleMs < 5000) this.#rttMs = this.#rttMs === 0 ? sampleMs : this.#rttMs + (sampleMs - this.#rttMs) / 8;
  }

  #store(frame: number, source: Uint8Array, offset: number): void {
    const slot = this.#slot(frame);
    this.#rowFrames[slot] = frame;
    const start = slot * this.#rowBytes;
    for (let index = 0; index < this.#rowBytes; index++) this.#rows[start + index] = source[offset + index] ?? 0;
  }

  #advance(): void {
    if (!this.#hasBase) return;
    const before = this.#newestFrame;
    while (this.#rowFrames[this.#slot(this.#newestFrame + 1)] === this.#newestFrame + 1) this.#newestFrame++;
    if (this.#newestFrame > before) this.#progressMs = this.#observedMs;
  }

  #slot(frame: number): number {
    return frame & (this.#options.historyFrames - 1);
  }

  #followNext(): void {
    const { length } = this.#candidates;
    const from = this.#feeder === undefined ? -1 : this.#candidates.indexOf(this.#feeder);
    for (let step = 1; step <= length; step++) {
      const candidate = this.#candidates[(from + step) % length];
      if (candidate === undefined || (this.#distrusted.has(candidate) && this.#distrusted.size < length)) continue;
      return this.follow(candidate);
    }
  }

  #turnTo(peerId: PeerId): void {
    // It gave no feed: nothing to stop.
    this.#feeder = undefined;
    this.follow(peerId);
  }
}

const NO_ENTRIES: readonly TimelineEntry[] = [];
