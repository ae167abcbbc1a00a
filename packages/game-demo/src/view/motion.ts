/** Jumps beyond this, in px, that the last speed does not explain, are corrections after a rollback. Accelerating explains 1 px. */
const CORRECTION_PX = 5;
/** Further than this nothing slides: it is somewhere else. */
const TELEPORT_PX = 260;
/** Time in which a correction shrinks to 37 %. Half is a visible jerk, double makes the picture lie for a quarter of a second. */
const CORRECTION_MS = 80;

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

  /** Once per simulated frame. `railed`: the body follows its band, so its speed is the step that it just made. */
  handleFrame(x: number, y: number, vx: number, vy: number, railed: boolean): void {
    const expectedX = railed ? x - vx : this.#toX + this.vx;
    const expectedY = railed ? y - vy : this.#toY + this.vy;
    const jumpX = railed ? this.#toX - expectedX : expectedX - x;
    const jumpY = railed ? this.#toY - expectedY : expectedY - y;
    this.#fromX = this.#toX;
    this.#fromY = this.#toY;
    this.#toX = x;
    this.#toY = y;
    this.vx = vx;
    this.vy = vy;
    if (!this.#known) this.#settle();
    else if (Math.hypot(jumpX, jumpY) > CORRECTION_PX) this.#correct();
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
