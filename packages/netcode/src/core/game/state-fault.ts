import { findPlainFault, type PlainFault } from "../base/plain-fault.ts";
import type { StateCodec } from "./game.ts";

/** What of `state` its codec cannot bring back, or other engines would hash otherwise: what is not plain data in a plain state, NaN in a typed array. */
export function findStateFault<State>(codec: StateCodec<State>, state: State): PlainFault | undefined {
  if (codec.isPlain === true) return findPlainFault(state);
  if (codec.schema === undefined) return undefined;
  for (const name of Object.keys(codec.schema)) {
    const view: unknown = Reflect.get(Object(state), name);
    const isFloat = view instanceof Float32Array || view instanceof Float64Array;
    const index = isFloat ? view.findIndex((value) => Number.isNaN(value)) : -1;
    if (index >= 0) return { path: `.${name}[${index}]`, problem: "NaN" };
  }
  return undefined;
}
