import type { Random } from "@rollcall/netcode/core";
import { credit } from "./collisions.ts";
import { clampPosition } from "./discs.ts";
import type { Emit } from "./events.ts";
import { crackTile } from "./floor.ts";
import { directionX, directionY, length, scale } from "./integer.ts";
import { tileAt } from "./platform.ts";
import {
  COMET_FRAME,
  COMET_PULL,
  COMET_PUSH,
  COMET_RADIUS,
  COMET_SNAP_SHARE,
  COMET_SPEED_MAX,
  COMET_START,
  COMET_TURN_FRAMES,
  CREDIT_FRAMES,
  DISC_RADIUS,
  STUN_FRAMES,
  UNITS_PER_PX,
} from "./rules.ts";
import type { Disc, RubberbandState } from "./state.ts";
import { NOBODY, PHASE, STATUS } from "./state.ts";

const COMET_HIT_BIT = 256;

/** One frame of the comet: from 20 s on it sweeps through the middle and back, cracks what it passes over, and knocks discs away. */
export function stepComet(state: RubberbandState, random: Random, emit: Emit): void {
  const { match } = state;
  const playing = match.phase === PHASE.play;
  if (playing && match.roundFrames === COMET_FRAME) enterComet(state, random, emit);
  if (match.cometOn === 0) return;
  match.cometVx -= Math.trunc(match.cometX / COMET_PULL);
  match.cometVy -= Math.trunc(match.cometY / COMET_PULL);
  if (playing && (match.roundFrames - COMET_FRAME) % COMET_TURN_FRAMES === COMET_TURN_FRAMES - 1) turnComet(state, random);
  limitComet(state);
  match.cometX = clampPosition(match.cometX + match.cometVx);
  match.cometY = clampPosition(match.cometY + match.cometVy);
  if (match.cometByFrames > 0 && --match.cometByFrames === 0) match.cometBy = NOBODY;
  const tile = tileAt(match.cometX, match.cometY);
  if (tile !== match.cometTile && tile >= 0) crackTile(state, tile, 1, emit);
  match.cometTile = tile;
  state.discs.forEach((disc, player) => hitDisc(state, disc, player, emit));
}

function enterComet(state: RubberbandState, random: Random, emit: Emit): void {
  const { match } = state;
  const direction = random.integer(32);
  match.cometOn = 1;
  match.cometX = scale(directionX(direction), COMET_START, 256);
  match.cometY = scale(directionY(direction), COMET_START, 256);
  // A push to the side, left or right, so that it does not run on one line for ever.
  const side = random.integer(2) === 0 ? 8 : -8;
  match.cometVx = scale(directionX(direction + side), 2 * UNITS_PER_PX, 256);
  match.cometVy = scale(directionY(direction + side), 2 * UNITS_PER_PX, 256);
  match.cometBy = NOBODY;
  match.cometByFrames = 0;
  match.cometTile = -1;
  emit("comet", { x: match.cometX, y: match.cometY });
}

function turnComet(state: RubberbandState, random: Random): void {
  const direction = random.integer(32);
  state.match.cometVx += directionX(direction);
  state.match.cometVy += directionY(direction);
}

function limitComet(state: RubberbandState): void {
  const { match } = state;
  const speed = length(match.cometVx, match.cometVy);
  if (speed <= COMET_SPEED_MAX) return;
  match.cometVx = scale(match.cometVx, COMET_SPEED_MAX, speed);
  match.cometVy = scale(match.cometVy, COMET_SPEED_MAX, speed);
}

function hitDisc(state: RubberbandState, disc: Disc, player: number, emit: Emit): void {
  const { match } = state;
  if (match.phase !== PHASE.play || (disc.status !== STATUS.standing && disc.status !== STATUS.snapping)) return;
  const dx = disc.x - match.cometX;
  const dy = disc.y - match.cometY;
  const reach = DISC_RADIUS + COMET_RADIUS;
  if (dx * dx + dy * dy >= reach * reach) return;
  if (disc.status === STATUS.snapping) {
    sendComet(state, disc, player, emit);
    return;
  }
  const distance = Math.max(1, length(dx, dy));
  disc.x = clampPosition(match.cometX + scale(dx, reach, distance));
  disc.y = clampPosition(match.cometY + scale(dy, reach, distance));
  const closing = scale(match.cometVx - disc.vx, dx, distance) + scale(match.cometVy - disc.vy, dy, distance);
  const push = COMET_PUSH + Math.max(0, Math.trunc(closing / 2));
  disc.vx = scale(dx, push, distance) + Math.trunc(match.cometVx / 2);
  disc.vy = scale(dy, push, distance) + Math.trunc(match.cometVy / 2);
  disc.stun = STUN_FRAMES;
  if (match.cometBy !== NOBODY && match.cometBy !== player) credit(disc, match.cometBy);
  emit("comet-hit", { player, x: disc.x, y: disc.y, speed: push });
}

/** A snap through the comet takes it along, and makes its next victims count for the snapper. */
function sendComet(state: RubberbandState, disc: Disc, player: number, emit: Emit): void {
  if ((disc.snapHits & COMET_HIT_BIT) !== 0) return;
  const { match } = state;
  disc.snapHits |= COMET_HIT_BIT;
  match.cometVx += scale(disc.vx, COMET_SNAP_SHARE, 256);
  match.cometVy += scale(disc.vy, COMET_SNAP_SHARE, 256);
  match.cometBy = player;
  match.cometByFrames = CREDIT_FRAMES;
  emit("comet-hit", { player, x: disc.x, y: disc.y, speed: length(disc.vx, disc.vy) });
}
