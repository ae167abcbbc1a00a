import { describe, expect, it } from "vitest";
import { IS_DEEP } from "../../../scripts/deep.ts";
import { LINK_PROFILES } from "../src/sim/profiles.ts";
import { blackout, eventsOf, isOpen, numbered, numbersOf, openPair } from "./link-pair.ts";
import { LinkWorld, TAG } from "./link-world.ts";

/** `pnpm test:deep` runs everything at full size. */
const SCALE = IS_DEEP ? 10 : 1;

describe("heartbeat", () => {
  it("[LK10] an idle link pings 20 times a second; one that a session uses does not", () => {
    const { world, ada, bob } = openPair({ seed: 10 });
    ada.sent.unreliable = 0;
    world.run(10_000);
    expect(ada.sent.unreliable).toBeGreaterThanOrEqual(195);
    expect(ada.sent.unreliable).toBeLessThanOrEqual(201);
    ada.sent.unreliable = 0;
    for (let frame = 0; frame < 600; frame++) {
      ada.sendDatagram(bob, numbered(frame));
      bob.sendDatagram(ada, numbered(frame));
      world.run(1_000 / 60);
    }
    expect(ada.sent.unreliable).toBe(0);
    expect(bob.sessionPackets.length).toBeGreaterThan(590);
    expect(ada.types()).toEqual(["link-open"]);
  });

  it("[LK11] pings measure round trip, jitter and loss", () => {
    const { world, ada, bob } = openPair({ seed: 11, conditions: { delayMs: 60, jitterMs: 20, lossRatio: 0.1 } });
    world.run(60_000);
    for (const [stats] of [ada.mesh.stats(), bob.mesh.stats()]) {
      expect(stats?.rttMs).toBeGreaterThan(110);
      expect(stats?.rttMs).toBeLessThan(190);
      expect(stats?.jitterMs).toBeGreaterThan(2);
      expect(stats?.lossRatio).toBeGreaterThan(0.03);
      expect(stats?.lossRatio).toBeLessThan(0.2);
    }
  });

  it("[LK12] 20 % loss with bursts on round trips of 50 to 200 ms is no silence", () => {
    const pairs = 20;
    const secondsEach = 500 * SCALE;
    const suspects: string[] = [];
    let lost = 0;
    for (let seed = 0; seed < pairs; seed++) {
      // Bursts of two packets. Longer ones, at 20 packets a second, are real outages of a second now and then.
      const burst = { enterRatio: 1 / 100, leaveRatio: 1 / 2, lossRatio: 1 };
      const { world, ada, bob } = openPair({ seed, conditions: { delayMs: 25 + (75 * seed) / pairs, jitterMs: 5, lossRatio: 0.2, burst } });
      world.run(secondsEach * 1_000);
      lost += world.network.figures().lostAtRandom;
      if (ada.events.length + bob.events.length > 2)
        suspects.push(`seed ${seed}: ${[...ada.events, ...bob.events].map(({ atMs, event }) => `${event.type}@${atMs}`).join(" ")}`);
    }
    expect(lost).toBeGreaterThan(pairs * secondsEach * 4);
    expect(suspects).toEqual([]);
  });

  it("[LK13] a killed peer is suspect after 1 s of silence, and lost after 20", () => {
    const { world, ada, bob } = openPair({ seed: 13 });
    world.run(5_000);
    const killedMs = world.nowMs;
    bob.kill();
    world.run(60_000);
    expect(ada.types()).toEqual(["link-open", "link-suspect", "link-closed"]);
    expect(ada.timeOf("link-suspect") - killedMs).toBeGreaterThan(940);
    expect(ada.timeOf("link-suspect") - killedMs).toBeLessThanOrEqual(1_001);
    expect(ada.timeOf("link-closed") - killedMs).toBeLessThanOrEqual(20_001);
    expect(eventsOf(ada).at(-1)).toEqual({ type: "link-closed", peerId: "bob", reason: "lost" });
  });

  it.each([500, 1_500, 2_500])("[LK14] our own process standing still for %i ms is not the others' silence", (stallMs) => {
    const { world, ada, bob } = openPair({ seed: 14 });
    world.run(1_000);
    ada.stall(stallMs);
    world.run(stallMs + 5_000);
    expect(ada.types()).toEqual(["link-open"]);
    // The other one did hear nothing for that long.
    expect(bob.types()).toEqual(stallMs < 1_000 ? ["link-open"] : ["link-open", "link-suspect", "link-recovered"]);
  });

  it("[LK15] a peer that dies while we stand still is still found out", () => {
    const { world, ada, bob } = openPair({ seed: 15 });
    world.run(1_000);
    ada.stall(2_000);
    world.run(100);
    bob.kill();
    world.run(3_100);
    expect(ada.types()).toEqual(["link-open", "link-suspect"]);
  });
});

