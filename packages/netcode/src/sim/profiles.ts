import { CLEAN_CONDITIONS, type LinkConditions } from "./sim-link.ts";

/** Names of ready-made conditions. */
export type LinkProfile = "perfect" | "lan" | "wifi" | "wifi-lossy" | "mobile-4g" | "transatlantic" | "bad-hotel" | "satellite";

/**
 * Conditions of one direction; a round trip pays twice. The numbers are typical, not worst: a simulation adds its faults on top.
 *
 * - `lan`: a switch and two cables.
 * - `wifi`: str0m's `netem` preset of that name: 5 ± 2 ms, a short burst of losses each 200 packets.
 * - `wifi-lossy`: its preset `lossy`: 15 ± 10 ms, about 5 % lost.
 * - `mobile-4g`: an everyday cell; the radio resends on its own, so that losses turn into jitter, until a hand-over loses a handful at once.
 * - `transatlantic`: 5,570 km of great circle from London to New York are 28 ms one way in fibre; cables run a third longer, homes add a few ms.
 * - `bad-hotel`: str0m's `congested`: 80 ± 40 ms, about 10 % lost; with 1 Mbit/s behind half a second of buffer.
 * - `satellite`: its preset `GEO`: 35,786 km up and as far down are 239 ms one way at the speed of light; 600 ms a round trip with equipment.
 */
export const LINK_PROFILES: Readonly<Record<LinkProfile, LinkConditions>> = {
  perfect: CLEAN_CONDITIONS,
  lan: { ...CLEAN_CONDITIONS, delayMs: 0.3, jitterMs: 0.2 },
  wifi: { ...CLEAN_CONDITIONS, delayMs: 5, jitterMs: 2, burst: { enterRatio: 1 / 200, leaveRatio: 1 / 2, lossRatio: 1 } },
  "wifi-lossy": {
    ...CLEAN_CONDITIONS,
    delayMs: 15,
    jitterMs: 10,
    lossRatio: 0.02,
    reorderRatio: 0.01,
    burst: { enterRatio: 1 / 100, leaveRatio: 1 / 4, lossRatio: 0.8 },
  },
  "mobile-4g": {
    ...CLEAN_CONDITIONS,
    delayMs: 25,
    jitterMs: 12,
    lossRatio: 0.005,
    burst: { enterRatio: 1 / 1_000, leaveRatio: 1 / 8, lossRatio: 1 },
    rateBytesPerSecond: 625_000,
  },
  transatlantic: { ...CLEAN_CONDITIONS, delayMs: 42, jitterMs: 3, lossRatio: 0.002 },
  "bad-hotel": {
    ...CLEAN_CONDITIONS,
    delayMs: 80,
    jitterMs: 40,
    lossRatio: 0.06,
    duplicateRatio: 0.01,
    reorderRatio: 0.02,
    burst: { enterRatio: 1 / 100, leaveRatio: 1 / 5, lossRatio: 0.8 },
    rateBytesPerSecond: 125_000,
    queueBytes: 62_500,
  },
  satellite: { ...CLEAN_CONDITIONS, delayMs: 300, jitterMs: 10, lossRatio: 0.005 },
};
