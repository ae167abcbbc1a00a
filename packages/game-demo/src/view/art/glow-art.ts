import { PALETTE } from "../../sim/index.ts";
import type { Atlas } from "./atlas.ts";
import { mix, withAlpha } from "./colour.ts";

/** Height of a band's strip, glow included. */
export const BAND_HEIGHT = 30;
/** Length of a band's strip; stretched between two points of the trail. */
export const BAND_LENGTH = 16;
/** Colours of what has no player: ice of the comet, embers of the floor, plain light. */
export const LIGHTS = { ice: "#9fe8ff", ember: "#ff9d5c", white: "#ffffff" } as const;

/** Everything that glows, in the colour it glows in: the canvas renderer cannot tint. Drawn with additive blending. */
export function drawGlowArt(atlas: Atlas): void {
  PALETTE.forEach(({ colour }, index) => {
    atlas.draw(`band-${index}`, BAND_LENGTH, BAND_HEIGHT, (context) => paintBand(context, colour));
    atlas.draw(`anchor-${index}`, 36, 32, (context) => paintAnchor(context, colour));
    atlas.draw(`glow-${index}`, 96, 96, (context) => paintGlow(context, colour, 48, 0.6));
    atlas.draw(`spark-${index}`, 20, 20, (context) => paintGlow(context, colour, 10, 1));
    atlas.draw(`shock-${index}`, 132, 112, (context) => paintShock(context, colour));
  });
  for (const [name, colour] of Object.entries(LIGHTS)) {
    atlas.draw(`spark-${name}`, 20, 20, (context) => paintGlow(context, colour, 10, 1));
    atlas.draw(`glow-${name}`, 128, 128, (context) => paintGlow(context, colour, 64, 0.7));
    atlas.draw(`shock-${name}`, 132, 112, (context) => paintShock(context, colour));
  }
  atlas.draw("burst", 140, 140, paintBurst);
}

function paintGlow(context: CanvasRenderingContext2D, colour: string, radius: number, strength: number): void {
  const light = context.createRadialGradient(0, 0, 0, 0, 0, radius);
  light.addColorStop(0, withAlpha(mix(colour, "#ffffff", 0.7), strength));
  light.addColorStop(0.18, withAlpha(mix(colour, "#ffffff", 0.25), strength * 0.7));
  light.addColorStop(0.5, withAlpha(colour, strength * 0.22));
  light.addColorStop(1, withAlpha(colour, 0));
  context.fillStyle = light;
  context.fillRect(-radius, -radius, radius * 2, radius * 2);
}

/** Cross-section of an elastic band of light: a hot core in a coloured glow. */
function paintBand(context: CanvasRenderingContext2D, colour: string): void {
  const half = BAND_HEIGHT / 2;
  const strip = context.createLinearGradient(0, -half, 0, half);
  const stops: readonly [number, number, number][] = [
    [0, 0, 0],
    [0.2, 0.12, 0],
    [0.34, 0.42, 0],
    [0.42, 0.95, 0.08],
    [0.5, 1, 0.62],
    [0.58, 0.95, 0.08],
    [0.66, 0.42, 0],
    [0.8, 0.12, 0],
    [1, 0, 0],
  ];
  for (const [at, alpha, white] of stops) strip.addColorStop(at, withAlpha(mix(colour, "#ffffff", white), alpha));
  context.fillStyle = strip;
  context.fillRect(-BAND_LENGTH / 2, -half, BAND_LENGTH, BAND_HEIGHT);
}

/** Where the band ends: the place that a snap goes back to. */
function paintAnchor(context: CanvasRenderingContext2D, colour: string): void {
  context.scale(1, 0.84);
  for (const [width, alpha] of [
    [7, 0.18],
    [4, 0.35],
    [1.8, 1],
  ] as const) {
    context.beginPath();
    context.arc(0, 0, 11, 0, Math.PI * 2);
    context.lineWidth = width;
    context.strokeStyle = withAlpha(mix(colour, "#ffffff", 0.3), alpha);
    context.stroke();
  }
  context.beginPath();
  context.arc(0, 0, 3, 0, Math.PI * 2);
  context.fillStyle = mix(colour, "#ffffff", 0.5);
  context.fill();
}

function paintShock(context: CanvasRenderingContext2D, colour: string): void {
  context.scale(1, 0.84);
  const ring = context.createRadialGradient(0, 0, 34, 0, 0, 64);
  ring.addColorStop(0, withAlpha(colour, 0));
  ring.addColorStop(0.55, withAlpha(colour, 0.28));
  ring.addColorStop(0.82, withAlpha(mix(colour, "#ffffff", 0.6), 0.95));
  ring.addColorStop(0.92, withAlpha(colour, 0.4));
  ring.addColorStop(1, withAlpha(colour, 0));
  context.fillStyle = ring;
  context.fillRect(-66, -66, 132, 132);
}

/** The star of an impact. */
function paintBurst(context: CanvasRenderingContext2D): void {
  context.beginPath();
  for (let ray = 0; ray < 18; ray++) {
    const angle = (ray / 18) * Math.PI * 2;
    const reach = ray % 2 === 0 ? 34 + ((ray * 17) % 30) : 13;
    context.lineTo(Math.cos(angle) * reach, Math.sin(angle) * reach);
  }
  context.closePath();
  const light = context.createRadialGradient(0, 0, 0, 0, 0, 64);
  light.addColorStop(0, "rgba(255, 255, 255, 1)");
  light.addColorStop(0.45, "rgba(255, 244, 214, 0.85)");
  light.addColorStop(1, "rgba(255, 214, 140, 0)");
  context.fillStyle = light;
  context.fill();
}
