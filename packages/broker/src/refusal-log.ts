import type { Counters } from "./counters.ts";
import type { Log } from "./log-entry.ts";

/** How often the log tells what was turned away. At half, a scan of the ports fills it; at double, an operator hears of an attack late. */
const REFUSALS_LOGGED_MS = 60_000;

/** Tells the log what was turned away since it told it last. */
export class RefusalLog {
  readonly #counters: Counters;
  readonly #log: Log;
  #atMs: number;
  #counts: Readonly<Record<string, number>> = {};

  constructor(counters: Counters, log: Log, nowMs: number) {
    this.#counters = counters;
    this.#log = log;
    this.#atMs = nowMs;
  }

  /** Called about once a second. */
  log(nowMs: number): void {
    if (nowMs - this.#atMs < REFUSALS_LOGGED_MS) return;
    this.#atMs = nowMs;
    this.tell();
  }

  /** Without waiting for the minute: the broker ends. */
  tell(): void {
    const before = this.#counts;
    this.#counts = this.#counters.snapshot();
    const fresh = Object.entries(this.#counts).map(([reason, count]) => [reason, count - (before[reason] ?? 0)] as const);
    const told = fresh.filter(([, count]) => count > 0);
    if (told.length > 0) this.#log({ event: "refusals", counts: Object.fromEntries(told) });
  }
}
