/** Jumps beyond this, in px, that the last speed does not explain, are corrections after a rollback. Accelerating explains 1 px. */
const CORRECTION_PX = 5;
/** Further than this nothing slides: it is somewhere else. */
const TELEPORT_PX = 260;
/** Time in which a correction shrinks to 37 %. Half is a visible jerk, double makes the picture lie for a quarter of a second. */
const CORRECTION_MS = 80;

/** A snap's last step, at its fastest: what is longer in one frame is a correction. */
const LANDING_PX = 40;

/**
 * How a body came to its new place: by its own speed of the frame before; along a band, so that its speed is the step that it just made;
 * or it landed, and its speed is what was left.
 */
export type MotionWay = "free" | "band" | "landing";

/**
 * The drawn way of one body: between the last two frames by alpha, and gently over the jump that a rollback makes.
 * It never touches the state. Lengths are px of the world.
 */
export class Motion {
  /** Where to draw, after `advance`. */
  x = 0;
  y = 0;
  /** What is left of corrections. */
  errorX = 0;
  errorY = 0;
  /** Px per frame, of the newest frame. */
  vx = 0;
  vy = 0;
  #fromX = 0;
  #fromY = 0;
  #toX = 0;
  #toY = 0;
  #known = false;

  /** The next frame's place needs no path from the last one: a new round. */
  reset(): void {
    this.#known = false;
  }

  /** Once per simulated frame. */
  handleFrame(x: number, y: number, vx: number, vy: number, way: MotionWay): void {
    const jump = this.#jump(x, y, vx, vy, way);
    this.#fromX = this.#toX;
    this.#fromY = this.#toY;
    this.#toX = x;
    this.#toY = y;
    this.vx = vx;
    this.vy = vy;
    if (!this.#known) this.#settle();
    else if (jump > (way === "landing" ? LANDING_PX : CORRECTION_PX)) this.#correct();
    this.#known = true;
  }

  /** Once per picture. */
  advance(alpha: number, elapsedMs: number): void {
    const keep = Math.exp(-elapsedMs / CORRECTION_MS);
    this.errorX *= keep;
    this.errorY *= keep;
    this.x = this.#fromX + (this.#toX - this.#fromX) * alpha + this.errorX;
    this.y = this.#fromY + (this.#toY - this.#fromY) * alpha + this.errorY;
  }

  /** How far the new place is from where the last one led. */
  #jump(x: number, y: number, vx: number, vy: number, way: MotionWay): number {
    if (way === "band") return Math.hypot(this.#toX - (x - vx), this.#toY - (y - vy));
    if (way === "landing") return Math.hypot(this.#toX - x, this.#toY - y);
    return Math.hypot(this.#toX + this.vx - x, this.#toY + this.vy - y);
  }

  /** Starts the step where it would have started, and keeps the picture where it was. */
  #correct(): void {
    const startX = this.#toX - this.vx;
    const startY = this.#toY - this.vy;
    this.errorX += this.#fromX - startX;
    this.errorY += this.#fromY - startY;
    this.#fromX = startX;
    this.#fromY = startY;
    if (Math.hypot(this.errorX, this.errorY) > TELEPORT_PX) this.#settle();
  }

  #settle(): void {
    this.#fromX = this.#toX;
    this.#fromY = this.#toY;
    this.errorX = 0;
    this.errorY = 0;
  }
}
