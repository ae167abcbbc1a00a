import { GameSimulation, Random } from "@rollcall/netcode/core";
import { rubberband } from "@rollcall/game-demo/sim";
import type { Row } from "./row.ts";

const PLAYERS = 8;
const ROLLBACK_FRAMES = 8;
const WARM_UP_FRAMES = 600;
const FRAMES = 3_000;

/** Save, load and an eight-frame rollback of the demo game, as a session does them. */
export function benchRubberband(): Row[] {
  const simulation = new GameSimulation(rubberband, {
    seed: 1,
    players: Array.from({ length: PLAYERS }, (_, index) => ({ profile: { name: `P${index}`, colour: index, choices: null }, bot: false })),
    settings: null,
  });
  const inputs = new Uint8Array(PLAYERS * simulation.inputBytes);
  const bots = new Uint8Array(PLAYERS);
  const random = new Random(1, "bench inputs");
  const ignore = (): void => undefined;
  let frame = 0;
  const step = (): void => {
    if (frame % 10 === 0) for (let index = 0; index < inputs.length; index++) inputs[index] = random.integer(128);
    simulation.step(frame++, inputs, bots, ignore);
  };
  simulation.reserveSlots(ROLLBACK_FRAMES + 1);
  for (let count = 0; count < WARM_UP_FRAMES; count++) step();
  const timesMs = { save: 0, load: 0, step: 0, rollback: 0 };
  for (let count = 0; count < FRAMES; count++) {
    timesMs.save += timed(() => simulation.save(0));
    timesMs.load += timed(() => simulation.load(0));
    timesMs.step += timed(step);
    timesMs.rollback += timed(() => {
      simulation.load(0);
      for (let back = 0; back < ROLLBACK_FRAMES; back++) {
        step();
        simulation.save(1 + back);
        simulation.checksum();
      }
    });
  }
  return [
    { name: "Rubberband, 8 players: save", value: `${microseconds(timesMs.save)} µs` },
    { name: "Rubberband, 8 players: load", value: `${microseconds(timesMs.load)} µs` },
    { name: "Rubberband, 8 players: step", value: `${microseconds(timesMs.step)} µs` },
    { name: "Rubberband, 8 players: rollback of 8 frames, with saves and checksums", value: `${microseconds(timesMs.rollback)} µs` },
  ];
}

function timed(work: () => void): number {
  const startedMs = performance.now();
  work();
  return performance.now() - startedMs;
}

function microseconds(totalMs: number): string {
  return ((totalMs / FRAMES) * 1000).toFixed(1);
}
