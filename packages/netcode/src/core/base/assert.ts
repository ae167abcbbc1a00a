/** Thrown when the library or its caller broke a rule of the API. A bug, never something that bytes off the wire can cause. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/**
 * Holds in production too: a violated expectation is a bug of ours or of the caller.
 * `expected` says what should have been true, not what went wrong.
 */
export function assert(condition: boolean, expected: string): asserts condition {
  if (!condition) throw new AssertionError(`expected: ${expected}`);
}

/** The default branch of every switch over a union: does not compile while a case is missing. */
export function unreachable(value: never): never {
  throw new AssertionError(`expected: every case handled, got ${String(value)}`);
}
