import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** Compiled with the rest of this folder, so that what the guide shows is what the library takes. */
const SNIPPETS = ["party-messages.ts", "party-chat.ts", "party-files.ts"];

test("[MS36] every sample of the guide is a file that compiles", () => {
  const guide = readFileSync(new URL("../docs/guides/messages.md", import.meta.url), "utf8");
  const samples = [...guide.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1]);
  expect(samples).toEqual(SNIPPETS.map((name) => readFileSync(new URL(`snippets/${name}`, import.meta.url), "utf8")));
});
