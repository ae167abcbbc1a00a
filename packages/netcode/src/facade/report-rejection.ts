/** What a callback of the game gave back: where it is `async` and fails later, that is reported as if it had thrown. Node would end the process. */
export function reportRejection(result: unknown, reportError: (error: unknown) => void): void {
  if (result instanceof Promise) result.catch(reportError);
}
