import type { Browser as OtherBrowser } from "puppeteer-core";
import { expect } from "playwright/test";
import { test } from "./page-test.ts";
import { launchFirefox, PuppeteerPage } from "./puppeteer-page.ts";
import { listenToDepartures, toldOf } from "./told-departures.ts";
import { expectEqualHistories, RubberbandPage, type Player, type Weather } from "./rubberband-page.ts";

/** On the Chromium side alone: 40 ms of round trip and 2 % loss, so that predictions go wrong. */
const WEATHER: Weather = { latencyMs: 20, packetLossPercent: 1 };
const PLAY_MS = 8_000;

let firefox: OtherBrowser;

test.beforeAll(async () => {
  // Firefox may have to be installed first.
  test.setTimeout(600_000);
  firefox = await launchFirefox();
});

test.afterAll(() => firefox.close());

/** Both play by the keyboard, and hold the same history; predictions were corrected. */
async function expectPlayTogether(players: readonly (Player & { readonly errors: readonly string[] })[]): Promise<void> {
  let compared = 0;
  for (let part = 0; part < 2; part++) {
    await Promise.all(players.map((player) => player.play(PLAY_MS / 2)));
    compared += await expectEqualHistories(players);
  }
  expect(compared).toBeGreaterThan(30);
  const stats = await Promise.all(players.map((player) => player.stats()));
  for (const each of stats) {
    expect(each?.rollbacks).toBeGreaterThan(0);
    expect(each?.datagramsReceived).toBeGreaterThan(100);
    expect(each?.peers[0]?.path).toBe("direct");
  }
  expect(players.flatMap(({ errors }) => errors)).toEqual([]);
}

test("[EE30] Firefox joins by code what Chromium hosts, and both play with equal histories", async ({ browser, baseURL }) => {
  const ada = await RubberbandPage.open(browser, { name: "Ada", weather: WEATHER });
  const code = await ada.host();
  const fox = await PuppeteerPage.open(firefox, { name: "Fox", baseURL: baseURL ?? "" });
  await fox.typeCode(code);
  await Promise.all([ada.expectPlayers(2), fox.expectPlayers(2)]);
  await ada.start();
  await Promise.all([ada.confirmed(60), fox.confirmed(60)]);
  await expectPlayTogether([ada, fox]);
  await fox.page.close();
});

test("[EE31] Chromium joins by code what Firefox hosts, and both play with equal histories", async ({ browser, baseURL }) => {
  const fox = await PuppeteerPage.open(firefox, { name: "Fox", baseURL: baseURL ?? "" });
  const code = await fox.host();
  const ada = await RubberbandPage.open(browser, { name: "Ada", weather: WEATHER });
  await ada.typeCode(code);
  await Promise.all([ada.expectPlayers(2), fox.expectPlayers(2)]);
  await fox.press("Start");
  await Promise.all([ada.confirmed(60), fox.confirmed(60)]);
  await expectPlayTogether([ada, fox]);
  await fox.page.close();
});

test("[EE34] Firefox checks its connection; a page that follows a link and a tab that is closed have their reasons", async ({
  browser,
  baseURL,
}) => {
  const ada = await RubberbandPage.open(browser, { name: "Ada" });
  const code = await ada.host();
  await listenToDepartures(ada.page);
  const fox = await PuppeteerPage.open(firefox, { name: "Fox", baseURL: baseURL ?? "" });
  await fox.press("Check my connection");
  const verdict = await fox.until(() =>
    fox.page.evaluate(() => {
      const shown = document.querySelector<HTMLElement>("[data-testid=check-verdict]");
      return shown === null || shown.dataset["state"] === "running" ? undefined : (shown.textContent ?? undefined);
    }),
  );
  expect(verdict).toContain("your own network");
  await fox.page.keyboard.press("Escape");
  await fox.typeCode(code);
  await ada.expectPlayers(2);
  await fox.expectPlayers(2);
  await fox.page.evaluate(() => location.assign("about:blank"));
  await expect.poll(() => toldOf(ada.page)).toEqual(["Fox: navigated"]);
  const vix = await PuppeteerPage.open(firefox, { name: "Vix", baseURL: baseURL ?? "" });
  await vix.typeCode(code);
  await vix.expectPlayers(3);
  await vix.until(() => vix.page.evaluate(() => (globalThis.rollcall.lobby === undefined ? undefined : true)));
  await vix.page.close();
  await expect.poll(() => toldOf(ada.page)).toHaveLength(2);
  // Before the link was there, nobody heard its goodbye.
  expect(["Vix: closed", "Vix: killed"]).toContain((await toldOf(ada.page))[1]);
});
