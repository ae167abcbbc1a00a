import { ByteReader } from "../base/bytes.ts";
import { NULL_FRAME, type PeerId } from "../base/units.ts";
import type { Simulation } from "../ports/simulation.ts";
import type { FrameRunner } from "./frame-runner.ts";
import type { RefusalCounts } from "./refusal-counts.ts";
import type { RemotePeer } from "./remote-peer.ts";
import type { SessionEvents } from "./session-events.ts";

/** The members of a match, as those see it who watch over it. */
export interface WatchedMembers {
  readonly localMember: number;
  /** All others. */
  readonly remotes: () => readonly RemotePeer[];
  /** True for members that have no say (any more). */
  readonly isFrozen: (member: number) => boolean;
}

export interface DesyncDeskOptions {
  readonly localPeerId: PeerId;
  readonly matchEpoch: number;
  readonly simulation: Simulation;
  readonly runner: FrameRunner;
  readonly members: WatchedMembers;
  readonly events: SessionEvents;
  readonly refusals: RefusalCounts;
}

/** A message for another member, over `reliable`. */
export interface WatchMessage {
  readonly to: PeerId;
  readonly bytes: Uint8Array;
}

/** What searches and repairs once states differ: `DesyncDesk`. */
export interface DesyncSearch {
  /** Looks at the reports that came, and at what follows from them. */
  update(nowMs: number): void;
  /** Takes in a message of `remote`, from after its kind and epoch. Returns why not, when it does not. */
  handleMessage(nowMs: number, kind: number, reader: ByteReader, remote: RemotePeer): string | undefined;
  pollMessage(): WatchMessage | undefined;
}

export type CreateDesyncDesk = (options: DesyncDeskOptions) => DesyncSearch;

/** Asked while it is needed, with every frame; `undefined` until it is there. */
export type LoadDesyncDesk = () => CreateDesyncDesk | undefined;

/** Messages that wait until the desk is there: a log and a request of each of seven members. */
const WAITING_MAX = 14;

interface WaitingMessage {
  readonly kind: number;
  readonly bytes: Uint8Array;
  readonly remote: RemotePeer;
}

/**
 * Compares what the members say of confirmed frames with what we have. As long as that is the same, this is all; what finds and repairs a difference is
 * loaded when there is one.
 */
export class ChecksumWatch {
  readonly #options: DesyncDeskOptions;
  readonly #load: LoadDesyncDesk | undefined;
  readonly #waiting: WaitingMessage[] = [];
  #desk: DesyncSearch | undefined;

  /** Without `load` a difference is told, and nothing done about it. */
  constructor(options: DesyncDeskOptions, load: LoadDesyncDesk | undefined) {
    this.#options = options;
    this.#load = load;
  }

  /** Looks at the reports that came. */
  update(nowMs: number): void {
    if (this.#desk === undefined && (this.#waiting.length > 0 || this.#differs())) this.#open(nowMs);
    this.#desk?.update(nowMs);
  }

  /** As `DesyncSearch.handleMessage`. */
  handleMessage(nowMs: number, kind: number, reader: ByteReader, remote: RemotePeer): string | undefined {
    if (this.#desk !== undefined) return this.#desk.handleMessage(nowMs, kind, reader, remote);
    if (this.#waiting.length >= WAITING_MAX) return "desync-flood";
    this.#waiting.push({ kind, bytes: reader.view(reader.remainingBytes).slice(), remote });
    return undefined;
  }

  /** The next message for another member. */
  pollMessage(): WatchMessage | undefined {
    return this.#desk?.pollMessage();
  }

  /** Takes the reports that agree with what we have. True when one is left that does not. */
  #differs(): boolean {
    const { runner, members } = this.#options;
    let differs = false;
    for (const remote of members.remotes()) {
      const { reports, member } = remote;
      if (!reports.isActive) continue;
      const isFrozen = members.isFrozen(member);
      for (let frame = reports.due(runner.confirmedFrame); frame !== NULL_FRAME; frame = reports.due(runner.confirmedFrame)) {
        const [local, theirs] = [runner.checksum(frame), reports.at(frame)];
        if (!isFrozen && local !== undefined && local !== theirs && frame > reports.agreedFrame) {
          if (this.#load !== undefined) {
            differs = true;
            break;
          }
          this.#tell(remote, frame, local, theirs ?? 0);
        } else if (!isFrozen && local !== undefined) reports.agreedFrame = Math.max(reports.agreedFrame, frame);
        reports.done(frame);
      }
    }
    return differs;
  }

  #open(nowMs: number): void {
    const desk = this.#load?.()?.(this.#options);
    if (desk === undefined) return;
    this.#desk = desk;
    for (const { kind, bytes, remote } of this.#waiting.splice(0)) {
      const refusal = desk.handleMessage(nowMs, kind, new ByteReader(bytes), remote);
      if (refusal !== undefined) this.#options.refusals.add(refusal);
    }
  }

  #tell({ reports, endpoint }: RemotePeer, frame: number, localChecksum: number, remoteChecksum: number): void {
    this.#options.refusals.add("desync");
    if (reports.toldFrame === NULL_FRAME) {
      this.#options.events.add({ type: "desync", peerId: endpoint.peerId, frame, localChecksum, remoteChecksum });
    }
    reports.toldFrame = frame;
  }
}
