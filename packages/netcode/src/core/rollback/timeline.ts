import type { PeerId } from "../base/units.ts";
import type { DropCause } from "../ports/session.ts";

/** From `frame` on, the seats of a peer are played by their bots. */
export interface SeatToBotEntry {
  readonly type: "seat-to-bot";
  readonly frame: number;
  readonly peerId: PeerId;
  readonly playerIndexes: readonly number[];
  readonly cause: DropCause;
}

/** From `frame` on, the seats are played by `peerId`: who came back, or came late into a bot's seat. */
export interface SeatToPlayerEntry {
  readonly type: "seat-to-player";
  readonly frame: number;
  readonly peerId: PeerId;
  readonly playerIndexes: readonly number[];
}

/** From `frame` on the game is not stepped (`pause`), or stepped again (`resume`). `peerId` asked for it. */
export interface PauseEntry {
  readonly type: "pause" | "resume";
  readonly frame: number;
  readonly peerId: PeerId;
}

/** From `frame` on the inputs of `peerId` take effect `frames` frames after they were sampled. Changes no state: for overlays and replays. */
export interface InputDelayEntry {
  readonly type: "input-delay";
  readonly frame: number;
  readonly peerId: PeerId;
  readonly frames: number;
}

/** A change of the match that all peers apply before the same frame. */
export type TimelineEntry = SeatToBotEntry | SeatToPlayerEntry | PauseEntry | InputDelayEntry;

interface Recorded {
  readonly entry: TimelineEntry;
  /** Rank of whom it is about. */
  readonly slot: number;
  /** Once this frame is settled, nothing can take the entry back. */
  readonly agreedFrame: number;
}

/**
 * Everything that was agreed during a match besides inputs, in order of frame, then of rank: the same on all peers as far as it is settled. Together with the seed, the
 * players and the inputs it makes the match again: a replay records it.
 */
export class Timeline {
  readonly #recorded: Recorded[] = [];

  get entries(): readonly TimelineEntry[] {
    return this.#recorded.map(({ entry }) => entry);
  }

  get length(): number {
    return this.#recorded.length;
  }

  /** `agreedFrame`: the frame that carries the entry; the entry's own when none does. */
  add(entry: TimelineEntry, slot: number, agreedFrame: number): void {
    const recorded = this.#recorded;
    let place = recorded.length;
    for (; place > 0; place--) {
      const before = recorded[place - 1];
      if (before === undefined || before.entry.frame < entry.frame) break;
      if (before.entry.frame === entry.frame && before.slot <= slot) break;
    }
    recorded.splice(place, 0, { entry, slot, agreedFrame });
  }

  /** Entries from `frame` on that nothing can take back once `settledFrame` is settled. */
  settledFrom(frame: number, settledFrame: number): readonly TimelineEntry[] {
    const found: TimelineEntry[] = [];
    for (let index = this.#recorded.length - 1; index >= 0; index--) {
      const recorded = this.#recorded[index];
      if (recorded === undefined || recorded.entry.frame < frame) break;
      if (recorded.agreedFrame <= settledFrame) found.push(recorded.entry);
    }
    return found.toReversed();
  }
}
