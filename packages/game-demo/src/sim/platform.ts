import { RING_COUNT, ROW_HEIGHT, TILE_WIDTH } from "./rules.ts";

/**
 * The platform's fixed geometry: tiles of a hexagon of `RING_COUNT` rings, by index. A point belongs to the tile whose centre is nearest,
 * which is exact in integers and gives hexagons by itself.
 */
export interface Tile {
  readonly index: number;
  /** Centre, in units. */
  readonly x: number;
  readonly y: number;
  /** Distance from the middle in tiles, 0–7. */
  readonly ring: number;
}

const REACH = RING_COUNT - 1;
const SIDE = 2 * REACH + 1;

/** Index by `(row + REACH) × SIDE + column + REACH` in axial coordinates; −1 where there is no tile. */
const indexes = new Int16Array(SIDE * SIDE).fill(-1);

/** All tiles, row by row from the top. */
export const TILES: readonly Tile[] = buildTiles();
export const TILE_COUNT: number = TILES.length;

function buildTiles(): Tile[] {
  const tiles: Tile[] = [];
  for (let row = -REACH; row <= REACH; row++) {
    for (let column = -REACH; column <= REACH; column++) {
      const ring = Math.max(Math.abs(row), Math.abs(column), Math.abs(row + column));
      if (ring > REACH) continue;
      indexes[(row + REACH) * SIDE + column + REACH] = tiles.length;
      tiles.push({ index: tiles.length, x: column * TILE_WIDTH + (row * TILE_WIDTH) / 2, y: row * ROW_HEIGHT, ring });
    }
  }
  return tiles;
}

/** The tile under a point, in units; −1 beside the platform. */
export function tileAt(x: number, y: number): number {
  const upper = Math.floor(y / ROW_HEIGHT);
  const above = nearestInRow(upper, x);
  const below = nearestInRow(upper + 1, x);
  const row = distanceSquared(upper, above, x, y) <= distanceSquared(upper + 1, below, x, y) ? upper : upper + 1;
  const column = row === upper ? above : below;
  if (row < -REACH || row > REACH || column < -REACH || column > REACH) return -1;
  return indexes[(row + REACH) * SIDE + column + REACH] ?? -1;
}

function nearestInRow(row: number, x: number): number {
  return Math.floor((x - (row * TILE_WIDTH) / 2 + TILE_WIDTH / 2) / TILE_WIDTH);
}

function distanceSquared(row: number, column: number, x: number, y: number): number {
  const dx = column * TILE_WIDTH + (row * TILE_WIDTH) / 2 - x;
  const dy = row * ROW_HEIGHT - y;
  return dx * dx + dy * dy;
}
