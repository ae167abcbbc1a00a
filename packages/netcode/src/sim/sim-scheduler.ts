import { assert } from "../core/base/assert.ts";

/** Something that happens at a virtual time. */
export type SimTask = (nowMs: number) => void;

/** Most tasks that may wait at once. A real run holds a few thousand; at a million something schedules itself without end. */
const TASK_COUNT_MAX = 1_000_000;

/** First room for tasks; it doubles. */
const ROOM_MIN = 1_024;

/**
 * Virtual time: one heap of tasks. Tasks of the same millisecond run in the order in which they were scheduled, so a run is
 * the same everywhere and every time. Nothing else in a simulation knows what time it is.
 */
export class SimScheduler {
  #nowMs = 0;
  #sequence = 0;
  #count = 0;
  /** A binary heap in three columns: the children of the entry at `i` are at `2i + 1` and `2i + 2`. */
  #times = new Float64Array(ROOM_MIN);
  #sequences = new Float64Array(ROOM_MIN);
  readonly #tasks: (SimTask | undefined)[] = [];

  /** Virtual milliseconds since the start. Never goes back. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** When the earliest task runs; `Infinity` when none waits. */
  get nextMs(): number {
    return this.#count === 0 ? Infinity : (this.#times[0] ?? Infinity);
  }

  /** Tasks that wait. */
  get taskCount(): number {
    return this.#count;
  }

  /** Runs `task` at `atMs`, which must not lie in the past. There is no cancel: a task looks whether it is still wanted. */
  schedule(atMs: number, task: SimTask): void {
    if (!(atMs >= this.#nowMs && atMs < Infinity)) assert(false, `a task at a finite time from ${this.#nowMs} ms on, got ${atMs}`);
    assert(this.#count < TASK_COUNT_MAX, "fewer waiting tasks");
    if (this.#count === this.#times.length) this.#grow();
    const times = this.#times;
    const sequences = this.#sequences;
    const tasks = this.#tasks;
    let index = this.#count++;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const parentMs = times[parent] ?? 0;
      // Whoever comes later goes behind all of its time.
      if (parentMs <= atMs) break;
      times[index] = parentMs;
      sequences[index] = sequences[parent] ?? 0;
      tasks[index] = tasks[parent];
      index = parent;
    }
    times[index] = atMs;
    sequences[index] = this.#sequence++;
    tasks[index] = task;
  }

  /** Runs the earliest task. False when none waits. */
  runNext(): boolean {
    const task = this.#tasks[0];
    if (this.#count === 0 || task === undefined) return false;
    const atMs = this.#times[0] ?? 0;
    this.#removeFirst();
    this.#nowMs = atMs;
    task(atMs);
    return true;
  }

  /** Runs everything up to and including `endMs`, and leaves the clock there. */
  runUntil(endMs: number): void {
    assert(endMs >= this.#nowMs, `an end from ${this.#nowMs} ms on, got ${endMs}`);
    while (this.nextMs <= endMs) this.runNext();
    this.#nowMs = endMs;
  }

  #removeFirst(): void {
    const times = this.#times;
    const sequences = this.#sequences;
    const tasks = this.#tasks;
    const count = --this.#count;
    const movedMs = times[count] ?? 0;
    const movedSequence = sequences[count] ?? 0;
    const moved = tasks[count];
    tasks[count] = undefined;
    if (count === 0) return;
    let index = 0;
    for (let child = 1; child < count; child = 2 * index + 1) {
      const right = child + 1;
      if (right < count && isBefore(times[right] ?? 0, sequences[right] ?? 0, times[child] ?? 0, sequences[child] ?? 0)) child = right;
      const childMs = times[child] ?? 0;
      const childSequence = sequences[child] ?? 0;
      if (!isBefore(childMs, childSequence, movedMs, movedSequence)) break;
      times[index] = childMs;
      sequences[index] = childSequence;
      tasks[index] = tasks[child];
      index = child;
    }
    times[index] = movedMs;
    sequences[index] = movedSequence;
    tasks[index] = moved;
  }

  #grow(): void {
    const [times, sequences] = [this.#times, this.#sequences];
    this.#times = new Float64Array(2 * times.length);
    this.#times.set(times);
    this.#sequences = new Float64Array(2 * times.length);
    this.#sequences.set(sequences);
  }
}

function isBefore(firstMs: number, firstSequence: number, secondMs: number, secondSequence: number): boolean {
  return firstMs !== secondMs ? firstMs < secondMs : firstSequence < secondSequence;
}
