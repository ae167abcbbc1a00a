import { createBroker } from "@rollcall/broker";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { chromium, type Browser, type CDPSession, type Page } from "playwright";
import { chromiumFlags } from "../chromium.ts";
import { ensureChromium } from "../install-chromium.ts";
import { difference, MESH_PEERS, type MeshTotals } from "./mesh/mesh-player.ts";
import type { ProcessMessage, ProcessReport } from "./mesh/mesh-process.ts";
import { servePages } from "./serve-pages.ts";

const PROCESS = fileURLToPath(new URL("./mesh/mesh-process.ts", import.meta.url));
/** IP 20, UDP 8, DTLS 37, SCTP 28 around each message (measured on a wire, docs/wire/link.md). */
const OVERHEAD_BYTES = 93;

interface PageReport {
  readonly totals: MeshTotals;
  /** Of the page's main thread. */
  readonly cpuShare: number;
  readonly heapBytes: readonly [before: number, after: number];
}

interface MeshReport {
  readonly node: ProcessReport;
  readonly page: PageReport | undefined;
}

/** Peers in a process of their own. */
class NodePeers {
  readonly #child: ChildProcess;
  readonly #inbox: ProcessMessage[] = [];
  readonly #ended: Promise<never>;

  constructor(broker: string, count: number, code: string) {
    this.#child = fork(PROCESS, [broker, String(count), code], {
      execArgv: ["--expose-gc", "--conditions=@rollcall/source", "--import", "tsx"],
    });
    this.#ended = once(this.#child, "exit").then(() => Promise.reject(new Error("The process of the Node peers ended.")));
    this.#ended.catch(() => {});
    this.#child.on("message", (message) => this.#inbox.push(message as ProcessMessage));
  }

  async hear<Type extends ProcessMessage["type"]>(type: Type): Promise<Extract<ProcessMessage, { readonly type: Type }>> {
    for (;;) {
      const found = this.#inbox.find((message): message is Extract<ProcessMessage, { readonly type: Type }> => message.type === type);
      if (found !== undefined) return found;
      await Promise.race([once(this.#child, "message"), this.#ended]);
    }
  }

  mark(): void {
    this.#child.send("mark");
  }

  close(): void {
    this.#child.kill("SIGKILL");
  }
}

/** What the page of the bench puts on `globalThis`. */
interface MeshPage {
  host(): Promise<string>;
  isReady(): boolean;
  totals(): MeshTotals;
}

/** Eight real peers in one mesh, each linked with each, playing Rubberband with its bots: in Node, and seven in Node with one page. */
export async function benchMesh(seconds: number): Promise<string> {
  const inNode = await measure(seconds, undefined);
  const browser = await chromium.launch({ executablePath: ensureChromium(), args: chromiumFlags() });
  try {
    return table(seconds, inNode, await measure(seconds, browser));
  } finally {
    await browser.close();
  }
}

async function measure(seconds: number, browser: Browser | undefined): Promise<MeshReport> {
  const broker = await createBroker({ host: "127.0.0.1", trustedProxyHops: 1, limits: { opensPerMinute: 5_000 } });
  const pages = browser === undefined ? undefined : await servePages(["mesh.html"], broker.port);
  const closing: (() => unknown)[] = [];
  try {
    const page = pages === undefined ? undefined : await browser?.newPage();
    if (page !== undefined) await page.goto(pages?.url("mesh.html") ?? "");
    const code = (await page?.evaluate(() => (globalThis as unknown as MeshPage).host())) ?? "";
    const peers = new NodePeers(broker.address, page === undefined ? MESH_PEERS : MESH_PEERS - 1, code);
    closing.push(() => peers.close());
    await peers.hear("ready");
    await page?.waitForFunction(() => (globalThis as unknown as MeshPage).isReady(), undefined, { polling: 100 });
    peers.mark();
    const watch = page === undefined ? undefined : await PageWatch.begin(page);
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    peers.mark();
    return { page: await watch?.end(), node: (await peers.hear("report")).report };
  } finally {
    for (const close of closing) close();
    await pages?.close();
    await broker.close();
  }
}

interface PageLook {
  readonly totals: MeshTotals;
  readonly ms: number;
  readonly taskSeconds: number;
  readonly heapBytes: number;
}

/** What the page costs from now on, as the browser counts it. */
class PageWatch {
  readonly #page: Page;
  readonly #session: CDPSession;
  readonly #start: PageLook;

  private constructor(page: Page, session: CDPSession, start: PageLook) {
    this.#page = page;
    this.#session = session;
    this.#start = start;
  }

  static async begin(page: Page): Promise<PageWatch> {
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable");
    await session.send("HeapProfiler.enable");
    return new PageWatch(page, session, await PageWatch.look(page, session));
  }

  static async look(page: Page, session: CDPSession): Promise<PageLook> {
    await session.send("HeapProfiler.collectGarbage");
    const { metrics } = await session.send("Performance.getMetrics");
    const metric = (name: string): number => metrics.find((each) => each.name === name)?.value ?? Number.NaN;
    const totals = await page.evaluate(() => (globalThis as unknown as MeshPage).totals());
    return { totals, ms: performance.now(), taskSeconds: metric("TaskDuration"), heapBytes: metric("JSHeapUsedSize") };
  }

  async end(): Promise<PageReport> {
    const end = await PageWatch.look(this.#page, this.#session);
    const start = this.#start;
    return {
      totals: difference(end.totals, start.totals),
      cpuShare: ((end.taskSeconds - start.taskSeconds) * 1_000) / (end.ms - start.ms),
      heapBytes: [start.heapBytes, end.heapBytes],
    };
  }
}

function table(seconds: number, inNode: MeshReport, withPage: MeshReport): string {
  const reports = [inNode, withPage];
  const all = (report: MeshReport): MeshTotals[] => [...report.node.totals, ...(report.page === undefined ? [] : [report.page.totals])];
  const perPeer = (report: MeshReport, key: keyof MeshTotals): number => all(report).reduce((sum, each) => sum + each[key], 0) / MESH_PEERS;
  const row = (name: string, value: (report: MeshReport) => string): string => `| ${name} | ${reports.map(value).join(" | ")} |`;
  const perSecond = (report: MeshReport, key: keyof MeshTotals): number => perPeer(report, key) / report.node.seconds;
  const wireBytes = (report: MeshReport): number => perSecond(report, "bytes") + OVERHEAD_BYTES * perSecond(report, "datagrams");
  const growth = ([before, after]: readonly [number, number]): string =>
    `${(before / 2 ** 20).toFixed(1)} → ${(after / 2 ** 20).toFixed(1)} MiB`;
  return [
    `| ${seconds} s, per peer | eight in Node | seven in Node, one page |`,
    "|---|---|---|",
    row("frames a second", (report) => perSecond(report, "frames").toFixed(1)),
    row("datagrams sent a second", (report) => perSecond(report, "datagrams").toFixed(0)),
    row("bytes in them, a second", (report) => perSecond(report, "bytes").toFixed(0)),
    row(`uplink, with ${OVERHEAD_BYTES} B around each`, (report) => `${((wireBytes(report) * 8) / 1e6).toFixed(2)} Mbit/s`),
    row("processor, a Node peer", ({ node }) => `${((100 * node.cpuSeconds) / node.seconds / node.totals.length).toFixed(1)} % of a core`),
    row("processor, the page's main thread", ({ page }) => (page === undefined ? "" : `${(100 * page.cpuShare).toFixed(1)} % of a core`)),
    row("heap of the Node process after collection", ({ node }) => growth(node.heapBytes)),
    row("resident memory of the Node process", ({ node }) => growth(node.residentBytes)),
    row("heap of the page after collection", ({ page }) => (page === undefined ? "" : growth(page.heapBytes))),
    row("rollbacks a minute", (report) => (60 * perSecond(report, "rollbacks")).toFixed(0)),
    row("resimulated frames a minute", (report) => (60 * perSecond(report, "resimulated")).toFixed(0)),
    row("stalled frames a minute", (report) => (60 * perSecond(report, "stalled")).toFixed(1)),
    row("desyncs, all peers", (report) => String(all(report).reduce((sum, each) => sum + each.desyncs, 0))),
    "",
  ].join("\n");
}
