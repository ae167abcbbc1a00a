import type { GameObjects, Scene } from "phaser";
import type { Disc, RubberbandState } from "../sim/index.ts";
import { SNAP_FRAMES, STATUS, snapAge, tileAt, trailX, trailY } from "../sim/index.ts";
import { BAND_LENGTH } from "./art/glow-art.ts";
import { DEPTHS } from "./depths.ts";
import type { Motion } from "./motion.ts";
import { Stamps } from "./stamps.ts";
import { TILT, pictureX, pictureY } from "./world.ts";

/** Shortest piece of a band that is drawn on its own, in px; on a still disc the whole band is shorter. */
const PIECE_PX = 12;
/** A band shorter than this shows no anchor. */
const ANCHOR_FROM_PX = 40;
const STAMP_CAPACITY = 520;
/** Trail entries over which a correction of the disc fades along its band. */
const CORRECTION_ENTRIES = 14;
/** The band is tied to the body, not to the floor. */
const TIE_HEIGHT = 6;

/** The elastic bands, and the places that they would snap back to. */
export class BandsLayer {
  readonly #stamps: Stamps;
  readonly #stamp = { x: 0, y: 0, scaleX: 1, scaleY: 1, rotation: 0, alpha: 1 };
  /** Entries of the trail from one point of the drawing to the next. */
  stride = 3;

  constructor(scene: Scene, layer: GameObjects.Layer) {
    this.#stamps = new Stamps(scene, layer, { depth: DEPTHS.bands, additive: true, capacity: STAMP_CAPACITY });
  }

  clear(): void {
    this.#stamps.begin();
    this.#stamps.end();
  }

  draw(options: {
    readonly state: RubberbandState;
    readonly motions: readonly Motion[];
    readonly looks: readonly number[];
    readonly local: readonly number[];
    readonly seconds: number;
  }): void {
    const { state, motions, looks, local, seconds } = options;
    this.#stamps.begin();
    state.discs.forEach((disc, player) => {
      const trail = state.trails[player];
      const motion = motions[player];
      if (trail === undefined || motion === undefined || disc.status === STATUS.out || disc.trailCount < 2) return;
      this.#drawBand(state, { disc, trail, motion, look: looks[player] ?? 0, isLocal: local.includes(player), seconds });
    });
    this.#stamps.end();
  }

  #drawBand(
    state: RubberbandState,
    band: {
      readonly disc: Disc;
      readonly trail: Int32Array;
      readonly motion: Motion;
      readonly look: number;
      readonly isLocal: boolean;
      readonly seconds: number;
    },
  ): void {
    const { disc, trail, motion, look, isLocal, seconds } = band;
    const snapping = disc.status === STATUS.snapping;
    const ready = disc.cooldown === 0;
    const from = snapping ? snapAge(disc.trailCount, Math.min(SNAP_FRAMES, disc.statusFrames + 1)) : 0;
    const last = disc.trailCount - 1;
    const strength = snapping ? 1.15 : ready ? 0.85 : 0.3;
    const width = snapping ? 1.5 : ready ? 0.85 : 0.5;
    let x = motion.x;
    let y = motion.y * TILT - TIE_HEIGHT;
    let total = 0;
    for (let age = from + 1; age <= last; age += this.stride) {
      const at = Math.min(last, age);
      const fade = Math.max(0, 1 - at / CORRECTION_ENTRIES);
      const nextX = pictureX(trailX(disc, trail, at)) + motion.errorX * fade;
      const nextY = pictureY(trailY(disc, trail, at)) + motion.errorY * fade * TILT - TIE_HEIGHT * (1 - at / last);
      const length = Math.hypot(nextX - x, nextY - y);
      if (length < PIECE_PX && at < last - this.stride) continue;
      const along = at / 90;
      const pulse = ready || snapping ? 0.12 * Math.sin(seconds * 9 + at * 0.22) : 0;
      this.#piece(look, { x, y, nextX, nextY, length, alpha: strength * (1 - along * 0.62) + pulse, width: width * (1.15 - along * 0.6) });
      total += length;
      x = nextX;
      y = nextY;
    }
    if (total > ANCHOR_FROM_PX)
      this.#anchor(state, { disc, trail, look, seconds, alpha: (isLocal ? 1 : 0.5) * (ready || snapping ? 1 : 0.35) });
  }

  #piece(
    look: number,
    piece: {
      readonly x: number;
      readonly y: number;
      readonly nextX: number;
      readonly nextY: number;
      readonly length: number;
      readonly alpha: number;
      readonly width: number;
    },
  ): void {
    const stamp = this.#stamp;
    stamp.x = (piece.x + piece.nextX) / 2;
    stamp.y = (piece.y + piece.nextY) / 2;
    // A hair of overlap: none shows gaps in curves, more shows beads.
    stamp.scaleX = (piece.length + 0.7) / BAND_LENGTH;
    stamp.scaleY = piece.width;
    stamp.rotation = Math.atan2(piece.nextY - piece.y, piece.nextX - piece.x);
    stamp.alpha = piece.alpha;
    this.#stamps.stamp(`band-${look}`, stamp);
  }

  #anchor(
    state: RubberbandState,
    anchor: { readonly disc: Disc; readonly trail: Int32Array; readonly look: number; readonly seconds: number; readonly alpha: number },
  ): void {
    const { disc, trail, look, seconds, alpha } = anchor;
    const last = disc.trailCount - 1;
    const unitsX = trailX(disc, trail, last);
    const unitsY = trailY(disc, trail, last);
    const tile = tileAt(unitsX, unitsY);
    const holds = tile >= 0 && state.tiles[tile] !== 0;
    const stamp = this.#stamp;
    stamp.x = pictureX(unitsX);
    stamp.y = pictureY(unitsY);
    stamp.rotation = 0;
    stamp.scaleX = 0.95 + 0.1 * Math.sin(seconds * 6);
    stamp.scaleY = stamp.scaleX;
    // Over a gap it flickers: snapping back would end in a fall.
    stamp.alpha = holds ? alpha : alpha * (Math.sin(seconds * 30) > 0 ? 0.5 : 0.1);
    this.#stamps.stamp(`anchor-${look}`, stamp);
  }
}
