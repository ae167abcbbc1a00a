import { NULL_FRAME } from "../base/units.ts";
import type { EmitEvent } from "../ports/simulation.ts";
import type { RefusalCounts } from "./refusal-counts.ts";
import type { SessionEvents } from "./session-events.ts";
import type { TimelineEntry } from "./timeline.ts";

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

  handleEntry(entry: TimelineEntry): void {
    const { frame, peerId } = entry;
    if (frame <= this.#toldFrame) return;
    if (entry.type === "seat-to-bot" || entry.type === "seat-to-player") this.#events.add(entry);
    else if (entry.type !== "input-delay") this.#events.add({ type: entry.type === "pause" ? "paused" : "resumed", frame, peerId });
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
