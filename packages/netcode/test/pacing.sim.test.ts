import { describe, expect, it } from "vitest";
import { PacingWorld, type Machine, type PacingWorldOptions } from "./pacing-world.ts";

const ADAPTIVE = { inputDelayFrames: { min: 1, max: 15 }, predictionWindowFrames: { min: 0, max: 8 } };
const SEEDS = [1, 2, 3, 4];

/** Largest distance of any two games, in frames. */
function spread(world: PacingWorld): number {
  const positions = world.peers.map(({ position }) => position);
  return Math.max(...positions) - Math.min(...positions);
}

/** Runs to `endMs` and gives the largest spread from `fromMs` on, and how deep each peer predicted then, on the average. */
function measure(world: PacingWorld, fromMs: number, endMs: number): { readonly spreadMax: number; readonly depths: readonly number[] } {
  let spreadMax = 0;
  let looks = 0;
  const sums = world.peers.map(() => 0);
  world.run(endMs, (nowMs) => {
    if (nowMs < fromMs) return;
    looks++;
    spreadMax = Math.max(spreadMax, spread(world));
    for (const [index, peer] of world.peers.entries()) sums[index] = (sums[index] ?? 0) + peer.depth;
  });
  return { spreadMax, depths: sums.map((sum) => sum / looks) };
}

function oneSidedness(depths: readonly number[]): number {
  return Math.max(...depths) - Math.min(...depths);
}

/** Clocks 1 % apart at most, and one that starts late. */
function drifting(seed: number, lateMs: number): (peer: number) => Machine {
  return (peer) => ({ driftRatio: ((((peer + seed) * 7) % 11) - 5) / 1000, startMs: peer === 1 ? lateMs : 0 });
}

describe("pacing", () => {
  it("[PA2] with clocks 1 % apart and a start 100 ms late two games are within a quarter of a frame after five seconds, and predict alike", () => {
    for (const seed of SEEDS) {
      for (const delayMs of [10, 50, 100, 130]) {
        // A tick of 4 ms would itself be a quarter of a frame.
        const machine = (peer: number): Machine => ({
          driftRatio: peer === 0 ? -0.005 : 0.005,
          startMs: peer === seed % 2 ? 100 : 0,
          tickMs: 1,
        });
        const world = new PacingWorld({ peers: 2, seed, path: () => ({ delayMs }), machine });
        world.run(50);
        expect(spread(world)).toBeGreaterThan(1);
        const { spreadMax, depths } = measure(world, 5000, 20_000);
        expect(spreadMax).toBeLessThan(0.25);
        expect(oneSidedness(depths)).toBeLessThan(1);
      }
    }
  });

  it("[PA2] so are three to eight, each with paths of its own, whoever of them is fast", () => {
    const clocks: readonly ((peer: number) => number)[] = [
      (peer) => (peer % 2 === 0 ? -0.005 : 0.005),
      // One against all others has to correct nearly all that it may.
      (peer) => (peer === 0 ? 0.005 : -0.005),
      (peer) => (peer === 1 ? 0.005 : -0.005),
      (peer) => (peer === 1 ? -0.005 : 0.005),
      (peer) => (((peer * 7) % 11) - 5) / 1000,
    ];
    for (const driftRatio of clocks) {
      for (const [place, peers] of [3, 4, 6, 8].entries()) {
        const seed = SEEDS[place] ?? 1;
        const path = (from: number, to: number) => ({ delayMs: 10 + ((from * to * 13 + (from + to) * seed) % 13) * 10 });
        const machine = (peer: number): Machine => ({ driftRatio: driftRatio(peer), startMs: peer === 1 ? 100 : 0, tickMs: 1 });
        const world = new PacingWorld({ peers, seed, path, machine });
        world.run(250);
        expect(spread(world)).toBeGreaterThan(1);
        expect(measure(world, 5000, 10_000).spreadMax).toBeLessThan(0.25);
      }
    }
  });

  it("[PA2] jitter and losses move the games by less than half a frame", () => {
    for (const seed of SEEDS) {
      const path = () => ({ delayMs: 60, jitterMs: 10, lossRatio: 0.05 });
      const world = new PacingWorld({ peers: 2, seed, path, machine: drifting(seed, 100) });
      expect(measure(world, 5000, 20_000).spreadMax).toBeLessThan(0.5);
    }
  });

  it("[PA2] ways of 250 ms and clocks 1 % apart do not make the games swing", () => {
    for (const seed of SEEDS) {
      const world = new PacingWorld({
        peers: 3,
        seed,
        path: () => ({ delayMs: 250, jitterMs: 2 }),
        machine: drifting(seed, 100),
        session: () => ADAPTIVE,
      });
      expect(measure(world, 10_000, 60_000).spreadMax).toBeLessThan(0.4);
    }
  });

  it("[PA3] 10 ms one way and 200 ms the other: both predict equally deep", () => {
    for (const seed of SEEDS) {
      const world = new PacingWorld({ peers: 2, seed, path: (from) => ({ delayMs: from === 0 ? 10 : 200 }), machine: drifting(seed, 100) });
      const { depths } = measure(world, 5000, 20_000);
      expect(oneSidedness(depths)).toBeLessThan(1);
      expect(Math.min(...depths)).toBeGreaterThan(3);
    }
  });

  it("[PA4] no frame is skipped or stalled in normal play, and the rates differ by the drift alone", () => {
    const world = new PacingWorld({ peers: 4, seed: 1, path: () => ({ delayMs: 40, jitterMs: 3 }), machine: drifting(1, 0) });
    world.run(60_000);
    for (const peer of world.peers) {
      expect(peer.stats().stalledFrames).toBe(0);
      expect(Math.abs(peer.driver.frame - 3600)).toBeLessThan(20);
    }
  });

  it("[PA5] other input delays do not move the clocks", () => {
    const world = new PacingWorld({ peers: 2, seed: 1, path: () => ({ delayMs: 60 }), machine: drifting(1, 0) });
    world.run(8000);
    let spreadMax = 0;
    for (const [index, frames] of [9, 1, 6, 0, 4].entries()) {
      world.peer(index % 2).session.setInputDelay(frames);
      world.run(world.nowMs + 3000, () => {
        spreadMax = Math.max(spreadMax, spread(world));
      });
      expect(world.peer(index % 2).stats().inputDelayFrames).toBe(frames);
    }
    expect(spreadMax).toBeLessThan(0.25);
  });
});

