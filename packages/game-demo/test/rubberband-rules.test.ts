import { expect, test } from "vitest";
import {
  COMET_FRAME,
  COMET_RADIUS,
  NOBODY,
  PHASE,
  SNAP_COOLDOWN_FRAMES,
  SNAP_FRAMES,
  STATUS,
  TILES,
  TILE_FALL_FRAMES,
  TILE_WIDTH,
  UNITS_PER_PX,
  parseSettings,
  rubberband,
  tileAt,
} from "../src/sim/index.ts";
import { IDLE, Play, RIGHT, SNAP, stage } from "./rubberband-play.ts";

const PX = UNITS_PER_PX;

/** Puts a disc at rest on a spot, with an empty band. */
function put(disc: { x: number; y: number; vx: number; vy: number; trailCount: number } | undefined, x: number, y: number): void {
  if (disc === undefined) throw new Error("no such disc");
  Object.assign(disc, { x: x * PX, y: y * PX, vx: 0, vy: 0, trailCount: 0 });
}

test("[RU1] a steered disc gathers speed up to its top speed, slides on and comes to rest", () => {
  const { state, step } = stage(2);
  const disc = state.discs[0]!;
  put(disc, -300, 0);
  put(state.discs[1], 0, 200);
  for (let frame = 0; frame < 12; frame++) step([RIGHT]);
  const early = disc.vx;
  for (let frame = 0; frame < 70; frame++) step([RIGHT]);
  expect(early).toBeGreaterThan(PX);
  expect(disc.vx).toBeGreaterThan(early);
  expect(disc.vx).toBeLessThan(5.2 * PX);
  const letGo = disc.x;
  step();
  expect(disc.x).toBeGreaterThan(letGo);
  for (let frame = 0; frame < 200; frame++) step();
  expect(disc.vx).toBe(0);
});

test("[RU2] a snap takes 18 frames back to where the disc was, and then has to recover", () => {
  const { state, step, events } = stage(2);
  const disc = state.discs[0]!;
  put(disc, -200, 0);
  put(state.discs[1], 0, 250);
  const way: number[] = [];
  for (let frame = 0; frame < 100; frame++) {
    step([RIGHT]);
    way.push(disc.x);
  }
  for (let frame = 0; frame < SNAP_FRAMES; frame++) step([SNAP]);
  expect(disc.status).toBe(STATUS.standing);
  expect(disc.x).toBe(way[100 - 90]);
  // Held, and pressed again too early: nothing.
  for (let frame = 0; frame < 20; frame++) step([frame % 2 === 0 ? SNAP : IDLE]);
  expect(events.filter(({ name }) => name === "snap")).toHaveLength(1);
  for (let frame = 0; frame < SNAP_COOLDOWN_FRAMES; frame++) step([IDLE]);
  step([SNAP]);
  step([SNAP]);
  expect(events.filter(({ name }) => name === "snap")).toHaveLength(2);
});

test("[RU3] a snap throws whoever stands on the band once, and goes on to its end", () => {
  const { state, step, events } = stage(2);
  const [attacker, victim] = state.discs;
  put(attacker, -150, 0);
  put(victim, -20, 200);
  for (let frame = 0; frame < 70; frame++) step([RIGHT]);
  put(victim, -20, 30);
  const goal = state.trails[0]![((attacker!.trailHead - attacker!.trailCount + 1 + 90) % 90) * 2];
  for (let frame = 0; frame < SNAP_FRAMES; frame++) step([SNAP]);
  expect(events.filter(({ name }) => name === "hit")).toHaveLength(1);
  expect(attacker!.x).toBe(goal);
  expect(Math.hypot(victim!.vx, victim!.vy)).toBeGreaterThan(3 * PX);
  expect(victim!.hitBy).toBe(0);
});

test("[RU4] two snaps that meet end on the spot, and both discs fly apart", () => {
  const { state, step, events } = stage(2);
  const [left, right] = state.discs;
  put(left, 110, 0);
  put(right, -110, 40);
  const away = { direction: 16, move: true, snap: false };
  for (let frame = 0; frame < 80; frame++) step([away, RIGHT]);
  expect(events.some(({ name }) => name === "bump")).toBe(false);
  // They passed beside each other; with their bands in one line they cannot on the way back.
  for (let entry = 0; entry < 90; entry++) state.trails[1]![entry * 2 + 1] = 10 * PX;
  for (let frame = 0; frame < SNAP_FRAMES && !events.some(({ name }) => name === "clash"); frame++) step([SNAP, SNAP]);
  expect(events.some(({ name }) => name === "clash")).toBe(true);
  expect(left!.status).toBe(STATUS.standing);
  expect(right!.status).toBe(STATUS.standing);
  expect(left!.vx * right!.vx).toBeLessThan(0);
});

