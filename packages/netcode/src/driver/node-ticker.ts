import type { StartTicker, Ticker } from "./ticker.ts";

/**
 * A ticker on Node's timers that keeps to its own grid: each call is asked for at the next point of it, so that what a call takes and what a timer is late
 * by do not add up, as they do with `setInterval`. Points that passed while the process was busy are skipped. It keeps the process alive until it is disposed.
 */
export const startNodeTicker: StartTicker = (intervalMs, handleTick) => new NodeTicker(intervalMs, handleTick);

class NodeTicker implements Ticker {
  readonly #handleTick: (nowMs: number) => void;
  #intervalMs: number;
  #dueMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #disposed = false;

  constructor(intervalMs: number, handleTick: (nowMs: number) => void) {
    this.#handleTick = handleTick;
    this.#intervalMs = intervalMs;
    this.#dueMs = this.nowMs();
    this.#schedule();
  }

  nowMs(): number {
    return performance.now();
  }

  setIntervalMs(intervalMs: number): void {
    if (this.#disposed || intervalMs === this.#intervalMs) return;
    this.#intervalMs = intervalMs;
    this.#dueMs = this.nowMs();
    this.#schedule();
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const nowMs = this.nowMs();
    this.#dueMs += this.#intervalMs * Math.max(1, Math.ceil((nowMs - this.#dueMs) / this.#intervalMs));
    this.#timer = setTimeout(() => this.#tick(), this.#dueMs - nowMs);
  }

  #tick(): void {
    try {
      this.#handleTick(this.nowMs());
    } finally {
      if (!this.#disposed) this.#schedule();
    }
  }
}
