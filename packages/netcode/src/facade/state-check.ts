import type { Game } from "../core/game/game.ts";
import type { InputSchema } from "../core/game/input-schema.ts";
import { findStateFault } from "../core/game/state-fault.ts";
import { badArgument } from "./netcode-error.ts";

/** The state is looked at in this frame, and in 2, 4, 8 … times it: at half, the start of a match has more to do; at double, what is wrong in the second second is told two seconds later. */
const CHECK_FRAMES = 64;

/**
 * Throws `BAD_ARGUMENT` for a state that the first rollback would make something else of: what `async` functions and arrows with a value give, maps, instances of classes. Looked at
 * after `init`, after the first step, where the developer is still watching, and now and then; all along, that is the work of `verifiedState` and the sync test. −0 comes back as 0, which hurts few.
 */
export function checkState<State, Schema extends InputSchema>(
  { state: codec }: Game<State, Schema>,
  state: State,
  from: "init" | "step",
): void {
  // `(state) => state.frames++`: what it gives takes the place of the state.
  if (from === "step" && codec.isPlain === true && (typeof state !== "object" || state === null))
    throw badArgument(`step to return a new state, or nothing, got ${String(state)}`);
  const fault = findStateFault(codec, state);
  if (fault !== undefined && fault.problem !== "−0")
    throw badArgument(`a state that can be saved from ${from}; state${fault.path} is ${fault.problem}`);
}

/** Whether the state is to be looked at after this frame. In every frame it would cost as much as a save. */
export function isStateChecked(frame: number): boolean {
  return frame >= CHECK_FRAMES && (frame & (frame - 1)) === 0;
}

/**
 * Throws `BAD_ARGUMENT` for a match that is over after its first step: `(state) => state.isOver && …` gives false while the match goes on, `(state) => state.winner` null, an `async` function a
 * promise. Later these are results like all others.
 */
export function checkGoesOn(result: unknown): void {
  if (result === undefined) return;
  const given = result === null || result === false ? String(result) : typeof result;
  throw badArgument(`result to give undefined while the match goes on, got ${given} after the first step`);
}
