import { Game, Scale } from "phaser";
import { Controls } from "../input/controls.ts";
import type { RubberbandState } from "../sim/index.ts";
import { SNAP_COOLDOWN_FRAMES, STATUS } from "../sim/index.ts";
import { Sounds } from "../sound/sounds.ts";
import { ArenaScene } from "./arena-scene.ts";
import type { Arena, ArenaOptions, PlayOptions, RubberbandMatch } from "./arena-types.ts";
import "./arena.css";
import type { Insets } from "./camera-rig.ts";
import { effectsOf, outcomeEffects } from "./effects.ts";
import { chooseFx } from "./fx-choice.ts";
import { Hud } from "./hud.ts";
import type { Quality } from "./quality.ts";

export type { Arena, ArenaOptions, PlayOptions, RubberbandMatch } from "./arena-types.ts";

/** Below this width the HUD stands above the picture, not beside it; as in arena.css. */
const NARROW_PX = 700;
/** How long a player is told how to play, unless they snap before. */
const HINT_FRAMES = 480;
const HINTS = {
  keys: "WASD or arrows: move · Space: snap back along your band",
  touch: "Drag here to move. SNAP flies back along your band.",
  couch: "First player: WASD and Space · Second: arrows and Enter",
} as const;
const NO_INSETS: Insets = { top: 16, right: 16, bottom: 16, left: 16 };

/** Makes the arena: canvas, sound and controls in `options.parent`. It draws by itself until it is disposed. */
export function createArena(options: ArenaOptions): Arena {
  return new PhaserArena(options);
}

class PhaserArena implements Arena {
  readonly #root = document.createElement("div");
  readonly #game: Game;
  readonly #scene: ArenaScene;
  readonly #quality: Quality;
  readonly #sounds = new Sounds();
  readonly #hud = new Hud();
  readonly #controls: Controls;
  readonly #observer: ResizeObserver;
  readonly #stop = new AbortController();
  #ready = false;
  #reducedMotion: boolean;
  #match: RubberbandMatch | undefined;
  #backdrop = false;
  #local: readonly number[] = [];
  /** Played before the first picture was there. */
  #waiting: (() => void) | undefined;

