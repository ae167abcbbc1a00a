import { describe, expect, it } from "vitest";
import { RelayMeter } from "./relay-meter.ts";

/** What gets through of packets of `sizeBytes` that one member sends every millisecond for `ms`. */
function through(sizeBytes: number, ms: number, perMs: number): { packets: number; bytes: number } {
  const meter = new RelayMeter();
  let packets = 0;
  for (let nowMs = 0; nowMs < ms; nowMs++) for (let index = 0; index < perMs; index++) if (meter.take(nowMs, sizeBytes)) packets++;
  return { packets, bytes: packets * sizeBytes };
}

describe("how much a member forwards for another", () => {
  it("[LK86] is at most 256 KiB a second and about 1,000 packets, whatever their size", () => {
    for (const sizeBytes of [6, 100, 1_150, 16_384]) {
      const { packets, bytes } = through(sizeBytes, 10_000, 10);
      // Ten seconds, and what may come at once: half a second more.
      expect(bytes).toBeLessThanOrEqual(262_144 * 10 + 131_072);
      expect(packets).toBeLessThanOrEqual(10_752);
      expect(packets * (sizeBytes + 256)).toBeGreaterThan(262_144 * 9.9);
    }
  });

  it("[LK86] is enough for a leaf of a star of eight that plays and pings", () => {
    const meter = new RelayMeter();
    let refused = 0;
    for (let nowMs = 0; nowMs < 20_000; nowMs += 1_000 / 70)
      for (let target = 0; target < 6; target++) if (!meter.take(nowMs, 100)) refused++;
    expect(refused).toBe(0);
  });

  it("[LK86] comes back with time, and not beyond what may come at once", () => {
    const meter = new RelayMeter();
    while (meter.take(0, 1_000));
    expect(meter.take(1, 1_000)).toBe(false);
    expect(meter.take(10, 1_000)).toBe(true);
    let packets = 0;
    while (meter.take(1_000_000, 1_000)) packets++;
    expect(packets).toBe(Math.floor(131_072 / 1_256));
  });
});
