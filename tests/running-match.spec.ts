import { expect, type Browser } from "playwright/test";
import { test } from "./page-test.ts";
import { expectPlaysOn, RubberbandPage } from "./rubberband-page.ts";

/** A host and others in a match that runs. */
async function openMatch(browser: Browser, names: readonly string[]): Promise<RubberbandPage[]> {
  const [hostName = "Ada", ...others] = names;
  const host = await RubberbandPage.open(browser, { name: hostName });
  const code = await host.host();
  const pages = [host];
  for (const name of others) pages.push(await RubberbandPage.open(browser, { name, code }));
  await Promise.all(pages.map((page) => page.expectPlayers(names.length)));
  await host.start();
  await Promise.all(pages.map((page) => page.confirmed(30)));
  return pages;
}

test("[EE14] one player stops the match for both, and the other lets it go on", async ({ browser }) => {
  const pages = await openMatch(browser, ["Ada", "Bob"]);
  const [ada, bob] = pages;
  if (ada === undefined || bob === undefined) throw new Error("two pages");
  await ada.page.keyboard.press("p");
  await expect(bob.page.getByTestId("paused")).toContainText("Ada paused the match");
  await expect(ada.page.getByTestId("paused")).toContainText("You paused the match");
  await bob.page.getByTestId("paused").getByRole("button", { name: "Continue" }).click();
  for (const page of pages) await expect(page.page.getByTestId("paused")).toBeHidden();
  await expectPlaysOn(pages);
});

test("[EE15] a page that is reloaded in the middle of a match comes back into its seat", async ({ browser }) => {
  const pages = await openMatch(browser, ["Ada", "Bob", "Cyd"]);
  const [, bob] = pages;
  if (bob === undefined) throw new Error("three pages");
  await bob.page.reload();
  await bob.playing();
  await expectPlaysOn(pages);
});

test("[EE16] who comes while a match runs watches it, and plays on for a bot", async ({ browser }) => {
  const pages = await openMatch(browser, ["Ada", "Bob"]);
  const code = await pages[0]?.page.evaluate(() => globalThis.rollcall.lobby?.code);
  if (code === undefined) throw new Error("no code");
  const eve = await RubberbandPage.open(browser, { name: "Eve", code });
  await eve.page.getByRole("button", { name: "Watch" }).click();
  await expect(eve.page.getByTestId("watching")).toContainText("You are watching");
  await eve.confirmed(60);
  await eve.page.getByRole("button", { name: /^Play for/ }).click();
  await eve.playing();
  await expect(eve.page.getByTestId("watching")).toBeHidden();
  await expectPlaysOn([...pages, eve]);
});

test("[EE17] a page that stands still for five seconds loses its seat to a bot, and gets it back", async ({ browser }) => {
  const pages = await openMatch(browser, ["Ada", "Bob", "Cyd"]);
  const [ada, bob] = pages;
  if (ada === undefined || bob === undefined) throw new Error("three pages");
  await bob.page.evaluate(() => {
    // Not a timer: the page itself is blocked, its worker's messages wait.
    for (const endMs = performance.now() + 5_000; performance.now() < endMs;);
  });
  await expect(ada.page.getByTestId("toasts").getByText("Bob is back in the match")).toBeVisible({ timeout: 30_000 });
  await bob.playing();
  await expectPlaysOn(pages);
});
