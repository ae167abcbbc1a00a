import { NULL_FRAME, type PeerId } from "../base/units.ts";
import { Endpoint } from "../peer/endpoint.ts";
import { TimeSync } from "./time-sync.ts";

/** A session's state about one other member. */
export class RemotePeer {
  readonly member: number;
  readonly players: readonly number[];
  readonly endpoint: Endpoint;
  readonly timeSync: TimeSync = new TimeSync();
  /** Newest input frame of any datagram so far. */
  newestFrame: number = NULL_FRAME;
  /** The last confirmed frame whose checksum we told it. */
  reportedFrame: number = NULL_FRAME;
  /** A checksum of the peer that waits until we have confirmed the same frame; `NULL_FRAME` when none does. */
  checksumFrame: number = NULL_FRAME;
  checksum = 0;
  isDesynced = false;
  isSuspect = false;
  /** Its last datagram wants an answer even when we have nothing to say: it still plays, or lacks our acknowledgement. */
  replyDue = false;
  sendDue = true;
  sentMs: number = Number.NEGATIVE_INFINITY;

  constructor(peerId: PeerId, member: number, players: readonly number[]) {
    this.member = member;
    this.players = players;
    this.endpoint = new Endpoint(peerId, 0);
  }
}
