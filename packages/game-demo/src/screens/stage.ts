import type { Gateway, RubberbandMatch } from "../net/gateway.ts";
import type { FxLevel } from "../net/page-options.ts";
import type { Arena, ArenaOptions } from "../view/arena.ts";
import { element } from "./element.ts";
import { botProfiles } from "./room-model.ts";
import { strings } from "./strings.ts";

/** Bots of the match behind the screens: enough for a brawl, few enough to follow. */
const BACKDROP_BOTS = 6;
/** The winner's pose of a match behind the screens, before the next one begins. */
const BACKDROP_PAUSE_MS = 1_500;

export interface StageOptions {
  readonly startLocal: Gateway["startLocal"];
  /** Loads the arena: a large module, which the screens do not wait for. */
  readonly loadArena: () => Promise<(options: ArenaOptions) => Arena>;
  readonly fx: FxLevel | undefined;
  readonly reducedMotion: boolean;
  readonly pick: (limit: number) => number;
}

/** The arena's place on the page: plays the given match, or bots against bots behind the screens. */
export class Stage {
  readonly root: HTMLElement = element("div", { class: "stage", "data-testid": "stage" });
  /** Stands where the arena will be, for who plays before it is there. */
  readonly #note: HTMLElement = element("p", { class: "stage-note", role: "status" }, strings.match.loading);
  readonly #options: StageOptions;
  #arena: Arena | undefined;
  /** What should be on, whether the arena is loaded or not. */
  #match: RubberbandMatch | undefined;
  #backdrop: { readonly match: RubberbandMatch; readonly timer: number | undefined } | undefined;

  constructor(options: StageOptions) {
    this.#options = options;
    this.root.append(this.#note);
  }

  /** Loads the arena and shows what was asked for in the meantime. Without it (no network, no canvas at all) the screens still work, and a match says what is missing. */
  async open(): Promise<void> {
    const { loadArena, fx, reducedMotion } = this.#options;
    try {
      const createArena = await loadArena();
      this.#arena = createArena({ parent: this.root, fx: fx ?? "auto", reducedMotion });
    } catch {
      this.#note.textContent = strings.match.notLoaded;
      return;
    }
    this.#note.remove();
    this.#show();
  }

  get muted(): boolean {
    return this.#arena?.muted ?? false;
  }

  setMuted(muted: boolean): void {
    this.#arena?.setMuted(muted);
  }

  setReducedMotion(reduced: boolean): void {
    this.#arena?.setReducedMotion(reduced);
  }

  /** Draws no new picture behind the screens, so that all of this device is there for something else; or goes on. A match of people is drawn on. */
  setStill(still: boolean): void {
    if (!still || this.#match === undefined) this.#arena?.setStill(still);
  }

  /** Plays `match`, which stays the caller's to stop. */
  play(match: RubberbandMatch): void {
    this.#endBackdrop();
    this.#match = match;
    this.root.classList.remove("stage-backdrop");
    this.#show();
  }

  /** Bots against bots, again and again. */
  playBackdrop(): void {
    this.#match = undefined;
    this.root.classList.add("stage-backdrop");
    if (this.#backdrop === undefined) this.#show();
  }

  dispose(): void {
    this.#endBackdrop();
    this.#arena?.dispose();
  }

  #show(): void {
    if (this.#arena === undefined) return;
    this.#arena.setStill(false);
    if (this.#match !== undefined) this.#arena.play(this.#match, {});
    else this.#beginBackdrop(this.#arena);
  }

  #beginBackdrop(arena: Arena): void {
    this.#endBackdrop();
    const { startLocal, pick } = this.#options;
    const players = botProfiles([], BACKDROP_BOTS).map((profile) => ({ profile, bot: true }));
    const match = startLocal({ players, seed: pick(0x1_0000_0000), settings: { rounds: 1, seats: BACKDROP_BOTS, botSkill: "mixed" } });
    this.#backdrop = { match, timer: undefined };
    match.on("ended", () => {
      const timer = window.setTimeout(() => this.#beginBackdrop(arena), BACKDROP_PAUSE_MS);
      this.#backdrop = { match, timer };
    });
    arena.play(match, { backdrop: true });
  }

  #endBackdrop(): void {
    if (this.#backdrop === undefined) return;
    window.clearTimeout(this.#backdrop.timer);
    this.#backdrop.match.stop();
    this.#backdrop = undefined;
  }
}
