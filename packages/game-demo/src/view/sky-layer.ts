import type { Scene } from "phaser";
import { GameObjects } from "phaser";
import { Stamps } from "./stamps.ts";

/** The sky is drawn in px of the screen, behind the world. */
export const SKY_KEY = "sky";
const STAR_COUNT = 90;
/** The sky is a little larger than the screen, so that it can drift. */
const SKY_MARGIN = 1.16;

interface Star {
  readonly frame: string;
  readonly x: number;
  readonly y: number;
  /** 0 far, 1 near: how much it moves and how large it is. */
  readonly near: number;
  readonly phase: number;
}

/** Nebula and stars, drifting, and moving against the camera by how near they are. */
export class SkyLayer {
  readonly #sky: GameObjects.Image;
  readonly #stars: Stamps;
  readonly #field: readonly Star[] = Array.from({ length: STAR_COUNT }, (_, index) => makeStar(index));
  readonly #stamp = { x: 0, y: 0, scaleX: 1, scaleY: 1, rotation: 0, alpha: 1 };

  constructor(scene: Scene, layer: GameObjects.Layer) {
    this.#sky = new GameObjects.Image(scene, 0, 0, SKY_KEY).setDepth(0);
    layer.add(this.#sky);
    this.#stars = new Stamps(scene, layer, { depth: 1, additive: true, capacity: STAR_COUNT });
  }

  set starCount(count: number) {
    this.#stars.capacity = Math.min(STAR_COUNT, count);
  }

  /** `focusX`, `focusY`: what the camera looks at, in px of the world. `density`: px of the canvas per CSS px. */
  draw(options: {
    readonly width: number;
    readonly height: number;
    readonly density: number;
    readonly focusX: number;
    readonly focusY: number;
    readonly seconds: number;
  }): void {
    const { width, height, density, focusX, focusY, seconds } = options;
    const side = Math.max(width, height) * SKY_MARGIN;
    this.#sky.setPosition(width / 2 - focusX * 0.03 * density, height / 2 - focusY * 0.03 * density).setDisplaySize(side, side);
    this.#stars.begin();
    const stamp = this.#stamp;
    for (const star of this.#field) {
      const shift = (0.04 + star.near * 0.14) * density;
      stamp.x = wrap(star.x * width - focusX * shift + seconds * (1 + star.near * 5) * density, width);
      stamp.y = wrap(star.y * height - focusY * shift, height);
      stamp.scaleX = (0.45 + star.near * 0.95) * density;
      stamp.scaleY = stamp.scaleX;
      stamp.alpha = 0.35 + star.near * 0.4 + 0.25 * Math.sin(seconds * (0.6 + star.near) + star.phase);
      this.#stars.stamp(star.frame, stamp);
    }
    this.#stars.end();
  }
}

/** Scattered by the golden ratio's cousins, which fill a plane evenly without a generator. */
function makeStar(index: number): Star {
  const near = ((index * 37) % 100) / 100;
  return { frame: `star-${index % 3}`, x: (index * 0.7548776662) % 1, y: (index * 0.569840291) % 1, near: near * near, phase: index * 1.7 };
}

function wrap(value: number, size: number): number {
  const margin = 20;
  const span = size + 2 * margin;
  return ((((value + margin) % span) + span) % span) - margin;
}
