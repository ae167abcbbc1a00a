import { ByteWriter, type ByteReader } from "../base/bytes.ts";
import { NULL_FRAME, PLAYERS_MAX, type PeerId } from "../base/units.ts";
import type { Transmit } from "../ports/session.ts";
import {
  FOLLOW_BYTES_MAX,
  FOLLOWERS_MAX,
  readFeedAck,
  readFollow,
  readSeatRequest,
  writeFollow,
  type FollowMessage,
  type SeatRequest,
} from "../wire/follow-codec.ts";
import { INPUT_BYTES_MAX, INPUT_ROWS_MAX, CHECKSUM_INTERVAL_FRAMES } from "../wire/limits.ts";
import * as ROLLBACK_KIND from "../wire/rollback-kind.ts";
import { FEED_BUFFER_BYTES, FEED_ROWS_BYTES_MAX, FeedHeader, writeFeed, type FeedLayout } from "./feed-datagram.ts";
import type { SessionSnapshot, SettledSource } from "./settled-source.ts";
import { encodeSnapshot } from "./snapshot-codec.ts";

/** Places that only those who want to play may have: an audience must not keep a player from coming back. */
const LIVE_PLACES = 2;
/** Somebody who only watches gets 20 datagrams a second: at half, pictures wait; at double, an audience costs twice the messages. */
const WATCH_INTERVAL_MS = 50;
/** Further behind than this a watcher gets every frame at once too. A round trip of 600 ms is 36 frames. */
const BEHIND_FRAMES = 40;
/** What was not acked goes again so often while nothing new settles. */
const REPEAT_MS = 50;
/** A sign of life while there is nothing to send. */
const IDLE_MS = 200;
/** A follower that acked nothing for so long is gone. */
const SILENT_MS = 5000;
/** One follower gets a state so often at most. Requests that waited somewhere come together, and all but the last are out of date. */
const STATE_INTERVAL_MS = 500;
/** A snapshot serves everybody who asks within so many frames of it. */
const SNAPSHOT_FRAMES = 30;

/** A follower's wish to play. */
export interface SeatWish extends SeatRequest {
  readonly peerId: PeerId;
}

/** Somebody who is fed. */
interface Follower {
  readonly peerId: PeerId;
  isLive: boolean;
  serves: boolean;
  ackedFrame: number;
  /** Where a round of datagrams goes on that one alone cannot hold; `NULL_FRAME` between rounds. */
  nextFrame: number;
  needsSnapshot: boolean;
  /** The newest settled frame when it was sent something last. */
  sentFrame: number;
  sentMs: number;
  /** When it was sent a state. */
  stateMs: number;
  heardMs: number;
  echo: Echo;
}

/** The time in an ack, and when it came. */
interface Echo {
  timeMs: number;
  atMs: number;
}

export interface FeedServerOptions extends FeedLayout {
  readonly source: SettledSource;
  readonly matchEpoch: number;
  readonly frameRateHz: number;
}

/**
 * Serves what is settled to those who follow: a state, then the inputs of all players, as they settle. Whoever hosts it passes on what comes in, calls `update`
 * with every frame, and drains `pollTransmit`.
 */
export class FeedServer {
  readonly #source: SettledSource;
  readonly #matchEpoch: number;
  readonly #layout: FeedLayout;
  readonly #frameMs: number;
  readonly #followers: Follower[] = [];
  readonly #answers: { readonly to: PeerId; readonly message: FollowMessage }[] = [];
  /** Who only asked whether we hear it. */
  readonly #pings: { readonly to: PeerId; readonly echo: Echo }[] = [];
  readonly #wishes: SeatWish[] = [];
  /** Who wanted nothing more a moment ago: to stop and to ask again is no way to be sent more. */
  readonly #stopped = new Map<PeerId, Follower>();
  readonly #ack = { timeMs: 0, ackedFrame: 0 };
  readonly #header = new FeedHeader();
  #snapshot: SessionSnapshot | undefined;
  #snapshotBytes: Uint8Array | undefined;
  #nowMs = 0;
  /** Made for the first follower: most matches have none. */
  #buffers: { readonly writer: ByteWriter; readonly row: Uint8Array; readonly rows: Uint8Array } | undefined;

