import { directionOf } from "../sim/index.ts";

/** A stick at rest. */
export const REST = { x: 0, y: 0 } as const;

/** Share of the way below which a stick rests. Half lets worn gamepads drift; double makes small corrections impossible. */
const DEAD_ZONE = 0.24;

/** −1 … 1 on both axes, right and down. */
export interface Stick {
  readonly x: number;
  readonly y: number;
}

/** One of the 32 directions of the game, or `undefined` inside the dead zone. */
export function stickDirection({ x, y }: Stick): number | undefined {
  if (Math.hypot(x, y) < DEAD_ZONE) return undefined;
  return directionOf(Math.round(x * 1_000), Math.round(y * 1_000));
}
