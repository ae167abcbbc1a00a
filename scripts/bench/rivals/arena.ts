import { Random } from "@rollcall/netcode/core";

/** Two players and what chases them. */
export const PLAYERS = 2;
export const THINGS = 202;
const SIZE = 1 << 20;
const SPEED_MAX = 4_096;
const [LEFT, RIGHT, UP, DOWN, PUSH] = [1, 2, 4, 8, 16];

/** Positions and speeds, things by index; the first two are the players. Lists of numbers or typed arrays: the arithmetic is that of integers. */
export interface Arena {
  readonly x: number[] | Int32Array;
  readonly y: number[] | Int32Array;
  readonly vx: number[] | Int32Array;
  readonly vy: number[] | Int32Array;
}

/** Plain data, which any serialiser can write. */
export function plainArena(): Arena {
  const arena = { x: zeros(), y: zeros(), vx: zeros(), vy: zeros() };
  placeThings(arena);
  return arena;
}

/** Things in a grid. */
export function placeThings({ x, y }: Arena): void {
  for (let thing = 0; thing < THINGS; thing++) {
    x[thing] = (thing % 15) * 60_000 + 50_000;
    y[thing] = Math.floor(thing / 15) * 60_000 + 50_000;
  }
}

/** One frame. `inputs`: a byte of each player. */
export function stepArena(arena: Arena, first: number, second: number): void {
  steer(arena, 0, first);
  steer(arena, 1, second);
  const { x, y, vx, vy } = arena;
  for (let thing = PLAYERS; thing < THINGS; thing++) {
    const player = thing & 1;
    const away = ((player === 0 ? first : second) & PUSH) === 0 ? 1 : -3;
    vx[thing] = limited((vx[thing] ?? 0) + Math.sign((x[player] ?? 0) - (x[thing] ?? 0)) * 20 * away);
    vy[thing] = limited((vy[thing] ?? 0) + Math.sign((y[player] ?? 0) - (y[thing] ?? 0)) * 20 * away);
  }
  for (let thing = 0; thing < THINGS; thing++) {
    moveOne(x, vx, thing);
    moveOne(y, vy, thing);
  }
}

/** Bytes that a person's keys make: each player's held for a few frames, the same for every package. */
export function humanInputs(frameCount: number): readonly Uint8Array[] {
  return Array.from({ length: PLAYERS }, (_, player) => {
    const random = new Random(1, `player ${player}`);
    const values = new Uint8Array(frameCount);
    for (let frame = 0, held = 0, value = 0; frame < frameCount; frame++, held--) {
      if (held === 0) {
        value = random.integer(32);
        // 70–400 ms between changes of direction or buttons.
        held = 4 + random.integer(21);
      }
      values[frame] = value;
    }
    return values;
  });
}

/** The same keys held for ever. */
export function constantInputs(frameCount: number): readonly Uint8Array[] {
  return Array.from({ length: PLAYERS }, (_, player) => new Uint8Array(frameCount).fill(player === 0 ? RIGHT : LEFT | DOWN));
}

function zeros(): number[] {
  return Array.from({ length: THINGS }, () => 0);
}

function steer({ vx, vy }: Arena, player: number, input: number): void {
  const dx = ((input & RIGHT) === 0 ? 0 : 1) - ((input & LEFT) === 0 ? 0 : 1);
  const dy = ((input & DOWN) === 0 ? 0 : 1) - ((input & UP) === 0 ? 0 : 1);
  const [speedX, speedY] = [vx[player] ?? 0, vy[player] ?? 0];
  vx[player] = limited(speedX - (speedX >> 4) + dx * 200);
  vy[player] = limited(speedY - (speedY >> 4) + dy * 200);
}

function moveOne(position: number[] | Int32Array, speed: number[] | Int32Array, thing: number): void {
  const next = (position[thing] ?? 0) + (speed[thing] ?? 0);
  const inside = next >= 0 && next < SIZE;
  position[thing] = inside ? next : position[thing]!;
  if (!inside) speed[thing] = -speed[thing]!;
}

function limited(speed: number): number {
  return Math.max(-SPEED_MAX, Math.min(SPEED_MAX, speed));
}
