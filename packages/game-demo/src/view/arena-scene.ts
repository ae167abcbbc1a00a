import type { Cameras, GameObjects } from "phaser";
import { Scene } from "phaser";
import type { RubberbandState } from "../sim/index.ts";
import { PHASE, SNAP_COOLDOWN_FRAMES, STATUS, assignLooks } from "../sim/index.ts";
import { Atlas } from "./art/atlas.ts";
import { drawDiscArt } from "./art/disc-art.ts";
import { drawGlowArt } from "./art/glow-art.ts";
import { drawSky, drawStarArt } from "./art/sky-art.ts";
import { drawTileArt } from "./art/tile-art.ts";
import { BandsLayer } from "./bands-layer.ts";
import type { Insets } from "./camera-rig.ts";
import { CameraRig } from "./camera-rig.ts";
import { CometLayer } from "./comet-layer.ts";
import { DEPTHS } from "./depths.ts";
import { DiscPicture } from "./disc-picture.ts";
import { Motion } from "./motion.ts";
import { PlatformLayer } from "./platform-layer.ts";
import type { QualityLevel } from "./quality.ts";
import { SKY_KEY, SkyLayer } from "./sky-layer.ts";
import { Sparks } from "./sparks.ts";
import { ATLAS_KEY } from "./stamps.ts";
import { TILT, pictureX } from "./world.ts";

/** Below this zoom only people of this page keep their name tags: eight would cover the floor. */
const TAGS_FROM_ZOOM = 0.7;

/** What the scene asks for each picture. */
export interface SceneHost {
  /** The newest state and how far time is past it; `undefined` for an empty sky. */
  view(): { readonly state: RubberbandState; readonly alpha: number } | undefined;
  /** After a picture, with the time since the last one. */
  handlePicture(elapsedMs: number, state: RubberbandState | undefined): void;
  readonly density: number;
  readonly insets: Insets;
  readonly reducedMotion: boolean;
}

/** Who is drawn. */
export interface CastMember {
  readonly name: string;
  readonly colour: number;
}

/** The picture of a match. Draws what the state says, remembers only what eases, and never changes the state. */
export class ArenaScene extends Scene {
  readonly #host: SceneHost;
  readonly #whenReady: () => void;
  #parts: Parts | undefined;
  #motions: Motion[] = [];
  #discs: DiscPicture[] = [];
  #looks: number[] = [];
  #local: readonly number[] = [];
  #round = -1;
  #seconds = 0;

  constructor(host: SceneHost, whenReady: () => void) {
    super({ key: "arena" });
    this.#host = host;
    this.#whenReady = whenReady;
  }

