import { UNITS_PER_PX } from "../sim/index.ts";

/** How much the platform is tilted away: height of the picture over height of the world. */
export const TILT = 0.84;

/** X on the picture, in world px, of a length in units. */
export function pictureX(units: number): number {
  return units / UNITS_PER_PX;
}

/** Y on the picture, in world px, of a length in units. */
export function pictureY(units: number): number {
  return (units / UNITS_PER_PX) * TILT;
}
