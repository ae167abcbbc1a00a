import { expect, test } from "vitest";
import { browserPage } from "../src/adapters/page.ts";

test("[FA54] a page that is opened by another one hears its claim, though loading keeps both of them busy", async () => {
  const name = "rollcall:test:KXRTM:abcd";
  const release = browserPage.claim(name);
  const asked = browserPage.isClaimed(name);
  const untilMs = performance.now() + 150;
  while (performance.now() < untilMs);
  expect(await asked).toBe(true);
  release();
  expect(await browserPage.isClaimed(name)).toBe(false);
});
