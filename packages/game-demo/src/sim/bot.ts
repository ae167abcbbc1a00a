import type { Random } from "@rollcall/netcode/core";
import type { RubberbandInput } from "./discs.ts";
import { canSnap } from "./discs.ts";
import { directionOf, directionX, directionY, length, scale } from "./integer.ts";
import { tileAt } from "./platform.ts";
import { COMET_RADIUS, DISC_RADIUS, SNAP_FRAMES, TRAIL_LENGTH, UNITS_PER_PX } from "./rules.ts";
import type { Disc, RubberbandState } from "./state.ts";
import { PHASE, STATUS, trailX, trailY } from "./state.ts";

/** What sets the three levels apart. */
interface BotLevel {
  /** Frames between two looks at the world. */
  readonly reactionFrames: number;
  /** How sure a target must be: distance from the band at which the bot snaps, in units. */
  readonly snapReach: number;
  /** Chance to take a good snap when it is seen. */
  readonly snapChance: number;
  /** Chance per look to save itself from a fall. */
  readonly rescueChance: number;
  /** Wrong directions: up to this many of 32, either way. */
  readonly aimError: number;
  /** Frames ahead that floor and comet are looked at. */
  readonly foresightFrames: number;
}

const LEVELS: readonly BotLevel[] = [
  { reactionFrames: 16, snapReach: 30 * UNITS_PER_PX, snapChance: 0.35, rescueChance: 0.35, aimError: 4, foresightFrames: 16 },
  { reactionFrames: 10, snapReach: 34 * UNITS_PER_PX, snapChance: 0.6, rescueChance: 0.6, aimError: 2, foresightFrames: 24 },
  { reactionFrames: 6, snapReach: 36 * UNITS_PER_PX, snapChance: 0.9, rescueChance: 0.9, aimError: 1, foresightFrames: 30 },
];
const NORMAL: BotLevel = {
  reactionFrames: 10,
  snapReach: 34 * UNITS_PER_PX,
  snapChance: 0.6,
  rescueChance: 0.6,
  aimError: 2,
  foresightFrames: 24,
};

/** A bot drives past its rival at this distance, so that the band lies beside it and the landing is behind it. */
const PASS_BESIDE = 46 * UNITS_PER_PX;
const PASS_BEYOND = 150 * UNITS_PER_PX;
/** Youngest part of the band that is not yet a weapon, in entries. */
const BAND_FROM = 12;
const BAND_STEP = 5;
const FLOOR_SCORE = 900;

/**
 * The input of a bot's seat, from the state alone: it stays on the floor, keeps away from the comet, drives past a rival so that its band
 * lies across the rival's way, and snaps when that hits and lands on floor. Between two looks it keeps its last direction.
 */
export function steerBot(state: RubberbandState, player: number, random: Random): RubberbandInput {
  const disc = state.discs[player];
  if (disc === undefined || disc.status === STATUS.out || state.match.phase === PHASE.over)
    return { direction: 0, move: false, snap: false };
  const level = LEVELS[disc.skill] ?? NORMAL;
  const keep = { direction: disc.direction, move: disc.moving === 1, snap: false };
  if ((state.match.phaseFrames + (player + state.match.round) * 3) % level.reactionFrames !== 0) return keep;
  const snap = disc.held === 0 && canSnap(disc) && wantsSnap(state, player, disc, level, random);
  if (disc.status !== STATUS.standing || snap) return { ...keep, snap };
  const wobble = random.integer(2 * level.aimError + 1) - level.aimError;
  const wanted = chooseDirection(state, player, disc, level);
  return { direction: (wanted + wobble) & 31, move: true, snap: false };
}

function wantsSnap(state: RubberbandState, player: number, disc: Disc, level: BotLevel, random: Random): boolean {
  if (state.match.phase !== PHASE.play) return false;
  const safe = landsOnFloor(state, player, disc);
  if (disc.status === STATUS.falling) return safe && random.chance(level.rescueChance);
  if (!safe || disc.trailCount < TRAIL_LENGTH / 3) return false;
  return bandHits(state, player, disc, level) && random.chance(level.snapChance);
}

function landsOnFloor(state: RubberbandState, player: number, disc: Disc): boolean {
  const trail = state.trails[player];
  if (trail === undefined) return false;
  const oldest = disc.trailCount - 1;
  const tile = tileAt(trailX(disc, trail, oldest), trailY(disc, trail, oldest));
  const value = tile < 0 ? 0 : (state.tiles[tile] ?? 0);
  // The landing itself takes two off the tile.
  return value > 0 || value < -SNAP_FRAMES * 2;
}

