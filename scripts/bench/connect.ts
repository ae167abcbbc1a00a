import { createBroker } from "@rollcall/broker";
import { PeerServer } from "peer";
import { chromium, type Browser, type Page } from "playwright";
import { chromiumFlags } from "../chromium.ts";
import { freePort } from "../free-port.ts";
import { ensureChromium } from "../install-chromium.ts";
import type { JoinTimes } from "./pages/join.ts";
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
  prepare(): Promise<void>;
  host(): Promise<string>;
  join(code: string): Promise<JoinTimes>;
  measureEchoes(): Promise<{ readonly bareMs: number[]; readonly ourMs: number[] }>;
}

/**
 * Time from "Join" to an open link, and to the first synchronised frame, beside a bare PeerJS connect, alternating in one run: only the ratio is worth keeping.
 * Both have their code loaded, and their server at a port of its own.
 */
export async function benchConnect(): Promise<Row[]> {
  const peerPort = await freePort({ name: "PeerServer port", wanted: 17_900, fixed: false, host: "127.0.0.1" });
  const brokerPort = await freePort({ name: "broker port", wanted: 18_000, fixed: false, host: "127.0.0.1" });
  const broker = await createBroker({ host: "127.0.0.1", port: brokerPort, trustedProxyHops: 1, limits: { opensPerMinute: 5_000 } });
  const stock = await new Promise<Closable>((resolve) => PeerServer({ port: peerPort, host: "127.0.0.1", path: "/" }, resolve));
  const pages = await servePages(["bare-peerjs.html", "join.html", "echo.html"], brokerPort);
  const browser = await chromium.launch({ executablePath: ensureChromium(), args: chromiumFlags() });
  try {
    const bareMs: number[] = [];
    const joins: JoinTimes[] = [];
    const coldJoins: JoinTimes[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      bareMs.push(await bareConnect(browser, `${pages.url("bare-peerjs.html")}?peer=${peerPort}`, round));
      const joinUrl = `${pages.url("join.html")}?broker=${brokerPort}`;
      joins.push(await joinAndSynchronise(browser, joinUrl, true));
      coldJoins.push(await joinAndSynchronise(browser, joinUrl, false));
    }
    const bare = median(bareMs);
    const row = (name: string, key: keyof JoinTimes, from: readonly JoinTimes[] = joins): Row => {
      const ms = median(from.map((times) => times[key]));
      return { name: `from Join to ${name}, median`, value: `${ms.toFixed(0)} ms, ${(ms / bare).toFixed(2)} × bare` };
    };
    return [
      { name: "bare PeerJS connect, median", value: `${bare.toFixed(0)} ms` },
      row("the admission", "admittedMs"),
      row("the open link", "linkedMs"),
      row("the start of the match", "startedMs"),
      row("the first synchronised frame", "synchronizedMs"),
      row("the open link, where nothing was loaded before", "linkedMs", coldJoins),
      ...(await echoRows(browser, pages.url("echo.html"))),
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

/** Echoes over the unreliable channel beside those over a bare one of the same kind, in one page and by turns. */
async function echoRows(browser: Browser, url: string): Promise<Row[]> {
  const page = await browser.newPage();
  await page.goto(url);
  const { bareMs, ourMs } = await page.evaluate(() => (globalThis as unknown as BenchPage).measureEchoes());
  await page.close();
  const [bare, ours] = [median(bareMs), median(ourMs)];
  return [
    { name: "echo over a bare unreliable data channel, median", value: `${bare.toFixed(2)} ms` },
    { name: "echo over the transport's unreliable channel, median", value: `${ours.toFixed(2)} ms, ${(ours / bare).toFixed(2)} × bare` },
  ];
}

async function joinAndSynchronise(browser: Browser, url: string, isPrepared: boolean): Promise<JoinTimes> {
  return withTwoPages(browser, url, async (first, second) => {
    if (isPrepared) await Promise.all([first, second].map((page) => page.evaluate(() => (globalThis as unknown as BenchPage).prepare())));
    const code = await first.evaluate(() => (globalThis as unknown as BenchPage).host());
    return second.evaluate((text) => (globalThis as unknown as BenchPage).join(text), code);
  });
}

async function withTwoPages<Figure>(
  browser: Browser,
  url: string,
  measure: (first: Page, second: Page) => Promise<Figure>,
): Promise<Figure> {
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
