import type { Emit } from "./events.ts";
import { endSnap } from "./discs.ts";
import { crackTile } from "./floor.ts";
import { length, scale } from "./integer.ts";
import { tileAt } from "./platform.ts";
import { CREDIT_FRAMES, DISC_RADIUS, SNAP_PUSH, SNAP_PUSH_MAX, SNAP_PUSH_SHARE, STUN_FRAMES, UNITS_PER_PX } from "./rules.ts";
import type { Disc, RubberbandState } from "./state.ts";
import { STATUS } from "./state.ts";

/** Meets every pair of discs once, in player order. */
export function collideDiscs(state: RubberbandState, emit: Emit): void {
  for (let first = 0; first < state.discs.length; first++) {
    for (let second = first + 1; second < state.discs.length; second++) meet(state, first, second, emit);
  }
}

function meet(state: RubberbandState, first: number, second: number, emit: Emit): void {
  const a = state.discs[first];
  const b = state.discs[second];
  if (a === undefined || b === undefined || !isSolid(a) || !isSolid(b)) return;
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const reach = 2 * DISC_RADIUS;
  if (dx * dx + dy * dy >= reach * reach) return;
  if (a.status === STATUS.snapping && b.status === STATUS.snapping) clash(state, first, second, emit);
  else if (a.status === STATUS.snapping) smash(state, first, second, emit);
  else if (b.status === STATUS.snapping) smash(state, second, first, emit);
  else bounce(a, b, first, second, emit);
}

function isSolid(disc: Disc): boolean {
  return disc.status === STATUS.standing || disc.status === STATUS.snapping;
}

/** A snap goes through: its victim flies off along it and away from it, and cannot steer for a moment. */
function smash(state: RubberbandState, attacker: number, victim: number, emit: Emit): void {
  const by = state.discs[attacker];
  const disc = state.discs[victim];
  if (by === undefined || disc === undefined || (by.snapHits & (1 << victim)) !== 0) return;
  by.snapHits |= 1 << victim;
  const snapSpeed = length(by.vx, by.vy);
  const push = Math.min(SNAP_PUSH_MAX, SNAP_PUSH + scale(snapSpeed, SNAP_PUSH_SHARE, 256));
  const dx = disc.x - by.x;
  const dy = disc.y - by.y;
  const distance = Math.max(1, length(dx, dy));
  // Half of the push goes along the snap, half away from it: a glancing hit still looks like one.
  const alongX = scale(dx, 256, distance) + (snapSpeed === 0 ? 0 : scale(by.vx, 256, snapSpeed));
  const alongY = scale(dy, 256, distance) + (snapSpeed === 0 ? 0 : scale(by.vy, 256, snapSpeed));
  const along = length(alongX, alongY);
  disc.vx = along === 0 ? scale(dx, push, distance) : scale(alongX, push, along);
  disc.vy = along === 0 ? scale(dy, push, distance) : scale(alongY, push, along);
  disc.stun = STUN_FRAMES;
  credit(disc, attacker);
  emit("hit", { player: victim, by: attacker, x: Math.trunc((disc.x + by.x) / 2), y: Math.trunc((disc.y + by.y) / 2), speed: push });
  crackTile(state, tileAt(disc.x, disc.y), 1, emit);
}

/** Two snaps meet: both end on the spot and fly apart. */
function clash(state: RubberbandState, first: number, second: number, emit: Emit): void {
  const a = state.discs[first];
  const b = state.discs[second];
  const trailA = state.trails[first];
  const trailB = state.trails[second];
  if (a === undefined || b === undefined || trailA === undefined || trailB === undefined) return;
  emit("clash", { player: first, by: second, x: Math.trunc((a.x + b.x) / 2), y: Math.trunc((a.y + b.y) / 2) });
  endSnap(a, trailA);
  endSnap(b, trailB);
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const distance = length(dx, dy);
  const ux = distance === 0 ? 256 : scale(dx, 256, distance);
  const uy = distance === 0 ? 0 : scale(dy, 256, distance);
  fling(b, ux, uy, first);
  fling(a, -ux, -uy, second);
}

function fling(disc: Disc, ux: number, uy: number, by: number): void {
  disc.vx = scale(ux, SNAP_PUSH, 256);
  disc.vy = scale(uy, SNAP_PUSH, 256);
  disc.stun = STUN_FRAMES;
  credit(disc, by);
}

/** Equal masses: the speeds along the line between them change places, a little livelier than in nature. */
function bounce(a: Disc, b: Disc, first: number, second: number, emit: Emit): void {
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const distance = length(dx, dy);
  const ux = distance === 0 ? 256 : scale(dx, 256, distance);
  const uy = distance === 0 ? 0 : scale(dy, 256, distance);
  separate(a, b, ux, uy, 2 * DISC_RADIUS - distance);
  const closing = scale(a.vx - b.vx, ux, 256) + scale(a.vy - b.vy, uy, 256);
  if (closing <= 0) return;
  const push = closing + Math.min(closing, UNITS_PER_PX);
  a.vx -= scale(ux, push, 256);
  a.vy -= scale(uy, push, 256);
  b.vx += scale(ux, push, 256);
  b.vy += scale(uy, push, 256);
  if (closing < UNITS_PER_PX) return;
  // A bump that somebody falls from is worth as much as a snap: credit goes both ways.
  credit(a, second);
  credit(b, first);
  emit("bump", { player: first, by: second, x: Math.trunc((a.x + b.x) / 2), y: Math.trunc((a.y + b.y) / 2), speed: closing });
}

function separate(a: Disc, b: Disc, ux: number, uy: number, overlap: number): void {
  const shiftX = scale(ux, overlap, 512);
  const shiftY = scale(uy, overlap, 512);
  a.x -= shiftX;
  a.y -= shiftY;
  b.x += shiftX;
  b.y += shiftY;
}

/** Who pushed last gets the point, if a fall follows. */
export function credit(disc: Disc, by: number): void {
  disc.hitBy = by;
  disc.hitFrames = CREDIT_FRAMES;
}
