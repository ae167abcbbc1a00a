import { describe, expect, test } from "vitest";
import type { PeerId } from "../core/base/units.ts";
import { EarlyPackets } from "./early-packets.ts";

const ADA = "ada" as PeerId;

function firstBytes(packets: EarlyPackets, nowMs: number): (number | undefined)[] {
  return packets.takeAll(nowMs).map(({ bytes }) => bytes[0]);
}

describe("[FA29] early packets", () => {
  test("are kept in order as copies, and given out once", () => {
    const packets = new EarlyPackets();
    const bytes = new Uint8Array(1);
    for (let value = 0; value < 3; value++) {
      bytes[0] = value;
      packets.keep(0, ADA, bytes);
    }
    expect(firstBytes(packets, 10)).toEqual([0, 1, 2]);
    expect(firstBytes(packets, 10)).toEqual([]);
  });

  test("are bounded in number, in bytes and in age", () => {
    const packets = new EarlyPackets();
    for (let value = 0; value < 1_000; value++) packets.keep(0, ADA, Uint8Array.of(value & 0xff));
    expect(firstBytes(packets, 0)).toHaveLength(256);
    for (let value = 0; value < 20; value++) packets.keep(0, ADA, new Uint8Array(16_384).fill(value));
    expect(firstBytes(packets, 0)).toEqual([12, 13, 14, 15, 16, 17, 18, 19]);
    packets.keep(0, ADA, Uint8Array.of(1));
    packets.keep(1_500, ADA, Uint8Array.of(2));
    expect(firstBytes(packets, 2_500)).toEqual([2]);
  });
});
