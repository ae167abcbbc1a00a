import type { Random } from "@rollcall/netcode/core";
import type { Emit } from "./events.ts";
import { TILES, tileAt } from "./platform.ts";
import {
  RING_COUNT,
  RING_FALL_FRAMES,
  RING_STAGGER_FRAMES,
  RING_WARNING_FRAMES,
  SUDDEN_DEATH_FRAME,
  TILE_FALL_FRAMES,
  TILE_HEALTH,
} from "./rules.ts";
import type { RubberbandState } from "./state.ts";

/** A whole platform. */
export function layFloor(state: RubberbandState): void {
  state.tiles.fill(TILE_HEALTH);
}

/** True where a disc can stand: cracked and shaking tiles carry. */
export function hasFloor(state: RubberbandState, x: number, y: number): boolean {
  const tile = tileAt(x, y);
  return tile >= 0 && state.tiles[tile] !== 0;
}

/** Takes `damage` off a tile's health; at none left it shakes and falls. */
export function crackTile(state: RubberbandState, tile: number, damage: number, emit: Emit): void {
  const health = state.tiles[tile] ?? 0;
  if (tile < 0 || health <= 0) return;
  const left = health - damage;
  state.tiles[tile] = left > 0 ? left : -TILE_FALL_FRAMES;
  emit("crack", { tile, left: left > 0 ? left : 0 });
}

/** Cracks every tile whose centre is within `reach` of a point; the one below the point takes one more. */
export function crackAround(state: RubberbandState, x: number, y: number, reach: number, emit: Emit): void {
  const under = tileAt(x, y);
  for (const tile of TILES) {
    const dx = tile.x - x;
    const dy = tile.y - y;
    if (tile.index === under) crackTile(state, under, 2, emit);
    else if (dx * dx + dy * dy <= reach * reach) crackTile(state, tile.index, 1, emit);
  }
}

/** One frame of the floor: rings that are due begin to shake, shaking tiles come down. */
export function stepFloor(state: RubberbandState, random: Random, emit: Emit): void {
  const { match, tiles } = state;
  for (let ring = 0; ring < RING_COUNT; ring++) {
    if (RING_FALL_FRAMES[ring] === match.roundFrames) loosenRing(state, ring, random, emit);
  }
  if (match.roundFrames === SUDDEN_DEATH_FRAME) emit("sudden-death", {});
  for (let index = 0; index < tiles.length; index++) {
    const value = tiles[index] ?? 0;
    if (value >= 0) continue;
    tiles[index] = value + 1;
    if (value === -1) emit("tile-fall", { tile: index });
  }
}

function loosenRing(state: RubberbandState, ring: number, random: Random, emit: Emit): void {
  for (const tile of TILES) {
    if (tile.ring !== ring) continue;
    const stagger = random.integer(RING_STAGGER_FRAMES);
    if ((state.tiles[tile.index] ?? 0) > 0) state.tiles[tile.index] = -(RING_WARNING_FRAMES + stagger);
  }
  emit("ring-warning", { ring });
}
