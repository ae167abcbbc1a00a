import { NULL_FRAME, type PeerId } from "../base/units.ts";
import type { EmitEvent } from "../ports/simulation.ts";
import type { RefusalCounts } from "./refusal-counts.ts";
import type { SessionEvents } from "./session-events.ts";
import type { TimelineEntry } from "./timeline.ts";

/** What was told of entries is remembered up to here: a hostile member may pause for hours. */
const TOLD_ENTRIES_MAX = 4096;

/** What tells one entry from another. */
interface ToldEntry {
  readonly type: string;
  readonly frame: number;
  readonly peerId: PeerId;
}

/** Tells what happened in frames that are settled: all of it certain, and each frame's once, whatever is shown again. */
export class FollowEvents {
  /** To be given to `Simulation.step`. */
  readonly emit: EmitEvent = (name, payload) => this.#emitted(name, payload);
  readonly #events: SessionEvents;
  readonly #refusals: RefusalCounts;
  /** How often the running frame emitted each name. */
  readonly #ordinals = new Map<string, number>();
  #frame: number = NULL_FRAME;
  #toldFrame: number = NULL_FRAME;
  #isEndTold = false;
  /** As it was told last. */
  #isPaused = false;
  readonly #toldEntries = new Set<string>();

  constructor(events: SessionEvents, refusals: RefusalCounts) {
    this.#events = events;
    this.#refusals = refusals;
  }

  /** What follows happens in `frame`. */
  begin(frame: number): void {
    this.#toldFrame = Math.max(this.#toldFrame, this.#frame);
    this.#frame = frame;
    this.#ordinals.clear();
  }

  /** A session told this, or is about to. False when it was told before. */
  isNew({ type, frame, peerId }: ToldEntry): boolean {
    if (type === "paused" || type === "resumed") this.#isPaused = type === "paused";
    const key = `${type}:${frame}:${peerId}`;
    if (this.#toldEntries.has(key)) return false;
    if (this.#toldEntries.size >= TOLD_ENTRIES_MAX) this.#toldEntries.clear();
    this.#toldEntries.add(key);
    return true;
  }

  handleEntry(entry: TimelineEntry): void {
    if (entry.type === "input-delay") return;
    const { frame, peerId } = entry;
    const isSeat = entry.type === "seat-to-bot" || entry.type === "seat-to-player";
    const event = isSeat ? entry : ({ type: entry.type === "pause" ? "paused" : "resumed", frame, peerId } as const);
    if (this.isNew(event)) this.#events.add(event);
  }

  /** A state was loaded: what was missed of seats, and whether the game stands still. What happened in the game meanwhile is not told. */
  catchUp(frame: number, timeline: readonly TimelineEntry[]): void {
    let isPaused = this.#isPaused;
    for (const entry of timeline) {
      if (entry.frame >= frame) break;
      if (entry.type === "pause" || entry.type === "resume") isPaused = entry.type === "pause";
      else this.handleEntry(entry);
    }
    // What began and ended meanwhile need not be told.
    const type = isPaused ? "pause" : "resume";
    const entry = isPaused === this.#isPaused ? undefined : timeline.findLast((past) => past.type === type && past.frame < frame);
    if (entry !== undefined) this.#tellPause(entry.frame, entry.peerId, isPaused);
    this.#frame = Math.max(this.#frame, frame - 1);
  }

  /** Also when it was told before: a pause may have ended in what only we played, and lasts in the match. */
  #tellPause(frame: number, peerId: PeerId, isPaused: boolean): void {
    const event = { type: isPaused ? "paused" : "resumed", frame, peerId } as const;
    this.isNew(event);
    this.#events.add(event);
  }

  ended(frame: number, result: unknown): void {
    if (!this.#isEndTold) this.#events.add({ type: "ended", frame, result });
    this.#isEndTold = true;
  }

  #emitted(name: string, payload: unknown): void {
    const frame = this.#frame;
    if (frame <= this.#toldFrame) return;
    const ordinal = this.#ordinals.get(name) ?? 0;
    this.#ordinals.set(name, ordinal + 1);
    const isKept = this.#events.addFromGame({ type: "game", stage: "confirmed", id: `${frame}:${name}:${ordinal}`, frame, name, payload });
    if (!isKept) this.#refusals.add("game-event-overflow");
  }
}
