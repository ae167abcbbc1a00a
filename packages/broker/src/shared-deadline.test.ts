import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SharedDeadline } from "./shared-deadline.ts";
import { StoreUnavailable } from "./shared-state.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

interface Call {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

function asker(): { readonly log: string[]; readonly ask: (name: string) => Call } {
  const log: string[] = [];
  const deadline = new SharedDeadline(450, () => Date.now());
  const ask = (name: string): Call => {
    const ends: Call[] = [];
    const promise = new Promise<void>((resolve, reject) => ends.push({ resolve, reject }));
    deadline.within(promise).then(
      () => log.push(`${name} answered`),
      (error: unknown) => log.push(`${name} ${error instanceof StoreUnavailable ? "refused" : String(error)}`),
    );
    const [call] = ends;
    if (call === undefined) throw new Error("A promise is made at once.");
    return call;
  };
  return { log, ask };
}

test("[CL8] each call has its own time, whichever came before and were answered; a later answer changes nothing", async () => {
  const { log, ask } = asker();
  const [first, second] = [ask("first"), ask("second")];
  await vi.advanceTimersByTimeAsync(300);
  const third = ask("third");
  first.resolve();
  await vi.advanceTimersByTimeAsync(149);
  expect(log).toEqual(["first answered"]);
  await vi.advanceTimersByTimeAsync(1);
  expect(log.splice(0)).toEqual(["first answered", "second refused"]);
  second.resolve();
  await vi.advanceTimersByTimeAsync(299);
  expect(log).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  third.resolve();
  expect(log).toEqual(["third refused"]);
  // Nobody waited for a while.
  expect(vi.getTimerCount()).toBe(0);
  ask("fourth");
  await vi.advanceTimersByTimeAsync(450);
  expect(log).toEqual(["third refused", "fourth refused"]);
});

test("[CL8] an error is passed on as it is, and thousands of calls that are answered have one timer", async () => {
  const { log, ask } = asker();
  ask("one").reject(new Error("wrong"));
  for (let index = 0; index < 5_000; index++) ask(`${index}`).resolve();
  expect(vi.getTimerCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(450);
  expect([log[0], log.length, log.some((line) => line.endsWith("refused")), vi.getTimerCount()]).toEqual([
    "one Error: wrong",
    5_001,
    false,
    0,
  ]);
});
