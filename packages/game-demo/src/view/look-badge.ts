import { PALETTE, lookAt } from "../sim/index.ts";
import { shapePath } from "./art/disc-art.ts";

const SIZE = 22;
const DENSITY = 2;
const images = new Map<number, string>();

/** A small picture of a look, shape and colour, as an `<img>` without a name: the text beside it says who. */
export function lookBadge(index: number): HTMLImageElement {
  const image = document.createElement("img");
  image.src = badgeUrl(index % PALETTE.length);
  image.alt = "";
  image.width = SIZE;
  image.height = SIZE;
  return image;
}

function badgeUrl(index: number): string {
  const known = images.get(index);
  if (known !== undefined) return known;
  const canvas = document.createElement("canvas");
  canvas.width = SIZE * DENSITY;
  canvas.height = SIZE * DENSITY;
  const context = canvas.getContext("2d");
  if (context === null) return "";
  const { colour, shape } = lookAt(index);
  context.scale(DENSITY, DENSITY);
  context.translate(SIZE / 2, SIZE / 2);
  context.lineJoin = "round";
  shapePath(context, shape, 6.6);
  context.fillStyle = colour;
  context.strokeStyle = colour;
  context.lineWidth = 2.5;
  context.fill();
  context.stroke();
  const url = canvas.toDataURL();
  images.set(index, url);
  return url;
}
