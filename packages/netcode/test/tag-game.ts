import { axis, button, defineGame } from "../src/core/index.ts";
import type { AxisField, ButtonField, Game } from "../src/core/index.ts";

export interface TagState {
  readonly discs: { x: number; y: number; dashes: number; held: boolean }[];
  /** Frames played; the match ends at `length`. */
  played: number;
  readonly length: number;
}

// An alias and not an interface: only an alias is a record of fields.
export type TagInput = { readonly dx: AxisField; readonly dash: ButtonField };

function readLength(settings: unknown): number {
  return typeof settings === "object" && settings !== null && "length" in settings && typeof settings.length === "number"
    ? settings.length
    : 100_000;
}

/** A small game for tests: discs on a line that dash when the button goes down. `settings.length` is its length in frames. */
export const tagGame: Game<TagState, TagInput> = defineGame<TagState, TagInput>({
  id: "tag",
  version: 1,
  frameRateHz: 60,
  players: [1, 8],
  input: { dx: axis(), dash: button() },
  init: ({ playerCount, settings }) => ({
    discs: Array.from({ length: playerCount }, (_, index) => ({ x: index * 100, y: 0, dashes: 0, held: false })),
    played: 0,
    length: readLength(settings),
  }),
  step: (state, inputs, { random, emit }) => {
    for (const [index, disc] of state.discs.entries()) {
      const input = inputs[index];
      if (input === undefined) continue;
      disc.x += Math.round(input.dx * 15);
      disc.y = random.integer(1_000);
      const pressed = input.dash && !disc.held;
      disc.held = input.dash;
      if (!pressed) continue;
      disc.dashes++;
      emit("dash", { index, dashes: disc.dashes });
    }
    state.played++;
  },
  bot: (_state, playerIndex) => ({ dx: playerIndex % 2 === 0 ? 1 : -1, dash: false }),
  result: (state) =>
    state.played >= state.length
      ? { winner: state.discs.reduce((best, disc, index) => (disc.x > (state.discs[best]?.x ?? 0) ? index : best), 0) }
      : undefined,
});

/** The game with a part that throws its own name. */
export function brokenTag(part: "init" | "step"): typeof tagGame {
  return {
    ...tagGame,
    [part]: () => {
      throw new Error(part);
    },
  };
}
