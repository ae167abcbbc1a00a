import { describe, expect, it } from "vitest";
import { parsePeerId, type PeerId } from "../core/base/units.ts";
import { assert } from "../core/base/assert.ts";
import type { Channel } from "../core/ports/transport.ts";
import type { LinkConditions } from "./sim-link.ts";
import { SimNetwork } from "./sim-network.ts";

const ADA = peerId("ada");
const BOB = peerId("bob");

function peerId(text: string): PeerId {
  const parsed = parsePeerId(text);
  assert(parsed !== undefined, "a peer id");
  return parsed;
}

/** An association of Ada and Bob, and what Bob gets. */
function pair(conditions: Partial<LinkConditions>, seed = 1) {
  const network = new SimNetwork({ seed, conditions });
  const received: { atMs: number; channel: Channel; first: number; length: number }[] = [];
  const [ada, bob] = network.associate(
    ADA,
    () => {},
    BOB,
    (channel, bytes) => received.push({ atMs: network.scheduler.nowMs, channel, first: bytes[0] ?? -1, length: bytes.length }),
  );
  return { network, ada, bob, received };
}

describe("SimNetwork", () => {
  it("[SI7] unreliable messages that are lost stay lost, reliable ones arrive whole, once and in order", () => {
    const { network, ada, received } = pair({ delayMs: 30, jitterMs: 20, lossRatio: 0.2, duplicateRatio: 0.1, reorderRatio: 0.1 });
    for (let index = 0; index < 200; index++) {
      ada.send("unreliable", Uint8Array.of(index));
      ada.send("reliable", Uint8Array.of(index));
      network.scheduler.runUntil((index + 1) * 16);
    }
    network.scheduler.runUntil(60_000);
    const reliable = received.filter((message) => message.channel === "reliable").map((message) => message.first);
    expect(reliable).toEqual(Array.from({ length: 200 }, (_, index) => index));
    const unreliable = new Set(received.filter((message) => message.channel === "unreliable").map((message) => message.first));
    expect(unreliable.size).toBeLessThan(190);
    expect(unreliable.size).toBeGreaterThan(100);
  });

  it("[SI7] a large reliable message travels in pieces and arrives whole", () => {
    const { network, ada, received } = pair({ delayMs: 20, lossRatio: 0.1 });
    ada.send("reliable", new Uint8Array(16_384).fill(7));
    ada.send("control", Uint8Array.of(9));
    network.scheduler.runUntil(30_000);
    expect(received.find((message) => message.channel === "reliable")).toMatchObject({ first: 7, length: 16_384 });
    expect(received.find((message) => message.channel === "control")).toMatchObject({ first: 9, length: 1 });
  });

  it("[SI8] a reliable message that is lost blocks the ones behind it, and no datagram", () => {
    const { network, ada, received } = pair({ delayMs: 20 });
    network.cut([ADA], [BOB]);
    ada.send("reliable", Uint8Array.of(1));
    network.restore([ADA], [BOB]);
    network.scheduler.runUntil(10);
    ada.send("reliable", Uint8Array.of(2));
    ada.send("unreliable", Uint8Array.of(3));
    network.scheduler.runUntil(100);
    expect(received.map((message) => message.first)).toEqual([3]);
    network.scheduler.runUntil(2_000);
    expect(received.map((message) => message.first)).toEqual([3, 1, 2]);
    expect(received[1]?.atMs).toBeGreaterThan(400);
    expect(received[2]?.atMs).toBe(received[1]?.atMs);
  });

  it("[SI9] a stalled path stalls all channels, and what waited comes in a burst when it returns", () => {
    const { network, ada, received } = pair({ delayMs: 50 });
    const send = (): void => {
      ada.send("unreliable", new Uint8Array(100).fill(1));
      if (network.scheduler.nowMs < 6_000) network.scheduler.schedule(network.scheduler.nowMs + 16, send);
    };
    send();
    network.scheduler.runUntil(1_000);
    network.cut([ADA, BOB], [ADA, BOB]);
    network.scheduler.runUntil(3_000);
    expect(ada.refusedFull).toBeGreaterThan(0);
    expect(ada.bufferedBytes("unreliable")).toBeGreaterThan(0);
    expect(ada.bufferedBytes("unreliable")).toBeLessThanOrEqual(2_400);
    network.restore([ADA, BOB], [ADA, BOB]);
    network.scheduler.runUntil(12_000);
    const afterMs = received.map((message) => message.atMs).filter((atMs) => atMs > 3_000);
    const firstMs = afterMs[0] ?? Infinity;
    // The next timeout, at most 3 s after the last, finds the path again.
    expect(firstMs).toBeLessThan(6_100);
    expect(afterMs.filter((atMs) => atMs - firstMs < 150).length).toBeGreaterThan(10);
    expect(ada.bufferedBytes("unreliable")).toBe(0);
  });

  it("[SI9] without acknowledgements, a path that works one way stalls too", () => {
    const { network, ada, received } = pair({ delayMs: 20 });
    network.cut([BOB], [ADA]);
    for (let index = 0; index < 200; index++) {
      ada.send("unreliable", new Uint8Array(400));
      network.scheduler.runUntil((index + 1) * 16);
    }
    expect(received.length).toBeGreaterThan(20);
    expect(received.length).toBeLessThan(150);
    expect(ada.refusedFull).toBeGreaterThan(0);
  });

  it("[SI6] a killed peer neither sends nor receives, on links made later too", () => {
    const { network, ada, received } = pair({});
    network.kill(BOB);
    ada.send("unreliable", Uint8Array.of(1));
    network.scheduler.runUntil(1_000);
    expect(received).toEqual([]);
    expect(network.link(BOB, peerId("eve")).isCut).toBe(true);
    expect(network.link(ADA, peerId("eve")).isCut).toBe(false);
  });

  it("[SI1] equal seeds give equal networks", () => {
    const run = (seed: number) => {
      const { network, ada, received } = pair({ delayMs: 40, jitterMs: 30, lossRatio: 0.2, duplicateRatio: 0.1, reorderRatio: 0.1 }, seed);
      for (let index = 0; index < 300; index++) {
        ada.send(index % 3 === 0 ? "reliable" : "unreliable", Uint8Array.of(index & 255));
        network.scheduler.runUntil((index + 1) * 16);
      }
      network.scheduler.runUntil(30_000);
      return received;
    };
    expect(run(4)).toEqual(run(4));
    expect(run(4)).not.toEqual(run(5));
  });
});
