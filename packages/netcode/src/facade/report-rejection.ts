import { badArgument } from "./netcode-error.ts";

/** What a callback of the game gave back: where it is `async` and fails later, that is reported as if it had thrown. Node would end the process. */
export function reportRejection(result: unknown, reportError: (error: unknown) => void): void {
  if (result instanceof Promise) result.catch(reportError);
}

/** `value`, if it is there already. Throws `BAD_ARGUMENT` for the promise of an `async` function. */
export function settled<Value>(value: Value): Value {
  if (!(value instanceof Promise)) return value;
  value.catch(() => {});
  throw badArgument("what is pressed at once, and got a promise");
}
