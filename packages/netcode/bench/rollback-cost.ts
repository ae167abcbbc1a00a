import { defineGame, integer, typedArrayState, i32 } from "../src/core/index.ts";
import { GameSimulation } from "../src/core/game/game-simulation.ts";
import { FrameRunner } from "../src/core/rollback/frame-runner.ts";
import { GameEventLog } from "../src/core/rollback/game-event-log.ts";
import { InputTable } from "../src/core/rollback/input-table.ts";
import { PauseSchedule } from "../src/core/rollback/pause-schedule.ts";
import type { BenchRow } from "./rollback.ts";

const ENTITIES = 200;
const DEPTH = 8;
const ROUNDS = 400;
const REPEATS = 15;

const memory = typedArrayState({ x: i32(ENTITIES), y: i32(ENTITIES), vx: i32(ENTITIES), vy: i32(ENTITIES) });

/** Two hundred bodies that move, bounce off walls and feel the two players. */
const bodies = defineGame({
  id: "bodies",
  version: 1,
  frameRateHz: 60,
  players: [2, 2],
  input: { push: integer(0, 255) },
  state: memory,
  init: ({ random }) => {
    const state = memory.create();
    for (let index = 0; index < ENTITIES; index++) {
      state.x[index] = random.integer(64_000);
      state.y[index] = random.integer(64_000);
      state.vx[index] = random.integer(2_000) - 1_000;
      state.vy[index] = random.integer(2_000) - 1_000;
    }
    return state;
  },
  step: ({ x, y, vx, vy }, inputs) => {
    const push = (inputs[0]?.push ?? 0) - (inputs[1]?.push ?? 0);
    for (let index = 0; index < ENTITIES; index++) {
      const nextX = (x[index] ?? 0) + (vx[index] ?? 0);
      const nextY = (y[index] ?? 0) + (vy[index] ?? 0);
      if (nextX < 0 || nextX > 64_000) vx[index] = -(vx[index] ?? 0);
      if (nextY < 0 || nextY > 64_000) vy[index] = -(vy[index] ?? 0);
      vx[index] = (vx[index] ?? 0) + ((push * ((index & 7) - 3)) >> 4);
      x[index] = Math.max(0, Math.min(64_000, nextX));
      y[index] = Math.max(0, Math.min(64_000, nextY));
    }
  },
});

function createSimulation(): GameSimulation<ReturnType<typeof memory.create>, typeof bodies.input> {
  const profile = { name: "", colour: 0, choices: null };
  return new GameSimulation(bodies, {
    seed: 1,
    players: [profile, profile].map((each) => ({ profile: each, bot: false })),
    settings: null,
  });
}

/** Eight steps, each after a save: what any rollback of eight frames has to do at least. In µs. */
function measureBare(): number {
  const simulation = createSimulation();
  simulation.reserveSlots(DEPTH);
  const bots = new Uint8Array(2);
  const startedMs = performance.now();
  for (let round = 0; round < ROUNDS; round++) {
    for (let frame = 0; frame < DEPTH; frame++) {
      simulation.save(frame);
      simulation.step(frame, Uint8Array.of(round & 255, 7), bots, () => {});
    }
  }
  return ((performance.now() - startedMs) * 1_000) / ROUNDS;
}

/** A rollback of eight frames as a session does it: each time the eighth input back turns out wrong. In µs. */
function measureRollback(): number {
  const simulation = createSimulation();
  const inputs = new InputTable(2, 1, [0]);
  const runner = new FrameRunner({
    simulation,
    inputs,
    pauses: new PauseSchedule(),
    events: new GameEventLog(() => {}),
    predictionWindowFrames: DEPTH,
    saveEveryFrames: 1,
  });
  let elapsedMs = 0;
  for (let round = 0; round < ROUNDS; round++) {
    for (let frame = 0; frame < DEPTH; frame++) {
      inputs.append(0, Uint8Array.of(round & 255), 0);
      runner.advance();
    }
    // The first of eight predictions was wrong, the others as well.
    inputs.append(1, Uint8Array.of((round * 37) & 255), 0);
    runner.inputArrived(1, inputs.lastFrame(1));
    const startedMs = performance.now();
    runner.repair(DEPTH);
    // The frame whose input came is certain now, and hashed.
    while (runner.confirmNext());
    elapsedMs += performance.now() - startedMs;
    for (let frame = 1; frame < DEPTH; frame++) inputs.append(1, Uint8Array.of((round * 37) & 255), 0);
    while (runner.confirmNext());
  }
  if (runner.rollbacks < ROUNDS / 2) throw new Error("nothing was rolled back");
  return (elapsedMs * 1_000) / runner.rollbacks;
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[values.length >> 1] ?? 0;
}

/** What a rollback costs beside its own steps and saves, with a state of typed arrays. */
export function benchRollbackCost(): BenchRow[] {
  const bare: number[] = [];
  const rolled: number[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    bare.push(measureBare());
    rolled.push(measureRollback());
  }
  return [
    { name: "200 entities in typed arrays: rollback of 8 frames", value: median(rolled), unit: "µs" },
    { name: "the same: ratio to eight bare saves and steps", value: median(rolled) / median(bare), unit: "" },
  ];
}
