import { launch, type Browser, type Page } from "puppeteer-core";
import { chromiumFlags, findChromium } from "../scripts/chromium.ts";
import { ensureProgram } from "../scripts/install-program.ts";
import type { Stats } from "./rubberband-page.ts";

/** Playwright and puppeteer switch these on, so that pages behind others keep their pace: what a hidden page really gets is the subject here. */
const THROTTLING_OFF = [
  "--disable-background-timer-throttling",
  "--disable-renderer-backgrounding",
  "--disable-backgrounding-occluded-windows",
];

/** Looks at the page this often; by CDP or BiDi, since a hidden page's own timers sleep. */
const LOOK_MS = 100;
const WAIT_MS_MAX = 60_000;

/** Stock Firefox over WebDriver BiDi, which Playwright does not drive. Its host candidates are real addresses: names of mDNS need a network that carries them. */
export function launchFirefox(): Promise<Browser> {
  const executablePath = ensureProgram({ names: ["firefox-esr", "firefox"], setting: "FIREFOX_PATH", debianPackage: "firefox-esr" });
  return launch({
    browser: "firefox",
    executablePath,
    headless: true,
    extraPrefsFirefox: { "media.peerconnection.ice.obfuscate_host_addresses": false },
  });
}

/** Chromium with the throttling of background pages on, and without Playwright, whose pages all believe to be in front. */
export function launchThrottlingChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error("No Chromium: run `npx pnpm test`, which installs it.");
  return launch({ executablePath, headless: true, args: chromiumFlags(), ignoreDefaultArgs: THROTTLING_OFF });
}

/** One person at a browser that Playwright does not drive. As `RubberbandPage`, as far as it is needed. */
export class PuppeteerPage {
  readonly page: Page;
  readonly name: string;
  readonly errors: string[] = [];

  private constructor(page: Page, name: string) {
    this.page = page;
    this.name = name;
    page.on("pageerror", (error) => this.errors.push(String(error)));
  }

  static async open(browser: Browser, options: { readonly name: string; readonly baseURL: string }): Promise<PuppeteerPage> {
    const page = await browser.newPage();
    const opened = new PuppeteerPage(page, options.name);
    await page.goto(new URL(`/?fx=off&name=${options.name}`, options.baseURL).href);
    return opened;
  }

  /** Clicks when the button is there and enabled. Not by puppeteer's locators: they wait until it stands still, for which a page must draw. */
  async press(name: string): Promise<void> {
    await this.until(() =>
      this.page.evaluate((text) => {
        const button = [...document.querySelectorAll("button")].find((each) => each.textContent?.trim() === text && !each.disabled);
        button?.click();
        return button === undefined ? undefined : true;
      }, name),
    );
  }

  async host(): Promise<string> {
    await this.press("Host a game");
    return this.until(() => this.page.evaluate(() => globalThis.rollcall.lobby?.code));
  }

  async typeCode(code: string): Promise<void> {
    await this.page.locator(`::-p-aria([name="Lobby code"][role="textbox"])`).fill(code);
  }

  async expectPlayers(count: number): Promise<void> {
    await this.until(async () => (await this.page.$$("[data-testid=player]")).length === count || undefined);
  }

  /** Asks until the answer is there. */
  async until<Value>(ask: () => Promise<Value | undefined>): Promise<Value> {
    const endMs = performance.now() + WAIT_MS_MAX;
    for (;;) {
      const answer = await ask();
      if (answer !== undefined) return answer;
      if (performance.now() > endMs) throw new Error(`${this.name}: no answer within ${WAIT_MS_MAX} ms: ${String(ask)}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  stats(): Promise<Stats | undefined> {
    return this.page.evaluate(() => globalThis.rollcall.match?.stats());
  }

  async confirmed(frame: number): Promise<void> {
    await this.until(async () => ((await this.stats())?.confirmedFrame ?? -1) >= frame || undefined);
  }

  checksums(from: number, to: number): Promise<(number | null)[]> {
    return this.page.evaluate(
      (first, last) => {
        const sums: (number | null)[] = [];
        for (let frame = first; frame <= last; frame++) sums.push(globalThis.rollcall.match?.checksum(frame) ?? null);
        return sums;
      },
      from,
      to,
    );
  }

  /** Plays like a person for `ms`, by the keyboard. */
  async play(ms: number): Promise<void> {
    const keys = ["ArrowRight", "ArrowUp", "ArrowLeft", "ArrowDown"] as const;
    const untilMs = performance.now() + ms;
    for (let turn = 0; performance.now() < untilMs; turn++) {
      const key = keys[(turn * 7 + this.name.length) % keys.length] ?? "ArrowUp";
      await this.page.keyboard.down(key);
      await new Promise((resolve) => setTimeout(resolve, 180 + ((turn * 61) % 240)));
      if (turn % 3 === 0) await this.page.keyboard.press(" ");
      await this.page.keyboard.up(key);
    }
  }
}
