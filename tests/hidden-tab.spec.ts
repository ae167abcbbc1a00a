import { rubberband } from "@rollcall/game-demo/sim";
import { botInput, joinLobby } from "@rollcall/netcode/node";
import { expect, test } from "playwright/test";
import { IS_DEEP } from "../scripts/deep.ts";
import { launchThrottlingChromium, PuppeteerPage } from "./puppeteer-page.ts";

/** A minute in `pnpm test:deep`. */
const HIDDEN_S = IS_DEEP ? 60 : 10;
/** Of 60; a page that is throttled makes one to four. */
const FRAMES_PER_S_MIN = IS_DEEP ? 55 : 40;
/** A page that is throttled sends once a second. On a machine that does other things too, a page that is not may be late as well. */
const GAP_MS_MAX = IS_DEEP ? 100 : 500;
const SAMPLE_MS = 2;
/** A timer of 10 ms in a page that is throttled runs once a second, and a few times more before the throttling begins; in one that is not, a hundred times. */
const TIMERS_PER_S_MAX = 5;

/** The longest time without a datagram. Time for which this process itself did not look is not a gap of the page's. */
class GapWatch {
  #longestMs = 0;
  #quietMs = 0;
  #sampledMs = performance.now();
  #count = 0;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(count: () => number) {
    this.#timer = setInterval(() => {
      const nowMs = performance.now();
      const elapsedMs = nowMs - this.#sampledMs;
      this.#sampledMs = nowMs;
      const newest = count();
      this.#quietMs = newest === this.#count ? this.#quietMs + Math.min(elapsedMs, 2 * SAMPLE_MS) : 0;
      this.#count = newest;
      this.#longestMs = Math.max(this.#longestMs, this.#quietMs);
    }, SAMPLE_MS);
  }

  stop(): number {
    clearInterval(this.#timer);
    return this.#longestMs;
  }
}

test(`[EE32] a page that is hidden for ${HIDDEN_S} s plays on at full rate, while its own timers sleep`, async ({ baseURL }) => {
  if (baseURL === undefined) throw new Error("no page is served");
  test.setTimeout(HIDDEN_S * 1_000 + 120_000);
  const browser = await launchThrottlingChromium();
  const ada = await PuppeteerPage.open(browser, { name: "Ada", baseURL });
  const code = await ada.host();
  // The one that looks is a peer without a page: nothing is drawn beside the hidden page, and its clock is its own.
  const lobby = await joinLobby(code, { game: rubberband, name: "Ned", broker: baseURL });
  try {
    await ada.expectPlayers(2);
    const started = lobby.nextMatch();
    await ada.press("Start");
    const match = await started;
    match.run({ input: botInput(rubberband, match, 1) });
    const silences: string[] = [];
    match.on("suspect", (peerId) => silences.push(peerId));
    await ada.confirmed(60);

    const front = await browser.newPage();
    await front.bringToFront();
    await ada.until(() => ada.page.evaluate(() => (document.visibilityState === "hidden" ? true : undefined)));
    await ada.page.evaluate(() => {
      const seen = { timers: 0, pictures: 0 };
      Object.assign(globalThis, { seen });
      setInterval(() => seen.timers++, 10);
      const draw = (): void => {
        seen.pictures++;
        requestAnimationFrame(draw);
      };
      requestAnimationFrame(draw);
    });
    const watch = new GapWatch(() => match.stats().datagramsReceived);
    const [first, startMs] = [(await ada.stats())?.frame ?? 0, performance.now()];
    await new Promise((resolve) => setTimeout(resolve, HIDDEN_S * 1_000));
    const [last, endMs] = [(await ada.stats())?.frame ?? 0, performance.now()];
    const gapMs = watch.stop();
    const framesPerS = ((last - first) * 1_000) / (endMs - startMs);
    const control = await ada.page.evaluate(() => (globalThis as unknown as { seen: { timers: number; pictures: number } }).seen);
    process.stdout.write(
      `DEEP hidden for ${HIDDEN_S} s: ${framesPerS.toFixed(1)} frames/s, longest gap ${gapMs.toFixed(0)} ms; a timer of 10 ms ran ${(control.timers / HIDDEN_S).toFixed(1)} times a second\n`,
    );
    expect(await ada.page.evaluate(() => document.visibilityState)).toBe("hidden");
    expect(control.timers).toBeLessThan(TIMERS_PER_S_MAX * HIDDEN_S);
    expect(control.pictures).toBe(0);
    expect(silences).toEqual([]);
    expect(framesPerS).toBeGreaterThan(FRAMES_PER_S_MIN);
    expect(gapMs).toBeLessThan(GAP_MS_MAX);
    const newest = Math.min(match.stats().confirmedFrame, (await ada.stats())?.confirmedFrame ?? 0);
    const theirs = await ada.checksums(newest - 30, newest);
    const ours = theirs.map((_, index) => match.checksum(newest - 30 + index) ?? null);
    expect(ours.filter((sum, index) => sum !== null && sum === theirs[index]).length).toBeGreaterThan(10);
    expect(ours.filter((sum, index) => sum !== null && theirs[index] !== null && sum !== theirs[index])).toEqual([]);
    expect(ada.errors).toEqual([]);
  } finally {
    await lobby.leave();
    await browser.close();
  }
});
