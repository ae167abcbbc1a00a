/** Order of the picture, back to front. The floor's rows go from 20 − 0.7 to 20 + 0.7. */
export const DEPTHS = {
  floor: 20,
  perRow: 0.1,
  shadow: 28,
  bands: 30,
  glow: 34,
  discs: 40,
  comet: 46,
  sparks: 50,
  tags: 60,
} as const;
