import { describe, expect, it } from "vitest";
import { drawFaultPlan, FAULT_KINDS, type FaultPlan } from "./fault-plan.ts";

function planOf(seed: number, options: Partial<Parameters<typeof drawFaultPlan>[0]> = {}): FaultPlan {
  return drawFaultPlan({ seed, peerCount: 4, playersMax: 8, durationMs: 10_000, network: undefined, faults: FAULT_KINDS, ...options });
}

const PLANS = Array.from({ length: 300 }, (_, seed) => planOf(seed));

describe("drawFaultPlan", () => {
  it("[SI1] equal seeds give equal plans", () => {
    expect(planOf(7)).toEqual(planOf(7));
    expect(planOf(7)).not.toEqual(planOf(8));
  });

  it("[SI14] every kind of fault is on in some seeds and off in others", () => {
    for (const kind of FAULT_KINDS) {
      const share = PLANS.filter((plan) => plan.kinds.includes(kind)).length / PLANS.length;
      expect([kind, share > 0.2 && share < 0.5]).toEqual([kind, true]);
    }
  });

  it("[SI14] a kind that is not allowed never happens, and leaves the others as they were", () => {
    for (const plan of PLANS.slice(0, 50)) {
      const seed = PLANS.indexOf(plan);
      const withoutKills = planOf(seed, { faults: FAULT_KINDS.filter((kind) => kind !== "kill") });
      expect(withoutKills.kinds).toEqual(plan.kinds.filter((kind) => kind !== "kill"));
      expect(withoutKills.conditions).toEqual(plan.conditions);
      expect(withoutKills.timed.filter((fault) => fault.kind === "cut")).toEqual(plan.timed.filter((fault) => fault.kind === "cut"));
    }
    expect(planOf(3, { faults: [] }).timed).toEqual([]);
  });

  it("[SI14] nobody hears both of those who died and a lie of one who may have gone on with them as half of the members", () => {
    let lies = 0;
    let left = 0;
    for (let seed = 0; seed < 2_000; seed++) {
      const peerCount = 2 + (seed % 4);
      const { timed } = planOf(seed, { peerCount });
      const dead = timed.flatMap((fault) => (fault.kind === "kill" || fault.kind === "leave" ? [fault] : []));
      const lie = timed.flatMap((fault) => (fault.kind === "false-word" ? [fault] : []))[0];
      if (lie === undefined || dead.length === 0 || 2 * (dead.length + 1) < peerCount) continue;
      lies++;
      for (const [peer, delayMs] of lie.wordDelaysMs.entries()) {
        if (delayMs === undefined) continue;
        left++;
        expect(dead.every(({ wordDelaysMs }) => wordDelaysMs[peer] === undefined)).toBe(true);
      }
    }
    expect(lies).toBeGreaterThan(50);
    expect(left).toBeGreaterThan(50);
  });

  it("[SI15] every timed fault is over when everything heals", () => {
    for (const plan of PLANS) {
      for (const fault of plan.timed) {
        const durationMs = fault.kind === "cut" || fault.kind === "freeze" ? fault.durationMs : 0;
        expect(fault.atMs).toBeGreaterThanOrEqual(0);
        expect(fault.atMs + durationMs).toBeLessThanOrEqual(plan.healAtMs + 1);
      }
    }
  });

  it("[SI14] every peer has a seat, and seats stay within what the game allows", () => {
    for (const plan of [...PLANS, ...Array.from({ length: 50 }, (_, seed) => planOf(seed, { playersMax: 4 }))]) {
      for (const peer of plan.peers.keys()) expect(plan.seats).toContain(peer);
      expect(plan.seats.length).toBeLessThanOrEqual(6);
    }
    expect(PLANS.some((plan) => plan.seats.length === 6)).toBe(true);
    expect(planOf(1, { playersMax: 4 }).seats.length).toBe(4);
  });

  it("[SI14] a network that was asked for is the one before faults", () => {
    const plan = planOf(1, { faults: [], network: "transatlantic" });
    expect(plan.conditions[0]?.[1]).toMatchObject({ delayMs: 42, lossRatio: 0.002 });
    expect(planOf(1, { faults: [], network: { delayMs: 33 } }).conditions[2]?.[1]).toMatchObject({ delayMs: 33, lossRatio: 0 });
  });
});