  create(): void {
    const atlas = new Atlas(this.textures, ATLAS_KEY);
    drawTileArt(atlas);
    drawDiscArt(atlas);
    drawGlowArt(atlas);
    drawStarArt(atlas);
    atlas.finish();
    drawSky(this.textures, SKY_KEY);
    const sky = this.add.layer();
    const world = this.add.layer();
    // Two cameras: the sky's stands still in px of the screen, the world's zooms and shakes.
    const camera = this.cameras.add(0, 0, this.scale.width, this.scale.height);
    this.cameras.main.ignore(world);
    camera.ignore(sky);
    this.#parts = {
      camera,
      world,
      sky: new SkyLayer(this, sky),
      platform: new PlatformLayer(this, world),
      bands: new BandsLayer(this, world),
      comet: new CometLayer(this, world),
      sparks: new Sparks(this, world),
      rig: new CameraRig(camera),
      ring: makeRing(this, world),
    };
    this.#whenReady();
  }

  get sparks(): Sparks | undefined {
    return this.#parts?.sparks;
  }

  get rig(): CameraRig | undefined {
    return this.#parts?.rig;
  }

  get discs(): readonly DiscPicture[] {
    return this.#discs;
  }

  get looks(): readonly number[] {
    return this.#looks;
  }

  /** Puts players on stage, and whoever was there off. */
  setCast(cast: readonly CastMember[], local: readonly number[]): void {
    const parts = this.#parts;
    if (parts === undefined) return;
    for (const disc of this.#discs) disc.dispose();
    this.#local = local;
    this.#looks = assignLooks(cast.map((member) => member.colour));
    this.#motions = cast.map(() => new Motion());
    this.#discs = cast.map((member, player) => {
      return new DiscPicture(this, parts.world, {
        player,
        look: this.#looks[player] ?? 0,
        name: member.name,
        isLocal: local.includes(player),
      });
    });
    this.#round = -1;
    parts.platform.clear();
    parts.bands.clear();
    parts.comet.clear();
    parts.sparks.clear();
    parts.ring.clear();
  }

  setQuality(level: QualityLevel): void {
    if (this.#parts === undefined) return;
    this.#parts.sparks.amount = level.particles;
    this.#parts.sky.starCount = level.stars;
    this.#parts.bands.stride = level.bandStride;
  }

  setReducedMotion(reduced: boolean): void {
    if (this.#parts === undefined) return;
    this.#parts.rig.moves = !reduced;
    this.#parts.sparks.flash = reduced ? 0.35 : 1;
    this.#parts.platform.setReducedMotion(reduced);
  }

  /** Once per simulated frame, before the picture that shows it. */
  handleFrame(state: RubberbandState): void {
    if (state.match.round !== this.#round) {
      this.#round = state.match.round;
      for (const motion of this.#motions) motion.reset();
    }
    state.discs.forEach((disc, player) => {
      this.#motions[player]?.handleFrame(pictureX(disc.x), pictureX(disc.y), pictureX(disc.vx), pictureX(disc.vy));
    });
    this.#parts?.comet.handleFrame(state.match);
  }

  /** A rollback is about to correct the newest frame, which was drawn. */
  beforeRollback({ discs, match }: RubberbandState): void {
    for (const [player, disc] of discs.entries()) this.#motions[player]?.beforeRollback(pictureX(disc.x), pictureX(disc.y));
    this.#parts?.comet.beforeRollback(match);
  }

  afterRollback({ discs, match }: RubberbandState): void {
    for (const [player, disc] of discs.entries()) this.#motions[player]?.afterRollback(pictureX(disc.x), pictureX(disc.y));
    this.#parts?.comet.afterRollback(match);
  }

  override update(_time: number, elapsedMs: number): void {
    const parts = this.#parts;
    if (parts === undefined) return;
    this.#seconds += elapsedMs / 1_000;
    const view = this.#host.view();
    if (view !== undefined) this.#drawMatch(parts, view.state, Math.max(0, Math.min(1, view.alpha)), elapsedMs);
    parts.sparks.draw(Math.min(0.05, elapsedMs / 1_000));
    this.#aim(parts, view?.state, elapsedMs);
    this.#host.handlePicture(elapsedMs, view?.state);
  }

  #drawMatch(parts: Parts, state: RubberbandState, alpha: number, elapsedMs: number): void {
    for (const motion of this.#motions) motion.advance(alpha, elapsedMs);
    parts.platform.draw(state, elapsedMs, this.#seconds);
    parts.bands.draw({ state, motions: this.#motions, looks: this.#looks, local: this.#local, seconds: this.#seconds });
    parts.comet.draw(state.match, this.#looks, alpha, elapsedMs);
    this.#drawDiscs(parts, state, alpha, elapsedMs);
    this.#drawRing(parts.ring, state);
    this.#leaveAfterimages(parts.sparks, state);
  }

  #drawDiscs(parts: Parts, state: RubberbandState, alpha: number, elapsedMs: number): void {
    const { match } = state;
    const moment = {
      phase: match.phase,
      phaseFrames: match.phaseFrames + alpha,
      winner: match.phase === PHASE.roundEnd ? match.roundWinner : match.matchWinner,
      alpha,
      elapsedSeconds: elapsedMs / 1_000,
      seconds: this.#seconds,
      tagScale: 1 / Math.max(0.2, parts.rig.zoom),
      tagsShown: parts.rig.zoom >= TAGS_FROM_ZOOM,
      reducedMotion: this.#host.reducedMotion,
    };
    state.discs.forEach((disc, player) => {
      const motion = this.#motions[player];
      if (motion !== undefined) this.#discs[player]?.draw(disc, motion, moment);
    });
  }

  /** The band's recovery, as a ring around the discs of this page. */
  #drawRing(ring: GameObjects.Graphics, state: RubberbandState): void {
    ring.clear();
    for (const player of this.#local) {
      const disc = state.discs[player];
      const motion = this.#motions[player];
      if (disc === undefined || motion === undefined || disc.status === STATUS.out || disc.status === STATUS.falling) continue;
      const share = 1 - disc.cooldown / SNAP_COOLDOWN_FRAMES;
      const y = motion.y;
      ring.lineStyle(5, 0x05071a, 0.55).strokeCircle(motion.x, y, 30);
      ring.lineStyle(3.5, share >= 1 ? 0xffe27a : 0xffffff, share >= 1 ? 0.95 : 0.7);
      ring.beginPath();
      ring.arc(motion.x, y, 30, -Math.PI / 2, -Math.PI / 2 + share * Math.PI * 2);
      ring.strokePath();
    }
  }

  #leaveAfterimages(sparks: Sparks, state: RubberbandState): void {
    state.discs.forEach((disc, player) => {
      const motion = this.#motions[player];
      if (disc.status !== STATUS.snapping || motion === undefined) return;
      const look = this.#looks[player] ?? 0;
      sparks.bloom(`glow-${look}`, motion.x, motion.y * TILT - 6, { from: 0.62, to: 0.1, lifeSeconds: 0.34, alpha: 0.5 });
    });
  }

  #aim(parts: Parts, state: RubberbandState | undefined, elapsedMs: number): void {
    const { width, height } = this.scale;
    const { density, insets } = this.#host;
    const own = this.#local.find((player) => isPresent(state, player));
    const motion = own === undefined ? undefined : this.#motions[own];
    const follow = motion === undefined ? undefined : { x: motion.x, y: motion.y * TILT };
    parts.rig.update({ state, width, height, density, insets, follow, elapsedMs, seconds: this.#seconds });
    this.cameras.main.setSize(width, height);
    parts.sky.draw({
      width,
      height,
      density,
      focusX: parts.rig.focusX,
      focusY: parts.rig.focusY,
      seconds: this.#host.reducedMotion ? 0 : this.#seconds,
    });
  }
}

interface Parts {
  readonly camera: Cameras.Scene2D.Camera;
  readonly world: GameObjects.Layer;
  readonly sky: SkyLayer;
  readonly platform: PlatformLayer;
  readonly bands: BandsLayer;
  readonly comet: CometLayer;
  readonly sparks: Sparks;
  readonly rig: CameraRig;
  readonly ring: GameObjects.Graphics;
}

function isPresent(state: RubberbandState | undefined, player: number): boolean {
  const disc = state?.discs[player];
  return disc !== undefined && disc.status !== STATUS.out;
}

function makeRing(scene: Scene, world: GameObjects.Layer): GameObjects.Graphics {
  const ring = scene.make.graphics({}, false).setDepth(DEPTHS.shadow + 1);
  ring.scaleY = TILT;
  world.add(ring);
  return ring;
}
