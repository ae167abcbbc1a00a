import type { Scene } from "phaser";
import { BlendModes, GameObjects } from "phaser";
import type { MatchFields } from "../sim/index.ts";
import { NOBODY } from "../sim/index.ts";
import { ART_SCALE } from "./art/atlas.ts";
import { DEPTHS } from "./depths.ts";
import { Motion } from "./motion.ts";
import { ATLAS_KEY, Stamps } from "./stamps.ts";
import { TILT, pictureX } from "./world.ts";

const TAIL_LENGTH = 26;
/** The comet flies above the floor. */
const FLIGHT_HEIGHT = 22;

/** The comet: a rolling ball of ice, its light, its tail, its shadow. */
export class CometLayer {
  readonly #ball: GameObjects.Image;
  readonly #glow: GameObjects.Image;
  readonly #shadow: GameObjects.Image;
  readonly #tail: Stamps;
  readonly #motion = new Motion();
  readonly #places: { x: number; y: number }[] = [];
  readonly #stamp = { x: 0, y: 0, scaleX: 1, scaleY: 1, rotation: 0, alpha: 1 };

  constructor(scene: Scene, layer: GameObjects.Layer) {
    const image = (frame: string): GameObjects.Image => new GameObjects.Image(scene, 0, 0, ATLAS_KEY, frame).setScale(1 / ART_SCALE);
    this.#shadow = image("shadow").setDepth(DEPTHS.shadow);
    this.#glow = image("glow-ice")
      .setDepth(DEPTHS.comet - 1)
      .setBlendMode(BlendModes.ADD);
    this.#ball = image("comet").setDepth(DEPTHS.comet);
    layer.add([this.#shadow, this.#glow, this.#ball]);
    this.#tail = new Stamps(scene, layer, { depth: DEPTHS.comet - 2, additive: true, capacity: TAIL_LENGTH });
    this.clear();
  }

  clear(): void {
    this.#motion.reset();
    this.#places.length = 0;
    this.#show(false);
    this.#tail.begin();
    this.#tail.end();
  }

  /** Once per simulated frame. */
  handleFrame(match: MatchFields): void {
    if (match.cometOn === 0) {
      if (this.#places.length > 0) this.clear();
      return;
    }
    this.#motion.handleFrame(pictureX(match.cometX), pictureX(match.cometY), pictureX(match.cometVx), pictureX(match.cometVy));
    this.#places.unshift({ x: this.#motion.x, y: this.#motion.y });
    if (this.#places.length > TAIL_LENGTH) this.#places.pop();
  }

  beforeRollback(match: MatchFields): void {
    if (match.cometOn !== 0) this.#motion.beforeRollback(pictureX(match.cometX), pictureX(match.cometY));
  }

  afterRollback(match: MatchFields): void {
    if (match.cometOn !== 0) this.#motion.afterRollback(pictureX(match.cometX), pictureX(match.cometY));
  }

  /** `looks`: by player; whoever sent the comet lends it their light. */
  draw(match: MatchFields, looks: readonly number[], alpha: number, elapsedMs: number): void {
    if (match.cometOn === 0) return;
    this.#show(true);
    const motion = this.#motion;
    motion.advance(alpha, elapsedMs);
    const x = motion.x;
    const y = motion.y * TILT - FLIGHT_HEIGHT;
    this.#ball.setPosition(x, y).setRotation(this.#ball.rotation + motion.vx * 0.006);
    this.#shadow
      .setPosition(x, motion.y * TILT + 6)
      .setScale(1.35 / ART_SCALE)
      .setAlpha(0.8);
    const light = match.cometBy === NOBODY ? "ice" : String(looks[match.cometBy] ?? 0);
    this.#glow
      .setFrame(`glow-${light}`)
      .setPosition(x, y)
      .setScale((light === "ice" ? 1.3 : 1.8) / ART_SCALE);
    this.#drawTail();
  }

  #drawTail(): void {
    this.#tail.begin();
    this.#places.forEach((place, index) => {
      const part = 1 - index / TAIL_LENGTH;
      const stamp = this.#stamp;
      stamp.x = place.x;
      stamp.y = place.y * TILT - FLIGHT_HEIGHT;
      stamp.scaleX = 0.2 + part * 0.62;
      stamp.scaleY = stamp.scaleX;
      stamp.alpha = part * part * 0.34;
      this.#tail.stamp("glow-ice", stamp);
    });
    this.#tail.end();
  }

  #show(visible: boolean): void {
    for (const part of [this.#shadow, this.#glow, this.#ball]) part.setVisible(visible);
  }
}
