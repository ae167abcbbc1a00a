import type { Emit } from "./events.ts";
import { crackAround, hasFloor } from "./floor.ts";
import { directionX, directionY, length, scale } from "./integer.ts";
import {
  ACCELERATION,
  AIR_FRAMES,
  BRAKING,
  DRAG,
  POSITION_MAX,
  SNAP_COOLDOWN_FRAMES,
  SNAP_CRACK_REACH,
  SNAP_CRACK_DISTANCE,
  SNAP_FRAMES,
  SPEED_MAX,
} from "./rules.ts";
import type { Disc, RubberbandState } from "./state.ts";
import { PHASE, STATUS, pushTrail, trailX, trailY } from "./state.ts";

/** Input of one player for one frame. */
export interface RubberbandInput {
  /** 0–31, clockwise from the right. */
  direction: number;
  move: boolean;
  snap: boolean;
}

/** Moves one disc by one frame: steering, snapping, sliding, falling. Collisions come after all have moved. */
export function stepDisc(state: RubberbandState, player: number, input: RubberbandInput, emit: Emit): void {
  const disc = state.discs[player];
  const trail = state.trails[player];
  if (disc === undefined || trail === undefined || disc.status === STATUS.out) return;
  const pressed = input.snap && disc.held === 0;
  disc.held = input.snap ? 1 : 0;
  disc.direction = input.direction & 31;
  disc.moving = input.move ? 1 : 0;
  disc.statusFrames++;
  if (disc.cooldown > 0) disc.cooldown--;
  if (disc.hitFrames > 0) disc.hitFrames--;
  if (pressed && canSnap(disc)) beginSnap(disc, player, emit);
  if (disc.status === STATUS.snapping) {
    stepSnap(state, disc, trail, player, emit);
    return;
  }
  if (disc.status === STATUS.standing) steer(disc);
  slide(disc);
  pushTrail(disc, trail);
}

/** A standing or falling disc snaps back when its band is ready. */
export function canSnap(disc: Disc): boolean {
  return (disc.status === STATUS.standing || disc.status === STATUS.falling) && disc.cooldown === 0 && disc.trailCount > 1;
}

/** How many trail entries back a snap of `count` entries is after `frames` of its frames. */
export function snapAge(count: number, frames: number): number {
  return Math.trunc(((count - 1) * frames) / SNAP_FRAMES);
}

function beginSnap(disc: Disc, player: number, emit: Emit): void {
  const rescue = disc.status === STATUS.falling;
  emit("snap", { player, x: disc.x, y: disc.y, rescue });
  disc.status = STATUS.snapping;
  disc.statusFrames = 0;
  disc.cooldown = SNAP_COOLDOWN_FRAMES;
  disc.stun = 0;
  // The bits of `snapHits` are players and comet; bit 9 remembers that this snap began in a fall.
  disc.snapHits = rescue ? SNAP_RESCUE_BIT : 0;
}

const SNAP_RESCUE_BIT = 512;

function stepSnap(state: RubberbandState, disc: Disc, trail: Int32Array, player: number, emit: Emit): void {
  const frames = disc.statusFrames + 1;
  const age = snapAge(disc.trailCount, frames);
  const x = trailX(disc, trail, age);
  const y = trailY(disc, trail, age);
  disc.vx = x - disc.x;
  disc.vy = y - disc.y;
  disc.x = x;
  disc.y = y;
  if (frames < SNAP_FRAMES) return;
  const shock = length(x - trailX(disc, trail, 0), y - trailY(disc, trail, 0)) >= SNAP_CRACK_DISTANCE;
  emit("land", { player, x, y, rescue: (disc.snapHits & SNAP_RESCUE_BIT) !== 0, shock });
  if (shock) crackAround(state, x, y, SNAP_CRACK_REACH, emit);
  endSnap(disc, trail);
  // A quarter of the snap's speed is left, so that landing has weight.
  disc.vx = Math.trunc(disc.vx / 4);
  disc.vy = Math.trunc(disc.vy / 4);
}

/** The band is spent: it grows anew from here. */
export function endSnap(disc: Disc, trail: Int32Array): void {
  disc.status = STATUS.standing;
  disc.statusFrames = 0;
  disc.airFrames = 0;
  disc.trailCount = 0;
  pushTrail(disc, trail);
}

function steer(disc: Disc): void {
  if (disc.stun > 0) {
    disc.stun--;
    return;
  }
  if (disc.moving === 0) return;
  const ux = directionX(disc.direction);
  const uy = directionY(disc.direction);
  const push = disc.vx * ux + disc.vy * uy < 0 ? BRAKING : ACCELERATION;
  disc.vx += scale(ux, push, 256);
  disc.vy += scale(uy, push, 256);
}

function slide(disc: Disc): void {
  disc.vx = drag(disc.vx);
  disc.vy = drag(disc.vy);
  const speed = length(disc.vx, disc.vy);
  if (speed > SPEED_MAX) {
    disc.vx = scale(disc.vx, SPEED_MAX, speed);
    disc.vy = scale(disc.vy, SPEED_MAX, speed);
  }
  disc.x = clampPosition(disc.x + disc.vx);
  disc.y = clampPosition(disc.y + disc.vy);
}

/** Loses a share of the speed, and at least one unit, so that everything comes to rest. */
function drag(speed: number): number {
  return speed - scale(speed, DRAG, 256) - Math.sign(speed);
}

export function clampPosition(position: number): number {
  return Math.max(-POSITION_MAX, Math.min(POSITION_MAX, position));
}

/** After collisions: who has been over a gap for too long falls. */
export function dropDisc(state: RubberbandState, player: number, emit: Emit): void {
  const disc = state.discs[player];
  // When a round is decided, nobody falls any more: the winner celebrates even over a gap.
  if (disc === undefined || disc.status !== STATUS.standing || state.match.phase !== PHASE.play) return;
  if (hasFloor(state, disc.x, disc.y)) {
    disc.airFrames = 0;
    return;
  }
  disc.airFrames++;
  if (disc.airFrames < AIR_FRAMES) return;
  disc.status = STATUS.falling;
  disc.statusFrames = 0;
  disc.stun = 0;
  emit("fall", { player, x: disc.x, y: disc.y });
}
