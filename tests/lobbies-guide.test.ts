import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

test("[LS87] every sample of the guide to lobbies is a region of a file that compiles", () => {
  const guide = readFileSync(new URL("../docs/guides/lobbies.md", import.meta.url), "utf8");
  const samples = [...guide.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, sample = ""]) => sample);
  const source = readFileSync(new URL("snippets/lobby-samples.ts", import.meta.url), "utf8");
  const regions = [...source.matchAll(/ {2}\/\/ #region\n([\s\S]*?) {2}\/\/ #endregion/g)].map(([, region = ""]) =>
    region.replaceAll(/^ {2}/gm, ""),
  );
  expect(samples.length).toBeGreaterThan(5);
  expect(samples).toEqual(regions);
});
