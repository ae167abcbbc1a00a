import type { Textures } from "phaser";
import type { Atlas } from "./atlas.ts";
import { withAlpha } from "./colour.ts";

const SKY_SIZE = 1024;

/** Clouds of the nebula: place and size as parts of the sky, colour, strength. */
const CLOUDS: readonly (readonly [number, number, number, string, number])[] = [
  [0.22, 0.3, 0.5, "#5a2a8c", 0.5],
  [0.8, 0.22, 0.42, "#1d4f96", 0.5],
  [0.72, 0.78, 0.52, "#7a2a68", 0.42],
  [0.18, 0.82, 0.46, "#12606f", 0.4],
  [0.5, 0.5, 0.4, "#2a2a72", 0.5],
  [0.34, 0.24, 0.18, "#c0569a", 0.22],
  [0.84, 0.3, 0.15, "#4bb3d8", 0.2],
  [0.66, 0.86, 0.2, "#d46a8a", 0.18],
  [0.1, 0.7, 0.16, "#3fc0b0", 0.15],
];

/** The far sky in one texture: night, nebula, and dust of faint stars. */
export function drawSky(textures: Textures.TextureManager, key: string): void {
  const texture = textures.createCanvas(key, SKY_SIZE, SKY_SIZE);
  if (texture === null) throw new Error(`texture ${key} exists already`);
  const { context } = texture;
  const night = context.createLinearGradient(0, 0, SKY_SIZE * 0.3, SKY_SIZE);
  night.addColorStop(0, "#080920");
  night.addColorStop(0.5, "#0a0b26");
  night.addColorStop(1, "#050612");
  context.fillStyle = night;
  context.fillRect(0, 0, SKY_SIZE, SKY_SIZE);
  context.globalCompositeOperation = "lighter";
  for (const [x, y, radius, colour, strength] of CLOUDS)
    paintCloud(context, x * SKY_SIZE, y * SKY_SIZE, radius * SKY_SIZE, colour, strength);
  paintDust(context);
  texture.refresh();
}

/** Many small soft puffs around one place read as a cloud where a single gradient reads as a lamp. */
function paintCloud(context: CanvasRenderingContext2D, x: number, y: number, radius: number, colour: string, strength: number): void {
  for (let puff = 0; puff < 14; puff++) {
    const angle = puff * 2.4;
    const away = radius * 0.42 * Math.sqrt(puff / 14);
    const size = radius * (0.34 + 0.3 * Math.abs(Math.sin(puff * 5.7 + x)));
    const puffX = x + Math.cos(angle) * away * 1.5;
    const puffY = y + Math.sin(angle) * away;
    const light = context.createRadialGradient(puffX, puffY, 0, puffX, puffY, size);
    light.addColorStop(0, withAlpha(colour, strength * 0.15));
    light.addColorStop(0.5, withAlpha(colour, strength * 0.08));
    light.addColorStop(1, withAlpha(colour, 0));
    context.fillStyle = light;
    context.fillRect(puffX - size, puffY - size, size * 2, size * 2);
  }
}

function paintDust(context: CanvasRenderingContext2D): void {
  for (let star = 0; star < 700; star++) {
    const x = scatter(star, 12.9898) * SKY_SIZE;
    const y = scatter(star, 78.233) * SKY_SIZE;
    const alpha = 0.12 + 0.3 * Math.abs(Math.sin(star * 7.13));
    context.fillStyle = withAlpha(star % 5 === 0 ? "#ffd9b8" : "#cfdcff", alpha);
    const size = star % 11 === 0 ? 1.6 : 1;
    context.fillRect(x, y, size, size);
  }
}

/** 0–1, without visible order; the same every time. */
function scatter(index: number, salt: number): number {
  const value = Math.sin((index + 1) * salt) * 43_758.5453;
  return value - Math.floor(value);
}

/** Near stars and the comet. */
export function drawStarArt(atlas: Atlas): void {
  for (const [index, colour] of ["#ffffff", "#a9c6ff", "#ffdcb0"].entries()) {
    atlas.draw(`star-${index}`, 14, 14, (context) => paintStar(context, colour));
  }
  atlas.draw("comet", 84, 84, paintComet);
}

function paintStar(context: CanvasRenderingContext2D, colour: string): void {
  const light = context.createRadialGradient(0, 0, 0, 0, 0, 6);
  light.addColorStop(0, withAlpha(colour, 1));
  light.addColorStop(0.22, withAlpha(colour, 0.8));
  light.addColorStop(0.45, withAlpha(colour, 0.14));
  light.addColorStop(1, withAlpha(colour, 0));
  context.fillStyle = light;
  context.fillRect(-7, -7, 14, 14);
}

function paintComet(context: CanvasRenderingContext2D): void {
  context.beginPath();
  for (let corner = 0; corner < 22; corner++) {
    const angle = (corner / 22) * Math.PI * 2;
    const radius = 31 + Math.sin(corner * 2.6) * 2.2 + Math.sin(corner * 1.3) * 1.4;
    context.lineTo(Math.cos(angle) * radius, Math.sin(angle) * radius);
  }
  context.closePath();
  const ice = context.createRadialGradient(-11, -13, 3, 0, 0, 36);
  ice.addColorStop(0, "#f4fdff");
  ice.addColorStop(0.35, "#a8e6fb");
  ice.addColorStop(0.75, "#4a86c4");
  ice.addColorStop(1, "#1d3b7a");
  context.fillStyle = ice;
  context.fill();
  context.lineWidth = 2.5;
  context.strokeStyle = "#0a1030";
  context.stroke();
  for (const [x, y, radius] of [
    [9, 8, 7],
    [-12, 12, 5],
    [13, -11, 4.5],
    [-5, -4, 3.5],
    [1, 21, 4],
  ] as const) {
    context.beginPath();
    context.ellipse(x, y, radius, radius * 0.85, 0.3, 0, Math.PI * 2);
    context.fillStyle = withAlpha("#1c3f80", 0.5);
    context.fill();
    context.beginPath();
    context.arc(x + 0.8, y + 0.8, radius, 0.2, 2.2);
    context.strokeStyle = withAlpha("#e8fbff", 0.65);
    context.lineWidth = 1.2;
    context.stroke();
  }
}