  constructor(options: FeedServerOptions) {
    this.#source = options.source;
    this.#matchEpoch = options.matchEpoch;
    this.#layout = { playerCount: options.playerCount, inputBytes: options.inputBytes };
    this.#frameMs = 1000 / options.frameRateHz;
  }

  /** Whom we feed. */
  get followers(): readonly PeerId[] {
    return this.#followers.map(({ peerId }) => peerId);
  }

  /** A message of the kinds 0x23, 0x25 and 0x2a, from after its kind and epoch. Returns why it was refused. */
  handleMessage(nowMs: number, from: PeerId, kind: number, reader: ByteReader): string | undefined {
    this.#nowMs = nowMs;
    if (kind === ROLLBACK_KIND.feedAck) return this.#handleAck(from, reader);
    if (kind === ROLLBACK_KIND.seatRequest) return this.#handleWish(from, reader);
    const message = readFollow(reader);
    if (message === undefined) return "malformed";
    if (message.type === "stop") this.#remove(from);
    else if (message.type === "request") return this.#handleRequest(from, message);
    return undefined;
  }

  /** Looks what is due; call with every frame. */
  update(nowMs: number): void {
    this.#nowMs = nowMs;
    for (let index = this.#followers.length - 1; index >= 0; index--) {
      const follower = this.#followers[index];
      if (follower === undefined) continue;
      if (nowMs - follower.heardMs >= SILENT_MS) this.#followers.splice(index, 1);
      else if (follower.ackedFrame + 1 < this.#source.oldestFrame) follower.needsSnapshot = true;
    }
  }

  pollTransmit(): Transmit | undefined {
    const answer = this.#answers.shift();
    if (answer !== undefined) {
      const writer = new ByteWriter(new Uint8Array(FOLLOW_BYTES_MAX));
      writeFollow(writer, this.#matchEpoch, answer.message);
      return { to: answer.to, channel: "reliable", bytes: writer.written() };
    }
    const ping = this.#pings.shift();
    if (ping !== undefined) return this.#writeRows(ping.to, this.#source.settledFrame + 1, ping.echo);
    for (const follower of this.#followers) {
      const transmit = follower.needsSnapshot ? this.#sendSnapshot(follower) : this.#sendRows(follower);
      if (transmit !== undefined) return transmit;
    }
    return undefined;
  }

  /** When `update` is to be called although no frame is: while somebody lacks what is settled, or the end of a match. */
  pollTimeoutMs(): number {
    return this.#followers.length === 0 ? Number.POSITIVE_INFINITY : this.#nowMs + REPEAT_MS;
  }

  /** The next wish to play; each peer has at most one waiting. Whether it can be granted is the session's to know. */
  takeSeatRequest(): SeatWish | undefined {
    return this.#wishes.shift();
  }

  /** Everybody has to look for another feeder: the source gives no more. */
  close(): void {
    for (const { peerId } of this.#followers) this.#answers.push({ to: peerId, message: { type: "stop" } });
    this.#followers.length = 0;
  }

  #handleRequest(from: PeerId, request: FollowMessage & { readonly type: "request" }): string | undefined {
    let follower = this.#find(from);
    if (follower === undefined) {
      const others = this.#followers;
      if (others.length >= FOLLOWERS_MAX - (request.isLive ? 0 : LIVE_PLACES)) return this.#redirect(from);
      follower = newFollower(from, this.#nowMs);
      follower.sentMs = this.#stopped.get(from)?.sentMs ?? Number.NEGATIVE_INFINITY;
      follower.stateMs = this.#stopped.get(from)?.stateMs ?? Number.NEGATIVE_INFINITY;
      others.push(follower);
    }
    follower.isLive = request.isLive;
    follower.serves = request.serves;
    follower.heardMs = this.#nowMs;
    follower.nextFrame = NULL_FRAME;
    const { settledFrame, oldestFrame } = this.#source;
    const isKnown = request.haveFrame + 1 >= oldestFrame && request.haveFrame >= 0 && request.haveFrame <= settledFrame + INPUT_ROWS_MAX;
    follower.needsSnapshot = !isKnown;
    follower.ackedFrame = isKnown ? request.haveFrame : settledFrame;
    return undefined;
  }

  #redirect(from: PeerId): string | undefined {
    if (this.#answers.length >= FOLLOWERS_MAX) return "follow-flood";
    const peerIds = this.#followers.filter(({ serves, peerId }) => serves && peerId !== from).map(({ peerId }) => peerId);
    const message: FollowMessage = peerIds.length > 0 ? { type: "redirect", peerIds } : { type: "refused", reason: "full" };
    this.#answers.push({ to: from, message });
    return undefined;
  }

  #handleAck(from: PeerId, reader: ByteReader): string | undefined {
    const ack = this.#ack;
    if (!readFeedAck(reader, ack)) return "malformed";
    const follower = this.#find(from);
    if (follower === undefined) {
      if (this.#pings.length >= FOLLOWERS_MAX) return "follow-flood";
      this.#pings.push({ to: from, echo: { timeMs: ack.timeMs, atMs: this.#nowMs } });
      return undefined;
    }
    follower.echo.timeMs = ack.timeMs;
    follower.echo.atMs = this.#nowMs;
    follower.heardMs = this.#nowMs;
    // It may have got further with another feeder before; what nobody can have means nothing.
    if (ack.ackedFrame <= this.#source.settledFrame) follower.ackedFrame = Math.max(follower.ackedFrame, ack.ackedFrame);
    return undefined;
  }

  #handleWish(from: PeerId, reader: ByteReader): string | undefined {
    const request = readSeatRequest(reader, this.#layout.playerCount);
    if (request === undefined) return "malformed";
    if (this.#wishes.length >= FOLLOWERS_MAX || this.#wishes.some(({ peerId }) => peerId === from)) return "follow-flood";
    this.#wishes.push({ peerId: from, ...request });
    return undefined;
  }

  #find(peerId: PeerId): Follower | undefined {
    for (const follower of this.#followers) if (follower.peerId === peerId) return follower;
    return undefined;
  }

  #remove(peerId: PeerId): void {
    const index = this.#followers.findIndex((follower) => follower.peerId === peerId);
    const follower = this.#followers[index];
    if (follower === undefined) return;
    this.#followers.splice(index, 1);
    for (const { peerId: before, stateMs, sentMs } of this.#stopped.values())
      if (this.#nowMs - Math.max(stateMs, sentMs) >= STATE_INTERVAL_MS) this.#stopped.delete(before);
    this.#stopped.set(peerId, follower);
  }

  #sendSnapshot(follower: Follower): Transmit | undefined {
    if (this.#nowMs - follower.stateMs < STATE_INTERVAL_MS) return undefined;
    const { settledFrame, oldestFrame } = this.#source;
    const isStale =
      this.#snapshot === undefined || settledFrame - this.#snapshot.frame > SNAPSHOT_FRAMES || this.#snapshot.frame < oldestFrame;
    if (isStale) {
      this.#snapshot = this.#source.takeSnapshot();
      this.#snapshotBytes = undefined;
    }
    const snapshot = this.#snapshot;
    // What is confirmed here may still be taken back; what is settled may not.
    if (snapshot === undefined || snapshot.frame - 1 > settledFrame) return undefined;
    const bytes = (this.#snapshotBytes ??= encodeSnapshot(this.#matchEpoch, snapshot));
    follower.needsSnapshot = false;
    follower.stateMs = this.#nowMs;
    follower.ackedFrame = snapshot.frame - 1;
    follower.nextFrame = NULL_FRAME;
    return { to: follower.peerId, channel: "reliable", bytes };
  }

  #sendRows(follower: Follower): Transmit | undefined {
    const { settledFrame } = this.#source;
    const waitedMs = this.#nowMs - follower.sentMs;
    const unacked = settledFrame - follower.ackedFrame;
    const isNew = settledFrame > follower.sentFrame || follower.nextFrame !== NULL_FRAME;
    const isFast = follower.isLive || unacked > BEHIND_FRAMES;
    const intervalMs = isNew ? (isFast ? this.#frameMs - 1 : WATCH_INTERVAL_MS) : unacked > 0 ? REPEAT_MS : IDLE_MS;
    // Half a frame early: calls come once a frame, and the next would be half a frame late. But never at once: where half a frame is longer than the interval, who drains would not come to an end.
    if (waitedMs < Math.max(intervalMs - this.#frameMs / 2, intervalMs / 4)) return undefined;
    follower.sentMs = this.#nowMs;
    follower.sentFrame = settledFrame;
    const firstFrame = follower.nextFrame > follower.ackedFrame ? follower.nextFrame : follower.ackedFrame + 1;
    const transmit = this.#writeRows(follower.peerId, firstFrame, follower.echo);
    const endFrame = firstFrame + this.#header.rowCount;
    follower.nextFrame = endFrame <= settledFrame ? endFrame : NULL_FRAME;
    return transmit;
  }

  /** Everything settled from `firstFrame` on, as far as it fits. */
  #writeRows(to: PeerId, firstFrame: number, echo: Echo): Transmit {
    const { writer, row, rows } = (this.#buffers ??= newBuffers(this.#layout));
    const source = this.#source;
    const header = this.#header;
    const { settledFrame } = source;
    header.settledFrame = settledFrame;
    header.firstFrame = firstFrame;
    header.rowCount = Math.max(0, Math.min(INPUT_ROWS_MAX, settledFrame - firstFrame + 1));
    header.hasEcho = !Number.isNaN(echo.atMs);
    header.echoMs = echo.timeMs;
    header.heldMs = Math.round(this.#nowMs - echo.atMs);
    header.entries = source.entriesFrom(firstFrame);
    for (let index = 0; index < header.rowCount; index++) {
      source.copyRow(firstFrame + index, row);
      rows.set(row, index * row.length);
    }
    const lastFrame = header.rowCount > 0 ? firstFrame + header.rowCount - 1 : settledFrame;
    header.reportFrame = Math.max(0, lastFrame - (lastFrame % CHECKSUM_INTERVAL_FRAMES));
    const checksum =
      settledFrame < 0 || (header.rowCount > 0 && header.reportFrame < firstFrame) ? undefined : source.checksum(header.reportFrame);
    header.hasReport = checksum !== undefined;
    header.checksum = checksum ?? 0;
    writeFeed(writer, this.#matchEpoch, header, rows, this.#layout);
    return { to, channel: "unreliable", bytes: writer.written() };
  }
}

function newFollower(peerId: PeerId, nowMs: number): Follower {
  return {
    peerId,
    isLive: false,
    serves: false,
    ackedFrame: NULL_FRAME,
    nextFrame: NULL_FRAME,
    needsSnapshot: true,
    sentFrame: NULL_FRAME,
    sentMs: Number.NEGATIVE_INFINITY,
    stateMs: Number.NEGATIVE_INFINITY,
    heardMs: nowMs,
    echo: { timeMs: 0, atMs: Number.NaN },
  };
}

function newBuffers({ playerCount, inputBytes }: FeedLayout): { writer: ByteWriter; row: Uint8Array; rows: Uint8Array } {
  // All sizes are bounded; a match of eight players with the largest inputs needs this much.
  const rowBytes = Math.min(playerCount, PLAYERS_MAX) * Math.min(inputBytes, INPUT_BYTES_MAX);
  return {
    writer: new ByteWriter(new Uint8Array(FEED_BUFFER_BYTES)),
    row: new Uint8Array(rowBytes),
    rows: new Uint8Array(FEED_ROWS_BYTES_MAX),
  };
}
