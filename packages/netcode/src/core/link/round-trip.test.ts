import { describe, expect, it } from "vitest";
import { Random } from "../base/random.ts";
import { sequenceOf } from "../base/sequence.ts";
import { encodePing, parseLinkPacket } from "./link-codec.ts";
import { RoundTrip, type Ping } from "./round-trip.ts";

/** A ping as it arrives. */
function over(ping: Ping): Ping {
  const packet = parseLinkPacket(encodePing(ping, 0));
  if (packet.type !== "ping") throw new Error("expected: a ping");
  return packet.ping;
}

/** Two ends that ping each other every 50 ms over a path of `delayMs` each way that loses `lossRatio` of what the first one sends. */
function exchange(pings: number, delayMs: number, lossRatio: number): RoundTrip {
  const near = new RoundTrip();
  const far = new RoundTrip();
  const random = new Random(1);
  const arrivals: { readonly atMs: number; readonly to: RoundTrip; readonly ping: Ping }[] = [];
  for (let index = 0; index < pings; index++) {
    const nowMs = index * 50;
    while ((arrivals[0]?.atMs ?? Infinity) <= nowMs) {
      const arrival = arrivals.shift();
      arrival?.to.countReceived();
      if (arrival?.to.handlePing(arrival.atMs, arrival.ping) === undefined) throw new Error("expected: an honest ping to be taken");
    }
    const ping = near.nextPing(nowMs, true, false);
    near.countSent();
    far.countSent();
    if (!random.chance(lossRatio)) arrivals.push({ atMs: nowMs + delayMs, to: far, ping });
    arrivals.push({ atMs: nowMs + delayMs, to: near, ping: far.nextPing(nowMs, true, false) });
  }
  return near;
}

describe("the round trip by pings", () => {
  it.each([0.4, 30, 120, 400])(
    "[LK60] a path of %f ms each way is measured without the time that a ping waited for the next",
    (delayMs) => {
      const measured = exchange(400, delayMs, 0);
      expect(measured.rttMs).toBeCloseTo(2 * delayMs, 0);
      expect(measured.jitterMs).toBeLessThan(1);
      expect(measured.lossRatio).toBe(0);
    },
  );

  it("[LK61] what was sent and never arrived is the loss, also when sequences wrap", () => {
    const measured = exchange(70_000, 40, 0.2);
    expect(measured.lossRatio).toBeGreaterThan(0.08);
    expect(measured.lossRatio).toBeLessThan(0.35);
    expect(measured.rttMs).toBeGreaterThan(79);
  });

  it("[LK61] the loss goes back to nothing once the path is clean", () => {
    expect(exchange(2_000, 40, 0).lossRatio).toBe(0);
  });

  it("[LK61] what a session sent in many minutes without a ping is not taken for lost, nor those minutes for a round trip", () => {
    const [near, far] = [new RoundTrip(), new RoundTrip()];
    let nowMs = 0;
    const exchange = (): boolean | undefined => {
      nowMs += 10;
      const ping = near.nextPing(nowMs, true, false);
      near.countSent();
      far.countReceived();
      far.handlePing(nowMs + 5, ping);
      return near.handlePing(nowMs + 10, over(far.nextPing(nowMs + 5, true, false)));
    };
    for (const minutes of [0, 20, 40]) {
      expect([exchange(), exchange()]).toEqual([true, true]);
      expect([near.lossRatio, near.rttMs]).toEqual([0, 10]);
      for (let datagram = 0; datagram < minutes * 3_600; datagram++) {
        near.countSent();
        far.countReceived();
      }
      nowMs += minutes * 60_000;
    }
  });

  it("[LK60] an answer that was held for longer than can be told is no round trip", () => {
    const [near, far] = [new RoundTrip(), new RoundTrip()];
    far.handlePing(5, near.nextPing(0, true, false));
    expect(near.handlePing(60_010, over(far.nextPing(60_005, true, false)))).toBe(true);
    expect(near.rttMs).toBe(0);
  });

  it("[LK62] an ack of a ping that was never sent is refused, and an impossible hold does not make time negative", () => {
    const measured = new RoundTrip();
    const ping = (ack: number, holdMs: number): Ping => ({
      sequence: sequenceOf(0),
      ack: sequenceOf(ack),
      received: 0xffff,
      holdMs,
      isWanted: true,
      isDetoured: false,
    });
    expect(measured.handlePing(0, ping(5, 0))).toBeUndefined();
    measured.nextPing(0, true, false);
    expect(measured.handlePing(10, ping(1, 0))).toBeUndefined();
    expect(measured.handlePing(10, ping(0, 6_000))).toBe(true);
    expect(measured.rttMs).toBe(0);
  });
});
