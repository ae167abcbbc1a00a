import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

test("[BY9] every sample of the guide is a file that is compiled", () => {
  const guide = readFileSync(new URL("../docs/guides/bring-your-own.md", import.meta.url), "utf8");
  const samples = [...guide.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => match[1]);
  const files = ["own-connection.ts", "own-peer-server.ts"].map((name) =>
    readFileSync(new URL(`snippets/${name}`, import.meta.url), "utf8"),
  );
  expect(samples).toEqual(files);
});
