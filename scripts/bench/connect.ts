import { createBroker } from "@rollcall/broker";
import { PeerServer } from "peer";
import { chromium, type Browser, type Page } from "playwright";
import { chromiumFlags } from "../chromium.ts";
import { freePort } from "../free-port.ts";
import { ensureChromium } from "../install-chromium.ts";
import type { Row } from "./row.ts";
import { servePages } from "./serve-pages.ts";

const ROUNDS = 9;

interface Closable {
  close(): void;
}

/** What the two pages of the bench put on `globalThis`. */
interface BenchPage {
  listen(id: string): Promise<void>;
  connect(id: string): Promise<number>;
  host(): Promise<string>;
  join(code: string): Promise<number>;
}

/** Time from "Join" to the first synchronised frame, beside a bare PeerJS connect, alternating in one run: only the ratio is worth keeping. */
export async function benchConnect(): Promise<Row[]> {
  const peerPort = await freePort({ name: "PeerServer port", wanted: 17_900, fixed: false, host: "127.0.0.1" });
  const brokerPort = await freePort({ name: "broker port", wanted: 18_000, fixed: false, host: "127.0.0.1" });
  const broker = await createBroker({ host: "127.0.0.1", port: brokerPort, trustedProxyHops: 1, limits: { opensPerMinute: 5_000 } });
  const stock = await new Promise<Closable>((resolve) => PeerServer({ port: peerPort, host: "127.0.0.1", path: "/" }, resolve));
  const pages = await servePages(["bare-peerjs.html", "join.html"], brokerPort);
  const browser = await chromium.launch({ executablePath: ensureChromium(), args: chromiumFlags() });
  try {
    const bareMs: number[] = [];
    const joinMs: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      bareMs.push(await bareConnect(browser, `${pages.url("bare-peerjs.html")}?peer=${peerPort}`, round));
      joinMs.push(await joinAndSynchronise(browser, pages.url("join.html")));
    }
    return [
      { name: "bare PeerJS connect, median", value: `${median(bareMs).toFixed(0)} ms` },
      { name: "from Join to the first synchronised frame, median", value: `${median(joinMs).toFixed(0)} ms` },
      { name: "ratio of the two", value: (median(joinMs) / median(bareMs)).toFixed(2) },
    ];
  } finally {
    await browser.close();
    await Promise.all([pages.close(), broker.close()]);
    stock.close();
  }
}

async function bareConnect(browser: Browser, url: string, round: number): Promise<number> {
  return withTwoPages(browser, url, async (first, second) => {
    const id = `bench-${round}`;
    await first.evaluate((name) => (globalThis as unknown as BenchPage).listen(name), id);
    return second.evaluate((name) => (globalThis as unknown as BenchPage).connect(name), id);
  });
}

async function joinAndSynchronise(browser: Browser, url: string): Promise<number> {
  return withTwoPages(browser, url, async (first, second) => {
    const code = await first.evaluate(() => (globalThis as unknown as BenchPage).host());
    return second.evaluate((text) => (globalThis as unknown as BenchPage).join(text), code);
  });
}

async function withTwoPages(browser: Browser, url: string, measure: (first: Page, second: Page) => Promise<number>): Promise<number> {
  const context = await browser.newContext();
  try {
    const [first, second] = [await context.newPage(), await context.newPage()];
    await Promise.all([first.goto(url), second.goto(url)]);
    return await measure(first, second);
  } finally {
    await context.close();
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;
}
