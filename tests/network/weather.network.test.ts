import { expect, test } from "vitest";
import { expectEqualHistories } from "./lab/lab-page.ts";
import { closeAll, enterLobby, useLab } from "./lab/use-lab.ts";

const lab = useLab({ fair: "cone", foul: "cone" });

test("[NW40] a pair connects and plays with delay, jitter, bursts of loss and packets that overtake each other", async () => {
  await lab.current.hosts.foul.setWeather({
    delayMs: 50,
    jitterMs: 20,
    reorderRatio: 0.05,
    lossRatio: 0.02,
    burstsPerSecond: 0.2,
    burstMs: 60,
  });
  const pages = await enterLobby(lab.current, ["fair", "foul"]);
  await Promise.all(pages.map((page) => page.open()));
  await pages[0]!.start();
  await Promise.all(pages.map((page) => page.confirmed(600)));
  expect(await expectEqualHistories(pages)).toBeGreaterThan(20);
  for (const page of pages) {
    expect(page.errors).toEqual([]);
    expect((await page.events()).filter(({ type }) => type === "seat-to-bot")).toEqual([]);
    const stats = await page.page.evaluate(() => globalThis.lab.stats());
    expect(stats?.rollbacks).toBeGreaterThan(10);
    expect(stats?.peers[0]?.rttMs).toBeGreaterThan(80);
  }
  await closeAll(pages);
});
