import type { Random } from "@rollcall/netcode/core";
import { collideDiscs } from "./collisions.ts";
import { stepComet } from "./comet.ts";
import type { RubberbandInput } from "./discs.ts";
import { dropDisc, stepDisc } from "./discs.ts";
import type { Emit } from "./events.ts";
import { stepFloor } from "./floor.ts";
import { stepPhase } from "./rounds.ts";
import type { RubberbandState } from "./state.ts";
import { PHASE } from "./state.ts";

const IDLE: RubberbandInput = { direction: 0, move: false, snap: false };

/** One frame. During an intro discs wait, but the button counts as held, so that nobody snaps by accident at the start. */
export function stepRubberband(state: RubberbandState, inputs: readonly RubberbandInput[], random: Random, emit: Emit): void {
  const { match } = state;
  if (match.phase === PHASE.over) return;
  if (match.phase !== PHASE.intro) {
    for (let player = 0; player < state.discs.length; player++) stepDisc(state, player, inputs[player] ?? IDLE, emit);
    collideDiscs(state, emit);
    stepComet(state, random, emit);
    if (match.phase === PHASE.play) stepFloor(state, random, emit);
    for (let player = 0; player < state.discs.length; player++) dropDisc(state, player, emit);
  } else {
    aimDiscs(state, inputs);
  }
  stepPhase(state, random, emit);
}

/** Faces turn to where their players steer while they wait. */
function aimDiscs(state: RubberbandState, inputs: readonly RubberbandInput[]): void {
  state.discs.forEach((disc, player) => {
    const input = inputs[player] ?? IDLE;
    if (input.move) disc.direction = input.direction & 31;
    disc.held = input.snap ? 1 : 0;
  });
}