  constructor({ parent, fx, reducedMotion }: ArenaOptions) {
    this.#reducedMotion = reducedMotion;
    this.#root.className = "arena";
    parent.append(this.#root);
    const { renderer, quality } = chooseFx(fx);
    this.#quality = quality;
    this.#controls = new Controls(() => this.#sounds.unlock());
    window.addEventListener("pointerdown", () => this.#sounds.unlock(), { signal: this.#stop.signal });
    window.addEventListener("keydown", (event) => this.#handleKey(event), { signal: this.#stop.signal });
    this.#scene = new ArenaScene(this.#sceneHost(), () => this.#handleReady());
    const { width, height } = this.#size();
    this.#game = new Game({
      type: renderer,
      parent: this.#root,
      width,
      height,
      scale: { mode: Scale.NONE },
      scene: this.#scene,
      backgroundColor: "#090b20",
      banner: false,
      audio: { noAudio: true },
      input: { keyboard: false, mouse: false, touch: false, gamepad: false },
      render: { antialias: true, mipmapFilter: "LINEAR_MIPMAP_LINEAR", powerPreference: "high-performance" },
    });
    this.#root.append(this.#hud.root, this.#controls.touch.root);
    this.#observer = new ResizeObserver(() => this.resize());
    this.#observer.observe(this.#root);
    this.#applyMotion();
  }

  get muted(): boolean {
    return this.#sounds.muted;
  }

  setMuted(muted: boolean): void {
    this.#sounds.setMuted(muted);
  }

  setReducedMotion(reduced: boolean): void {
    this.#reducedMotion = reduced;
    this.#applyMotion();
  }

  play(match: RubberbandMatch, options: PlayOptions = {}): void {
    this.stop();
    this.#match = match;
    this.#backdrop = options.backdrop === true;
    this.#local = this.#backdrop ? [] : (options.localPlayers ?? match.localPlayers);
    this.#root.classList.toggle("is-backdrop", this.#backdrop);
    this.#controls.setPlayers(this.#local);
    if (this.#ready) this.#begin(match);
    else this.#waiting = () => this.#begin(match);
  }

  stop(): void {
    this.#match = undefined;
    this.#waiting = undefined;
    this.#local = [];
    this.#controls.setPlayers([]);
    this.#hud.hide();
    this.#scene.setCast([], []);
  }

  setStill(still: boolean): void {
    if (still) this.#game.loop.sleep();
    else this.#game.loop.wake();
  }

  resize(): void {
    const { width, height } = this.#size();
    if (this.#ready && (this.#game.scale.width !== width || this.#game.scale.height !== height)) this.#game.scale.resize(width, height);
  }

  dispose(): void {
    this.stop();
    this.#stop.abort();
    this.#observer.disconnect();
    this.#controls.dispose();
    this.#hud.dispose();
    this.#sounds.dispose();
    this.#game.destroy(true);
    this.#root.remove();
  }

  #begin(match: RubberbandMatch): void {
    this.#scene.setCast(
      match.seats.map(({ profile }) => ({ name: profile.name, colour: profile.colour })),
      this.#local,
    );
    const { sparks, rig, discs, looks } = this.#scene;
    if (sparks === undefined || rig === undefined) return;
    rig.jump();
    const names = match.seats.map((seat) => seat.profile.name);
    const stage = {
      sparks,
      rig,
      discs,
      looks,
      names,
      local: this.#local,
      hud: this.#hud,
      sounds: this.#backdrop ? undefined : this.#sounds,
    };
    const { state } = match.view();
    if (!this.#backdrop) {
      const seats = match.seats.map((seat, player) => ({
        name: seat.profile.name,
        look: looks[player] ?? 0,
        isLocal: this.#local.includes(player),
      }));
      this.#hud.show(seats, state.match.roundsMax);
      this.#hud.setHint(this.#hint());
    }
    this.#scene.handleFrame(state);
    match.run({
      input: (player) => this.#controls.readInput(player),
      frame: (newest) => (this.#match === match ? this.#scene.handleFrame(newest) : undefined),
      beforeRollback: (newest) => (this.#match === match ? this.#scene.beforeRollback(newest) : undefined),
      afterRollback: (newest) => (this.#match === match ? this.#scene.afterRollback(newest) : undefined),
      on: this.#whilePlayed(match, effectsOf(stage)),
      confirmed: this.#whilePlayed(match, outcomeEffects(stage)),
    });
  }

  /** How those who play here steer. */
  #hint(): string | undefined {
    if (this.#local.length === 0) return undefined;
    if (this.#controls.touch.isShown) return HINTS.touch;
    return this.#local.length > 1 ? HINTS.couch : HINTS.keys;
  }

  /** Events of a match that is no longer shown are nobody's. */
  #whilePlayed(match: RubberbandMatch, handlers: object): Record<string, (payload: never) => void> {
    const guarded = Object.entries(handlers as Record<string, (payload: never) => void>).map(([name, handle]) => {
      return [name, (payload: never) => (this.#match === match ? handle(payload) : undefined)] as const;
    });
    return Object.fromEntries(guarded);
  }

  #handleReady(): void {
    this.#ready = true;
    this.#scene.setQuality(this.#quality.level);
    this.#applyMotion();
    this.resize();
    this.#waiting?.();
    this.#waiting = undefined;
  }

  #handlePicture(elapsedMs: number, state: RubberbandState | undefined): void {
    if (this.#quality.measure(elapsedMs)) {
      this.#scene.setQuality(this.#quality.level);
      this.resize();
    }
    if (state === undefined || this.#backdrop) return;
    this.#hud.update(state);
    const own = state.discs[this.#local[0] ?? -1];
    if (own === undefined) return;
    this.#controls.touch.setReady(1 - own.cooldown / SNAP_COOLDOWN_FRAMES);
    if (own.cooldown > 0 || own.status === STATUS.out || state.match.round > 0 || state.match.roundFrames > HINT_FRAMES)
      this.#hud.setHint(undefined);
  }

  #handleKey(event: KeyboardEvent): void {
    const isText = event.target instanceof HTMLElement && event.target.closest("input, textarea, select, [contenteditable]") !== null;
    if (event.code === "KeyM" && !event.repeat && !event.ctrlKey && !event.metaKey && !isText && !this.#backdrop)
      this.setMuted(!this.muted);
  }

  #sceneHost(): ConstructorParameters<typeof ArenaScene>[0] {
    const density = (): number => this.#density();
    const insets = (): Insets => this.#insets();
    const reducedMotion = (): boolean => this.#reducedMotion;
    return {
      view: () => this.#match?.view(),
      handlePicture: (elapsedMs, state) => this.#handlePicture(elapsedMs, state),
      get density() {
        return density();
      },
      get insets() {
        return insets();
      },
      get reducedMotion() {
        return reducedMotion();
      },
    };
  }

  #insets(): Insets {
    const narrow = this.#root.clientWidth < NARROW_PX;
    if (this.#backdrop || (narrow && this.#local.length === 0)) return NO_INSETS;
    // Whoever watches has a line at the bottom that says so.
    if (this.#local.length === 0) return { top: 48, right: 20, bottom: 92, left: 20 };
    return narrow ? { top: 96, right: 4, bottom: 40, left: 4 } : { top: 48, right: 20, bottom: 20, left: 20 };
  }

  #density(): number {
    return Math.min(window.devicePixelRatio || 1, this.#quality.level.densityMax);
  }

  #size(): { readonly width: number; readonly height: number } {
    const density = this.#density();
    return {
      width: Math.max(1, Math.round(this.#root.clientWidth * density)),
      height: Math.max(1, Math.round(this.#root.clientHeight * density)),
    };
  }

  #applyMotion(): void {
    this.#root.classList.toggle("is-still", this.#reducedMotion);
    this.#scene.setReducedMotion(this.#reducedMotion);
  }
}
