import { NULL_FRAME, type PeerId } from "../base/units.ts";
import { Endpoint } from "../peer/endpoint.ts";
import { ChecksumReports } from "./checksum-reports.ts";
import { PacketBudget } from "./packet-budget.ts";
import { LATE_FRAMES_UNKNOWN, Lateness } from "./lateness.ts";
import { TimeSync } from "./time-sync.ts";

export interface RemotePeerOptions {
  readonly peerId: PeerId;
  readonly member: number;
  readonly players: readonly number[];
  /** The first frame in which it plays: 0, or later for who joined. */
  readonly firstFrame: number;
  /** The last of our frames that it has, for all we know; `NULL_FRAME` at the start. */
  readonly ackedFrame: number;
  /** The last frame that it has confirmed, for all we know. */
  readonly confirmedFrame: number;
  readonly observedMs: number;
}

/** A session's state about one other member. */
export class RemotePeer {
  readonly member: number;
  readonly players: readonly number[];
  /** The first frame in which it plays: what its slot had before was somebody else's. */
  readonly firstFrame: number;
  readonly endpoint: Endpoint;
  readonly timeSync: TimeSync = new TimeSync();
  /** How late its inputs come. */
  readonly lateness: Lateness = new Lateness();
  /** How late ours come there, as it told; `LATE_FRAMES_UNKNOWN` before. */
  toldLateFrames: number = LATE_FRAMES_UNKNOWN;
  /** Its input delay at its newest input. */
  delayFrames = 0;
  /** Its prediction window, as it told. */
  windowFrames = 0;
  /** Newest input frame of any datagram so far. */
  newestFrame: number;
  /** The last frame that it has confirmed, as it told. */
  confirmedFrame: number;
  /** Its end was decided. */
  isGone = false;
  /** Two of its datagrams said different things. */
  isConflicting = false;
  /** The last confirmed frame whose checksum we told it. */
  reportedFrame: number = NULL_FRAME;
  /** What it told of its states. */
  readonly reports: ChecksumReports = new ChecksumReports();
  readonly packets: PacketBudget = new PacketBudget();
  isSuspect = false;
  /** Its last datagram wants an answer even when we have nothing to say: it still plays, or lacks our acknowledgement. */
  replyDue = false;
  sendDue = true;
  sentMs: number = Number.NEGATIVE_INFINITY;

  constructor(options: RemotePeerOptions) {
    this.member = options.member;
    this.players = options.players;
    this.firstFrame = options.firstFrame;
    this.newestFrame = options.firstFrame - 1;
    this.confirmedFrame = options.confirmedFrame;
    this.endpoint = new Endpoint(options.peerId, options.observedMs, options.ackedFrame);
  }
}
