import type { ButtonField, Game, IntegerField, StepContext } from "@rollcall/netcode/core";
import { button, defineGame, integer } from "@rollcall/netcode/core";
import { steerBot } from "./bot.ts";
import { FRAME_RATE_HZ, PLAYERS_MAX, PLAYERS_MIN } from "./rules.ts";
import { beginRound } from "./rounds.ts";
import type { RubberbandState } from "./state.ts";
import { PHASE, createState, rubberbandMemory } from "./state.ts";
import { stepRubberband } from "./step.ts";

/** One byte: where to push, whether to push, and the button. */
export const rubberbandInput: { readonly direction: IntegerField; readonly move: ButtonField; readonly snap: ButtonField } = {
  direction: integer(0, 31),
  move: button(),
  snap: button(),
};

/** How a match ended. All lists are by player. */
export interface RubberbandResult {
  readonly winner: number;
  readonly rounds: number;
  readonly wins: readonly number[];
  readonly points: readonly number[];
  readonly knockouts: readonly number[];
}

/** Rubberband: every player trails a band along their own last 1.5 s; the button snaps back along it. Last on the platform wins. */
export const rubberband: Game<RubberbandState, typeof rubberbandInput> = defineGame({
  id: "rubberband",
  version: 1,
  frameRateHz: FRAME_RATE_HZ,
  players: [PLAYERS_MIN, PLAYERS_MAX],
  input: rubberbandInput,
  state: rubberbandMemory,
  init: (context) => {
    const state = createState(context);
    beginRound(state, context.random);
    return state;
  },
  step: (state, inputs, context) => stepRubberband(state, inputs, context.random, context.emit),
  bot: (state, playerIndex, context: StepContext) => steerBot(state, playerIndex, context.random),
  result: rubberbandResult,
});

function rubberbandResult(state: RubberbandState): RubberbandResult | undefined {
  const { match, discs } = state;
  if (match.phase !== PHASE.over) return undefined;
  return {
    winner: match.matchWinner,
    rounds: match.round + 1,
    wins: discs.map((disc) => disc.wins),
    points: discs.map((disc) => disc.points),
    knockouts: discs.map((disc) => disc.knockouts),
  };
}
