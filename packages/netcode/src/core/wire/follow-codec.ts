import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import { PLAYERS_MAX, type PeerId } from "../base/units.ts";
import { readPeerId, writePeerId } from "./peer-id-codec.ts";
import * as ROLLBACK_KIND from "./rollback-kind.ts";

/** Followers of one peer: at half, a tree of 64 needs one level more; at double, a member's upload would double with its audience. */
export const FOLLOWERS_MAX = 8;

/** Why nobody is fed. `full`: no room, and nobody else to ask; `not-ready`: there is nothing to give yet. */
export type FollowRefusal = "full" | "not-ready";

/** Between a follower and whom it follows, before and after a feed. */
export type FollowMessage =
  | {
      readonly type: "request";
      /** Wants each frame at once, since it is about to play. */
      readonly isLive: boolean;
      /** Feeds others if it is asked. */
      readonly serves: boolean;
      /** The newest frame that it has; a feeder that still has the next one sends no snapshot. `NULL_FRAME`: none. */
      readonly haveFrame: number;
    }
  | { readonly type: "redirect"; readonly peerIds: readonly PeerId[] }
  | { readonly type: "refused"; readonly reason: FollowRefusal }
  /** The follower wants no more, or the feeder gives no more. */
  | { readonly type: "stop" };

/** Longest `FollowMessage`: a redirection to eight. */
export const FOLLOW_BYTES_MAX: number = 4 + FOLLOWERS_MAX * 65;

const REQUEST = 0;
const REDIRECT = 1;
const REFUSED = 2;
const STOP = 3;
const LIVE_FLAG = 1;
const SERVES_FLAG = 2;
const REASONS: readonly FollowRefusal[] = ["full", "not-ready"];

/**
 *   0x23: u8 │ epoch: u8 │ type: u8 │
 *     0 request:  flags: u8 (1 live, 2 serves) │ newest frame + 1: varint
 *     1 redirect: count: u8, 1–8 │ peers (length u8, then ASCII)
 *     2 refused:  reason: u8 (0 full, 1 not ready)
 *     3 stop
 */
export function writeFollow(writer: ByteWriter, matchEpoch: number, message: FollowMessage): void {
  writer.u8(ROLLBACK_KIND.follow);
  writer.u8(matchEpoch);
  if (message.type === "request") {
    writer.u8(REQUEST);
    writer.u8((message.isLive ? LIVE_FLAG : 0) | (message.serves ? SERVES_FLAG : 0));
    writer.varint(message.haveFrame + 1);
  } else if (message.type === "redirect") {
    writer.u8(REDIRECT);
    writer.u8(message.peerIds.length);
    for (const peerId of message.peerIds) writePeerId(writer, peerId);
  } else if (message.type === "refused") {
    writer.u8(REFUSED);
    writer.u8(REASONS.indexOf(message.reason));
  } else writer.u8(STOP);
}

/** Reads what follows kind and epoch, to the exact end; `undefined` when malformed. */
export function readFollow(reader: ByteReader): FollowMessage | undefined {
  const type = reader.u8();
  let message: FollowMessage | undefined;
  if (type === REQUEST) {
    const flags = reader.u8();
    const haveFrame = reader.varint() - 1;
    if (flags > (LIVE_FLAG | SERVES_FLAG)) return undefined;
    message = { type: "request", isLive: (flags & LIVE_FLAG) !== 0, serves: (flags & SERVES_FLAG) !== 0, haveFrame };
  } else if (type === REDIRECT) message = readRedirect(reader);
  else if (type === REFUSED) {
    const reason = REASONS[reader.u8()];
    if (reason !== undefined) message = { type: "refused", reason };
  } else if (type === STOP) message = { type: "stop" };
  return reader.finished() ? message : undefined;
}

function readRedirect(reader: ByteReader): FollowMessage | undefined {
  const count = reader.u8();
  if (count < 1 || count > FOLLOWERS_MAX) return undefined;
  const peerIds: PeerId[] = [];
  for (let index = 0; index < count; index++) {
    const peerId = readPeerId(reader);
    if (peerId === undefined) return undefined;
    peerIds.push(peerId);
  }
  return { type: "redirect", peerIds };
}

/** What a follower tells its feeder with each frame, and a joiner asks members with: an ack without a feed is answered by an empty feed. */
export interface FeedAck {
  /** The sender's clock, low 16 bits in ms: comes back with the next feed datagram. */
  timeMs: number;
  /** The newest frame that arrived without a gap; `NULL_FRAME`: none. */
  ackedFrame: number;
}

/** Longest ack. */
export const FEED_ACK_BYTES_MAX = 9;

/**
 *   0x25: u8 │ epoch: u8 │ time: u16 │ acked frame + 1: varint
 */
export function writeFeedAck(writer: ByteWriter, matchEpoch: number, ack: FeedAck): void {
  writer.u8(ROLLBACK_KIND.feedAck);
  writer.u8(matchEpoch);
  writer.u16(ack.timeMs & 0xffff);
  writer.varint(ack.ackedFrame + 1);
}

/** Reads what follows kind and epoch, to the exact end. False when malformed. */
export function readFeedAck(reader: ByteReader, ack: FeedAck): boolean {
  ack.timeMs = reader.u16();
  ack.ackedFrame = reader.varint() - 1;
  return reader.finished();
}

/** A follower that is level with the match asks to play. */
export interface SeatRequest {
  /** The players that it asks for, as bits by index. */
  readonly players: number;
  /** Players whose holders it hears, as bits by index: who would not hear a member cannot play with it. */
  readonly heardPlayers: number;
  /** Its round trip to the receiver. */
  readonly rttMs: number;
}

/** Length of a seat request. */
export const SEAT_REQUEST_BYTES = 6;

/**
 *   0x2a: u8 │ epoch: u8 │ players: u8 │ heard players: u8 │ round trip in ms: u16
 */
export function writeSeatRequest(writer: ByteWriter, matchEpoch: number, request: SeatRequest): void {
  writer.u8(ROLLBACK_KIND.seatRequest);
  writer.u8(matchEpoch);
  writer.u8(request.players);
  writer.u8(request.heardPlayers);
  writer.u16(Math.min(0xffff, Math.round(request.rttMs)));
}

/** Reads what follows kind and epoch, to the exact end; `undefined` when malformed. */
export function readSeatRequest(reader: ByteReader, playerCount: number): SeatRequest | undefined {
  const players = reader.u8();
  const heardPlayers = reader.u8();
  const rttMs = reader.u16();
  const isPlausible = playerCount <= PLAYERS_MAX && players !== 0 && (players | heardPlayers) >>> playerCount === 0;
  return isPlausible && reader.finished() ? { players, heardPlayers, rttMs } : undefined;
}