/** Stalls of all peers: a time in which frames were turned away counts once. */
class StallWatch {
  readonly #world: PacingWorld;
  readonly #seen: number[];
  #stalling: boolean[];

  constructor(world: PacingWorld) {
    this.#world = world;
    this.#seen = world.peers.map((peer) => peer.stats().stalledFrames);
    this.#stalling = world.peers.map(() => false);
  }

  /** The stalls of each peer up to `endMs`. */
  run(endMs: number): readonly number[] {
    const stalls = this.#world.peers.map(() => 0);
    this.#world.run(endMs, () => {
      for (const [index, peer] of this.#world.peers.entries()) {
        const { stalledFrames } = peer.stats();
        const isStalling = stalledFrames > (this.#seen[index] ?? 0);
        if (isStalling && this.#stalling[index] !== true) stalls[index] = (stalls[index] ?? 0) + 1;
        this.#seen[index] = stalledFrames;
        this.#stalling[index] = isStalling;
      }
    });
    return stalls;
  }
}

describe("input delay", () => {
  const rough = { fromMs: 10_000, toMs: 73_000 };
  const jittery = (options: Partial<PacingWorldOptions>, delayMs: number, seed: number): PacingWorld =>
    new PacingWorld({
      peers: 2,
      seed,
      path: (_from, _to, nowMs) => ({ delayMs, jitterMs: nowMs >= rough.fromMs && nowMs < rough.toMs ? 60 : 5 }),
      machine: drifting(seed, 0),
      session: () => ADAPTIVE,
      ...options,
    });

  it("[PA6] jitter from 5 to 60 ms: less than a stall a minute after three seconds, and down again afterwards", () => {
    let [stalls, minutes] = [0, 0];
    for (const seed of SEEDS) {
      for (const delayMs of [20, 40, 60]) {
        const world = jittery({}, delayMs, seed);
        world.run(rough.fromMs);
        expect(world.peers.map((peer) => peer.stats().inputDelayFrames)).toEqual([2, 2]);
        world.run(rough.fromMs + 3000);
        const atWorst = world.peers.map((peer) => peer.stats().inputDelayFrames);
        expect(Math.min(...atWorst)).toBeGreaterThan(4);
        for (const count of new StallWatch(world).run(rough.toMs)) {
          stalls += count;
          minutes++;
        }
        world.run(rough.toMs + 30_000);
        expect(world.peers.map((peer) => peer.stats().inputDelayFrames)).toEqual([2, 2]);
      }
    }
    expect(stalls / minutes).toBeLessThan(1);
  });

  it("[PA6] the same jitter without a range of delays stalls all the time", () => {
    const world = jittery({ session: () => ({}) }, 40, 1);
    world.run(rough.fromMs + 3000);
    expect(Math.min(...new StallWatch(world).run(rough.fromMs + 13_000))).toBeGreaterThan(20);
  });

  it("[PA6] one cut of 300 ms raises no delay; the first jitter that the windows hold raises none either", () => {
    const path = (_from: number, _to: number, nowMs: number) =>
      nowMs >= 5000 && nowMs < 5300 ? { delayMs: 30, lossRatio: 1 } : { delayMs: 30, jitterMs: 8 };
    const world = new PacingWorld({ peers: 2, seed: 1, path, session: () => ADAPTIVE });
    let most = 0;
    world.run(15_000, () => {
      most = Math.max(most, ...world.peers.map((peer) => peer.stats().inputDelayFrames));
    });
    expect(most).toBe(2);
    expect(world.peer(0).stats().stalledFrames).toBeGreaterThan(0);
  });

  it("[PA7] in lockstep the delays cover the way, and nobody waits", () => {
    const session = () => ({ inputDelayFrames: { min: 0, max: 15 }, predictionWindowFrames: 0 });
    const world = new PacingWorld({ peers: 3, seed: 1, path: () => ({ delayMs: 70, jitterMs: 3 }), machine: drifting(1, 50), session });
    world.run(10_000);
    const before = world.peers.map((peer) => peer.driver.frame);
    expect(Math.max(...new StallWatch(world).run(40_000))).toBeLessThan(3);
    for (const [index, peer] of world.peers.entries()) {
      expect(peer.driver.frame - (before[index] ?? 0)).toBeGreaterThan(1780);
      expect(peer.stats().rollbacks).toBe(0);
    }
  });

  it("[PA7] the window closes and opens in the match", () => {
    const world = new PacingWorld({ peers: 2, seed: 1, path: () => ({ delayMs: 60 }), session: () => ADAPTIVE });
    world.run(5000);
    const open = world.peers.map((peer) => peer.stats().rollbacks);
    expect(Math.min(...open)).toBeGreaterThan(5);
    for (const peer of world.peers) peer.session.setPredictionWindow(0);
    world.run(8000);
    const closed = world.peers.map((peer) => peer.stats());
    const frames = world.peers.map((peer) => peer.driver.frame);
    world.run(13_000);
    for (const [index, peer] of world.peers.entries()) {
      expect(peer.stats().rollbacks).toBe(closed[index]?.rollbacks);
      expect(peer.driver.frame - (frames[index] ?? 0)).toBeGreaterThan(290);
    }
    for (const peer of world.peers) peer.session.setPredictionWindow({ min: 0, max: 8 });
    world.run(25_000);
    for (const [index, peer] of world.peers.entries()) {
      expect(peer.stats().rollbacks).toBeGreaterThan((closed[index]?.rollbacks ?? 0) + 5);
      expect(peer.stats().inputDelayFrames).toBe(2);
    }
  });
});