test("[RU5] a disc beside the floor falls, is saved by its band, and without one is out", () => {
  const { state, step, events } = stage(3);
  const [saved, lost] = state.discs;
  put(saved, 440, 0);
  put(lost, -440, 0);
  put(state.discs[2], 0, 0);
  const left = { direction: 16, move: true, snap: false };
  lost!.cooldown = 500;
  for (let frame = 0; frame < 200 && (saved!.status !== STATUS.falling || lost!.status !== STATUS.falling); frame++) step([RIGHT, left]);
  expect([saved!.status, lost!.status]).toEqual([STATUS.falling, STATUS.falling]);
  step([SNAP, SNAP]);
  for (let frame = 0; frame < 60; frame++) step();
  expect(saved!.status).toBe(STATUS.standing);
  expect(lost!.status).toBe(STATUS.out);
  expect(events.filter(({ name }) => name === "out")).toHaveLength(1);
});

test("[RU6] a landing cracks tiles; a tile without health shakes, falls and no longer carries", () => {
  const { state, step, events } = stage(2);
  const disc = state.discs[0]!;
  put(disc, -200, 0);
  put(state.discs[1], 0, 300);
  step([RIGHT]);
  const landing = tileAt(disc.x, disc.y);
  for (let frame = 0; frame < 60; frame++) step([RIGHT]);
  for (let frame = 0; frame < SNAP_FRAMES; frame++) step([SNAP]);
  expect(state.tiles[landing]).toBe(1);
  expect(events.filter(({ name }) => name === "crack").length).toBeGreaterThanOrEqual(2);
  state.tiles[landing] = -TILE_FALL_FRAMES;
  put(disc, (TILES[landing]?.x ?? 0) / PX, (TILES[landing]?.y ?? 0) / PX);
  for (let frame = 0; frame < TILE_FALL_FRAMES; frame++) step();
  expect(state.tiles[landing]).toBe(0);
  for (let frame = 0; frame < 10; frame++) step();
  expect(disc.status).toBe(STATUS.falling);
});

test.each([1, 2, 3])("[RU7] every round ends within 45 s, even when everybody only stands (seed %i)", (seed) => {
  const play = new Play({ players: 4, people: 4, seed, rounds: 3 });
  let longest = 0;
  play.finish(() => {
    longest = Math.max(longest, play.state.match.roundFrames);
    return [];
  });
  expect(longest).toBeGreaterThan(20 * 60);
  expect(longest).toBeLessThanOrEqual(45 * 60);
});

test("[RU7] not even who stands in the very middle stays longer", () => {
  const { state, step } = stage(2);
  let frames = 0;
  while (state.match.phase === PHASE.play && frames < 60 * 60) {
    if (state.discs[0]!.status === STATUS.standing) put(state.discs[0], 0, 0);
    if (state.discs[1]!.status === STATUS.standing) put(state.discs[1], 0, 45);
    step([SNAP, frames % 2 === 0 ? SNAP : IDLE]);
    frames++;
  }
  expect(frames).toBeGreaterThan(40 * 60);
  expect(frames).toBeLessThanOrEqual(45 * 60);
});

test("[RU8] the comet comes at 20 s, throws a disc, and counts for whoever sent it", () => {
  const { state, step, events } = stage(3);
  const { match } = state;
  put(state.discs[0], 0, 0);
  put(state.discs[1], 200, 0);
  put(state.discs[2], 0, 300);
  match.roundFrames = COMET_FRAME;
  step();
  expect(events.some(({ name }) => name === "comet")).toBe(true);
  Object.assign(match, { cometX: 140 * PX, cometY: 0, cometVx: 5 * PX, cometVy: 0, cometBy: 0, cometByFrames: 100 });
  for (let frame = 0; frame < 20; frame++) step();
  expect(events.some(({ name }) => name === "comet-hit")).toBe(true);
  expect(state.discs[1]!.hitBy).toBe(0);
  expect(state.discs[1]!.x - match.cometX).toBeGreaterThan(COMET_RADIUS);
  expect(events.some(({ name }) => name === "crack")).toBe(true);
});

