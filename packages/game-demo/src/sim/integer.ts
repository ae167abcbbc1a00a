/** Integer arithmetic with the same result in every engine: no trigonometry, no float that is not exact. */

/** Unit vectors of the 32 directions, length 256, clockwise from the right (y points down): round(256 cos), as literals. */
export const DIRECTION_X: readonly number[] = [
  256, 251, 237, 213, 181, 142, 98, 50, 0, -50, -98, -142, -181, -213, -237, -251, -256, -251, -237, -213, -181, -142, -98, -50, 0, 50, 98,
  142, 181, 213, 237, 251,
];
export const DIRECTION_Y: readonly number[] = [
  0, 50, 98, 142, 181, 213, 237, 251, 256, 251, 237, 213, 181, 142, 98, 50, 0, -50, -98, -142, -181, -213, -237, -251, -256, -251, -237,
  -213, -181, -142, -98, -50,
];

export function directionX(direction: number): number {
  return DIRECTION_X[direction & 31] ?? 0;
}

export function directionY(direction: number): number {
  return DIRECTION_Y[direction & 31] ?? 0;
}

/** `a × b ÷ c` rounded towards zero, so that left and right are mirror images. The product must stay below 2⁵³. */
export function scale(a: number, b: number, c: number): number {
  return Math.trunc((a * b) / c) | 0;
}

/** Length of a vector, rounded down. Exact: squares of coordinates below 2²⁶ add up below 2⁵³, and `Math.sqrt` is correctly rounded. */
export function length(x: number, y: number): number {
  return Math.floor(Math.sqrt(x * x + y * y));
}

/** The one of the 32 directions nearest to a vector; 0 for the null vector. Ties go to the smaller number. */
export function directionOf(x: number, y: number): number {
  let best = 0;
  let bestDot = -Infinity;
  for (let direction = 0; direction < 32; direction++) {
    const dot = x * directionX(direction) + y * directionY(direction);
    if (dot > bestDot) {
      bestDot = dot;
      best = direction;
    }
  }
  return best;
}
