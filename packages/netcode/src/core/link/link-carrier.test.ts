import { describe, expect, it } from "vitest";
import { sequenceOf } from "../base/sequence.ts";
import { messageFirst, rollbackFirst } from "../ports/packet-kind.ts";
import { LinkCarrier } from "./link-carrier.ts";
import { parseLinkPacket } from "./link-codec.ts";
import { stampOf } from "./staleness.ts";

const PACE = { idleMs: 50, measureMs: Infinity, isWanted: false, isDetoured: false };

/** Ready since 0, and silent from then on; it pings. */
function silentUntil(untilMs: number): { readonly carrier: LinkCarrier; readonly sent: Uint8Array[] } {
  const sent: Uint8Array[] = [];
  const carrier = new LinkCarrier({ kind: "none", attemptMs: Infinity }, (_channel, bytes) => void sent.push(bytes));
  carrier.becomeReady(0);
  for (let nowMs = 0; nowMs < untilMs; nowMs += 10) carrier.keepAlive(nowMs, PACE);
  sent.length = 0;
  return { carrier, sent };
}

/** A ping of the peer that says how many of ours came, not counting the last `missing`. */
function hearPing(carrier: LinkCarrier, nowMs: number, missing: number): void {
  const own = carrier.roundTrip.nextPing(nowMs, false, false).sequence;
  const ack = sequenceOf(own - missing);
  carrier.handlePing(nowMs, { sequence: own, ack, received: 0, holdMs: 0, isWanted: false, isDetoured: false }, stampOf(nowMs));
  carrier.hear(nowMs);
}

describe("a peer that is heard again", () => {
  it("[LK214] gets no more than a silent one until it acks a ping that left since shortly before, and is asked for that at once and each 250 ms", () => {
    const { carrier, sent } = silentUntil(4_000);
    expect([carrier.takesStream(4_000), carrier.isHeld]).toEqual([true, true]);
    hearPing(carrier, 4_000, 20);
    expect([carrier.isSilent(4_000, 1_000), carrier.isHeld]).toEqual([true, true]);
    expect(carrier.takesDatagram(4_000, messageFirst)).toBe(false);
    for (let nowMs = 4_000; nowMs < 5_000; nowMs += 5) {
      carrier.keepAlive(nowMs, PACE);
      carrier.hear(nowMs);
    }
    expect(sent).toHaveLength(4);
    for (const bytes of sent) expect(parseLinkPacket(bytes)).toMatchObject({ type: "ping", ping: { isWanted: true } });
    expect([4_010, 4_200, 4_600].map((nowMs) => carrier.takesDatagram(nowMs, rollbackFirst))).toEqual([true, false, true]);
    hearPing(carrier, 5_000, 0);
    expect([carrier.isSilent(5_000, 300), carrier.isHeld, carrier.takesDatagram(5_000, messageFirst)]).toEqual([false, false, true]);
  });

  it("[LK214] is not believed an ack of what left before the silence, and after less than a second of silence nothing is asked", () => {
    const { carrier } = silentUntil(4_000);
    // Our ping before the blackout came, and its ack only now.
    hearPing(carrier, 4_000, 20);
    expect(carrier.isSilent(4_000, 1_000)).toBe(true);
    const short = silentUntil(900).carrier;
    expect([short.takesStream(900), short.isHeld]).toEqual([true, true]);
    expect(short.hear(900)).toBe(true);
    expect([short.isSilent(900, 300), short.isHeld]).toEqual([false, false]);
  });
});
