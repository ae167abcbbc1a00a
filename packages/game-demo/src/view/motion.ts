import { CorrectionSmoother } from "@rollcall/netcode";

/** Further than this nothing slides, in px: it is somewhere else. */
const TELEPORT_PX = 260;

/**
 * The drawn way of one body: between the last two frames by alpha, and gently over what a rollback corrects.
 * It never touches the state. Lengths are px of the world.
 */
export class Motion {
  /** Where to draw, after `advance`. */
  x = 0;
  y = 0;
  /** Px per frame, of the newest frame. */
  vx = 0;
  vy = 0;
  readonly #smoother = new CorrectionSmoother(2, { snapDistance: TELEPORT_PX });
  #fromX = 0;
  #fromY = 0;
  #toX = 0;
  #toY = 0;
  #known = false;

  /** What is left of corrections. */
  get errorX(): number {
    return this.#smoother.offset(0);
  }

  get errorY(): number {
    return this.#smoother.offset(1);
  }

  /** The next frame's place needs no path from the last one: a new round. */
  reset(): void {
    this.#known = false;
    this.#smoother.reset(0);
    this.#smoother.reset(1);
  }

  /** Once per simulated frame. */
  handleFrame(x: number, y: number, vx: number, vy: number): void {
    this.#fromX = this.#known ? this.#toX : x;
    this.#fromY = this.#known ? this.#toY : y;
    this.#toX = x;
    this.#toY = y;
    this.vx = vx;
    this.vy = vy;
    this.#known = true;
  }

  /** The place of the newest frame is about to be corrected. */
  beforeRollback(x: number, y: number): void {
    this.#smoother.before(0, x);
    this.#smoother.before(1, y);
  }

  /** The newest frame's place as it is now: the way that was drawn moves along, and the picture follows gently. */
  afterRollback(x: number, y: number): void {
    if (!this.#known) return;
    this.#smoother.after(0, x);
    this.#smoother.after(1, y);
    this.#fromX += x - this.#toX;
    this.#fromY += y - this.#toY;
    this.#toX = x;
    this.#toY = y;
  }

  /** Once per picture. */
  advance(alpha: number, elapsedMs: number): void {
    this.#smoother.advance(elapsedMs);
    this.x = this.#fromX + (this.#toX - this.#fromX) * alpha + this.errorX;
    this.y = this.#fromY + (this.#toY - this.#fromY) * alpha + this.errorY;
  }
}
