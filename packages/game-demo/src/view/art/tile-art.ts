import type { Atlas } from "./atlas.ts";
import { mix, withAlpha } from "./colour.ts";

/** Half the tile's width, and the height of its two kinds of corner, on the tilted picture. */
const HALF = 31.2;
const TIP = 30;
const SHOULDER = 15;
/** How deep the platform is. */
export const TILE_DEPTH = 26;
/** The frame is centred on the top face. */
export const TILE_FRAME_HEIGHT: number = 2 * (TIP + TILE_DEPTH) + 4;
export const TILE_SHADES = 3;
/** Patterns of cracks, so that neighbours do not look stamped. */
export const CRACK_PATTERNS = 2;

const TOPS: readonly string[] = ["#272f66", "#21285a", "#2d3673"];
const EDGE = "#93a8ff";
const SIDE = "#10153a";
const CRACK = "#070a1c";
const HOT = "#ff8a3d";

/** Top faces in three shades and three states of health, one that is about to fall, and pieces of a broken one. */
export function drawTileArt(atlas: Atlas): void {
  for (let shade = 0; shade < TILE_SHADES; shade++) {
    const top = TOPS[shade] ?? "#3a4788";
    atlas.draw(`tile-${shade}-3`, 68, TILE_FRAME_HEIGHT, (context) => paintBlock(context, top, EDGE, 0.6));
    for (let pattern = 0; pattern < CRACK_PATTERNS; pattern++) {
      for (let health = 2; health >= 1; health--) {
        atlas.draw(`tile-${shade}-${health}-${pattern}`, 68, TILE_FRAME_HEIGHT, (context) => {
          paintBlock(context, mix(top, "#0a0d22", health === 1 ? 0.28 : 0.12), EDGE, 0.5);
          paintCracks(context, health === 2 ? 3 : 6, shade * 7 + pattern * 3 + 1, health === 2 ? "#8ea6ff" : HOT);
        });
      }
    }
  }
  atlas.draw("tile-hot", 68, TILE_FRAME_HEIGHT, (context) => {
    paintBlock(context, "#6b3350", HOT, 1);
    paintCracks(context, 6, 3, "#ffc07a");
    strokeHex(context, 0.78, withAlpha(HOT, 0.55), 2);
  });
  for (let piece = 0; piece < 3; piece++) {
    atlas.draw(`debris-${piece}`, 16, 16, (context) => paintPiece(context, piece));
  }
}

function hexPath(context: CanvasRenderingContext2D, scale: number): void {
  context.beginPath();
  context.moveTo(0, -TIP * scale);
  context.lineTo(HALF * scale, -SHOULDER * scale);
  context.lineTo(HALF * scale, SHOULDER * scale);
  context.lineTo(0, TIP * scale);
  context.lineTo(-HALF * scale, SHOULDER * scale);
  context.lineTo(-HALF * scale, -SHOULDER * scale);
  context.closePath();
}

function strokeHex(context: CanvasRenderingContext2D, scale: number, style: string, width: number): void {
  hexPath(context, scale);
  context.lineWidth = width;
  context.lineJoin = "round";
  context.strokeStyle = style;
  context.stroke();
}

