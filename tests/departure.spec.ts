import { chromium, expect, type Page } from "playwright/test";
import { chromiumFlags, findChromium } from "../scripts/chromium.ts";
import { test } from "./page-test.ts";
import { RubberbandPage } from "./rubberband-page.ts";
import { listenToDepartures, toldOf } from "./told-departures.ts";

/** Waits until as many things were told as `expected` has; nothing may follow in the seconds after. */
async function expectTold(page: Page, expected: readonly string[]): Promise<void> {
  await expect.poll(() => toldOf(page), { timeout: 30_000 }).toEqual(expected);
  // Longer than every wait of the machine but that of a seat: a second reason would have come by then.
  await page.waitForTimeout(3_000);
  expect(await toldOf(page)).toEqual(expected);
}

test("[EE18] a closed tab, a link, the address bar, a reload, a kick and a way out each have their one reason", async ({ browser }) => {
  const ada = await RubberbandPage.open(browser, { name: "Ada" });
  const code = await ada.host();
  const ways: readonly (readonly [name: string, expected: string, go: (guest: RubberbandPage) => Promise<unknown>])[] = [
    ["Close", "closed", ({ page }) => page.close({ runBeforeUnload: true })],
    ["Link", "navigated", ({ page }) => page.evaluate(() => location.assign("about:blank"))],
    ["Address", "navigated", ({ page }) => page.goto("about:blank")],
    ["Leave", "left", ({ page }) => page.getByRole("button", { name: "Leave" }).click()],
    [
      "Kick",
      "kicked",
      async () => {
        await ada.page.getByRole("button", { name: "Options for Kick" }).click();
        await ada.page.getByRole("button", { name: "Kick", exact: true }).click();
      },
    ],
  ];
  await listenToDepartures(ada.page);
  const guests = await Promise.all(ways.map(([name]) => RubberbandPage.open(browser, { name, code })));
  const reloaded = await RubberbandPage.open(browser, { name: "Reload", code });
  await ada.expectPlayers(ways.length + 2);
  await expect.poll(() => linkedPeers(ada.page)).toBe(ways.length + 1);
  const expected: string[] = [];
  for (const [index, [name, reason, go]] of ways.entries()) {
    const guest = guests[index];
    if (guest !== undefined) await go(guest);
    expected.push(`${name}: ${reason}`);
    await expect.poll(() => toldOf(ada.page)).toEqual(expected);
  }
  await reloaded.page.reload();
  await reloaded.code();
  await expectTold(ada.page, [...expected, "Reload: returned"]);
});

test("[EE19] a killed browser has the reason killed, once", async ({ browser, baseURL }) => {
  const executablePath = findChromium();
  // A browser of its own, so that the kill takes nobody else along and nothing can say goodbye.
  const server = await chromium.launchServer({ args: chromiumFlags(), ...(executablePath === undefined ? {} : { executablePath }) });
  const victimBrowser = await chromium.connect(server.wsEndpoint());
  const ada = await RubberbandPage.open(browser, { name: "Ada" });
  const code = await ada.host();
  const victim = await RubberbandPage.open(victimBrowser, { name: "Vic", code, ...(baseURL === undefined ? {} : { baseURL }) });
  await Promise.all([ada.expectPlayers(2), victim.expectPlayers(2)]);
  await expect.poll(() => linkedPeers(ada.page)).toBe(1);
  await listenToDepartures(ada.page);
  server.process().kill("SIGKILL");
  await expectTold(ada.page, ["Vic: killed"]);
});

function linkedPeers(page: Page): Promise<number> {
  return page.evaluate(() => {
    const lobby = globalThis.rollcall.lobby as unknown as { readonly peers: readonly { readonly status: string }[] } | undefined;
    return lobby?.peers.filter(({ status }) => status === "open").length ?? 0;
  });
}
