import { expect } from "vitest";
import type { Browser, BrowserContext, Page } from "playwright";
import type { LabEvent, LabHandle, LabOptions } from "../page/main.ts";
import type { Heard } from "../page/talk.ts";
import type { SelectedPair } from "../page/observer.ts";

/** Longer than any attempt to connect: what has not happened by then does not happen. */
const WAIT_MS_MAX = 40_000;

/** What is later than this is stale: the round trips of the lab are a few milliseconds. */
export const FRESH_MS = 250;

/** One player: a page in a context of its own, and what it shows. */
export class LabPage {
  readonly page: Page;
  readonly name: string;
  readonly errors: string[] = [];
  readonly #context: BrowserContext;

  private constructor(page: Page, context: BrowserContext, name: string) {
    this.page = page;
    this.#context = context;
    this.name = name;
    page.on("pageerror", (error) => this.errors.push(error.message));
  }

  static async open(browser: Browser, name: string, url: string): Promise<LabPage> {
    const context = await browser.newContext();
    const page = await context.newPage();
    const opened = new LabPage(page, context, name);
    await page.goto(url);
    await opened.#until(() => "lab" in globalThis, undefined);
    return opened;
  }

  host(options: Omit<LabOptions, "name"> = {}): Promise<string> {
    return this.page.evaluate((wanted) => globalThis.lab.host(wanted), { name: this.name, ...options });
  }

  join(code: string, options: Omit<LabOptions, "name"> = {}): Promise<void> {
    return this.page.evaluate(([text, wanted]) => globalThis.lab.join(text, wanted), [code, { name: this.name, ...options }] as const);
  }

  start(): Promise<void> {
    return this.page.evaluate(() => globalThis.lab.start());
  }

  peers(): Promise<ReturnType<LabHandle["peers"]>> {
    return this.page.evaluate(() => globalThis.lab.peers());
  }

  events(): Promise<readonly LabEvent[]> {
    return this.page.evaluate(() => globalThis.lab.events);
  }

  pairs(): Promise<readonly SelectedPair[]> {
    return this.page.evaluate(() => globalThis.lab.selectedPairs());
  }

  /** Waits until links to `count` peers are open, each with a path. */
  async open(count = 1): Promise<void> {
    await this.#until((wanted) => {
      const open = globalThis.lab.peers().filter(({ status, path }) => status === "open" && path !== "connecting");
      return open.length === wanted;
    }, count);
  }

  /** Waits for an event after the first `seen` ones, and returns it. */
  async event(type: string, seen = 0): Promise<LabEvent> {
    await this.#until(([wanted, from]) => globalThis.lab.events.slice(from).some((event) => event.type === wanted), [type, seen] as const);
    const event = (await this.events()).slice(seen).find((each) => each.type === type);
    if (event === undefined) throw new Error(`${this.name}: no event ${type}`);
    return event;
  }

  /** Waits until a link that was not open after the first `seen` events is open again, and returns that event. */
  async reopened(seen: number): Promise<LabEvent> {
    await this.#until((from) => globalThis.lab.reopenings(from).length > 0, seen);
    const [event] = await this.page.evaluate((from) => globalThis.lab.reopenings(from), seen);
    if (event === undefined) throw new Error(`${this.name}: not reopened`);
    return event;
  }

  /** Waits until a link is as `shown` says, "open peer" for instance, and returns when it became so. */
  async linkEvent(shown: string, seen = 0): Promise<LabEvent> {
    const isIt = ({ type, code }: LabEvent): boolean => type === "link" && code === shown;
    await this.#until(([wanted, from]) => globalThis.lab.events.slice(from).some(({ type, code }) => type === "link" && code === wanted), [
      shown,
      seen,
    ] as const);
    const event = (await this.events()).slice(seen).find(isIt);
    if (event === undefined) throw new Error(`${this.name}: no link is ${shown}`);
    return event;
  }

  /** Waits until a message came that was under way for less than `FRESH_MS`, after the moment `sinceMs`; returns when that was. */
  async heardFresh(sinceMs: number): Promise<number> {
    const isFresh = ([since, most]: readonly [number, number]): number | undefined =>
      globalThis.lab.heard().fresh.find(({ atMs, sentMs }) => atMs > since && atMs - sentMs <= most)?.atMs;
    await this.#until(isFresh as never, [sinceMs, FRESH_MS] as const);
    return (await this.page.evaluate(isFresh, [sinceMs, FRESH_MS] as const)) ?? Number.NaN;
  }

  /** Waits until `count` reliable messages came, and returns the numbers of all. */
  async heardKept(count: number): Promise<readonly number[]> {
    await this.#until((wanted) => globalThis.lab.heard().kept.length >= wanted, count);
    return (await this.heard()).kept;
  }

  heard(): Promise<Heard> {
    return this.page.evaluate(() => globalThis.lab.heard());
  }

  /** Waits until we hold our seat in the match. */
  async playing(): Promise<void> {
    await this.#until(() => globalThis.lab.role() === "player", undefined);
  }

  /** Waits until the match has confirmed `frame`. */
  async confirmed(frame: number): Promise<void> {
    await this.#until((wanted) => (globalThis.lab.stats()?.confirmedFrame ?? -1) >= wanted, frame);
  }

  confirmedFrame(): Promise<number> {
    return this.page.evaluate(() => globalThis.lab.stats()?.confirmedFrame ?? -1);
  }

  /** `null` where a frame is not held any more. */
  checksums(from: number, to: number): Promise<readonly (number | null)[]> {
    return this.page.evaluate(([first, last]) => globalThis.lab.checksums(first, last), [from, to] as const);
  }

  async close(): Promise<void> {
    await this.#context.close();
  }

  async #until<Argument>(done: (argument: Argument) => boolean, argument: Argument): Promise<void> {
    try {
      await this.page.waitForFunction(done as never, argument, { timeout: WAIT_MS_MAX, polling: 50 });
    } catch (cause) {
      const told = await this.page.evaluate(() =>
        globalThis.lab?.events.map(({ atMs, type, code }) => `${atMs.toFixed(0)} ${type} ${code ?? ""}`),
      );
      const log = await this.page.evaluate(() => globalThis.lab?.traceSince(0).filter(({ what }) => what.startsWith("log ")));
      const logged = (log ?? []).map(({ atMs, what }) => `${atMs.toFixed(0)} ${what}`);
      throw new Error([`${this.name} waited in vain. Its events, log and errors:`, ...(told ?? []), ...logged, ...this.errors].join("\n"), {
        cause,
      });
    }
  }
}

/** Compares the checksums of all frames that every page has confirmed and still holds. Returns how many were compared. */
export async function expectEqualHistories(pages: readonly LabPage[]): Promise<number> {
  const newest = Math.min(...(await Promise.all(pages.map((page) => page.confirmedFrame()))));
  const range = [Math.max(0, newest - 60), newest] as const;
  const histories = await Promise.all(pages.map((page) => page.checksums(...range)));
  let compared = 0;
  for (const [index, sum] of (histories[0] ?? []).entries()) {
    const sums = histories.map((history) => history[index] ?? null);
    if (sums.includes(null)) continue;
    expect(new Set(sums), `checksums of frame ${range[0] + index}`).toEqual(new Set([sum]));
    compared++;
  }
  return compared;
}
