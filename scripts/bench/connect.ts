import { createBroker } from "@rollcall/broker";
import { PeerServer } from "peer";
import { chromium, type Browser, type Page } from "playwright";
import { chromiumFlags } from "../chromium.ts";
import { freePort } from "../free-port.ts";
import { ensureChromium } from "../install-chromium.ts";
import type { BareTimes } from "./pages/bare-peerjs.ts";
import type { JoinTimes } from "./pages/join.ts";
import { median } from "./quantile.ts";
import type { Row } from "./row.ts";
import { servePages } from "./serve-pages.ts";
import { openSlowWay } from "./slow-way.ts";

const ROUNDS = 7;
/**
 * Latency that the DevTools protocol gives each page for the second part: 20 ms for a request, and for opening a socket, and none for what goes over it then; 80 ms from page to page and back. Chromium
 * opens sockets to one server one after the other, 10 ms apart.
 */
const FAR_LATENCY_MS = 20;
/** For the third part, of pages on one machine: to the server and back, for each message. */
const SERVER_ROUND_TRIP_MS = 40;

/** Ids at the PeerServer, used once each. */
let peers = 0;

/** A bench is no stranger from the internet. */
const LIMITS = { opensPerMinute: 5_000, lobbiesPerMinute: 500, socketsPerAddress: 1_000 };

interface Closable {
  close(): void;
}

/** What the two pages of the bench put on `globalThis`. */
interface BenchPage {
  listen(id: string): Promise<void>;
  connect(id: string): Promise<BareTimes>;
  prepare(): Promise<void>;
  host(): Promise<string>;
  linkedAtMs(): number;
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
  const broker = await createBroker({ host: "127.0.0.1", port: brokerPort, trustedProxyHops: 1, limits: LIMITS });
  const stock = await new Promise<Closable>((resolve) => PeerServer({ port: peerPort, host: "127.0.0.1", path: "/" }, resolve));
  const pages = await servePages(["bare-peerjs.html", "join.html", "echo.html"], brokerPort);
  const slowWays = [await openSlowWay(peerPort, SERVER_ROUND_TRIP_MS), await openSlowWay(brokerPort, SERVER_ROUND_TRIP_MS)] as const;
  const browser = await chromium.launch({ executablePath: ensureChromium(), args: chromiumFlags() });
  try {
    const bareUrl = `${pages.url("bare-peerjs.html")}?peer=${peerPort}`;
    const joinUrl = `${pages.url("join.html")}?broker=${brokerPort}`;
    const slowBareUrl = `${pages.url("bare-peerjs.html")}?peer=${slowWays[0].port}`;
    const slowJoinUrl = `${pages.url("join.html")}?broker=${slowWays[1].port}`;
    const rounds = { near: emptyRounds(), far: emptyRounds(), cold: emptyRounds(), server: emptyRounds() };
    for (let round = 0; round < ROUNDS; round++) {
      rounds.near.bare.push(await bareConnect(browser, bareUrl, 0));
      rounds.near.joins.push(await joinAndSynchronise(browser, joinUrl, { latencyMs: 0, isPrepared: true }));
      rounds.cold.joins.push(await joinAndSynchronise(browser, joinUrl, { latencyMs: 0, isPrepared: false }));
      rounds.far.bare.push(await bareConnect(browser, bareUrl, FAR_LATENCY_MS));
      rounds.far.joins.push(await joinAndSynchronise(browser, joinUrl, { latencyMs: FAR_LATENCY_MS, isPrepared: true }));
      rounds.server.bare.push(await bareConnect(browser, slowBareUrl, 0));
      rounds.server.joins.push(await joinAndSynchronise(browser, slowJoinUrl, { latencyMs: 0, isPrepared: true }));
    }
    return [
      ...rowsOf("on one machine", rounds.near),
      rowOf(
        "on one machine, nothing loaded before: from Join to the open link",
        rounds.cold.joins,
        "linkedMs",
        medianOf(rounds.near.bare, "openMs"),
      ),
      ...rowsOf("20 ms to the server and back", rounds.far),
      ...rowsOf(`on one machine, ${SERVER_ROUND_TRIP_MS} ms to the server and back for each message`, rounds.server),
      ...(await echoRows(browser, pages.url("echo.html"))),
    ];
  } finally {
    await browser.close();
    await Promise.all([pages.close(), broker.close(), ...slowWays.map((way) => way.close())]);
    stock.close();
  }
}

