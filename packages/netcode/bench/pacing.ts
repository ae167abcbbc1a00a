import { PacingWorld, type Machine, type PacingWorldOptions } from "../test/pacing-world.ts";
import type { BenchRow } from "./rollback.ts";

const RANGES = { inputDelayFrames: { min: 1, max: 15 }, predictionWindowFrames: { min: 0, max: 8 } };
const SEEDS = 8;

/** How well games keep in step, in virtual time with clocks that only the bench knows. All worst of eight seeds. */
export function benchPacing(): BenchRow[] {
  const even = inStep({ path: () => ({ delayMs: 100 }) });
  const uneven = inStep({ path: (from) => ({ delayMs: from === 0 ? 10 : 200 }) });
  const slow = Array.from({ length: SEEDS }, (_, place) => slowMachine(place + 1));
  return [
    { name: "clocks 1 % apart, 100 ms late, 100 ms one way: largest distance from 5 s on", value: even.distance, unit: "frames" },
    { name: "the same: difference of the mean depth of prediction", value: even.oneSidedness, unit: "frames" },
    {
      name: "8 players, one clock 1 % fast, 100 ms late, ways of 10 to 130 ms: largest distance from 5 s on",
      value: eightInStep(),
      unit: "frames",
    },
    { name: "10 ms one way, 200 ms back: difference of the mean depth of prediction", value: uneven.oneSidedness, unit: "frames" },
    { name: "jitter from 5 to 60 ms, from 3 s on: stalled ticks of 4 ms a minute, mean", value: roughMinute(), unit: "" },
    { name: "a step of 8 ms instead of 0.8 ms at one of three: frames of the others, of 1800", value: Math.min(...slow), unit: "" },
  ];
}

/** The largest distance of eight games from 5 s on: one clock is fast, all others slow, one starts 100 ms late, every path is another. */
function eightInStep(): number {
  let distance = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const path = (from: number, to: number) => ({ delayMs: 10 + ((from * to * 13 + (from + to) * seed) % 13) * 10 });
    const machine = (peer: number): Machine => ({
      driftRatio: peer === seed % 3 ? 0.005 : -0.005,
      startMs: peer === 1 ? 100 : 0,
      tickMs: 1,
    });
    const world = new PacingWorld({ peers: 8, seed, machine, path });
    world.run(20_000, (nowMs) => {
      if (nowMs < 5000) return;
      const positions = world.peers.map(({ position }) => position);
      distance = Math.max(distance, Math.max(...positions) - Math.min(...positions));
    });
  }
  return distance;
}

function inStep(options: Pick<PacingWorldOptions, "path">): { readonly distance: number; readonly oneSidedness: number } {
  let [distance, oneSidedness] = [0, 0];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const machine = (peer: number): Machine => ({
      driftRatio: peer === 0 ? -0.005 : 0.005,
      startMs: peer === seed % 2 ? 100 : 0,
      tickMs: 1,
    });
    const world = new PacingWorld({ peers: 2, seed, machine, ...options });
    let [ahead, looks] = [0, 0];
    world.run(20_000, (nowMs) => {
      if (nowMs < 5000) return;
      looks++;
      distance = Math.max(distance, Math.abs(world.peer(0).position - world.peer(1).position));
      ahead += world.peer(0).depth - world.peer(1).depth;
    });
    oneSidedness = Math.max(oneSidedness, Math.abs(ahead / looks));
  }
  return { distance, oneSidedness };
}

function roughMinute(): number {
  let stalls = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const path = (_from: number, _to: number, nowMs: number) => ({ delayMs: 40, jitterMs: nowMs < 10_000 ? 5 : 60 });
    const world = new PacingWorld({ peers: 2, seed, path, session: () => RANGES });
    world.run(13_000);
    const before = world.peer(0).stats().stalledFrames;
    world.run(73_000);
    stalls += world.peer(0).stats().stalledFrames - before;
  }
  return stalls / SEEDS;
}

/** Frames that the slower of two fast machines plays in half a minute beside a slow one. */
function slowMachine(seed: number): number {
  const machine = (peer: number): Machine => ({ stepMs: (nowMs) => (peer === 0 && nowMs > 10_000 ? 8 : 0.8), saveMs: () => 0.05 });
  const world = new PacingWorld({ peers: 3, seed, path: () => ({ delayMs: 60, jitterMs: 3 }), machine, session: () => RANGES });
  world.run(10_000);
  const before = world.peers.map((peer) => peer.driver.frame);
  world.run(40_000);
  return Math.min(...[1, 2].map((index) => world.peer(index).driver.frame - (before[index] ?? 0)));
}
