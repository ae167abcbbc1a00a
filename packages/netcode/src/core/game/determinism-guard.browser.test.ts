import { expect, test } from "vitest";
import { defineGame } from "./define-game.ts";
import { DeterminismError } from "./determinism-error.ts";
import { determinismGuard } from "./determinism-guard.ts";
import { GameSimulation } from "./game-simulation.ts";
import { button } from "./input-schema.ts";

/** Runs `sin` within a step of a guarded game; returns what the guard said. */
function confess(sin: () => unknown): string {
  const game = defineGame({
    id: "guarded",
    version: 1,
    frameRateHz: 60,
    players: [1, 1],
    input: { fire: button() },
    init: () => ({ x: 0 }),
    step: () => {
      sin();
    },
  });
  const players = [{ profile: { name: "Ada", colour: 0, choices: null }, bot: false }];
  const simulation = new GameSimulation(determinismGuard(game), { seed: 1, players, settings: null });
  try {
    simulation.step(0, new Uint8Array(1), new Uint8Array(1), () => {});
  } catch (error) {
    if (error instanceof DeterminismError) return error.culprit;
    throw error;
  }
  return "nothing";
}

// What Node does not have, or has elsewhere: methods on prototypes, properties with getters, the window's own functions.
test("[DT10] what a browser offers alarms too", () => {
  expect(confess(() => performance.now())).toBe("performance.now");
  expect(confess(() => crypto.getRandomValues(new Uint8Array(1)))).toBe("crypto.getRandomValues");
  expect(confess(() => requestAnimationFrame(() => {}))).toBe("requestAnimationFrame");
  expect(confess(() => window.setTimeout(() => {}))).toBe("setTimeout");
  expect(confess(() => localStorage.getItem("score"))).toBe("Storage.prototype.getItem");
  expect(confess(() => new XMLHttpRequest())).toBe("XMLHttpRequest");
  expect(confess(() => new WebSocket("ws://127.0.0.1:9"))).toBe("WebSocket");
  expect(confess(() => new Date())).toBe("Date");
});

test("[DT12] a browser's globals are as they were after a step", () => {
  const owners: Record<string, object> = { window, performance, crypto, Math, Date, storage: Storage.prototype, array: Array.prototype };
  const snapshot = (): Map<string, unknown> => {
    const found = new Map<string, unknown>();
    for (const [name, owner] of Object.entries(owners)) {
      for (const [key, own] of Object.entries(Object.getOwnPropertyDescriptors(owner)))
        found.set(`${name}.${key}`, own.value ?? Reflect.get(own, "get"));
    }
    return found;
  };
  const changed = (before: Map<string, unknown>, after: Map<string, unknown>): string[] =>
    [...new Set([...before.keys(), ...after.keys()])].filter((name) => !Object.is(before.get(name), after.get(name)));
  const before = snapshot();
  let during = before;
  expect(confess(() => (during = snapshot()))).toBe("nothing");
  expect(changed(before, during)).toEqual(
    expect.arrayContaining(["window.setTimeout", "performance.now", "crypto.randomUUID", "Math.sin"]),
  );
  expect(changed(before, snapshot())).toEqual([]);
  expect(performance.now()).toBeGreaterThan(0);
});