/** Two visible side faces below, the top face with light from the upper left, a lit rim. */
function paintBlock(context: CanvasRenderingContext2D, top: string, edge: string, rim: number): void {
  paintSide(context, -1, mix(SIDE, top, 0.32));
  paintSide(context, 1, mix(SIDE, top, 0.1));
  hexPath(context, 1);
  const face = context.createLinearGradient(-HALF * 0.6, -TIP, HALF * 0.6, TIP);
  face.addColorStop(0, mix(top, "#ffffff", 0.16));
  face.addColorStop(0.45, top);
  face.addColorStop(1, mix(top, "#0b0f2a", 0.34));
  context.fillStyle = face;
  context.fill();
  const sheen = context.createRadialGradient(-6, -8, 2, -4, -4, 30);
  sheen.addColorStop(0, withAlpha("#c9d4ff", 0.1));
  sheen.addColorStop(1, withAlpha("#c9d4ff", 0));
  context.fillStyle = sheen;
  context.fill();
  strokeHex(context, 0.965, withAlpha(edge, rim * 0.35), 1.6);
  context.beginPath();
  context.moveTo(-HALF * 0.96, SHOULDER * 0.9);
  context.lineTo(-HALF * 0.96, -SHOULDER * 0.96);
  context.lineTo(0, -TIP * 0.96);
  context.lineTo(HALF * 0.9, -SHOULDER * 1.0);
  context.lineWidth = 1.5;
  context.strokeStyle = withAlpha(edge, rim * 0.85);
  context.stroke();
  strokeHex(context, 0.8, withAlpha(edge, rim * 0.12), 1);
}

function paintSide(context: CanvasRenderingContext2D, side: -1 | 1, colour: string): void {
  context.beginPath();
  context.moveTo(side * HALF, SHOULDER - 0.5);
  context.lineTo(side * HALF, SHOULDER + TILE_DEPTH);
  context.lineTo(0, TIP + TILE_DEPTH);
  context.lineTo(0, TIP - 0.5);
  context.closePath();
  const fade = context.createLinearGradient(0, SHOULDER, 0, TIP + TILE_DEPTH);
  fade.addColorStop(0, mix(colour, EDGE, 0.28));
  fade.addColorStop(0.14, colour);
  fade.addColorStop(1, mix(colour, "#05071a", 0.75));
  context.fillStyle = fade;
  context.fill();
}

/** Jagged rays from a point near the middle; the same for the same seed. */
function paintCracks(context: CanvasRenderingContext2D, rays: number, seed: number, light: string): void {
  context.save();
  hexPath(context, 0.95);
  context.clip();
  context.lineCap = "round";
  context.lineJoin = "round";
  for (let ray = 0; ray < rays; ray++) {
    const points = crackPoints(((ray + 0.37 * seed) / rays) * Math.PI * 2, seed + ray);
    strokeCrack(context, points, 0, withAlpha(light, rays > 3 ? 0.3 : 0.16), 6);
    strokeCrack(context, points, 0.9, withAlpha(light, rays > 3 ? 0.85 : 0.55), rays > 3 ? 3 : 2.4);
    strokeCrack(context, points, 0, CRACK, rays > 3 ? 2.2 : 1.8);
  }
  context.restore();
}

function crackPoints(angle: number, seed: number): [number, number][] {
  const points: [number, number][] = [[(seed % 3) * 3 - 3, (seed % 2) * 3 - 1]];
  for (let part = 1; part <= 4; part++) {
    const wobble = Math.sin(seed * 12.9 + part * 4.1) * 0.5 + Math.sin(seed * 5.3) * 0.35;
    points.push([Math.cos(angle + wobble) * part * 8.5, Math.sin(angle + wobble) * part * 7.4]);
  }
  return points;
}

function strokeCrack(
  context: CanvasRenderingContext2D,
  points: readonly [number, number][],
  shift: number,
  style: string,
  width: number,
): void {
  context.beginPath();
  points.forEach(([x, y], index) => (index === 0 ? context.moveTo(x + shift, y + shift) : context.lineTo(x + shift, y + shift)));
  context.strokeStyle = style;
  context.lineWidth = width;
  context.stroke();
}

function paintPiece(context: CanvasRenderingContext2D, piece: number): void {
  context.beginPath();
  for (let corner = 0; corner < 5; corner++) {
    const angle = (corner / 5) * Math.PI * 2 + piece;
    const radius = 4 + ((corner * 3 + piece * 2) % 4);
    context.lineTo(Math.cos(angle) * radius, Math.sin(angle) * radius);
  }
  context.closePath();
  context.fillStyle = "#4a59a6";
  context.fill();
  context.strokeStyle = withAlpha(EDGE, 0.7);
  context.lineWidth = 1;
  context.stroke();
}
