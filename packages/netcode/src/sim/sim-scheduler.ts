import { assert } from "../core/base/assert.ts";

/** Something that happens at a virtual time. */
export type SimTask = (nowMs: number) => void;

/** Most tasks that may wait at once. A real run holds a few thousand; at a million something schedules itself without end. */
const TASK_COUNT_MAX = 1_000_000;

interface Entry {
  readonly atMs: number;
  readonly sequence: number;
  readonly task: SimTask;
}

/**
 * Virtual time: one heap of tasks. Tasks of the same millisecond run in the order in which they were scheduled, so a run is
 * the same everywhere and every time. Nothing else in a simulation knows what time it is.
 */
export class SimScheduler {
  #nowMs = 0;
  #sequence = 0;
  /** A binary heap: the children of the entry at `i` are at `2i + 1` and `2i + 2`. */
  readonly #heap: Entry[] = [];

  /** Virtual milliseconds since the start. Never goes back. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** When the earliest task runs; `Infinity` when none waits. */
  get nextMs(): number {
    return this.#heap[0]?.atMs ?? Infinity;
  }

  /** Tasks that wait. */
  get taskCount(): number {
    return this.#heap.length;
  }

  /** Runs `task` at `atMs`, which must not lie in the past. There is no cancel: a task looks whether it is still wanted. */
  schedule(atMs: number, task: SimTask): void {
    assert(atMs >= this.#nowMs && atMs < Infinity, `a task at a finite time from ${this.#nowMs} ms on, got ${atMs}`);
    assert(this.#heap.length < TASK_COUNT_MAX, `at most ${TASK_COUNT_MAX} waiting tasks`);
    const entry: Entry = { atMs, sequence: this.#sequence++, task };
    let index = this.#heap.length;
    this.#heap.push(entry);
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.#heap[parentIndex];
      if (parent === undefined || !isBefore(entry, parent)) break;
      this.#heap[index] = parent;
      index = parentIndex;
    }
    this.#heap[index] = entry;
  }

  /** Runs the earliest task. False when none waits. */
  runNext(): boolean {
    const first = this.#heap[0];
    if (first === undefined) return false;
    this.#removeFirst();
    this.#nowMs = first.atMs;
    first.task(first.atMs);
    return true;
  }

  /** Runs everything up to and including `endMs`, and leaves the clock there. */
  runUntil(endMs: number): void {
    assert(endMs >= this.#nowMs, `an end from ${this.#nowMs} ms on, got ${endMs}`);
    while (this.nextMs <= endMs) this.runNext();
    this.#nowMs = endMs;
  }

  #removeFirst(): void {
    const moved = this.#heap.pop();
    if (moved === undefined || this.#heap.length === 0) return;
    let index = 0;
    for (;;) {
      let childIndex = 2 * index + 1;
      let child = this.#heap[childIndex];
      if (child === undefined) break;
      const right = this.#heap[childIndex + 1];
      if (right !== undefined && isBefore(right, child)) {
        child = right;
        childIndex++;
      }
      if (!isBefore(child, moved)) break;
      this.#heap[index] = child;
      index = childIndex;
    }
    this.#heap[index] = moved;
  }
}

function isBefore(first: Entry, second: Entry): boolean {
  return first.atMs !== second.atMs ? first.atMs < second.atMs : first.sequence < second.sequence;
}
