import { expect, test } from "vitest";
import { stickDirection } from "../src/input/stick.ts";
import { PALETTE, assignLooks } from "../src/sim/index.ts";
import { Motion } from "../src/view/motion.ts";
import { LEVEL_HIGH, Quality } from "../src/view/quality.ts";

test("[RU30] a body is drawn between the places of two frames", () => {
  const motion = new Motion();
  motion.handleFrame(0, 0, 4, 0);
  motion.handleFrame(4, 0, 4, 0);
  motion.advance(0.25, 16);
  expect(motion.x).toBeCloseTo(1);
  motion.advance(1, 16);
  expect(motion.x).toBeCloseTo(4);
});

test("[RU30] a correction starts where the body was drawn and fades within a quarter of a second", () => {
  const motion = new Motion();
  motion.handleFrame(0, 0, 4, 0);
  motion.handleFrame(4, 0, 4, 0);
  motion.advance(1, 0);
  const before = motion.x;
  // A rollback put it 40 px to the side.
  motion.beforeRollback(4, 0);
  motion.afterRollback(4, 40);
  motion.handleFrame(8, 40, 4, 0);
  motion.advance(0, 0);
  expect(motion.x).toBeCloseTo(before);
  expect(motion.y).toBeCloseTo(0);
  let drawn = motion.y;
  for (let picture = 0; picture < 15; picture++) {
    motion.advance(1, 1000 / 60);
    expect(motion.y).toBeGreaterThanOrEqual(drawn);
    drawn = motion.y;
  }
  expect(Math.abs(drawn - 40)).toBeLessThan(2);
});

test("[RU30] however fast a body moves, without a rollback nothing is corrected, and a new round is no way", () => {
  const motion = new Motion();
  motion.handleFrame(0, 0, 8, 0);
  motion.handleFrame(8, 0, -6, 0);
  motion.handleFrame(-60, 0, -20, 0);
  expect(motion.errorX).toBe(0);
  motion.reset();
  motion.handleFrame(500, 500, 0, 0);
  motion.advance(0, 16);
  expect([motion.x, motion.y]).toEqual([500, 500]);
});

test("[RU30] a correction across half the platform is shown at once", () => {
  const motion = new Motion();
  motion.handleFrame(0, 0, 4, 0);
  motion.beforeRollback(0, 0);
  motion.afterRollback(400, 0);
  motion.advance(1, 0);
  expect(motion.x).toBe(400);
});

test("[RU31] two players of one colour get two looks, and every look has a shape of its own", () => {
  expect(assignLooks([3, 3, 4, 0])).toEqual([3, 4, 5, 0]);
  expect(new Set(assignLooks([0, 0, 0, 0, 0, 0, 0, 0])).size).toBe(8);
  expect(assignLooks([63, -1])).toEqual([7, 1]);
  expect(new Set(PALETTE.map((look) => look.shape)).size).toBe(PALETTE.length);
  expect(new Set(PALETTE.map((look) => look.colour)).size).toBe(PALETTE.length);
});

test("[RU32] a stick rests in its dead zone and else has one of 32 directions", () => {
  expect(stickDirection({ x: 0, y: 0 })).toBeUndefined();
  expect(stickDirection({ x: 0.2, y: 0.1 })).toBeUndefined();
  expect(stickDirection({ x: 1, y: 0 })).toBe(0);
  expect(stickDirection({ x: 0, y: 1 })).toBe(8);
  expect(stickDirection({ x: -0.5, y: 0 })).toBe(16);
  expect(stickDirection({ x: 0.7, y: -0.7 })).toBe(28);
});

test("[RU33] slow pictures lower the quality, a gap does not, and it stays low", () => {
  const quality = new Quality(LEVEL_HIGH, true);
  const best = quality.level;
  for (let picture = 0; picture < 79; picture++) quality.measure(10);
  quality.measure(5_000);
  quality.measure(10);
  expect(quality.level).toBe(best);
  let changes = 0;
  for (let picture = 0; picture < 1_000; picture++) changes += quality.measure(40) ? 1 : 0;
  expect(changes).toBe(LEVEL_HIGH);
  const worst = quality.level;
  for (let picture = 0; picture < 1_000; picture++) quality.measure(8);
  expect(quality.level).toBe(worst);
  const fixed = new Quality(LEVEL_HIGH, false);
  for (let picture = 0; picture < 1_000; picture++) fixed.measure(40);
  expect(fixed.level).toBe(best);
});
