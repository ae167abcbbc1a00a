import type { Scene } from "phaser";
import { BlendModes, GameObjects } from "phaser";
import { ART_SCALE } from "./art/atlas.ts";

/** The texture that holds every frame. */
export const ATLAS_KEY = "art";

/** Where and how one frame of the atlas is drawn. Lengths are px of the world; `rotation` in radians. */
export interface Stamp {
  x: number;
  y: number;
  scaleX: number;
  scaleY: number;
  rotation: number;
  alpha: number;
}

/**
 * Draws many small pictures anew each time, from a fixed stock of images: `begin`, any number of `stamp`s, `end`.
 * What the stock cannot hold is left out.
 */
export class Stamps {
  readonly #scene: Scene;
  readonly #layer: GameObjects.Layer;
  readonly #depth: number;
  readonly #additive: boolean;
  readonly #images: GameObjects.Image[] = [];
  /** Most stamps of one picture. */
  capacity: number;
  #used = 0;
  #shown = 0;

  constructor(
    scene: Scene,
    layer: GameObjects.Layer,
    options: { readonly depth: number; readonly additive: boolean; readonly capacity: number },
  ) {
    this.#scene = scene;
    this.#layer = layer;
    this.#depth = options.depth;
    this.#additive = options.additive;
    this.capacity = options.capacity;
  }

  begin(): void {
    this.#used = 0;
  }

  stamp(frame: string, { x, y, scaleX, scaleY, rotation, alpha }: Stamp): void {
    if (this.#used >= this.capacity || alpha <= 0.01) return;
    const image = this.#images[this.#used] ?? this.#grow(frame);
    this.#used++;
    if (image.frame.name !== frame) image.setFrame(frame);
    image.setVisible(true).setPosition(x, y);
    image.setScale(scaleX / ART_SCALE, scaleY / ART_SCALE);
    image.setRotation(rotation).setAlpha(Math.min(1, alpha));
  }

  end(): void {
    for (let index = this.#used; index < this.#shown; index++) this.#images[index]?.setVisible(false);
    this.#shown = this.#used;
  }

  #grow(frame: string): GameObjects.Image {
    const image = new GameObjects.Image(this.#scene, 0, 0, ATLAS_KEY, frame);
    image.setDepth(this.#depth);
    if (this.#additive) image.setBlendMode(BlendModes.ADD);
    this.#layer.add(image);
    this.#images.push(image);
    return image;
  }
}
