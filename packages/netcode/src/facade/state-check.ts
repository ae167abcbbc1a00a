import type { Game } from "../core/game/game.ts";
import type { InputSchema } from "../core/game/input-schema.ts";
import { findStateFault } from "../core/game/state-fault.ts";
import { badArgument } from "./netcode-error.ts";

/**
 * Throws `BAD_ARGUMENT` for a state that the first rollback would make something else of: what `async` functions and arrows with a value give, maps, instances of classes. Looked at
 * after `init` and after the first step, where the developer is still watching; all along, that is the work of `verifiedState` and the sync test. −0 comes back as 0, which hurts few.
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