/** True when a rival will be on the band when the snap comes by. */
function bandHits(state: RubberbandState, player: number, disc: Disc, level: BotLevel): boolean {
  const trail = state.trails[player];
  if (trail === undefined) return false;
  for (let rival = 0; rival < state.discs.length; rival++) {
    const other = state.discs[rival];
    if (rival === player || other === undefined || other.status !== STATUS.standing) continue;
    for (let age = BAND_FROM; age < disc.trailCount; age += BAND_STEP) {
      const frames = Math.trunc((age * SNAP_FRAMES) / disc.trailCount);
      const dx = other.x + other.vx * frames - trailX(disc, trail, age);
      const dy = other.y + other.vy * frames - trailY(disc, trail, age);
      if (dx * dx + dy * dy < level.snapReach * level.snapReach) return true;
    }
  }
  return false;
}

/** The best of 16 directions: floor ahead, then the goal, away from the comet. */
function chooseDirection(state: RubberbandState, player: number, disc: Disc, level: BotLevel): number {
  const goal = chooseGoal(state, player, disc);
  let best = disc.direction;
  let bestScore = -Infinity;
  for (let direction = 0; direction < 32; direction += 2) {
    const score = scoreDirection(state, disc, direction, level) + Math.trunc((256 * closeness(direction, goal)) / 8);
    if (score > bestScore) {
      bestScore = score;
      best = direction;
    }
  }
  return best;
}

/** 8 for the same of 32 directions, down to −8 for the opposite one. */
function closeness(direction: number, goal: number): number {
  const turn = Math.abs(direction - goal) & 31;
  return 8 - (turn > 16 ? 32 - turn : turn);
}

function scoreDirection(state: RubberbandState, disc: Disc, direction: number, level: BotLevel): number {
  const { match } = state;
  let score = 0;
  for (let part = 1; part <= 3; part++) {
    const frames = Math.trunc((level.foresightFrames * part) / 3);
    // Half of acceleration × frames², as a disc that steers this way from now on.
    const reach = 20 * frames * frames;
    const x = disc.x + disc.vx * frames + scale(directionX(direction), reach, 256);
    const y = disc.y + disc.vy * frames + scale(directionY(direction), reach, 256);
    score += floorScore(state, x, y, frames);
    if (match.cometOn === 1 && nearComet(state, x, y, frames)) score -= FLOOR_SCORE;
  }
  return score;
}

/** How good it is to be at a point: whole tiles near the middle best, cracked and shaking ones less, gaps worst. */
function floorScore(state: RubberbandState, x: number, y: number, frames: number): number {
  const tile = tileAt(x, y);
  const value = tile < 0 ? 0 : (state.tiles[tile] ?? 0);
  const centre = -Math.trunc(length(x, y) / (6 * UNITS_PER_PX));
  if (value === 0) return centre - FLOOR_SCORE;
  if (value < 0) return centre - (-value < frames + 45 ? Math.trunc((FLOOR_SCORE * 2) / 3) : Math.trunc(FLOOR_SCORE / 4));
  return centre + value * 8;
}

function nearComet(state: RubberbandState, x: number, y: number, frames: number): boolean {
  const { match } = state;
  const dx = match.cometX + match.cometVx * frames - x;
  const dy = match.cometY + match.cometVy * frames - y;
  const reach = COMET_RADIUS + DISC_RADIUS * 2;
  return dx * dx + dy * dy < reach * reach;
}

/**
 * Where it would like to go. With the band ready: past the nearest rival, beside it. Without: away from whoever is near and
 * could snap, else round the middle, which lays a long band.
 */
function chooseGoal(state: RubberbandState, player: number, disc: Disc): number {
  const rival = nearestRival(state, player, disc);
  const other = state.discs[rival];
  if (other === undefined) return directionOf(-disc.x, -disc.y);
  const dx = other.x + other.vx * 10 - disc.x;
  const dy = other.y + other.vy * 10 - disc.y;
  const distance = Math.max(1, length(dx, dy));
  // Left or right by turns, so that two bots do not mirror each other for ever.
  const side = ((state.match.roundFrames >> 8) + player + state.match.round) & 1 ? 1 : -1;
  if (disc.cooldown < 60) {
    return directionOf(
      dx + scale(dx, PASS_BEYOND, distance) - side * scale(dy, PASS_BESIDE, distance),
      dy + scale(dy, PASS_BEYOND, distance) + side * scale(dx, PASS_BESIDE, distance),
    );
  }
  const retreat = distance < 140 * UNITS_PER_PX ? -1 : 0;
  const around = side * UNITS_PER_PX;
  return directionOf(
    retreat * dx - scale(disc.y, around, UNITS_PER_PX) - disc.x,
    retreat * dy + scale(disc.x, around, UNITS_PER_PX) - disc.y,
  );
}

/** Nearest standing rival; one close to the edge counts as nearer, since it is easier to push off. */
function nearestRival(state: RubberbandState, player: number, disc: Disc): number {
  let best = -1;
  let bestDistance = Infinity;
  for (let rival = 0; rival < state.discs.length; rival++) {
    const other = state.discs[rival];
    if (rival === player || other === undefined || other.status !== STATUS.standing) continue;
    const distance = length(other.x - disc.x, other.y - disc.y) - Math.trunc(length(other.x, other.y) / 3);
    if (distance < bestDistance) {
      bestDistance = distance;
      best = rival;
    }
  }
  return best;
}
