import type { Textures } from "phaser";

/** Pixels of art per pixel of the world: sharp on double-density screens at the closest zoom. */
export const ART_SCALE = 2;
/** A power of two, so that WebGL makes mipmaps and small screens do not shimmer. */
const ATLAS_SIZE = 2048;
/** Keeps one frame's edge out of its neighbour, two mipmap levels down. */
const PADDING = 6;

export type Paint = (context: CanvasRenderingContext2D) => void;

/** Everything that is drawn by code, in one texture: one bind for the whole picture. Frames are packed in rows, in the order of drawing. */
export class Atlas {
  readonly #texture: Textures.CanvasTexture;
  #x = PADDING;
  #y = PADDING;
  #rowHeight = 0;

  constructor(textures: Textures.TextureManager, key: string) {
    const texture = textures.createCanvas(key, ATLAS_SIZE, ATLAS_SIZE);
    if (texture === null) throw new Error(`texture ${key} exists already`);
    this.#texture = texture;
  }

  /** Adds a frame of `width` × `height` world px. `paint` draws around the origin, in world px. */
  draw(name: string, width: number, height: number, paint: Paint): void {
    const pixelWidth = Math.ceil(width * ART_SCALE);
    const pixelHeight = Math.ceil(height * ART_SCALE);
    if (this.#x + pixelWidth + PADDING > ATLAS_SIZE) {
      this.#x = PADDING;
      this.#y += this.#rowHeight + PADDING;
      this.#rowHeight = 0;
    }
    if (this.#y + pixelHeight > ATLAS_SIZE) throw new Error(`the atlas is full at ${name}`);
    const { context } = this.#texture;
    context.save();
    context.beginPath();
    context.rect(this.#x, this.#y, pixelWidth, pixelHeight);
    context.clip();
    context.translate(this.#x + pixelWidth / 2, this.#y + pixelHeight / 2);
    context.scale(ART_SCALE, ART_SCALE);
    paint(context);
    context.restore();
    this.#texture.add(name, 0, this.#x, this.#y, pixelWidth, pixelHeight);
    this.#x += pixelWidth + PADDING;
    this.#rowHeight = Math.max(this.#rowHeight, pixelHeight);
  }

  /** Hands the finished picture to the renderer. */
  finish(): void {
    this.#texture.refresh();
  }
}
