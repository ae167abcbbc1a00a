import type { Scene } from "phaser";
import { BlendModes, GameObjects } from "phaser";
import type { Disc } from "../sim/index.ts";
import { DIRECTION_X, DIRECTION_Y, PHASE, STATUS, lookAt } from "../sim/index.ts";
import { ART_SCALE } from "./art/atlas.ts";
import type { Face } from "./art/disc-art.ts";
import { BODY_LIFT } from "./art/disc-art.ts";
import { DEPTHS } from "./depths.ts";
import type { Motion } from "./motion.ts";
import { floorDepth } from "./platform-layer.ts";
import { ATLAS_KEY } from "./stamps.ts";
import { TILT } from "./world.ts";

/** Spring of squash and stretch: stiffness and damping per second. Softer is jelly, stiffer is invisible. */
const SPRING = 420;
const SPRING_DAMPING = 15;
/** Height from which discs drop in at the start of a round, and how long that takes. */
const DROP_PX = 380;
const DROP_FRAMES = 34;
/** Discs drop one after another. */
const DROP_STAGGER_FRAMES = 4;
const DROP_WAIT_FRAMES = 26;
const FALL_PX = 520;

/** What is the same for all discs in one picture. */
export interface DiscMoment {
  readonly phase: number;
  /** Since the phase began, alpha included. */
  readonly phaseFrames: number;
  readonly winner: number;
  readonly alpha: number;
  readonly elapsedSeconds: number;
  readonly seconds: number;
  /** Size of a CSS px in px of the world: keeps tags the same size on every screen. */
  readonly tagScale: number;
  readonly tagsShown: boolean;
  readonly reducedMotion: boolean;
}

/** One player's disc: shadow, glow, a body that squashes and stretches, a face that looks where it steers, a name. */
export class DiscPicture {
  readonly #player: number;
  readonly #isLocal: boolean;
  readonly #shadow: GameObjects.Image;
  readonly #glow: GameObjects.Image;
  readonly #outer: GameObjects.Container;
  readonly #inner: GameObjects.Container;
  readonly #body: GameObjects.Image;
  readonly #face: GameObjects.Image;
  readonly #tag: GameObjects.Text;
  #squash = 0;
  #squashSpeed = 0;
  #stretchAngle = 0;

