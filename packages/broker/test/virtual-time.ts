import { afterEach, beforeEach, vi } from "vitest";

/** When each test begins, and each world of one that plays many. */
export const START_MS = 1_700_000_000_000;

/** In all tests of this file time passes when they say so. Promises, `setImmediate` and `performance` go on by themselves. */
export function useVirtualTime(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"], now: START_MS });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
}
