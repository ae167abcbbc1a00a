import { expect, test } from "vitest";
import { determinismGuard } from "../src/core/game/determinism-guard.ts";
import { GameSimulation, syncTest } from "../src/core/index.ts";
import { simulateMatch } from "../src/sim/index.ts";
import { arenaGame, loadArena, saveArena, type ArenaInput, type ArenaState } from "./rapier-game.ts";

const setup = { seed: 3, players: [0, 1].map((colour) => ({ profile: { name: "P", colour, choices: null }, bot: false })), settings: null };

function run(simulation: GameSimulation<ArenaState, ArenaInput>, from: number, to: number): void {
  const inputs = new Uint8Array(2 * arenaGame.inputBytes);
  const bots = new Uint8Array(2);
  for (let frame = from; frame < to; frame++) {
    arenaGame.inputCodec.pack({ dx: frame % 40 < 20 ? 1 : -1, dy: frame % 60 < 30 ? 1 : -0.5, kick: frame % 50 === 0 }, inputs, 0);
    arenaGame.inputCodec.pack(
      { dx: frame % 30 < 15 ? -1 : 0.5, dy: frame % 44 < 22 ? -1 : 1, kick: frame % 35 === 0 },
      inputs,
      arenaGame.inputBytes,
    );
    simulation.step(frame, inputs, bots, () => {});
  }
}

test("[GA35] a world that was loaded goes on as the one that was saved", () => {
  const [straight, loaded] = [new GameSimulation(arenaGame, setup), new GameSimulation(arenaGame, setup)];
  loaded.reserveSlots(2);
  for (let frame = 0; frame < 600; frame += 10) {
    run(straight, frame, frame + 10);
    loaded.save(0);
    run(loaded, frame, frame + 7);
    loaded.save(1);
    loaded.load(0);
    run(loaded, frame, frame + 10);
    expect(loaded.checksum(), `frame ${frame + 10}`).toBe(straight.checksum());
  }
  const moved = straight.state.bodies.map((handle) => straight.state.world.getRigidBody(handle).translation());
  expect(moved.every(({ x, y }) => Math.abs(x) < 10 && Math.abs(y) < 10)).toBe(true);
  expect(straight.state.kicks.every((kicks) => kicks > 5)).toBe(true);
});

test("[GA35] a game on a physics engine passes the sync test", () => {
  // Rapier asks for the time to measure itself, and puts none of it into the world.
  const guarded = determinismGuard(arenaGame, { allow: ["performance.now"] });
  const report = syncTest(guarded, { frames: 300, players: setup.players });
  expect(report).toMatchObject({ ok: true, frames: 300 });
  expect(report.ok && report.resimulatedFrames).toBeGreaterThan(1_000);
});

test("[GA35] peers with a physics engine hold the same world through rollbacks", () => {
  const report = simulateMatch({ game: arenaGame, seed: 8, players: 2, seconds: 10, network: "transatlantic", faults: [] });
  expect(report.failures).toEqual([]);
  expect(report.figures.rollbacks).toBeGreaterThan(50);
});

test("[GA34] bytes that are no snapshot leave the live state as it is", () => {
  const simulation = new GameSimulation(arenaGame, setup);
  run(simulation, 0, 60);
  const checksum = simulation.checksum();
  const bytes = simulation.serialize();
  for (const sizeBytes of [0, 10, 20, 100, bytes.length - 1]) {
    expect(simulation.deserialize(bytes.slice(0, sizeBytes)), `${sizeBytes} bytes`).toBe(false);
    expect(simulation.checksum()).toBe(checksum);
  }
  run(simulation, 60, 120);
  expect(simulation.deserialize(bytes)).toBe(true);
  expect(simulation.checksum()).toBe(checksum);
});

test("[GA34] what a slot holds is what was saved, and the checksum is that of its bytes", () => {
  const slots = arenaGame.state.open(1);
  const { state } = new GameSimulation(arenaGame, setup);
  slots.save(0, state);
  expect(slots.checksum(state, 0)).toBe(slots.checksum(state));
  expect(slots.inspect?.(0)).toEqual({ bytes: saveArena(state) });
  const loaded = slots.load(0, state);
  expect(saveArena(loaded)).toEqual(saveArena(loadArena(saveArena(loaded), loaded)!));
});
