/** Real time, for all that runs a match: the only file that knows the clock, timers and workers. */

/** A steady call. The simulator and tests bring their own. */
export interface Ticker {
  /** Monotonic, in ms. */
  nowMs(): number;
  /** Time between two calls. Browsers' timers do not go below 4 ms. */
  setIntervalMs(intervalMs: number): void;
  /** True once a worker gives the pace, which a hidden tab keeps. */
  readonly isSteady?: boolean;
  /** Ends the calls and frees timer and worker. Idempotent. */
  dispose(): void;
}

/** Starts a ticker that calls `handleTick` from the next task on. */
export type StartTicker = (intervalMs: number, handleTick: (nowMs: number) => void) => Ticker;

/**
 * A slower ticker than this can wait for its worker, whose start takes 10 ms and more of a processor that is busy with entering a lobby, and of the player's time. At half
 * the delay it would still be in the way; at double, a page that is hidden at once could miss the second of silence that makes it suspect.
 */
const HURRIED_INTERVAL_MS = 25;
const WORKER_DELAY_MS = 250;

/** `ticker-worker.ts`, for pages whose bundler did not carry the file along. */
const TICKER_WORKER_SOURCE =
  "let t,k;onmessage=({data:i})=>{k=1;if(!i)return;clearInterval(t);t=setInterval(()=>{if(k){k=0;postMessage(0)}},i)}";

/**
 * A ticker that keeps its pace in a hidden tab: from a worker file, else from a worker made of a blob, else from the page's own timers
 * (which a content security policy, or Node, leaves as the only way). Timers also bridge the moment until a worker runs.
 */
export const startTicker: StartTicker = (intervalMs, handleTick) => new RealTicker(intervalMs, handleTick);

class RealTicker implements Ticker {
  readonly #handleTick: (nowMs: number) => void;
  /** Ways to start a worker that were not tried yet. */
  readonly #ways: (() => Worker)[] = typeof Worker === "undefined" ? [] : [workerFromFile, workerFromBlob];
  #intervalMs: number;
  #timer: ReturnType<typeof setInterval> | undefined;
  #worker: Worker | undefined;
  #workerTimer: ReturnType<typeof setTimeout> | undefined;
  #disposed = false;

  constructor(intervalMs: number, handleTick: (nowMs: number) => void) {
    this.#intervalMs = intervalMs;
    this.#handleTick = handleTick;
    this.#startTimer();
    if (intervalMs < HURRIED_INTERVAL_MS) this.#startWorker();
    else this.#workerTimer = setTimeout(() => this.#startDelayedWorker(), WORKER_DELAY_MS);
  }

  nowMs(): number {
    return performance.now();
  }

  get isSteady(): boolean {
    return this.#worker !== undefined && this.#timer === undefined;
  }

  setIntervalMs(intervalMs: number): void {
    if (this.#disposed || intervalMs === this.#intervalMs) return;
    this.#intervalMs = intervalMs;
    if (intervalMs < HURRIED_INTERVAL_MS) this.#startDelayedWorker();
    this.#worker?.postMessage(intervalMs);
    if (this.#timer !== undefined) this.#startTimer();
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#workerTimer);
    this.#stopTimer();
    this.#worker?.terminate();
    this.#worker = undefined;
  }

  #tick(): void {
    if (!this.#disposed) this.#handleTick(this.nowMs());
  }

  #startTimer(): void {
    this.#stopTimer();
    this.#timer = setInterval(() => this.#tick(), this.#intervalMs);
  }

  #stopTimer(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #startDelayedWorker(): void {
    if (this.#workerTimer === undefined) return;
    clearTimeout(this.#workerTimer);
    this.#workerTimer = undefined;
    this.#startWorker();
  }

  #startWorker(): void {
    const start = this.#ways.shift();
    if (start === undefined || this.#disposed) return;
    let worker: Worker;
    try {
      worker = start();
    } catch {
      this.#startWorker();
      return;
    }
    this.#worker = worker;
    worker.addEventListener("message", () => {
      if (this.#worker !== worker) return;
      this.#stopTimer();
      try {
        this.#tick();
      } finally {
        worker.postMessage(0);
      }
    });
    // A file that is not there, or a policy against it: says so here, not in the constructor.
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      worker.terminate();
      if (this.#worker !== worker || this.#disposed) return;
      this.#worker = undefined;
      this.#startTimer();
      this.#startWorker();
    });
    worker.postMessage(this.#intervalMs);
  }
}

/**
 * ".js", though the source is ".ts": the compiler rewrites the endings of imports, not of addresses, so only this one is there after a plain build.
 * Vite finds the source by it. Bundlers look for exactly this expression.
 */
function workerFromFile(): Worker {
  return new Worker(new URL("./ticker-worker.js", import.meta.url), { type: "module" });
}

function workerFromBlob(): Worker {
  const url = URL.createObjectURL(new Blob([TICKER_WORKER_SOURCE], { type: "text/javascript" }));
  try {
    return new Worker(url);
  } finally {
    URL.revokeObjectURL(url);
  }
}
