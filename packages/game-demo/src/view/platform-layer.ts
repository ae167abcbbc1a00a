import type { Scene } from "phaser";
import { GameObjects } from "phaser";
import type { RubberbandState, Tile } from "../sim/index.ts";
import { ROW_HEIGHT, TILES, TILE_FALL_FRAMES, TILE_HEALTH } from "../sim/index.ts";
import { ART_SCALE } from "./art/atlas.ts";
import { CRACK_PATTERNS, TILE_SHADES } from "./art/tile-art.ts";
import { DEPTHS } from "./depths.ts";
import { ATLAS_KEY } from "./stamps.ts";
import { pictureX, pictureY } from "./world.ts";

const FALL_MS = 1_100;
const RISE_MS = 560;
/** Rings rise one after another. */
const RISE_STAGGER_MS = 55;
const KNOCK_MS = 260;
/** The longest rollback, and some more. */
const UNDO_MS = 300;

/** What one tile is being drawn as. */
interface TilePicture {
  readonly image: GameObjects.Image;
  readonly tile: Tile;
  readonly x: number;
  readonly y: number;
  readonly shade: number;
  value: number;
  /** Since it began to rise, fall, or was knocked; the animation that runs. */
  elapsedMs: number;
  motion: "still" | "rising" | "falling" | "knocked";
}

/** The floor: 169 tiles that rise with a round, crack, shake and fall. */
export class PlatformLayer {
  readonly #pictures: readonly TilePicture[];
  #reduced = false;

  constructor(scene: Scene, layer: GameObjects.Layer) {
    this.#pictures = TILES.map((tile) => {
      const shade = tile.ring % TILE_SHADES;
      const x = pictureX(tile.x);
      const y = pictureY(tile.y);
      const image = new GameObjects.Image(scene, x, y, ATLAS_KEY, `tile-${shade}-3`);
      image
        .setScale(1 / ART_SCALE)
        .setDepth(floorDepth(tile.y))
        .setVisible(false);
      layer.add(image);
      return { image, tile, x, y, shade, value: 0, elapsedMs: 0, motion: "still" };
    });
  }

  setReducedMotion(reduced: boolean): void {
    this.#reduced = reduced;
  }

  /** An empty sky. */
  clear(): void {
    for (const picture of this.#pictures) {
      picture.value = 0;
      picture.motion = "still";
      picture.image.setVisible(false);
    }
  }

  draw(state: RubberbandState, elapsedMs: number, seconds: number): void {
    for (const picture of this.#pictures) {
      this.#follow(picture, state.tiles[picture.tile.index] ?? 0);
      picture.elapsedMs += elapsedMs;
      this.#place(picture, seconds);
    }
  }

  /** Takes over what the state says, and starts the animation of the change. */
  #follow(picture: TilePicture, value: number): void {
    const before = picture.value;
    if (value === before) return;
    picture.value = value;
    // A fall that a rollback took back: as if nothing had been.
    if (before === 0 && picture.motion === "falling" && picture.elapsedMs < UNDO_MS) picture.motion = "still";
    else if (before === 0) begin(picture, "rising", -picture.tile.ring * RISE_STAGGER_MS);
    else if (value === 0) begin(picture, "falling", 0);
    else if (value < before && before > 0) begin(picture, "knocked", 0);
    if (value === 0) return;
    const frame = frameOf(picture, value);
    if (picture.image.frame.name !== frame) picture.image.setFrame(frame);
  }

  #place(picture: TilePicture, seconds: number): void {
    const { image, tile } = picture;
    // The whole platform breathes a little, outer rings behind inner ones.
    let y = picture.y + (this.#reduced ? 0 : Math.sin(seconds * 1.1 - tile.ring * 0.35) * 1.2);
    let x = picture.x;
    let alpha = 1;
    let scale = 1;
    let rotation = 0;
    switch (picture.motion) {
      case "rising": {
        const part = Math.min(1, Math.max(0, picture.elapsedMs / RISE_MS));
        y += (1 - easeOutBack(part)) * 130;
        alpha = Math.min(1, part * 2.2);
        if (part === 1) picture.motion = "still";
        break;
      }
      case "falling": {
        const part = Math.min(1, picture.elapsedMs / FALL_MS);
        y += part * part * 420;
        x += Math.sin(tile.index * 2.3) * 26 * part;
        rotation = Math.sin(tile.index * 7.7) * 0.9 * part;
        scale = 1 - part * 0.35;
        alpha = 1 - part * part;
        if (part === 1) picture.motion = "still";
        break;
      }
      case "knocked": {
        const part = Math.min(1, picture.elapsedMs / KNOCK_MS);
        y += Math.sin(part * Math.PI) * 6;
        if (part === 1) picture.motion = "still";
        break;
      }
      case "still":
        break;
    }
    if (picture.value < 0) {
      const urgency = Math.min(1, Math.max(0, 1 + picture.value / (TILE_FALL_FRAMES * 3)));
      if (!this.#reduced) x += Math.sin(seconds * 61 + tile.index * 5) * (0.4 + urgency * 1.8);
      y += urgency * 3;
      alpha *= 0.86 + 0.14 * Math.sin(seconds * 14 + tile.index);
    }
    image.setVisible(picture.value !== 0 || picture.motion === "falling");
    image
      .setPosition(x, y)
      .setScale(scale / ART_SCALE)
      .setRotation(rotation)
      .setAlpha(alpha);
  }
}

function frameOf({ shade, tile }: TilePicture, value: number): string {
  if (value < 0) return "tile-hot";
  return value >= TILE_HEALTH ? `tile-${shade}-3` : `tile-${shade}-${value}-${tile.index % CRACK_PATTERNS}`;
}

/** Depth of something that stands on, or falls past, the floor at world `y` (in units). */
export function floorDepth(y: number): number {
  return DEPTHS.floor + (y / ROW_HEIGHT) * DEPTHS.perRow;
}

function begin(picture: TilePicture, motion: TilePicture["motion"], elapsedMs: number): void {
  picture.motion = motion;
  picture.elapsedMs = elapsedMs;
}

function easeOutBack(part: number): number {
  const back = 1.5;
  const rest = part - 1;
  return 1 + (back + 1) * rest * rest * rest + back * rest * rest;
}