  constructor(
    scene: Scene,
    layer: GameObjects.Layer,
    seat: { readonly player: number; readonly look: number; readonly name: string; readonly isLocal: boolean },
  ) {
    const { player, look, name, isLocal } = seat;
    this.#player = player;
    this.#isLocal = isLocal;
    const image = (frame: string): GameObjects.Image => new GameObjects.Image(scene, 0, 0, ATLAS_KEY, frame).setScale(1 / ART_SCALE);
    this.#shadow = image("shadow").setDepth(DEPTHS.shadow);
    this.#glow = image(`glow-${look}`).setDepth(DEPTHS.glow).setBlendMode(BlendModes.ADD);
    this.#body = image(`body-${look}`);
    this.#face = image("face-calm");
    this.#inner = scene.make.container({ add: false }).add([this.#body, this.#face]);
    this.#outer = scene.make.container({ add: false }).add(this.#inner);
    this.#tag = scene.make.text({
      add: false,
      text: isLocal ? `${name}\n▼` : name,
      origin: { x: 0.5, y: 1 },
      style: {
        fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif",
        fontSize: "26px",
        fontStyle: isLocal ? "800" : "600",
        align: "center",
        color: isLocal ? "#ffffff" : lookAt(look).colour,
        stroke: "#060818",
        strokeThickness: 7,
        lineSpacing: -6,
      },
    });
    this.#tag.setDepth(DEPTHS.tags);
    layer.add([this.#shadow, this.#glow, this.#outer, this.#tag]);
  }

  /** Pushes the body flat (above 0) or long (below 0). */
  kick(amount: number): void {
    this.#squashSpeed += amount;
  }

  draw(disc: Disc, motion: Motion, moment: DiscMoment): void {
    const visible = disc.status !== STATUS.out && this.#dropPart(moment) > 0;
    for (const part of [this.#shadow, this.#glow, this.#outer, this.#tag]) part.setVisible(visible);
    if (!visible) return;
    const x = motion.x;
    const y = motion.y * TILT;
    const falling = disc.status === STATUS.falling;
    const fall = falling ? (disc.statusFrames + moment.alpha) / 60 : 0;
    const lift = this.#lift(disc, moment) - fall * fall * FALL_PX;
    const shrink = 1 - Math.min(0.45, fall * 0.62);
    this.#stretch(disc, motion, moment.elapsedSeconds);
    this.#outer.setPosition(x, y - lift - BODY_LIFT + this.#squash * 6);
    this.#outer.setDepth(falling ? floorDepth(disc.y) + 0.05 : DEPTHS.discs + y * 0.001).setAlpha(Math.min(1, (0.72 - fall) * 4));
    this.#inner.setScale(shrink, shrink);
    this.#inner.setRotation(this.#inner.rotation + fall * (this.#player % 2 === 0 ? 0.9 : -0.9));
    this.#placeFace(disc, moment);
    this.#shadow
      .setVisible(!falling)
      .setPosition(x, y + 3)
      .setAlpha(Math.max(0.15, 1 - lift / 200));
    this.#shadow.setScale((1 + lift / 260) / ART_SCALE);
    this.#glow.setPosition(x, y - lift - 2).setAlpha(this.#glowAlpha(disc, fall));
    this.#placeTag(x, y - lift, moment, falling);
  }

  dispose(): void {
    for (const part of [this.#shadow, this.#glow, this.#outer, this.#tag]) part.destroy();
  }

  /** Height above the floor: dropping in at the start, hopping for joy at the end. */
  #lift(disc: Disc, moment: DiscMoment): number {
    if (moment.phase === PHASE.intro) return moment.reducedMotion ? 0 : DROP_PX * (1 - easeOutBounce(this.#dropPart(moment)));
    const won = moment.winner === this.#player && disc.status === STATUS.standing;
    if (won && moment.phase !== PHASE.play) return Math.abs(Math.sin(moment.seconds * 6.5)) * (moment.reducedMotion ? 4 : 26);
    return disc.status === STATUS.snapping ? 8 : 0;
  }

  /** How much of the drop at the start is done, 0–1. */
  #dropPart(moment: DiscMoment): number {
    if (moment.phase !== PHASE.intro) return 1;
    return Math.min(1, Math.max(0, (moment.phaseFrames - DROP_WAIT_FRAMES - this.#player * DROP_STAGGER_FRAMES) / DROP_FRAMES));
  }

  #stretch(disc: Disc, motion: Motion, elapsedSeconds: number): void {
    const speed = Math.hypot(motion.vx, motion.vy);
    const step = Math.min(elapsedSeconds, 0.033);
    this.#squashSpeed += (-SPRING * this.#squash - SPRING_DAMPING * this.#squashSpeed) * step;
    this.#squash = Math.max(-0.5, Math.min(0.5, this.#squash + this.#squashSpeed * step));
    if (speed > 0.5) this.#stretchAngle = Math.atan2(motion.vy * TILT, motion.vx);
    const long = Math.min(0.3, Math.max(0, speed - 3) * (disc.status === STATUS.snapping ? 0.026 : 0.02));
    this.#outer.setRotation(this.#stretchAngle);
    this.#outer.setScale(1 + long, 1 / (1 + long));
    this.#inner.setRotation(-this.#stretchAngle);
    this.#body.setScale((1 + this.#squash * 0.5) / ART_SCALE, (1 - this.#squash * 0.6) / ART_SCALE);
    this.#face.setScale((1 + this.#squash * 0.3) / ART_SCALE, (1 - this.#squash * 0.4) / ART_SCALE);
  }

  #placeFace(disc: Disc, moment: DiscMoment): void {
    const face = `face-${faceOf(disc, moment, this.#player)}`;
    if (this.#face.frame.name !== face) this.#face.setFrame(face);
    const looks = disc.moving === 1 || disc.status === STATUS.snapping;
    const reach = looks ? 5 : 1.5;
    const targetX = ((DIRECTION_X[disc.direction & 31] ?? 0) / 256) * reach;
    const targetY = ((DIRECTION_Y[disc.direction & 31] ?? 0) / 256) * reach * 0.8 - 3;
    this.#face.x += (targetX - this.#face.x) * 0.25;
    this.#face.y += (targetY - this.#face.y) * 0.25;
  }

  #glowAlpha(disc: Disc, fall: number): number {
    if (fall > 0) return 0;
    if (disc.status === STATUS.snapping) return 1;
    return disc.cooldown === 0 ? 0.55 : 0.2;
  }

  #placeTag(x: number, y: number, moment: DiscMoment, falling: boolean): void {
    const shown = !falling && (moment.tagsShown || this.#isLocal);
    this.#tag.setVisible(shown);
    if (shown) this.#tag.setPosition(x, y - 30 - BODY_LIFT).setScale(moment.tagScale * (this.#isLocal ? 0.54 : 0.46));
  }
}

function faceOf(disc: Disc, moment: DiscMoment, player: number): Face {
  if (disc.status === STATUS.falling || disc.stun > 0 || disc.airFrames > 2) return "scared";
  if (disc.status === STATUS.snapping) return "fierce";
  if (moment.winner === player && moment.phase !== PHASE.play && moment.phase !== PHASE.intro) return "happy";
  return "calm";
}

function easeOutBounce(part: number): number {
  if (part < 1 / 1.8) return part * part * 3.24;
  const rest = (part - 1 / 1.8) / (1 - 1 / 1.8);
  return 1 - 0.16 * Math.sin(rest * Math.PI) * (1 - rest * 0.3);
}
