import { NULL_FRAME } from "../base/units.ts";
import type { DesyncEvidence } from "../ports/desync-evidence.ts";
import { CHECKSUM_INTERVAL_FRAMES } from "../wire/limits.ts";

/** Reports kept of one member: two seconds at 60 Hz, longer than any of them waits for the others. */
const REPORTS_MAX = 8;

/** What is known of a desync with one member, from the first report that differed until one that agrees. */
export interface Dispute {
  /** The first frame whose reports differed. */
  readonly frame: number;
  readonly sinceMs: number;
  readonly start: DesyncEvidence["start"];
  /** The search is over: the game was told. */
  isTold: boolean;
}

/** What one other member told of the state after confirmed frames, and where it and we stand. Written when datagrams come, read by `ChecksumWatch`. */
export class ChecksumReports {
  readonly #frames = new Int32Array(REPORTS_MAX).fill(NULL_FRAME);
  readonly #checksums = new Uint32Array(REPORTS_MAX);
  /** Reports that were not compared yet, as bits. */
  #fresh = 0;
  /** The newest frame after which both had the same state. */
  agreedFrame: number = NULL_FRAME;
  /** What is going on while we disagree. */
  dispute: Dispute | undefined;
  /** What was told of the last dispute. */
  evidence: DesyncEvidence | undefined;
  /** The newest frame of any report that something was told of. */
  toldFrame: number = NULL_FRAME;
  /** Earliest times at which the next log and the next request of this member are looked at: what comes sooner is refused unread. */
  nextLogMs = 0;
  nextRequestMs = 0;

  /** There is something to be looked at. */
  get isActive(): boolean {
    return this.#fresh !== 0 || this.dispute !== undefined;
  }

  /** Frames in which nobody reports are ignored. */
  arrived(frame: number, checksum: number): void {
    const place = (frame / CHECKSUM_INTERVAL_FRAMES) & (REPORTS_MAX - 1);
    if (frame % CHECKSUM_INTERVAL_FRAMES !== 0 || frame <= (this.#frames[place] ?? NULL_FRAME)) return;
    this.#frames[place] = frame;
    this.#checksums[place] = checksum;
    this.#fresh |= 1 << place;
  }

  /** What the member told of `frame`, if it did. */
  at(frame: number): number | undefined {
    const place = (frame / CHECKSUM_INTERVAL_FRAMES) & (REPORTS_MAX - 1);
    return this.#frames[place] === frame ? this.#checksums[place] : undefined;
  }

  /** The oldest frame up to `confirmedFrame` whose report was not looked at yet; `NULL_FRAME` when there is none. */
  due(confirmedFrame: number): number {
    if (this.#fresh === 0) return NULL_FRAME;
    let oldest = NULL_FRAME;
    for (let place = 0; place < REPORTS_MAX; place++) {
      const frame = this.#frames[place] ?? NULL_FRAME;
      const isDue = (this.#fresh & (1 << place)) !== 0 && frame <= confirmedFrame;
      if (isDue && (oldest === NULL_FRAME || frame < oldest)) oldest = frame;
    }
    return oldest;
  }

  /** The report of `frame` was looked at. */
  done(frame: number): void {
    this.#fresh &= ~(1 << ((frame / CHECKSUM_INTERVAL_FRAMES) & (REPORTS_MAX - 1)));
  }
}
