import type { Cameras } from "phaser";
import type { RubberbandState } from "../sim/index.ts";
import { NOBODY, PHASE, STATUS, TILES } from "../sim/index.ts";
import { pictureX, pictureY } from "./world.ts";

/** Space around the floor, in px of the world. */
const MARGIN = 54;
/** The picture never shows less than this much floor, however little is left. */
const LEAST_HALF_WIDTH = 250;
const LEAST_HALF_HEIGHT = 190;
/** CSS px per px of the world. Below `ZOOM_LEAST` discs become dots, so a small screen follows its player instead. */
const ZOOM_LEAST = 0.62;
const ZOOM_MOST = 1.45;
/** Time in which the camera covers 63 % of the way. */
const EASE_MS = 420;
const SHAKE_PX_MAX = 13;
/** The winner of a round is looked at a little closer. */
const WINNER_ZOOM = 1.18;

/** Space that the HUD covers, in CSS px. */
export interface Insets {
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly left: number;
}

/** In px of the picture. */
interface Place {
  readonly x: number;
  readonly y: number;
}

interface Frame {
  x: number;
  y: number;
  zoom: number;
}

/** Keeps the floor that is left in the picture, in landscape and portrait; follows the player where that would be too small; shakes. */
export class CameraRig {
  readonly #camera: Cameras.Scene2D.Camera;
  readonly #now: Frame = { x: 0, y: 0, zoom: 0 };
  #shake = 0;
  /** Shakes, and leans in to the winner. Off with reduced motion. */
  moves = true;

  constructor(camera: Cameras.Scene2D.Camera) {
    this.#camera = camera;
  }

  /** What the camera looks at, in px of the world. */
  get focusX(): number {
    return this.#now.x;
  }

  get focusY(): number {
    return this.#now.y;
  }

  /** CSS px per px of the world. */
  get zoom(): number {
    return this.#now.zoom;
  }

  /** `strength` 0–1; several add up. */
  shake(strength: number): void {
    this.#shake = Math.min(1, this.#shake + strength);
  }

  /** The next picture starts where it should be, without a way from here. */
  jump(): void {
    this.#now.zoom = 0;
  }

  /** `follow`: the place of a player to keep near, if any. `density`: px of the canvas per CSS px. */
  update(options: {
    readonly state: RubberbandState | undefined;
    readonly width: number;
    readonly height: number;
    readonly density: number;
    readonly insets: Insets;
    readonly follow: Place | undefined;
    readonly elapsedMs: number;
    readonly seconds: number;
  }): void {
    const { state, width, height, density, insets, follow, elapsedMs, seconds } = options;
    const room = { width: width / density - insets.left - insets.right, height: height / density - insets.top - insets.bottom };
    const target = aim(state, room, follow, this.moves ? winnerOf(state) : undefined);
    const ease = this.#now.zoom === 0 ? 1 : 1 - Math.exp(-elapsedMs / EASE_MS);
    this.#now.x += (target.x - this.#now.x) * ease;
    this.#now.y += (target.y - this.#now.y) * ease;
    this.#now.zoom += (target.zoom - this.#now.zoom) * ease;
    this.#shake = Math.max(0, this.#shake - elapsedMs / 480);
    const { x, y, zoom } = this.#now;
    const trauma = this.moves ? this.#shake * this.#shake * SHAKE_PX_MAX : 0;
    const shakeX = trauma * Math.sin(seconds * 83);
    const shakeY = trauma * Math.sin(seconds * 97 + 1.3);
    const centreX = x + (insets.right - insets.left) / 2 / zoom + shakeX;
    const centreY = y + (insets.bottom - insets.top) / 2 / zoom + shakeY;
    this.#camera
      .setSize(width, height)
      .setZoom(zoom * density)
      .centerOn(centreX, centreY);
  }
}

function aim(
  state: RubberbandState | undefined,
  room: { readonly width: number; readonly height: number },
  follow: Place | undefined,
  winner: Place | undefined,
): Frame {
  const box = floorBox(state);
  const halfWidth = Math.max(LEAST_HALF_WIDTH, box.halfWidth);
  const halfHeight = Math.max(LEAST_HALF_HEIGHT, box.halfHeight);
  const fit = Math.min(room.width / (2 * halfWidth), room.height / (2 * halfHeight), ZOOM_MOST);
  if (winner !== undefined)
    return { x: (box.x + winner.x * 2) / 3, y: (box.y + winner.y * 2) / 3, zoom: Math.max(fit * WINNER_ZOOM, ZOOM_LEAST) };
  if (fit >= ZOOM_LEAST || follow === undefined) return { x: box.x, y: box.y, zoom: fit };
  const zoom = ZOOM_LEAST;
  // Never further than what brings the floor's edge to the edge of the picture.
  const slackX = Math.max(0, halfWidth - room.width / zoom / 2);
  const slackY = Math.max(0, halfHeight - room.height / zoom / 2);
  return {
    x: box.x + Math.max(-slackX, Math.min(slackX, follow.x - box.x)),
    y: box.y + Math.max(-slackY, Math.min(slackY, follow.y - box.y)),
    zoom,
  };
}

/** Where the winner of the round, or of the match, celebrates. */
function winnerOf(state: RubberbandState | undefined): Place | undefined {
  if (state === undefined) return undefined;
  const { match, discs } = state;
  const index = match.phase === PHASE.roundEnd ? match.roundWinner : match.phase >= PHASE.matchEnd ? match.matchWinner : NOBODY;
  const disc = discs[index];
  if (disc === undefined || disc.status === STATUS.out) return undefined;
  return { x: pictureX(disc.x), y: pictureY(disc.y) };
}

/** Bounds of the floor and of who is still there. */
function floorBox(state: RubberbandState | undefined): { x: number; y: number; halfWidth: number; halfHeight: number } {
  let left = Infinity;
  let right = -Infinity;
  let top = Infinity;
  let bottom = -Infinity;
  const include = (x: number, y: number, reach: number): void => {
    left = Math.min(left, x - reach);
    right = Math.max(right, x + reach);
    top = Math.min(top, y - reach);
    bottom = Math.max(bottom, y + reach);
  };
  for (const tile of TILES) {
    if (state === undefined || state.tiles[tile.index] !== 0) include(pictureX(tile.x), pictureY(tile.y), MARGIN);
  }
  for (const disc of state?.discs ?? []) {
    if (disc.status === STATUS.standing || disc.status === STATUS.snapping) include(pictureX(disc.x), pictureY(disc.y), MARGIN);
  }
  if (left > right) return { x: 0, y: 0, halfWidth: 0, halfHeight: 0 };
  return { x: (left + right) / 2, y: (top + bottom) / 2, halfWidth: (right - left) / 2, halfHeight: (bottom - top) / 2 };
}
