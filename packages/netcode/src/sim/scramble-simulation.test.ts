import { assert, integer, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { ScrambleSimulation } from "./scramble-simulation.ts";

const PLAYERS = 3;

function run(change: (frame: number, inputs: Uint8Array, bots: Uint8Array) => void, frames = 40): { checksum: number; events: string[] } {
  const simulation = new ScrambleSimulation({ seed: 1, playerCount: PLAYERS, endAfterFrames: undefined });
  const events: string[] = [];
  for (let frame = 0; frame < frames; frame++) {
    const inputs = new Uint8Array(PLAYERS * 2);
    const bots = new Uint8Array(PLAYERS);
    change(frame, inputs, bots);
    simulation.step(frame, inputs, bots, (name, payload) => events.push(`${frame}:${name}:${String(payload)}`));
  }
  return { checksum: simulation.checksum(), events };
}

describe("ScrambleSimulation", () => {
  it("[SI16] one wrong bit of one input in any frame changes the state for ever", () => {
    const { checksum } = run(() => {});
    assert(
      property(integer({ min: 0, max: 39 }), integer({ min: 0, max: PLAYERS * 16 - 1 }), (frame, bit) => {
        const changed = run((at, inputs) => {
          if (at === frame) inputs[bit >> 3] = 1 << (bit & 7);
        });
        expect(changed.checksum).not.toBe(checksum);
      }),
    );
  });

  it("[SI16] a bot in place of a player changes the state for ever", () => {
    const { checksum } = run(() => {});
    for (let player = 0; player < PLAYERS; player++) {
      const changed = run((frame, _, bots) => {
        if (frame === 3) bots[player] = 1;
      });
      expect(changed.checksum).not.toBe(checksum);
    }
  });

  it("[SI16] a loaded slot gives the same future, events included", () => {
    const simulation = new ScrambleSimulation({ seed: 5, playerCount: PLAYERS, endAfterFrames: 120 });
    simulation.reserveSlots(2);
    const step = (frame: number, log: string[]): void =>
      simulation.step(frame, new Uint8Array(6).fill(frame), new Uint8Array(3), (name, payload) =>
        log.push(`${frame}:${name}:${String(payload)}`),
      );
    for (let frame = 0; frame < 10; frame++) step(frame, []);
    simulation.save(1);
    const first: string[] = [];
    for (let frame = 10; frame < 200; frame++) step(frame, first);
    const checksum = simulation.checksum();
    const result = simulation.result();
    simulation.load(1);
    const second: string[] = [];
    for (let frame = 10; frame < 200; frame++) step(frame, second);
    expect(second).toEqual(first);
    expect(first.length).toBeGreaterThan(0);
    expect(simulation.checksum()).toBe(checksum);
    expect(result).toEqual({ winner: expect.any(Number) });
    expect(simulation.result()).toEqual(result);
  });
});
