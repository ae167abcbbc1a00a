import { performance } from "node:perf_hooks";

/** Read once: asking for it takes twice as long as asking for the time, and every message does. */
const ORIGIN_MS = performance.timeOrigin;

/** Milliseconds that never go back, close to the wall clock at the start. */
export function monotonicMs(): number {
  return ORIGIN_MS + performance.now();
}
