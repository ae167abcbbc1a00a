import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** Compiled with the rest of that folder, so that what the guides show is what the library takes. */
const snippet = (name: string): string => readFileSync(new URL(`snippets/${name}`, import.meta.url), "utf8");
const samplesOf = (guide: string): string[] => {
  const text = readFileSync(new URL(`../docs/guides/${guide}.md`, import.meta.url), "utf8");
  return [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");
};

test("[FA98] the samples of the quick start are two files that compile", () => {
  const [game, ...page] = samplesOf("quick-start");
  expect([game, page.join("\n")]).toEqual([snippet("game.ts"), snippet("quick-start.ts")]);
});

test("[RE15] the sample that records a match is a file that compiles", () => {
  expect(samplesOf("replays-and-spectators")[0]).toBe(snippet("record-match.ts"));
});
