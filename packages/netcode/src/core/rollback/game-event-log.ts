import type { EmitEvent } from "../ports/simulation.ts";
import { HISTORY_FRAMES } from "./input-table.ts";

/** What became of an event. */
export type GameEventStage = "predicted" | "confirmed" | "cancelled";

/** Receives the events of the game. */
export type GameEventSink = (stage: GameEventStage, frame: number, name: string, ordinal: number, payload: unknown) => void;

interface LoggedEvent {
  name: string;
  ordinal: number;
  payload: unknown;
  /** Told as predicted. */
  isTold: boolean;
  /** The newest simulation of its frame emitted it. */
  isEmitted: boolean;
}

/** What one frame emitted in any of its simulations. The objects of events beyond `count` are kept for the next frame in this place. */
interface FrameEvents {
  frame: number;
  /** Its inputs are all there: what it emits now is certain as soon as it is confirmed, which happens before the caller looks. */
  isFinal: boolean;
  count: number;
  readonly events: LoggedEvent[];
}

/**
 * Tells each event of the game once as predicted, and then once as confirmed or cancelled, however often its frame is simulated. The n-th event of a
 * name in a frame is the same event whenever that frame is simulated again: its identity is `frame:name:ordinal`, and does not depend on its payload,
 * which a misprediction may have changed. An event that one resimulation takes away may come back with the next: only the confirmed frame decides.
 */
export class GameEventLog {
  /** To be given to `Simulation.step`. */
  readonly emit: EmitEvent;
  readonly #sink: GameEventSink;
  readonly #frames: readonly FrameEvents[];
  #current: FrameEvents = newFrameEvents();
  #confirmedFrame = -1;
  /** The newest frame that began. */
  #newestFrame = -1;

  constructor(sink: GameEventSink) {
    this.#sink = sink;
    this.#frames = Array.from({ length: HISTORY_FRAMES }, newFrameEvents);
    this.emit = (name, payload) => this.#handle(name, payload);
  }

  /** The events that follow belong to `frame`. `isFinal`: it is simulated with every player's real input. */
  begin(frame: number, isFinal: boolean): void {
    const record = this.#recordOf(frame);
    this.#current = record;
    this.#newestFrame = Math.max(this.#newestFrame, frame);
    record.isFinal = isFinal;
    if (record.frame !== frame) record.count = 0;
    record.frame = frame;
    for (let index = 0; index < record.count; index++) eventAt(record, index).isEmitted = false;
  }

  /** `frame` is confirmed as it was simulated last: its events happened, and others that were told of it did not. By rising frame. */
  confirm(frame: number): void {
    this.#confirmedFrame = frame;
    const record = this.#recordOf(frame);
    if (record.frame !== frame) return;
    for (let index = 0; index < record.count; index++) {
      const event = eventAt(record, index);
      if (event.isEmitted) this.#tell("confirmed", frame, event);
      else if (event.isTold) this.#tell("cancelled", frame, event);
    }
    record.count = 0;
  }

  /** Nothing after `frame` happened, or will: the match ended, or went on without us. */
  cancelAfter(frame: number): void {
    for (let later = Math.max(frame, this.#confirmedFrame) + 1; later <= this.#newestFrame; later++) {
      const record = this.#recordOf(later);
      if (record.frame !== later) continue;
      for (let index = 0; index < record.count; index++) {
        const event = eventAt(record, index);
        if (event.isTold) this.#tell("cancelled", later, event);
      }
      record.count = 0;
    }
    this.#newestFrame = Math.min(this.#newestFrame, frame);
  }

  #handle(name: string, payload: unknown): void {
    const record = this.#current;
    // What was confirmed is simulated again only to repair the state.
    if (record.frame <= this.#confirmedFrame) return;
    const event = claimEvent(record, name);
    event.payload = payload;
    if (event.isTold || record.isFinal) return;
    event.isTold = true;
    this.#tell("predicted", record.frame, event);
  }

  #tell(stage: GameEventStage, frame: number, { name, ordinal, payload }: LoggedEvent): void {
    this.#sink(stage, frame, name, ordinal, payload);
  }

  #recordOf(frame: number): FrameEvents {
    return this.#frames[frame & (HISTORY_FRAMES - 1)] ?? this.#current;
  }
}

function newFrameEvents(): FrameEvents {
  return { frame: -1, isFinal: false, count: 0, events: [] };
}

/** The event of this name that the running simulation has not emitted yet, or a new one. */
function claimEvent(record: FrameEvents, name: string): LoggedEvent {
  let ordinal = 0;
  for (let index = 0; index < record.count; index++) {
    const event = eventAt(record, index);
    if (event.name !== name) continue;
    if (!event.isEmitted) {
      event.isEmitted = true;
      return event;
    }
    ordinal++;
  }
  const event = eventAt(record, record.count++);
  event.name = name;
  event.ordinal = ordinal;
  event.isTold = false;
  event.isEmitted = true;
  return event;
}

function eventAt({ events }: FrameEvents, index: number): LoggedEvent {
  return (events[index] ??= { name: "", ordinal: 0, payload: undefined, isTold: false, isEmitted: false });
}