/** With those of the page that hosts. */
interface BothTimes extends JoinTimes {
  /** The link is open there. */
  readonly hostLinkedMs: number;
}

interface Rounds {
  readonly bare: BareTimes[];
  readonly joins: BothTimes[];
}

function emptyRounds(): Rounds {
  return { bare: [], joins: [] };
}

function rowsOf(where: string, { bare, joins }: Rounds): Row[] {
  const openMs = medianOf(bare, "openMs");
  return [
    { name: `${where}: bare PeerJS connect, median`, value: `${openMs.toFixed(0)} ms` },
    rowOf(`${where}: bare PeerJS, to the first answer of the other end`, bare, "answeredMs", openMs),
    rowOf(`${where}: from Join to the admission`, joins, "admittedMs", openMs),
    rowOf(`${where}: to the open link of the host, identity proven`, joins, "hostLinkedMs", openMs),
    rowOf(`${where}: to that of the guest`, joins, "linkedMs", openMs),
    rowOf(`${where}: to the first synchronised frame`, joins, "synchronizedMs", openMs),
  ];
}

function rowOf<Key extends string>(name: string, times: readonly Readonly<Record<Key, number>>[], key: Key, bareMs: number): Row {
  const ms = medianOf(times, key);
  return { name, value: `${ms.toFixed(0)} ms, ${(ms / bareMs).toFixed(2)} × bare` };
}

async function bareConnect(browser: Browser, url: string, latencyMs: number): Promise<BareTimes> {
  return withTwoPages(browser, { url, latencyMs }, async (first, second) => {
    const id = `bench-${peers++}`;
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

async function joinAndSynchronise(
  browser: Browser,
  url: string,
  options: { readonly latencyMs: number; readonly isPrepared: boolean },
): Promise<BothTimes> {
  return withTwoPages(browser, { url, latencyMs: options.latencyMs }, async (first, second) => {
    if (options.isPrepared)
      await Promise.all([first, second].map((page) => page.evaluate(() => (globalThis as unknown as BenchPage).prepare())));
    const code = await first.evaluate(() => (globalThis as unknown as BenchPage).host());
    const times = await second.evaluate((text) => (globalThis as unknown as BenchPage).join(text), code);
    const linkedAtMs = await first.evaluate(() => (globalThis as unknown as BenchPage).linkedAtMs());
    return { ...times, hostLinkedMs: linkedAtMs - times.beganAtMs };
  });
}

async function withTwoPages<Figure>(
  browser: Browser,
  { url, latencyMs }: { readonly url: string; readonly latencyMs: number },
  measure: (first: Page, second: Page) => Promise<Figure>,
): Promise<Figure> {
  // One each, as two players have: pages of one context open their sockets to one server one after the other, and would wait for each other.
  const contexts = [await browser.newContext(), await browser.newContext()] as const;
  try {
    const [first, second] = [await contexts[0].newPage(), await contexts[1].newPage()];
    await Promise.all([first.goto(url), second.goto(url)]);
    if (latencyMs > 0) await Promise.all([first, second].map((page) => slowDown(page, latencyMs)));
    return await measure(first, second);
  } finally {
    await Promise.all(contexts.map((context) => context.close()));
  }
}

async function slowDown(page: Page, latency: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.emulateNetworkConditions", { offline: false, latency, downloadThroughput: -1, uploadThroughput: -1 });
}

function medianOf<Key extends string>(times: readonly Readonly<Record<Key, number>>[], key: Key): number {
  return median(times.map((each) => each[key]));
}