describe("work", () => {
  interface Slowdown {
    readonly peers?: number;
    readonly delayMs?: number;
    /** What a step costs before and after 10 s. */
    readonly stepMs: readonly [number, number];
    readonly isSlow: (peer: number) => boolean;
  }

  /** Frames, stalls and longest task of each peer between `fromMs` and `toMs`. */
  function work({ peers = 3, delayMs = 60, stepMs: [before, after], isSlow }: Slowdown, fromMs: number, toMs: number) {
    const machine = (peer: number): Machine => ({
      stepMs: (nowMs) => (isSlow(peer) && nowMs > 10_000 ? after : before),
      saveMs: () => 0.05,
    });
    const world = new PacingWorld({ peers, seed: 1, path: () => ({ delayMs, jitterMs: 3 }), machine, session: () => ADAPTIVE });
    world.run(fromMs);
    const start = world.peers.map((peer) => peer.stats());
    for (const peer of world.peers) peer.longestTaskMs = 0;
    world.run(toMs);
    return world.peers.map((peer, index) => {
      const { frame, stalledFrames, predictionWindowFrames, rollbacks } = peer.stats();
      const frames = frame - (start[index]?.frame ?? 0);
      const stalls = stalledFrames - (start[index]?.stalledFrames ?? 0);
      return { frames, stalls, predictionWindowFrames, rollbacks, longestTaskMs: peer.longestTaskMs };
    });
  }

  it("[PA8] a machine whose steps cost ten times more predicts less, each frame of its own bounded, and costs the others nothing", () => {
    for (const stepMs of [
      [0.2, 2],
      [0.3, 3],
      [0.8, 8],
    ] as const) {
      for (const peers of [2, 4]) {
        const [slow, ...others] = work({ peers, stepMs, isSlow: (peer) => peer === 0 }, 10_000, 40_000);
        expect(slow?.predictionWindowFrames).toBeLessThan(8);
        expect(slow?.frames).toBeGreaterThan(1780);
        for (const other of others) {
          expect(other.frames).toBeGreaterThan(1780);
          expect(other.stalls).toBeLessThan(10);
          expect(other.predictionWindowFrames).toBe(8);
        }
      }
    }
  });

  it("[PA8] once the costs are known no tick takes longer than 8 ms, or a single step", () => {
    for (const stepMs of [
      [0.2, 2],
      [0.8, 8],
      [1.2, 12],
      [3, 30],
    ] as const) {
      for (const isSlow of [(peer: number) => peer === 0, () => true]) {
        const figures = work({ stepMs, isSlow }, 15_000, 30_000);
        for (const { longestTaskMs } of figures) expect(longestTaskMs).toBeLessThanOrEqual(Math.max(8.2, stepMs[1] + 0.1));
      }
    }
  });

  it("[PA9] where all are slow they play in lockstep, at the full rate as long as a step fits a frame", () => {
    for (const stepMs of [
      [0.8, 8],
      [1.2, 12],
    ] as const) {
      for (const { frames, rollbacks, predictionWindowFrames } of work({ stepMs, isSlow: () => true }, 15_000, 30_000)) {
        expect(frames).toBeGreaterThan(885);
        expect([predictionWindowFrames, rollbacks > 0]).toEqual([0, true]);
      }
    }
  });

  it("[PA9] steps longer than a frame slow the game to what the slowest machine can do, and no further", () => {
    for (const [stepMs, isSlow] of [
      [[1.8, 18], () => true],
      [[3, 30], () => true],
      [[3, 30], (peer: number) => peer === 0],
    ] as const) {
      const framesMax = 15_000 / stepMs[1];
      for (const { frames } of work({ stepMs, isSlow }, 15_000, 30_000)) {
        expect(frames).toBeGreaterThan(framesMax * 0.97);
        expect(frames).toBeLessThan(framesMax * 1.03);
      }
    }
  });

  it("[PA9] a slow moment of less than a window costs the others nothing", () => {
    const machine = (peer: number): Machine => ({ stepMs: (nowMs) => (peer === 0 && nowMs > 5000 && nowMs < 5100 ? 30 : 0.2) });
    const world = new PacingWorld({ peers: 3, seed: 1, path: () => ({ delayMs: 30 }), machine, session: () => ADAPTIVE });
    world.run(8000);
    expect(world.peer(0).longestTaskMs).toBeGreaterThan(25);
    for (const index of [1, 2]) expect(world.peer(index).stats().stalledFrames).toBe(0);
  });

  it("[PA10] a page that stood still for a minute does not play 3,600 frames at once", () => {
    const machine = (peer: number): Machine => ({ frozenMs: peer === 0 ? [5000, 65_000] : [0, 0], stepMs: () => 0.5 });
    const world = new PacingWorld({ peers: 1, seed: 1, machine });
    world.run(4990);
    const before = world.peer(0).driver.frame;
    world.run(65_100);
    expect(world.peer(0).driver.frame - before).toBeLessThan(20);
    expect(world.peer(0).longestTaskMs).toBeLessThan(9);
  });

  it("[PA10] ticks of 30 and 144 Hz, and of one a second, keep the match going", () => {
    for (const tickMs of [1000 / 30, 1000 / 144, 1000]) {
      const machine = (peer: number): Machine => (peer === 0 ? { tickMs } : {});
      const world = new PacingWorld({ peers: 2, seed: 1, path: () => ({ delayMs: 40 }), machine, session: () => ADAPTIVE });
      world.run(20_000);
      for (const peer of world.peers) expect(peer.driver.frame).toBeGreaterThan(1150);
    }
  });
});
