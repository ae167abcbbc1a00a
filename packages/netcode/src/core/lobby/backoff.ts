import type { Random } from "../base/random.ts";

/** Longest wait before the first new attempt. Half of it hammers a broker that restarts; double keeps a person waiting for nothing. */
export const BACKOFF_FIRST_MS = 500;

/** The wait stops growing here. At half, a thousand members of a dead broker knock 250 times a second; at double, a person sees no life for 16 s. */
export const BACKOFF_MOST_MS = 8_000;

const DOUBLINGS_MAX = 4;

/**
 * How long to wait before attempt `attempt` (from 0): anywhere between nothing and the limit, which doubles with each attempt.
 * Full jitter (M. Brooker, "Exponential Backoff and Jitter", AWS 2015): the members of a restarted broker come back spread out.
 */
export function backoffMs(attempt: number, random: Random): number {
  const limitMs = Math.min(BACKOFF_MOST_MS, BACKOFF_FIRST_MS << Math.min(attempt, DOUBLINGS_MAX));
  return random.float() * limitMs;
}