describe("healing", () => {
  it.each([1_500, 3_000, 6_000, 12_000])("[LK20] a blackout of %i ms ends in recovery, without a closed link", (blackoutMs) => {
    for (let seed = 0; seed < 20; seed++) {
      const { world, ada, bob } = openPair({ seed, conditions: LINK_PROFILES.wifi });
      world.run(1_000);
      blackout(world, ada, bob, blackoutMs);
      expect(
        world.runUntil(() => isOpen(ada, bob), 10_000),
        `seed ${seed}`,
      ).toBe(true);
      world.run(5_000);
      for (const peer of [ada, bob]) {
        // A packet that is lost just when the path is back waits for SCTP's timer, 3 s by then: another silence.
        expect(new Set(peer.types()), `seed ${seed}`).toEqual(new Set(["link-open", "link-suspect", "link-recovered"]));
        expect(peer.types().at(-1)).toBe("link-recovered");
        expect(peer.events.length, `seed ${seed}`).toBeLessThanOrEqual(5);
      }
    }
  });

  it("[LK21] a minute of blackout closes the link, and the end of it opens it again", () => {
    const { world, ada, bob } = openPair({ seed: 21 });
    blackout(world, ada, bob, 60_000);
    world.run(30_000);
    for (const peer of [ada, bob]) expect(peer.types()).toEqual(["link-open", "link-suspect", "link-closed", "link-open"]);
  });

  it("[LK22] channels that close under an open link are dialed again before anybody notices", () => {
    const { world, ada, bob } = openPair({ seed: 22 });
    world.run(1_000);
    const dials = ada.dials;
    bob.transport.hangUp(ada.id);
    bob.transport.accept(ada.id);
    bob.handleChannelsClosed(ada.id, "remote");
    expect(world.runUntil(() => ada.dials > dials, 2_000)).toBe(true);
    world.run(5_000);
    expect(isOpen(ada, bob)).toBe(true);
    expect(ada.types()).toEqual(["link-open"]);
  });

  it("[LK23] when one direction is dead both ends let go and find each other again once it is back", () => {
    for (const [fromDialer, seed] of [
      [true, 1],
      [false, 2],
    ] as const) {
      const { world, ada, bob } = openPair({ seed });
      world.run(1_000);
      const [from, to] = fromDialer ? [ada, bob] : [bob, ada];
      world.network.cut([from.id], [to.id]);
      world.run(8_000);
      world.network.restore([from.id], [to.id]);
      expect(world.runUntil(() => isOpen(ada, bob), 20_000)).toBe(true);
      world.run(3_000);
      expect(isOpen(ada, bob)).toBe(true);
    }
  });

  it("[LK24] after any mix of cuts, losses and stalls four peers are all linked again, and every reliable message came once, in order", () => {
    for (let seed = 0; seed < 30 * SCALE; seed++) {
      const world = new LinkWorld({
        seed,
        conditions: LINK_PROFILES["wifi-lossy"],
        signaling: { lossRatio: 0.2, duplicateRatio: 0.2, jitterMs: 100 },
      });
      const random = world.network.random("faults");
      const peers = ["ada", "bob", "cyd", "dot"].map((name) => world.join(name));
      for (const [index, peer] of peers.entries()) for (const earlier of peers.slice(0, index)) world.link(peer, earlier);
      world.run(10_000);
      const cuts = new Map<string, () => void>();
      const expected = new Map(peers.map((peer) => [peer.id, new Map(peers.map((from) => [from.id, 0]))]));
      for (let step = 0; step < 60; step++) {
        const from = peers[random.integer(4)];
        const to = peers[random.integer(4)];
        if (from === undefined || to === undefined || from === to) continue;
        const fault = random.integer(4);
        const way = `${from.id}>${to.id}`;
        if (fault === 0 && !cuts.has(way)) {
          world.network.cut([from.id], [to.id]);
          cuts.set(way, () => world.network.restore([from.id], [to.id]));
        }
        if (fault === 1) {
          cuts.get(way)?.();
          cuts.delete(way);
        }
        if (fault === 2) from.stall(random.integer(1_500));
        const count = expected.get(to.id)?.get(from.id) ?? 0;
        if (from.sendReliable(to, numbered(count))) expected.get(to.id)?.set(from.id, count + 1);
        world.run(random.integer(800));
      }
      for (const restore of cuts.values()) restore();
      expect(
        world.runUntil(() => isOpen(...peers), 60_000),
        `seed ${seed}`,
      ).toBe(true);
      world.run(5_000);
      for (const to of peers) {
        for (const from of peers) {
          const numbers = to.messages
            .filter((message) => message.from === from.id)
            .map(({ bytes }) => (bytes[1] ?? 0) | ((bytes[2] ?? 0) << 8));
          expect(numbers, `seed ${seed}, ${from.id} to ${to.id}`).toEqual(
            Array.from({ length: expected.get(to.id)?.get(from.id) ?? 0 }, (_, index) => index),
          );
        }
      }
    }
  });
});

