/** One frame as a peer confirmed it. */
export interface ConfirmedFrame {
  readonly checksum: number;
  /** Inputs of all players, then which seats were bots'; empty when it is not known, or the game stood still. */
  readonly row: Uint8Array;
  /** Ids of the events that the game emitted in it; `undefined` when they are not known. */
  readonly eventIds: readonly string[] | undefined;
}

/** Where two histories part. */
export interface HistoryDifference {
  readonly frame: number;
  readonly kind: "inputs" | "convergence" | "events";
  readonly message: string;
}

/** All that one peer confirmed, frame by frame. What is confirmed is final, so nothing is ever overwritten. Who came late lacks the first frames. */
export class PeerHistory {
  readonly #frames: ConfirmedFrame[] = [];

  /** The first frame that is here; `Infinity` when none is. */
  get firstFrame(): number {
    const frame = this.#frames.findIndex((confirmed) => confirmed !== undefined);
    return frame < 0 ? Infinity : frame;
  }

  /** One more than the last frame. */
  get length(): number {
    return this.#frames.length;
  }

  add(frame: number, confirmed: ConfirmedFrame): void {
    this.#frames[frame] = confirmed;
  }

  at(frame: number): ConfirmedFrame | undefined {
    return this.#frames[frame];
  }

  /** The first frame below `endFrame` that both confirmed and that is not the same. */
  difference(other: PeerHistory, endFrame: number): HistoryDifference | undefined {
    const end = Math.min(endFrame, this.length, other.length);
    for (let frame = 0; frame < end; frame++) {
      const mine = this.#frames[frame];
      const theirs = other.#frames[frame];
      if (mine === undefined || theirs === undefined) continue;
      if (mine.row.length > 0 && theirs.row.length > 0 && !isEqual(mine.row, theirs.row))
        return { frame, kind: "inputs", message: `[${mine.row.join(" ")}] and [${theirs.row.join(" ")}]` };
      if (mine.checksum !== theirs.checksum)
        return { frame, kind: "convergence", message: `checksums ${mine.checksum} and ${theirs.checksum}` };
      if (mine.eventIds !== undefined && theirs.eventIds !== undefined && mine.eventIds.join() !== theirs.eventIds.join()) {
        return { frame, kind: "events", message: `events [${mine.eventIds.join()}] and [${theirs.eventIds.join()}]` };
      }
    }
    return undefined;
  }
}

/** Equal bytes. */
export function isEqual(first: Uint8Array, second: Uint8Array): boolean {
  if (first.length !== second.length) return false;
  for (let index = 0; index < first.length; index++) if (first[index] !== second[index]) return false;
  return true;
}
