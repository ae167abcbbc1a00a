import type { Look, LookShape } from "../../sim/index.ts";
import { PALETTE } from "../../sim/index.ts";
import type { Atlas } from "./atlas.ts";
import { mix, withAlpha } from "./colour.ts";

/** What a face shows. */
export const FACES = ["calm", "fierce", "scared", "happy"] as const;
export type Face = (typeof FACES)[number];

/** Bodies stand on the floor: the frame's middle is the body's, this far above its foot. */
export const BODY_LIFT = 7;
const INK = "#0a0d22";
const RADIUS = 20;
const THICKNESS = 8;

/** Bodies by look, faces, and the shadow below. */
export function drawDiscArt(atlas: Atlas): void {
  PALETTE.forEach((look, index) => {
    atlas.draw(`body-${index}`, 60, 66, (context) => paintBody(context, look));
  });
  for (const face of FACES) atlas.draw(`face-${face}`, 36, 28, (context) => paintFace(context, face));
  atlas.draw("shadow", 60, 50, (context) => {
    context.scale(1, 0.8);
    const dark = context.createRadialGradient(0, 0, 6, 0, 0, 27);
    dark.addColorStop(0, "rgba(3, 4, 16, 0.72)");
    dark.addColorStop(0.55, "rgba(3, 4, 16, 0.45)");
    dark.addColorStop(1, "rgba(3, 4, 16, 0)");
    context.fillStyle = dark;
    context.fillRect(-30, -30, 60, 60);
  });
}

/** Traces a shape of about the same area for every look, around the origin. */
export function shapePath(context: CanvasRenderingContext2D, shape: LookShape, radius: number): void {
  context.beginPath();
  switch (shape) {
    case "circle":
      context.arc(0, 0, radius, 0, Math.PI * 2);
      break;
    case "square":
      polygon(context, 4, radius * 1.16, Math.PI / 4);
      break;
    case "triangle":
      polygon(context, 3, radius * 1.26, -Math.PI / 2, radius * 0.2);
      break;
    case "diamond":
      polygon(context, 4, radius * 1.18, 0);
      break;
    case "pentagon":
      polygon(context, 5, radius * 1.12, -Math.PI / 2);
      break;
    case "hexagon":
      polygon(context, 6, radius * 1.08, 0);
      break;
    case "star":
      star(context, radius * 1.28, radius * 0.76);
      break;
    case "cross":
      cross(context, radius * 1.08, radius * 0.52);
      break;
  }
  context.closePath();
}

function polygon(context: CanvasRenderingContext2D, corners: number, radius: number, turn: number, drop = 0): void {
  for (let corner = 0; corner < corners; corner++) {
    const angle = turn + (corner / corners) * Math.PI * 2;
    context.lineTo(Math.cos(angle) * radius, Math.sin(angle) * radius + drop);
  }
}

function star(context: CanvasRenderingContext2D, outer: number, inner: number): void {
  for (let corner = 0; corner < 10; corner++) {
    const angle = -Math.PI / 2 + (corner / 10) * Math.PI * 2;
    const radius = corner % 2 === 0 ? outer : inner;
    context.lineTo(Math.cos(angle) * radius, Math.sin(angle) * radius);
  }
}

function cross(context: CanvasRenderingContext2D, reach: number, half: number): void {
  const corners: readonly [number, number][] = [
    [-half, -reach],
    [half, -reach],
    [half, -half],
    [reach, -half],
    [reach, half],
    [half, half],
    [half, reach],
    [-half, reach],
    [-half, half],
    [-reach, half],
    [-reach, -half],
    [-half, -half],
  ];
  for (const [x, y] of corners) context.lineTo(x, y);
}

/** A thick, soft-cornered token: dark outline, darker side, top face lit from the upper left. */
function paintBody(context: CanvasRenderingContext2D, look: Look): void {
  const { colour, shape } = look;
  context.lineJoin = "round";
  context.translate(0, -3);
  context.scale(1, 0.94);
  const inner = RADIUS - 4;
  layer(context, shape, inner, INK, 13, THICKNESS);
  for (let depth = THICKNESS; depth > 0; depth--) layer(context, shape, inner, mix(colour, INK, 0.52 + depth * 0.02), 8, depth);
  const face = context.createLinearGradient(-12, -20, 12, 20);
  face.addColorStop(0, mix(colour, "#ffffff", 0.42));
  face.addColorStop(0.5, colour);
  face.addColorStop(1, mix(colour, INK, 0.2));
  layer(context, shape, inner, INK, 11, 0);
  layer(context, shape, inner, face, 8, 0);
  shapePath(context, shape, inner + 1.5);
  context.strokeStyle = withAlpha("#ffffff", 0.5);
  context.lineWidth = 1.4;
  context.stroke();
  context.beginPath();
  context.ellipse(-6, -11, 6.5, 3, -0.5, 0, Math.PI * 2);
  context.fillStyle = withAlpha("#ffffff", 0.5);
  context.fill();
}

function layer(
  context: CanvasRenderingContext2D,
  shape: LookShape,
  radius: number,
  style: string | CanvasGradient,
  soft: number,
  drop: number,
): void {
  context.save();
  context.translate(0, drop);
  shapePath(context, shape, radius);
  context.fillStyle = style;
  context.strokeStyle = style;
  context.lineWidth = soft;
  context.fill();
  context.stroke();
  context.restore();
}

function paintFace(context: CanvasRenderingContext2D, face: Face): void {
  for (const side of [-1, 1]) paintEye(context, side, face);
  context.strokeStyle = INK;
  context.fillStyle = INK;
  context.lineWidth = 2;
  context.lineCap = "round";
  context.beginPath();
  switch (face) {
    case "calm":
      context.arc(0, 5.5, 3.4, 0.25, Math.PI - 0.25);
      context.stroke();
      break;
    case "fierce":
      context.moveTo(-3.5, 9);
      context.lineTo(3.5, 8);
      context.stroke();
      break;
    case "scared":
      context.ellipse(0, 9, 2.6, 3.2, 0, 0, Math.PI * 2);
      context.fill();
      break;
    case "happy":
      context.arc(0, 5.5, 4.6, 0.05, Math.PI - 0.05);
      context.closePath();
      context.fill();
      break;
  }
}

function paintEye(context: CanvasRenderingContext2D, side: number, face: Face): void {
  const x = side * 6.4;
  context.beginPath();
  if (face === "happy") {
    context.arc(x, -1, 3.6, Math.PI + 0.15, -0.15);
    context.strokeStyle = INK;
    context.lineWidth = 2.4;
    context.lineCap = "round";
    context.stroke();
    return;
  }
  context.ellipse(x, -2, 4.9, face === "scared" ? 6.4 : 5.6, 0, 0, Math.PI * 2);
  context.fillStyle = "#ffffff";
  context.fill();
  context.lineWidth = 1.5;
  context.strokeStyle = INK;
  context.stroke();
  context.beginPath();
  context.arc(x, -1.6, face === "scared" ? 1.8 : 2.9, 0, Math.PI * 2);
  context.fillStyle = INK;
  context.fill();
  context.beginPath();
  context.arc(x - 1, -2.9, 1, 0, Math.PI * 2);
  context.fillStyle = "#ffffff";
  context.fill();
  if (face !== "fierce") return;
  context.beginPath();
  context.moveTo(x - side * -5, -9);
  context.lineTo(x - side * 4.5, -6);
  context.strokeStyle = INK;
  context.lineWidth = 2.6;
  context.lineCap = "round";
  context.stroke();
}
