import type { EmitEvent } from "../ports/simulation.ts";
import { HISTORY_FRAMES } from "./input-table.ts";

/** Receives each event of the game once. */
export type GameEventSink = (frame: number, name: string, ordinal: number, payload: unknown) => void;

/** What one frame emitted, by name: so often in the simulation that runs now, so often delivered. */
interface FrameEvents {
  frame: number;
  readonly names: string[];
  readonly emitted: number[];
  readonly delivered: number[];
}

/**
 * Lets each event through once, however often its frame is simulated. The n-th event of a name in a frame is the same event whenever that frame is
 * simulated again: its identity is `frame:name:ordinal`, and does not depend on its payload, which a misprediction may have changed.
 * What a prediction emitted wrongly has happened for the player and is not taken back.
 */
export class GameEventLog {
  /** To be given to `Simulation.step`. */
  readonly emit: EmitEvent;
  readonly #frames: readonly FrameEvents[];
  #current: FrameEvents;

  constructor(sink: GameEventSink) {
    this.#frames = Array.from({ length: HISTORY_FRAMES }, () => ({ frame: -1, names: [], emitted: [], delivered: [] }));
    this.#current = { frame: -1, names: [], emitted: [], delivered: [] };
    this.emit = (name, payload) => {
      const ordinal = this.#count(name);
      if (ordinal >= 0) sink(this.#current.frame, name, ordinal, payload);
    };
  }

  /** The events that follow belong to `frame`. */
  begin(frame: number): void {
    const events = this.#frames[frame & (HISTORY_FRAMES - 1)] ?? this.#current;
    this.#current = events;
    if (events.frame === frame) {
      events.emitted.fill(0);
      return;
    }
    events.frame = frame;
    events.names.length = 0;
    events.emitted.length = 0;
    events.delivered.length = 0;
  }

  /** The ordinal of an event that is new, −1 for one that was delivered before. */
  #count(name: string): number {
    const { names, emitted, delivered } = this.#current;
    let index = names.indexOf(name);
    if (index < 0) {
      index = names.length;
      names.push(name);
      emitted.push(0);
      delivered.push(0);
    }
    const ordinal = emitted[index] ?? 0;
    emitted[index] = ordinal + 1;
    if (ordinal < (delivered[index] ?? 0)) return -1;
    delivered[index] = ordinal + 1;
    return ordinal;
  }
}
