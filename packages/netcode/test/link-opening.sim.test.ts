import { describe, expect, it } from "vitest";
import { IS_DEEP } from "../../../scripts/deep.ts";
import { LINK_PROFILES } from "../src/sim/profiles.ts";
import { blackout, eventsOf, isOpen, numbered, numbersOf, openPair, pair } from "./link-pair.ts";
import { LinkWorld, TAG } from "./link-world.ts";

/** `pnpm test:deep` runs everything at full size. */
const SCALE = IS_DEEP ? 10 : 1;

describe("opening", () => {
  it("[LK1] a link opens at both ends, once each, within the round trips that it needs", () => {
    const { world, ada, bob } = openPair({ seed: 1, conditions: LINK_PROFILES.transatlantic });
    world.run(10_000);
    expect(eventsOf(ada)).toEqual([{ type: "link-open", peerId: "bob" }]);
    expect(eventsOf(bob)).toEqual([{ type: "link-open", peerId: "ada" }]);
    expect(ada.dials).toBe(1);
    // Signaling of 20 ms each way, three round trips of handshake, an event loop, a round trip of greeting.
    expect(Math.max(ada.timeOf("link-open"), bob.timeOf("link-open"))).toBeLessThan(40 + 6 * 50 + 50 + 2 * 50 + 100);
  });

  it("[LK220] the end that is open first need not wait for an answer: it is open a round trip sooner, and what it says then arrives once, in order", () => {
    const delayMs = 100;
    for (let seed = 0; seed < 50; seed++) {
      const [sooner, later] = [true, false].map((isMutual) => {
        const { world, ada, bob } = pair({ seed, isMutual, conditions: { delayMs, lossRatio: 0, jitterMs: 0 } });
        const firsts: number[] = [];
        expect(world.runUntil(() => [ada, bob].some((peer) => peer.types().includes("link-open")), 8_000)).toBe(true);
        const [from, to] = ada.types().includes("link-open") ? [ada, bob] : [bob, ada];
        firsts.push(world.nowMs);
        for (let index = 0; index < 5; index++) expect(from.sendReliable(to, numbered(index))).toBe(true);
        expect(world.runUntil(() => isOpen(ada, bob), 8_000)).toBe(true);
        firsts.push(world.nowMs);
        world.run(3_000);
        expect(numbersOf(to)).toEqual([0, 1, 2, 3, 4]);
        expect([ada.types(), bob.types()]).toEqual([["link-open"], ["link-open"]]);
        expect([ada.mesh.hasDirect(bob.id), bob.mesh.hasDirect(ada.id)]).toEqual([true, true]);
        return firsts;
      });
      expect(sooner![0]!, `seed ${seed}`).toBeLessThan(later![0]!);
      expect(sooner![1]!, `seed ${seed}`).toBeLessThanOrEqual(later![1]!);
    }
  });

  it("[LK220] nobody is open before the peer was heard on both channels", () => {
    const { world, ada, bob } = pair({ seed: 1 });
    const send = bob.transport.send.bind(bob.transport);
    let isSilent = true;
    bob.transport.send = (peer, channel, bytes) => (isSilent && channel === "unreliable" ? "sent" : send(peer, channel, bytes));
    world.run(3_000);
    expect(ada.types()).toEqual([]);
    isSilent = false;
    expect(world.runUntil(() => isOpen(ada, bob), 3_000)).toBe(true);
  });

  it("[LK221] a path that dies between the first words and the answers heals, and brings what was said meanwhile", () => {
    let halfOpen = 0;
    for (let seed = 0; seed < 200 * SCALE; seed++) {
      const { world, ada, bob } = pair({ seed, conditions: LINK_PROFILES.transatlantic });
      world.runUntil(() => ada.types().includes("link-open") || bob.types().includes("link-open"), 8_000);
      const [from, to] = ada.types().includes("link-open") ? [ada, bob] : [bob, ada];
      if (!from.mesh.hasDirect(to.id)) halfOpen++;
      for (let index = 0; index < 5; index++) from.sendReliable(to, numbered(index));
      blackout(world, ada, bob, 4_000);
      expect(
        world.runUntil(() => isOpen(ada, bob), 30_000),
        `seed ${seed}`,
      ).toBe(true);
      world.run(5_000);
      expect(numbersOf(to), `seed ${seed}`).toEqual([0, 1, 2, 3, 4]);
    }
    expect(halfOpen).toBeGreaterThan(100 * SCALE);
  });

  it("[LK2] a link opens within its deadline when signaling loses 30 %, doubles 50 % and reorders", () => {
    const seeds = 2_000 * SCALE;
    const conditions = { ...LINK_PROFILES["wifi-lossy"], lossRatio: 0.05 };
    const failed: number[] = [];
    let dials = 0;
    for (let seed = 0; seed < seeds; seed++) {
      const { world, ada, bob } = pair({
        seed,
        conditions,
        signaling: { delayMs: 50, jitterMs: 300, lossRatio: 0.3, duplicateRatio: 0.5 },
      });
      if (!world.runUntil(() => isOpen(ada, bob), 16_000)) failed.push(seed);
      dials += ada.dials;
    }
    expect(failed.length, `seeds ${failed.join(" ")}`).toBeLessThanOrEqual(seeds / 1_000);
    expect(dials).toBeLessThan(seeds * 1.2);
  });

  it("[LK3] a peer that cannot be reached is told as unreachable after 16 s, and tried again every 10 s or so", () => {
    const world = new LinkWorld({ seed: 3 });
    const ada = world.join("ada");
    const bob = world.join("bob");
    ada.add(bob, "dialer");
    bob.kill();
    world.run(60_000);
    expect(eventsOf(ada)).toEqual([{ type: "link-closed", peerId: "bob", reason: "unreachable" }]);
    expect(ada.timeOf("link-closed")).toBe(15_900);
    expect(ada.dials).toBeGreaterThanOrEqual(4);
    expect(ada.dials).toBeLessThanOrEqual(8);
  });

  it("[LK4] a member that becomes reachable after the deadline opens", () => {
    const world = new LinkWorld({ seed: 4 });
    const ada = world.join("ada");
    const bob = world.join("bob");
    world.network.cut([ada.id], [bob.id]);
    world.link(ada, bob);
    world.run(30_000);
    expect([ada.mesh.status(bob.id), bob.mesh.status(ada.id)]).toEqual(["closed", "closed"]);
    world.network.restore([ada.id], [bob.id]);
    world.run(25_000);
    expect(ada.types()).toEqual(["link-closed", "link-open"]);
    expect(bob.types()).toEqual(["link-closed", "link-open"]);
  });

  it.each([0, 150, 3_000])("[LK5] the ends may learn of each other at different times (%i ms apart)", (apartMs) => {
    for (const isDialerFirst of [true, false]) {
      const world = new LinkWorld({ seed: apartMs });
      const ada = world.join("ada");
      const bob = world.join("bob");
      if (isDialerFirst) ada.add(bob, "dialer");
      else bob.add(ada, "acceptor");
      world.run(apartMs);
      if (isDialerFirst) bob.add(ada, "acceptor");
      else ada.add(bob, "dialer");
      expect(world.runUntil(() => isOpen(ada, bob), 8_000)).toBe(true);
    }
  });

  it("[LK6] another version of the game is refused by name at both ends, and not tried again", () => {
    const world = new LinkWorld({ seed: 6, conditions: LINK_PROFILES["bad-hotel"] });
    const newer = { ...TAG, version: 4 };
    const ada = world.join("ada");
    const bob = world.join("bob", newer);
    world.link(ada, bob);
    world.run(60_000);
    expect(eventsOf(ada)).toEqual([{ type: "link-closed", peerId: "bob", reason: "version-mismatch", remoteGame: newer }]);
    expect(eventsOf(bob)).toEqual([{ type: "link-closed", peerId: "ada", reason: "version-mismatch", remoteGame: TAG }]);
    expect(ada.dials).toBeLessThanOrEqual(4);
    const dials = ada.dials;
    world.run(60_000);
    expect(ada.dials).toBe(dials);
    expect([ada.transport.path(bob.id), bob.transport.path(ada.id)]).toEqual([undefined, undefined]);
  });

  it("[LK7] a peer that is killed while connecting ends as unreachable, whatever it had done", () => {
    for (let ms = 0; ms < 400; ms += 10) {
      const { world, ada, bob } = pair({ seed: ms, conditions: LINK_PROFILES.transatlantic });
      world.run(ms);
      bob.kill();
      world.run(30_000);
      const reasons = eventsOf(ada).flatMap((event) => (event.type === "link-closed" ? [event.reason] : []));
      expect(reasons).toEqual([ada.types().includes("link-open") ? "lost" : "unreachable"]);
    }
  });

  it("[LK8] both ends know what both can do", () => {
    const { ada, bob } = openPair({ seed: 8 });
    expect([ada.mesh.capabilities(bob.id), bob.mesh.capabilities(ada.id)]).toEqual([3, 3]);
  });
});
