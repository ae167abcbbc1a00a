import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PeerId } from "../base/units.ts";
import { RouteChoice, type RelayOffer, type RouteFigures } from "./route-choice.ts";

const CYD: RelayOffer = { via: "cyd" as PeerId, costMs: 40 };
const DOT: RelayOffer = { via: "dot" as PeerId, costMs: 45 };

/** Checks every 100 ms with the same figures. */
function hold(route: RouteChoice, fromMs: number, ms: number, figures: RouteFigures): number {
  let changes = 0;
  for (let nowMs = fromMs; nowMs < fromMs + ms; nowMs += 100) {
    const before = route.isRelayed;
    route.check(nowMs, figures);
    if (before !== route.isRelayed) changes++;
  }
  return changes;
}

function dead(relayMs: number, offers: readonly RelayOffer[] = [CYD, DOT]): RouteFigures {
  return { directMs: Infinity, relayMs, offers };
}

describe("the choice of a path", () => {
  it("[LK75] a connection that does not work is left as soon as the relay has answered, not before", () => {
    const route = new RouteChoice();
    route.check(0, dead(Infinity));
    expect([route.isWanted, route.isRelayed, route.via]).toEqual([true, false, "cyd"]);
    route.check(100, dead(42));
    expect([route.isWanted, route.isRelayed, route.via]).toEqual([true, true, "cyd"]);
  });

  it("[LK75] a worse connection is left only when it is so clearly, and for 2 s, by what is offered and what is measured", () => {
    const offers = [CYD];
    const [bad, fair] = [new RouteChoice(), new RouteChoice()];
    hold(bad, 0, 2_000, { directMs: 90, relayMs: 40, offers });
    expect(bad.isWanted).toBe(false);
    hold(bad, 2_000, 200, { directMs: 90, relayMs: 40, offers });
    expect(bad.isRelayed).toBe(true);
    hold(fair, 0, 60_000, { directMs: 76, relayMs: 40, offers });
    expect(fair.isWanted).toBe(false);
    const liar = new RouteChoice();
    hold(liar, 0, 60_000, { directMs: 90, relayMs: 80, offers });
    expect([liar.isWanted, liar.isRelayed]).toEqual([true, false]);
  });

  it("[LK75] a better member is taken only when it is so clearly, and for 2 s", () => {
    const route = new RouteChoice();
    hold(route, 0, 200, dead(40));
    hold(route, 200, 60_000, dead(40, [CYD, { via: DOT.via, costMs: 20 }]));
    expect(route.via).toBe("cyd");
    hold(route, 60_200, 2_100, dead(40, [CYD, { via: DOT.via, costMs: 10 }]));
    expect(route.via).toBe("dot");
  });

  it("[LK73] a member that is offered no more, or that brings no answer, is left for another, and avoided for a while", () => {
    const route = new RouteChoice();
    hold(route, 0, 200, dead(40));
    route.check(200, dead(40, [DOT]));
    expect(route.via).toBe("dot");
    const mute = new RouteChoice();
    hold(mute, 0, 1_000, dead(Infinity));
    expect(mute.via).toBe("cyd");
    mute.check(1_000, dead(Infinity));
    expect(mute.via).toBe("dot");
    hold(mute, 1_100, 5_000, dead(45));
    expect([mute.via, mute.isRelayed]).toEqual(["dot", true]);
  });

  it("[LK73] the only member is tried again although it brought no answer", () => {
    const route = new RouteChoice();
    hold(route, 0, 10_000, dead(Infinity, [CYD]));
    expect([route.via, route.isWanted, route.isRelayed]).toEqual(["cyd", true, false]);
  });

  it("[LK71] a pair returns after 3 s of a good connection, turns to its first one after half a second, and at once when its relay is gone", () => {
    const good: RouteFigures = { directMs: 15, relayMs: 40, offers: [CYD] };
    const route = new RouteChoice();
    route.check(-100, good);
    hold(route, 0, 200, dead(40));
    hold(route, 200, 3_000, good);
    expect(route.isRelayed).toBe(true);
    hold(route, 3_200, 200, good);
    expect([route.isRelayed, route.isWanted]).toEqual([false, false]);
    const fresh = new RouteChoice();
    hold(fresh, 0, 200, dead(40));
    hold(fresh, 200, 500, good);
    expect(fresh.isRelayed).toBe(true);
    hold(fresh, 700, 100, good);
    expect(fresh.isRelayed).toBe(false);
    const hasty = new RouteChoice();
    hold(hasty, 0, 200, dead(40));
    hasty.check(200, { directMs: 300, relayMs: Infinity, offers: [] });
    expect(hasty.isRelayed).toBe(false);
  });

  it("[LK76] whatever is measured, and however it changes, returns get rarer: at most 8 in two minutes", () => {
    const cost = fc.oneof(fc.constant(Infinity), fc.integer({ min: 1, max: 400 }));
    const stretch = fc.record({
      ms: fc.integer({ min: 100, max: 6_000 }),
      directMs: cost,
      relayMs: fc.integer({ min: 1, max: 400 }),
      offerMs: fc.integer({ min: 1, max: 200 }),
    });
    fc.assert(
      fc.property(fc.array(stretch, { minLength: 20, maxLength: 60 }), (stretches) => {
        const route = new RouteChoice();
        let nowMs = 0;
        let changes = 0;
        for (const { ms, directMs, relayMs, offerMs } of stretches) {
          changes += hold(route, nowMs, ms, { directMs, relayMs, offers: [{ via: CYD.via, costMs: offerMs }] });
          nowMs += Math.ceil(ms / 100) * 100;
          expect(route.isRelayed && route.via === undefined).toBe(false);
          if (nowMs > 120_000) break;
        }
        expect(changes).toBeLessThanOrEqual(16);
      }),
      { numRuns: 300 },
    );
  });
});
