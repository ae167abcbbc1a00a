import type { Match } from "@rollcall/netcode";
import type { RubberbandState, rubberbandInput } from "../sim/index.ts";

/** A match of Rubberband. */
export type RubberbandMatch = Match<RubberbandState, typeof rubberbandInput>;

export interface ArenaOptions {
  /** Filled by the arena's canvas and touch controls; must be positioned (`relative`, `absolute` or `fixed`) and have a size. */
  readonly parent: HTMLElement;
  /** `off`: Phaser's canvas renderer. `auto`: starts high, steps down by itself while frames take too long. */
  readonly fx: "high" | "low" | "off" | "auto";
  /** No shake, no flashes, no zoom. */
  readonly reducedMotion: boolean;
}

export interface PlayOptions {
  /** Whose input this page gives; default: the match's own local players. */
  readonly localPlayers?: readonly number[];
  /** A live picture behind other things: no HUD, no touch controls, no sound. */
  readonly backdrop?: boolean;
}

/** The picture, sound and controls of a match, inside one element of the page. */
export interface Arena {
  /** Runs `match` and draws it until it is stopped or another is played. The last picture stays after the end. */
  play(match: RubberbandMatch, options?: PlayOptions): void;
  /** Lets go of the match (without stopping it) and shows the empty sky. */
  stop(): void;
  /** Fits the picture to the parent; happens by itself when the parent's size changes. */
  resize(): void;
  readonly muted: boolean;
  /** Remembered on this device. The key M does the same. */
  setMuted(muted: boolean): void;
  setReducedMotion(reduced: boolean): void;
  /** Draws no new picture, or goes on. */
  setStill(still: boolean): void;
  /** Frees canvas, sound and listeners. */
  dispose(): void;
}
