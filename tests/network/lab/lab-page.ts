import type { Browser, BrowserContext, Page } from "playwright";
import type { LabEvent, LabHandle, LabOptions } from "../page/main.ts";
import type { SelectedPair } from "../page/observer.ts";

/** Longer than any attempt to connect: what has not happened by then does not happen. */
const WAIT_MS_MAX = 40_000;

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

  /** Waits until the match has confirmed `frame`. */
  async confirmed(frame: number): Promise<void> {
    await this.#until((wanted) => (globalThis.lab.stats()?.confirmedFrame ?? -1) >= wanted, frame);
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
      throw new Error([`${this.name} waited in vain. Its events and errors:`, ...(told ?? []), ...this.errors].join("\n"), { cause });
    }
  }
}