test("[RU9] a knock-off counts for the last touch, and being outlasted counts for those who stay", () => {
  const { state, step } = stage(3);
  const [by, first, other] = state.discs;
  put(by, 0, 0);
  put(other, 100, 200);
  put(first, 700, 0);
  Object.assign(first!, { hitBy: 0, hitFrames: 100 });
  for (let frame = 0; frame < 60; frame++) step();
  expect(first!.status).toBe(STATUS.out);
  expect(first!.points).toBe(0);
  expect(by!.knockouts).toBe(1);
  expect(by!.points).toBe(2);
  put(by, 700, 0);
  for (let frame = 0; frame < 60; frame++) step();
  expect(by!.points).toBe(3);
  expect(other!.points).toBe(2);
});

test("[RU10] the last one standing wins the round; two who go together leave it a draw", () => {
  const { state, step } = stage(2);
  put(state.discs[0], 0, 0);
  put(state.discs[1], 700, 0);
  for (let frame = 0; frame < 60; frame++) step();
  expect(state.match.phase).toBe(PHASE.roundEnd);
  expect(state.match.roundWinner).toBe(0);
  const draw = stage(2);
  put(draw.state.discs[0], -700, 0);
  put(draw.state.discs[1], 700, 0);
  for (let frame = 0; frame < 60; frame++) draw.step();
  expect(draw.state.match.roundWinner).toBe(NOBODY);
  expect(draw.state.discs.map((disc) => disc.wins)).toEqual([0, 0]);
});

test("[RU11] a match ends early when a player has more than half of its rounds", () => {
  const played = new Set<number>();
  for (let seed = 1; seed <= 4; seed++) {
    const play = new Play({ players: 2, seed, rounds: 5, botSkill: "hard" });
    const result = play.finish();
    played.add(result.rounds);
    expect(result.wins[result.winner]).toBe(Math.max(...result.wins));
    const most = Math.max(...result.wins);
    expect(most === 3 || result.rounds === 5).toBe(true);
    const winner = play.state.discs[result.winner]!;
    expect(winner.status).toBe(STATUS.standing);
    expect(play.state.tiles[tileAt(winner.x, winner.y)]).toBeGreaterThan(0);
  }
  expect([...played].every((rounds) => rounds >= 3 && rounds <= 5)).toBe(true);
});

test("[RU12] each round begins with a whole floor, new places, and nobody moving", () => {
  const play = new Play({ players: 6, seed: 4, rounds: 3 });
  const places: string[] = [];
  while (play.result === undefined) {
    play.step();
    const { match, discs, tiles } = play.state;
    if (match.phase !== PHASE.intro || match.phaseFrames !== 60) continue;
    expect(tiles.every((health) => health === 3)).toBe(true);
    expect(discs.every((disc) => disc.status === STATUS.standing && disc.vx === 0 && disc.vy === 0)).toBe(true);
    expect(discs.every((disc) => Math.hypot(disc.x, disc.y) < 5 * TILE_WIDTH)).toBe(true);
    places.push(discs.map((disc) => `${disc.x},${disc.y}`).join(" "));
  }
  expect(places.length).toBeGreaterThanOrEqual(2);
  expect(new Set(places).size).toBe(places.length);
});

test("[RU13] settings from the network fall back to the defaults, each for itself", () => {
  expect(parseSettings(null)).toEqual({ rounds: 5, seats: 6, botSkill: "mixed" });
  expect(parseSettings({ rounds: 3, seats: 8, botSkill: "hard" })).toEqual({ rounds: 3, seats: 8, botSkill: "hard" });
  expect(parseSettings({ rounds: 4, seats: 9, botSkill: "__proto__", x: 1 })).toEqual({ rounds: 5, seats: 6, botSkill: "mixed" });
  expect(parseSettings([1, 2])).toEqual({ rounds: 5, seats: 6, botSkill: "mixed" });
  expect(parseSettings({ seats: 2.5, rounds: "1" })).toEqual({ rounds: 5, seats: 6, botSkill: "mixed" });
});

test("[RU14] an input is one byte", () => {
  expect(rubberband.inputBytes).toBe(1);
});
