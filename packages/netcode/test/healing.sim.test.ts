import { describe, expect, it } from "vitest";
import { IS_DEEP } from "../../../scripts/deep.ts";
import { LINK_PROFILES } from "../src/sim/profiles.ts";
import { BAD_SIGNALING, isAlive, isOpen, numbered, numbersFrom, openPair, upTo } from "./healing-world.ts";
import { LinkWorld, TAG, type LinkPeer } from "./link-world.ts";

/** `pnpm test:deep` runs 10,000 seeds of each. */
const SEEDS = IS_DEEP ? 10_000 : 200;

describe("a connection whose path died", () => {
  it("[LK94] is restarted within 2.5 s of an address change, in place, whatever end moved", () => {
    for (let seed = 0; seed < 100; seed++) {
      const pair = openPair({ seed, conditions: LINK_PROFILES.wifi });
      const { world, ada, bob } = pair;
      const dials = ada.dials;
      world.network.changeAddress((seed % 2 === 0 ? ada : bob).id);
      expect(isAlive(pair)).toBe(false);
      expect(
        world.runUntil(() => isAlive(pair), 2_500),
        `seed ${seed}`,
      ).toBe(true);
      world.run(5_000);
      expect(ada.restarts + bob.restarts, `seed ${seed}`).toBeGreaterThan(0);
      expect([ada.dials, isAlive(pair)]).toEqual([dials, true]);
      // The end that notices first may have healed the path before the other one does.
      const told = [ada, bob].map((peer) => peer.types().join(" "));
      expect(told, `seed ${seed}`).toContain("link-open link-suspect link-recovered");
      for (const types of told) expect(["link-open", "link-open link-suspect link-recovered"], `seed ${seed}`).toContain(types);
    }
  });

  it("[LK95] one offer stands where both ends begin at once, and the path heals", () => {
    let glares = 0;
    for (let seed = 0; seed < 100; seed++) {
      const pair = openPair({ seed, signaling: { delayMs: 200, jitterMs: 200 } });
      const { world, ada, bob } = pair;
      world.network.changeAddress(ada.id);
      world.network.changeAddress(bob.id);
      world.run(seed * 20);
      for (const peer of [ada, bob]) {
        peer.mesh.handleNetworkChange(world.nowMs);
        peer.drain();
      }
      expect(
        world.runUntil(() => isAlive(pair), 4_000),
        `seed ${seed}`,
      ).toBe(true);
      if (ada.restarts > 0 && bob.restarts > 0) glares++;
      expect(ada.dials).toBe(1);
    }
    expect(glares).toBeGreaterThan(10);
  });

  it("[LK96] heals although signaling loses 30 %, doubles 50 % and reorders", () => {
    const slow: number[] = [];
    for (let seed = 0; seed < SEEDS; seed++) {
      const pair = openPair({ seed, conditions: { ...LINK_PROFILES["wifi-lossy"], lossRatio: 0.05 }, signaling: BAD_SIGNALING });
      const { world, ada, bob } = pair;
      world.network.changeAddress(ada.id);
      if (seed % 3 === 0) world.network.changeAddress(bob.id);
      if (!world.runUntil(() => isAlive(pair), 8_000)) slow.push(seed);
      expect(ada.dials).toBeLessThan(4);
    }
    expect(slow.length, `seeds ${slow.join(" ")}`).toBeLessThanOrEqual(SEEDS / 1_000);
  });

  it("[LK97] tries again after 2.5, 5 and 10 s, and at once when the network is said to have changed", () => {
    const { world, ada, bob } = openPair({ seed: 97 });
    world.network.kill(bob.id);
    const killedMs = world.nowMs;
    const times: number[] = [];
    for (let restarts = 0; world.nowMs < killedMs + 18_000;) {
      if (!world.network.scheduler.runNext()) break;
      if (ada.restarts > restarts) times.push(world.nowMs - killedMs);
      restarts = ada.restarts;
    }
    const [first = 0] = times;
    expect(first).toBeGreaterThan(900);
    expect(first).toBeLessThan(1_100);
    expect(times.map((timeMs) => timeMs - first)).toEqual([0, 2_500, 7_500]);
    ada.mesh.handleNetworkChange(world.nowMs);
    ada.drain();
    expect(ada.restarts).toBe(3);
    world.run(1);
    expect(ada.restarts).toBe(4);
  });

  it("[LK97] after news of the network 300 ms of silence are enough", () => {
    const { world, ada, bob } = openPair({ seed: 97 });
    world.network.changeAddress(ada.id);
    ada.mesh.handleNetworkChange(world.nowMs);
    ada.drain();
    world.run(700);
    expect(ada.restarts).toBe(1);
    expect(isOpen(ada, bob)).toBe(true);
    expect([...ada.types(), ...bob.types()]).toEqual(["link-open", "link-open"]);
  });

  it("[LK98] is given up after 4 s for a new one where one end cannot restart ICE", () => {
    for (const capabilities of [
      [3, 0],
      [0, 3],
    ] as const) {
      const pair = openPair({ seed: 98 }, capabilities);
      const { world, ada, bob } = pair;
      world.network.changeAddress(bob.id);
      world.run(4_500);
      expect(isAlive(pair)).toBe(true);
      expect([ada.restarts, bob.restarts, ada.dials]).toEqual([0, 0, 2]);
    }
  });

  it("[LK99] is given up after 12 s where restarts do not help, and what was on its way arrives once, in order", () => {
    const pair = openPair({ seed: 99 });
    const { world, ada, bob } = pair;
    ada.transport.connectionTo(bob.id)?.break(true);
    for (let index = 0; index < 40; index++) {
      ada.sendReliable(bob, numbered(index));
      world.run(290);
    }
    expect([ada.dials, ada.mesh.stats()[0]?.stage]).toEqual([1, "restarting"]);
    world.run(2_000);
    expect([isAlive(pair), ada.dials]).toEqual([true, 2]);
    expect(numbersFrom(bob)).toEqual(upTo(40));
  });

  it("[LK100] a peer that has no such connection any more says so, and a new one is dialed at once", () => {
    const { world, ada, bob } = openPair({ seed: 100 });
    // Bob's page is reloaded: nobody tells Ada that its connection is gone.
    bob.kill();
    world.network.revive(bob.id);
    const reborn = world.join("bob", TAG, "reborn");
    reborn.add(ada, "acceptor");
    expect(world.runUntil(() => isOpen(ada, reborn), 2_500)).toBe(true);
    expect(ada.events.map(({ event }) => (event.type === "link-closed" ? event.reason : event.type))).toEqual([
      "link-open",
      "link-suspect",
      "lost",
      "link-open",
    ]);
  });
});

