import type { Textures } from "phaser";
import type { Atlas } from "./atlas.ts";
import { channels, mix, withAlpha } from "./colour.ts";

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

/** Clouds are added up in numbers, on a coarse grid: gradients of a canvas are dithered, and a hundred of them show the pattern. */
const GRID_SIZE = 128;
const PUFFS = 14;
const NIGHT: readonly [string, string] = ["#0a0b26", "#050612"];

/** The far sky in one texture: night, nebula, and dust of faint stars. */
export function drawSky(textures: Textures.TextureManager, key: string): void {
  const texture = textures.createCanvas(key, SKY_SIZE, SKY_SIZE);
  if (texture === null) throw new Error(`texture ${key} exists already`);
  const { context } = texture;
  context.imageSmoothingQuality = "high";
  context.drawImage(drawNebula(), 0, 0, SKY_SIZE, SKY_SIZE);
  context.globalCompositeOperation = "lighter";
  paintDust(context);
  texture.refresh();
}

function drawNebula(): HTMLCanvasElement {
  const light = new Float32Array(GRID_SIZE * GRID_SIZE * 3);
  for (const [x, y, radius, colour, strength] of CLOUDS) addCloud(light, { x, y, radius, colour: channels(colour), strength });
  const canvas = document.createElement("canvas");
  canvas.width = GRID_SIZE;
  canvas.height = GRID_SIZE;
  const context = canvas.getContext("2d");
  if (context === null) return canvas;
  const image = context.createImageData(GRID_SIZE, GRID_SIZE);
  for (let pixel = 0; pixel < GRID_SIZE * GRID_SIZE; pixel++) {
    const night = channels(mix(NIGHT[0], NIGHT[1], pixel / (GRID_SIZE * GRID_SIZE)));
    for (let channel = 0; channel < 3; channel++) {
      image.data[pixel * 4 + channel] = Math.round((night[channel] ?? 0) + (light[pixel * 3 + channel] ?? 0));
    }
    image.data[pixel * 4 + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** Many small soft puffs around one place read as a cloud where a single one reads as a lamp. Lengths are parts of the sky. */
function addCloud(
  light: Float32Array,
  cloud: { readonly x: number; readonly y: number; readonly radius: number; readonly colour: readonly number[]; readonly strength: number },
): void {
  const { x, y, radius, colour, strength } = cloud;
  for (let puff = 0; puff < PUFFS; puff++) {
    const angle = puff * 2.4;
    const away = radius * 0.46 * Math.sqrt(puff / PUFFS);
    const size = radius * (0.34 + 0.34 * scatter(puff, x * 31 + y));
    addPuff(light, x + Math.cos(angle) * away * 1.5, y + Math.sin(angle) * away, size, colour, strength * 0.15);
  }
}

function addPuff(light: Float32Array, x: number, y: number, size: number, colour: readonly number[], strength: number): void {
  const first = (at: number): number => Math.max(0, Math.floor((at - size) * GRID_SIZE));
  const last = (at: number): number => Math.min(GRID_SIZE - 1, Math.ceil((at + size) * GRID_SIZE));
  for (let row = first(y); row <= last(y); row++) {
    for (let column = first(x); column <= last(x); column++) {
      const distance = Math.hypot(column / GRID_SIZE - x, row / GRID_SIZE - y) / size;
      if (distance >= 1) continue;
      const share = strength * (1 - distance * distance) * (1 - distance * distance);
      const pixel = (row * GRID_SIZE + column) * 3;
      for (let channel = 0; channel < 3; channel++) light[pixel + channel] = (light[pixel + channel] ?? 0) + (colour[channel] ?? 0) * share;
    }
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