describe("leaving", () => {
  it("[LK30] a goodbye closes the link at the other end at once, and nobody dials again", () => {
    for (const dialerLeaves of [true, false]) {
      const { world, ada, bob } = openPair({ seed: 30 });
      const [leaver, other] = dialerLeaves ? [ada, bob] : [bob, ada];
      const saidMs = world.nowMs;
      leaver.mesh.sayGoodbye(saidMs, "left");
      leaver.drain();
      world.run(50);
      leaver.transport.dispose();
      world.run(30_000);
      expect(eventsOf(other).slice(1)).toEqual([
        { type: "peer-goodbye", peerId: leaver.id, farewell: "left" },
        { type: "link-closed", peerId: leaver.id, reason: "left" },
      ]);
      expect(other.timeOf("peer-goodbye") - saidMs).toBeLessThan(50);
      expect(leaver.types()).toEqual(["link-open"]);
      expect([ada.dials, other.mesh.pollTimeoutMs()]).toEqual([1, Infinity]);
    }
  });

  it("[LK31] a removed peer is hung up on without a word", () => {
    const { world, ada, bob } = openPair({ seed: 31 });
    const sent = ada.sent.reliable;
    ada.mesh.removePeer(world.nowMs, bob.id);
    ada.drain();
    expect(ada.sent.reliable).toBe(sent);
    expect(eventsOf(ada).at(-1)).toEqual({ type: "link-closed", peerId: "bob", reason: "removed" });
    expect([ada.mesh.stats(), ada.mesh.pollTimeoutMs(), ada.transport.path(bob.id)]).toEqual([[], Infinity, undefined]);
    world.run(1_500);
    expect(bob.types()).toEqual(["link-open", "link-suspect"]);
  });

  it("[LK32] a peer that comes back under its id, as another process, is a new link", () => {
    const { world, ada, bob } = openPair({ seed: 32 });
    bob.sendReliable(ada, numbered(0));
    world.run(1_000);
    bob.kill();
    bob.transport.dispose();
    // A process of the same name on the same machine: the network must know it anew.
    const again = new LinkWorld({ seed: 33 });
    const fresh = [again.join("ada"), again.join("bob")] as const;
    again.link(fresh[0], fresh[1]);
    again.run(2_000);
    const reborn = again.join("bob", TAG, "reborn");
    reborn.add(fresh[0], "acceptor");
    fresh[0].handleChannelsClosed(reborn.id, "remote");
    expect(again.runUntil(() => isOpen(fresh[0], reborn), 10_000)).toBe(true);
    expect(eventsOf(fresh[0]).map((event) => (event.type === "link-closed" ? event.reason : event.type))).toEqual([
      "link-open",
      "lost",
      "link-open",
    ]);
    reborn.sendReliable(fresh[0], numbered(7));
    again.run(1_000);
    expect(numbersOf(fresh[0])).toEqual([7]);
  });
});
