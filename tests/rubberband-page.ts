import type { Lobby } from "@rollcall/netcode";
import type { rubberbandInput, RubberbandState } from "@rollcall/game-demo/sim";
import { expect, type Browser, type BrowserContext, type Page } from "playwright/test";

type RubberbandLobby = Lobby<RubberbandState, typeof rubberbandInput>;

/** What `globalThis.rollcall` shows on the demo page; the names are part of the public contract. */
interface RollcallHandle {
  readonly lobby?: RubberbandLobby;
  readonly match?: {
    readonly role: "player" | "returning" | "watcher";
    stop(): void;
    stats(): Stats;
    checksum(frame: number): number | undefined;
  };
}

export interface Stats {
  readonly frame: number;
  readonly confirmedFrame: number;
  readonly rollbacks: number;
  readonly resimulatedFrames: number;
  readonly stalledFrames: number;
  readonly datagramsReceived: number;
  readonly peers: readonly {
    readonly id: string;
    readonly rttMs: number;
    readonly jitterMs: number;
    readonly lossRatio: number;
    readonly path: string;
  }[];
}

declare global {
  var rollcall: RollcallHandle;
}

/** The weather of a link, as Chromium's DevTools protocol makes it for WebRTC: per page, acting on what it sends and on what it receives. */
export interface Weather {
  readonly latencyMs: number;
  readonly packetLossPercent: number;
}

/** What all browsers can be asked. */
export interface Player {
  stats(): Promise<Stats | undefined>;
  checksums(from: number, to: number): Promise<(number | null)[]>;
  play(ms: number): Promise<void>;
}

/** One person at one browser: a separate context, so that nothing is shared with the others. */
export class RubberbandPage implements Player {
  readonly page: Page;
  readonly #context: BrowserContext;
  readonly name: string;
  readonly errors: string[] = [];

  private constructor(page: Page, context: BrowserContext, name: string) {
    this.page = page;
    this.#context = context;
    this.name = name;
    page.on("pageerror", (error) => this.errors.push(error.message));
  }

  static async open(
    browser: Browser,
    options: {
      readonly name: string;
      readonly code?: string;
      readonly fx?: string;
      readonly baseURL?: string;
      readonly weather?: Weather | undefined;
    },
  ): Promise<RubberbandPage> {
    const context = await browser.newContext(options.baseURL === undefined ? {} : { baseURL: options.baseURL });
    const page = await context.newPage();
    const opened = new RubberbandPage(page, context, options.name);
    // Before any connection is made: Chromium applies it to new ones only.
    if (options.weather !== undefined) await opened.#setWeather(options.weather);
    const fragment = options.code === undefined ? "" : `#j=${options.code}`;
    await page.goto(`/?fx=${options.fx ?? "off"}&name=${options.name}${fragment}`);
    return opened;
  }

  async host(): Promise<string> {
    await this.page.getByRole("button", { name: "Host a game" }).click();
    return this.code();
  }

  async code(): Promise<string> {
    const code = this.page.getByTestId("lobby-code");
    await expect(code).toHaveText(/^[BCDFGHJKMNPQRSTVWXYZ]{5}$/);
    return (await code.textContent()) ?? "";
  }

  async typeCode(code: string): Promise<void> {
    const field = this.page.getByRole("textbox", { name: "Lobby code" });
    await field.fill(code);
    // Five letters join by themselves; the button is for who types and waits.
  }

  async expectPlayers(count: number): Promise<void> {
    await expect(this.page.getByTestId("player")).toHaveCount(count);
  }

  async start(): Promise<void> {
    await this.page.getByRole("button", { name: "Start" }).click();
  }

  async #setWeather(weather: Weather): Promise<void> {
    const session = await this.#context.newCDPSession(this.page);
    await session.send("Network.enable");
    await session.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: weather.latencyMs,
      downloadThroughput: -1,
      uploadThroughput: -1,
      packetLoss: weather.packetLossPercent,
    });
  }

  stats(): Promise<Stats | undefined> {
    return this.page.evaluate(() => globalThis.rollcall.match?.stats());
  }

  /** Waits until the match has confirmed `frame`. */
  async confirmed(frame: number, timeoutMs = 60_000): Promise<void> {
    await this.page.waitForFunction((wanted) => (globalThis.rollcall.match?.stats().confirmedFrame ?? -1) >= wanted, frame, {
      timeout: timeoutMs,
      polling: 100,
    });
  }

  /** Waits until we hold our seats in the match. */
  async playing(timeoutMs = 30_000): Promise<void> {
    await this.page.waitForFunction(() => globalThis.rollcall.match?.role === "player", undefined, { timeout: timeoutMs, polling: 50 });
  }

  /** Checksums of the confirmed frames `from` … `to`, by frame, where the page still holds them. */
  checksums(from: number, to: number): Promise<(number | null)[]> {
    return this.page.evaluate(
      ([first, last]) => {
        const sums: (number | null)[] = [];
        for (let frame = first ?? 0; frame <= (last ?? 0); frame++) sums.push(globalThis.rollcall.match?.checksum(frame) ?? null);
        return sums;
      },
      [from, to],
    );
  }

  /** Plays like a person for `ms`: holds a direction for a while, then another, and snaps now and then. */
  async play(ms: number): Promise<void> {
    const keys = ["ArrowRight", "ArrowUp", "ArrowLeft", "ArrowDown"];
    const untilMs = performance.now() + ms;
    for (let turn = 0; performance.now() < untilMs; turn++) {
      const key = keys[(turn * 7 + this.name.length) % keys.length] ?? "ArrowUp";
      await this.page.keyboard.down(key);
      await this.page.waitForTimeout(180 + ((turn * 61) % 240));
      if (turn % 3 === 0) await this.page.keyboard.press("Space");
      await this.page.keyboard.up(key);
    }
  }
}

/** Compares the checksums of all frames that every page has confirmed and still holds. Returns how many frames were compared. */
export async function expectEqualHistories(pages: readonly Pick<Player, "stats" | "checksums">[]): Promise<number> {
  const stats = await Promise.all(pages.map((page) => page.stats()));
  const newest = Math.min(...stats.map((each) => each?.confirmedFrame ?? -1));
  const histories = await Promise.all(pages.map((page) => page.checksums(Math.max(0, newest - 60), newest)));
  let compared = 0;
  const [first = [], ...others] = histories;
  first.forEach((sum, index) => {
    for (const other of others) {
      const theirs = other[index];
      if (sum === null || theirs === null || theirs === undefined) continue;
      expect(theirs, `checksum of frame ${Math.max(0, newest - 60) + index}`).toBe(sum);
      compared += 1;
    }
  });
  return compared;
}

/**
 * All pages play on, alike, for more than `frames` frames. A busy machine may let one fall so far behind that their histories do not meet at first: then
 * they are compared again later.
 */
export async function expectPlaysOn(pages: readonly RubberbandPage[], frames = 20): Promise<void> {
  for (let compared = await expectEqualHistories(pages); compared <= frames; compared += await expectEqualHistories(pages)) {
    const stats = await Promise.all(pages.map((page) => page.stats()));
    const newest = Math.max(...stats.map((each) => each?.frame ?? 0));
    await Promise.all(pages.map((page) => page.confirmed(newest + 60)));
  }
  expect(pages.flatMap((page) => page.errors)).toEqual([]);
}
