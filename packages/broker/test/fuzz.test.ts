/** Fuzz by grammar and by bytes, in process. `ROLLCALL_DEEP=1`: ten million frames. */
import { expect, test } from "vitest";
import { IS_DEEP } from "../../../scripts/deep.ts";
import { GuardFuzz, type GuardFuzzCount } from "./fuzz-guard.ts";
import { fuzzParsers } from "./fuzz-parsers.ts";

const PARSER_FRAMES = IS_DEEP ? 10_000_000 : 100_000;
const GUARD_FRAMES = IS_DEEP ? 1_000_000 : 20_000;
/** Frames of one seed: what a failure has to be played again from. */
const SEED_FRAMES = 100_000;
const FIRST_SEED = IS_DEEP ? 1_000 : 1;
/** Above it a frame is too dear: 5 ms of the broker at 50 frames a second are a quarter of a core for one socket. A run beside other tests times nothing. */
const FRAME_MS_MAX = IS_DEEP ? 5 : Infinity;

test(`[AB30] ${PARSER_FRAMES.toLocaleString("en")} frames by grammar and by bytes: every parser reads or refuses, none throws, and what is read is what was meant`, () => {
  const prototype = JSON.stringify(Object.getOwnPropertyNames(Object.prototype));
  const startedMs = performance.now();
  for (let seed = 0; seed < PARSER_FRAMES / SEED_FRAMES; seed++) {
    for (const [kind, { read, refused }] of Object.entries(fuzzParsers(FIRST_SEED + seed, SEED_FRAMES, FRAME_MS_MAX))) {
      expect([kind, read > 500, refused > 500]).toEqual([kind, true, true]);
    }
  }
  expect(JSON.stringify(Object.getOwnPropertyNames(Object.prototype))).toBe(prototype);
  console.log(
    `DEEP parsers: ${PARSER_FRAMES} frames in ${Math.round((performance.now() - startedMs) / 1_000)} s, none threw, none took ${FRAME_MS_MAX} ms`,
  );
});

test(`[AB31] ${GUARD_FRAMES.toLocaleString("en")} frames to a whole broker: it never fails, tells nobody what is not of the protocol, not from whom it says or not meant for them, and serves honest people`, async () => {
  const startedMs = performance.now();
  const total: GuardFuzzCount[] = [];
  const seeds = Math.max(1, GUARD_FRAMES / SEED_FRAMES);
  for (let seed = 0; seed < seeds; seed++) {
    const frames = GUARD_FRAMES / seeds;
    const count = await new GuardFuzz(FIRST_SEED + seed).run(frames);
    expect(count.frames).toBeGreaterThan(frames / 2);
    for (const happened of [count.sockets, count.admissions]) expect(happened).toBeGreaterThan(frames / 1_000);
    for (const happened of [count.relayed, count.replies]) expect(happened).toBeGreaterThan(frames / 100);
    total.push(count);
  }
  const sum = (field: keyof GuardFuzzCount): number => total.reduce((all, count) => all + count[field], 0);
  const seconds = Math.round((performance.now() - startedMs) / 1_000);
  const happened = `${sum("sockets")} sockets, ${sum("admissions")} admissions, ${sum("replies")} replies, ${sum("relayed")} relayed signals`;
  console.log(`DEEP guard: ${GUARD_FRAMES} frames in ${seconds} s, no failure; ${happened}`);
});