describe("any mix of faults", () => {
  it("[LK103] ends with all links open again, once each fault is over, and every reliable message there once, in order", () => {
    // 1168: a connection that was broken for good in the last second counted as open, and its message came with the next one, 13 s later (LK99).
    const seeds = [...upTo(SEEDS), 1_168];
    const totals = { dials: 0, restarts: 0, moves: 0, breaks: 0 };
    for (const seed of seeds) {
      const world = new LinkWorld({ seed, conditions: LINK_PROFILES.wifi, signaling: BAD_SIGNALING });
      const random = world.network.random("faults");
      // A third of the peers cannot restart ICE.
      const peers = ["ada", "bob", "cyd"].map((name) => world.join(name, TAG, "", random.integer(3) === 0 ? 0 : 3));
      for (const [index, peer] of peers.entries()) for (const earlier of peers.slice(0, index)) world.link(peer, earlier);
      world.run(8_000);
      const sent = new Map<string, number>();
      const isCut = new Set<string>();
      for (let step = 0; step < 40; step++) {
        const from = peers[random.integer(3)];
        const to = peers[random.integer(3)];
        if (from === undefined || to === undefined || from === to) continue;
        const way = `${from.id}>${to.id}`;
        const fault = random.integer(8);
        if (fault <= 1) {
          totals.moves++;
          world.network.changeAddress(from.id);
        } else if (fault === 2) {
          totals.breaks++;
          from.transport.connectionTo(to.id)?.break(random.integer(4) === 0);
        } else if (fault <= 5) {
          if (isCut.delete(way)) world.network.restore([from.id], [to.id]);
          else {
            isCut.add(way);
            world.network.cut([from.id], [to.id]);
          }
        } else if (fault === 6) from.stall(random.integer(3_000));
        else {
          from.mesh.handleNetworkChange(world.nowMs);
          from.drain();
        }
        const count = sent.get(way) ?? 0;
        if (from.sendReliable(to, numbered(count))) sent.set(way, count + 1);
        world.run(random.integer(1_500));
      }
      for (const way of isCut) {
        const [from = "", to = ""] = way.split(">");
        world.network.restore([from as LinkPeer["id"]], [to as LinkPeer["id"]]);
      }
      const isAllOpen = (): boolean =>
        peers.every((peer) => peers.every((other) => peer === other || peer.mesh.status(other.id) === "open"));
      // Until then a dead one may still count as open.
      world.run(1_500);
      expect(world.runUntil(isAllOpen, 60_000), `seed ${seed}`).toBe(true);
      world.run(8_000);
      for (const peer of peers) {
        totals.dials += peer.dials;
        totals.restarts += peer.restarts;
        for (const other of peers) {
          if (other === peer) continue;
          const numbers = peer.messages
            .filter(({ from }) => from === other.id)
            .map(({ bytes }) => (bytes[1] ?? 0) | ((bytes[2] ?? 0) << 8));
          expect(numbers, `seed ${seed}, ${other.id} to ${peer.id}`).toEqual(upTo(sent.get(`${other.id}>${peer.id}`) ?? 0));
        }
      }
    }
    expect(totals.restarts).toBeGreaterThan(seeds.length);
    expect(totals.dials).toBeGreaterThan(3 * seeds.length);
    expect(Math.min(totals.moves, totals.breaks)).toBeGreaterThan(seeds.length);
  });
});
