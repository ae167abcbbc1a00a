import { performance } from "node:perf_hooks";

/** Milliseconds that never go back, close to the wall clock at the start. */
export function monotonicMs(): number {
  return performance.timeOrigin + performance.now();
}
