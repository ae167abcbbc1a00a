import { chromium, expect } from "playwright/test";
import { chromiumFlags, findChromium } from "../scripts/chromium.ts";
import { test } from "./page-test.ts";
import { expectPlaysOn, RubberbandPage, type Weather } from "./rubberband-page.ts";

const PLAY_MS = 20_000;
/** 80 ms of round trip and 5 % loss each way between two pages that both have this weather. */
const LOSSY: Weather = { latencyMs: 20, packetLossPercent: 2.5 };

/** Plays in four parts and compares the histories after each, while the pages still hold those frames. */
async function playTogether(pages: readonly RubberbandPage[]): Promise<void> {
  for (let part = 0; part < 4; part++) {
    await Promise.all(pages.map((page) => page.play(PLAY_MS / 4)));
    await expectPlaysOn(pages, 30);
  }
}

async function rollbacksOf(pages: readonly RubberbandPage[]): Promise<number> {
  const stats = await Promise.all(pages.map((page) => page.stats()));
  return stats.reduce((sum, each) => sum + (each?.rollbacks ?? 0), 0);
}

test("[EE1] two people host, join by code and play 20 s on a clean link with equal histories", async ({ browser }) => {
  const ada = await RubberbandPage.open(browser, { name: "Ada" });
  const code = await ada.host();
  const ben = await RubberbandPage.open(browser, { name: "Ben" });
  await ben.typeCode(code.toLowerCase());
  await ada.expectPlayers(2);
  await ben.expectPlayers(2);
  await ben.page.getByRole("button", { name: "Ready" }).click();
  await ada.start();
  await Promise.all([ada.confirmed(60), ben.confirmed(60)]);
  await playTogether([ada, ben]);
  const stats = await ada.stats();
  expect(stats?.peers).toHaveLength(1);
  expect(stats?.peers[0]?.path).toBe("direct");
});

test("[EE2] two people join by link and play at 80 ms and 5 % loss: rollbacks happen, histories are equal", async ({ browser }) => {
  const ada = await RubberbandPage.open(browser, { name: "Ada", weather: LOSSY });
  const code = await ada.host();
  const ben = await RubberbandPage.open(browser, { name: "Ben", code, weather: LOSSY });
  await ada.expectPlayers(2);
  await ada.start();
  await Promise.all([ada.confirmed(60), ben.confirmed(60)]);
  await playTogether([ada, ben]);
  expect(await rollbacksOf([ada, ben])).toBeGreaterThan(10);
  const [stats] = await Promise.all([ada.stats(), ben.stats()]);
  expect(stats?.peers[0]?.rttMs ?? 0).toBeGreaterThan(60);
  expect(stats?.peers[0]?.lossRatio ?? 0).toBeGreaterThan(0);
});

for (const [title, weather] of [
  ["[EE3] four people play on a clean link with equal histories", undefined],
  ["[EE4] four people play at 80 ms and 5 % loss with equal histories", LOSSY],
] as const) {
  test(title, async ({ browser }) => {
    const ada = await RubberbandPage.open(browser, { name: "Ada", weather });
    const code = await ada.host();
    const ben = await RubberbandPage.open(browser, { name: "Ben", code, weather });
    const cleo = await RubberbandPage.open(browser, { name: "Cleo", weather });
    await cleo.typeCode(` ${code.slice(0, 3)} - ${code.slice(3)} `);
    const dan = await RubberbandPage.open(browser, { name: "Dan", code, weather });
    const all = [ada, ben, cleo, dan];
    for (const page of all) await page.expectPlayers(4);
    await ada.start();
    await Promise.all(all.map((page) => page.confirmed(60)));
    await playTogether(all);
    if (weather !== undefined) expect(await rollbacksOf(all)).toBeGreaterThan(10);
    for (const page of all) expect((await page.stats())?.peers).toHaveLength(3);
  });
}

test("[EE5] a killed page is reported as suspect, then its bot plays on with the rest", async ({ browser, baseURL }) => {
  const executablePath = findChromium();
  // A browser of its own, so that the kill takes nobody else along and nothing can say goodbye.
  const victimServer = await chromium.launchServer({ args: chromiumFlags(), ...(executablePath === undefined ? {} : { executablePath }) });
  const victimBrowser = await chromium.connect(victimServer.wsEndpoint());
  const ada = await RubberbandPage.open(browser, { name: "Ada" });
  const code = await ada.host();
  const ben = await RubberbandPage.open(browser, { name: "Ben", code });
  const victim = await RubberbandPage.open(victimBrowser, { name: "Vic", code, ...(baseURL === undefined ? {} : { baseURL }) });
  await ada.expectPlayers(3);
  await ada.start();
  await Promise.all([ada.confirmed(120), ben.confirmed(120), victim.confirmed(120)]);
  const before = (await ada.stats())?.confirmedFrame ?? 0;
  // What each is told about the victim: on a busy machine another may fall silent for a moment too.
  for (const { page } of [ada, ben]) {
    await page.evaluate(() => {
      const { lobby } = globalThis.rollcall;
      const victimId = lobby?.state.members.find(({ profile }) => profile.name === "Vic")?.peerId;
      const seen: string[] = [];
      Object.assign(globalThis, { seen });
      lobby?.match?.on("suspect", (peerId) => peerId === victimId && seen.push("suspect"));
      lobby?.match?.on("seat-to-bot", ({ peerId }) => peerId === victimId && seen.push("seat-to-bot"));
    });
  }
  victimServer.process().kill("SIGKILL");
  const seenBy = async ({ page }: RubberbandPage): Promise<string[]> => {
    const handle = await page.waitForFunction(
      () => {
        const { seen } = globalThis as unknown as { seen: string[] };
        return seen.includes("seat-to-bot") ? seen : undefined;
      },
      undefined,
      { timeout: 20_000 },
    );
    return (await handle.jsonValue()) ?? [];
  };
  const seen = await Promise.all([ada, ben].map(seenBy));
  // Whoever notices the silence first may have the seat dropped for both before the other has noticed it.
  expect(seen).toContainEqual(["suspect", "seat-to-bot"]);
  for (const each of seen) expect(each.at(-1)).toBe("seat-to-bot");
  await Promise.all([ada.confirmed(before + 300), ben.confirmed(before + 300)]);
  await Promise.all([ada.play(2_000), ben.play(2_000)]);
  await expectPlaysOn([ada, ben]);
});
