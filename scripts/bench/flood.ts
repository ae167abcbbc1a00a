/** What one hostile client costs the others: how long signals of honest pairs are under way while it floods the broker, beside the rounds before and after without it. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { WebSocket } from "ws";
import { median, quantile } from "./quantile.ts";

/** `nothing`: a process that keeps a core busy and sends nothing, since the machine has two for all of them. */
const KINDS = [
  "nothing",
  "heartbeats",
  "offers to nobody",
  "large offers",
  "malformed",
  "pings",
  "connections",
  "impatient connections",
  "requests",
] as const;
/** A stock server exits or goes deaf at the others. */
const STOCK_KINDS = ["nothing", "heartbeats", "offers to nobody"] as const;
const PAIRS = 10;
/** Of each pair: below the rate of a socket, which is 50. */
const PAIR_RATE_HZ = 40;
const ROUNDS = 5;

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const SOURCES = ["--conditions=@rollcall/source", "--import", "tsx"];

interface Server {
  readonly port: number;
  readonly child: ChildProcess;
}

async function startServer(args: readonly string[]): Promise<Server> {
  const child = spawn(process.execPath, [...SOURCES, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  for (;;) {
    const port = /listening on http:\/\/\S+?:(\d+)/.exec(output)?.[1];
    if (port !== undefined) return { child, port: Number(port) };
    const [data] = (await once(child.stdout, "data")) as [Buffer];
    output += data.toString();
  }
}

/** Two clients, each from an address of its own; one tells the other the time. */
class Pair {
  readonly #from: WebSocket;
  readonly #to: WebSocket;
  readonly #id: string;
  readonly delaysMs: number[] = [];

  private constructor(from: WebSocket, to: WebSocket, id: string) {
    this.#from = from;
    this.#to = to;
    this.#id = id;
    to.on("message", (data: Buffer) => {
      const { type, payload } = JSON.parse(data.toString()) as {
        readonly type: string;
        readonly payload?: { readonly sdp?: { readonly sdp?: string } };
      };
      if (type === "OFFER") this.delaysMs.push(performance.now() - Number(payload?.sdp?.sdp));
    });
  }

  static async open(port: number, index: number): Promise<Pair> {
    const ends = ["a", "b"].map((end, place) => {
      const url = `ws://127.0.0.1:${port}/peerjs?key=peerjs&id=honest-${index}-${end}&token=t`;
      return new WebSocket(url, { localAddress: `127.0.1.${1 + 2 * index + place}` });
    });
    await Promise.all(ends.map((socket) => once(socket, "message")));
    return new Pair(ends[0]!, ends[1]!, `honest-${index}-b`);
  }

  send(): void {
    const payload = { sdp: { type: "offer", sdp: String(performance.now()) }, type: "data", connectionId: "dc_honest" };
    this.#from.send(JSON.stringify({ type: "OFFER", dst: this.#id, payload }));
  }

  close(): void {
    this.#from.terminate();
    this.#to.terminate();
  }
}

/** The 99th percentile of so many seconds, in ms. */
async function measure(pairs: readonly Pair[], seconds: number): Promise<number> {
  for (const pair of pairs) pair.delaysMs.length = 0;
  const startedMs = performance.now();
  let sent = 0;
  const turnMs = 1_000 / (PAIR_RATE_HZ * pairs.length);
  while (performance.now() - startedMs < seconds * 1_000) {
    for (; sent * turnMs < performance.now() - startedMs; sent++) pairs[sent % pairs.length]?.send();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  // What is still under way counts.
  for (let waits = 0; waits < 50 && pairs.reduce((sum, { delaysMs }) => sum + delaysMs.length, 0) < sent; waits++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const delaysMs = pairs.flatMap((pair) => pair.delaysMs);
  // One that has not come in five seconds more is as good as lost.
  const lost = Array.from({ length: sent - delaysMs.length }, () => Infinity);
  return quantile([...delaysMs, ...lost], 0.99);
}

interface Cost {
  readonly calmMs: number;
  readonly floodedMs: number;
  readonly ratio: number;
}

/** Rounds without and with, by turns, so that whatever else the machine does falls on both. */
async function costOf(port: number, pairs: readonly Pair[], kind: string, seconds: number): Promise<Cost> {
  const rounds: { readonly calmMs: number; readonly floodedMs: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const calmMs = await measure(pairs, seconds);
    const flooder = spawn(process.execPath, [...SOURCES, file("flood/flooder.ts"), String(port), kind, `127.0.2.${1 + round}`]);
    const ended = once(flooder, "exit");
    // It has started, and used up what a stranger has at first.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const floodedMs = await measure(pairs, seconds);
    if (!flooder.kill("SIGKILL")) throw new Error(`the flood of ${kind} ended by itself`);
    await ended;
    rounds.push({ calmMs, floodedMs });
  }
  return {
    calmMs: median(rounds.map(({ calmMs }) => calmMs)),
    floodedMs: median(rounds.map(({ floodedMs }) => floodedMs)),
    ratio: median(rounds.map(({ calmMs, floodedMs }) => floodedMs / calmMs)),
  };
}

async function rowsOf(name: string, args: readonly string[], kinds: readonly string[], seconds: number): Promise<string[]> {
  const { child, port } = await startServer(args);
  const pairs = await Promise.all(Array.from({ length: PAIRS }, (_, index) => Pair.open(port, index)));
  const rows: string[] = [];
  try {
    for (const kind of kinds) {
      const { calmMs, floodedMs, ratio } = await costOf(port, pairs, kind, seconds);
      const flooded = Number.isFinite(floodedMs) ? `${floodedMs.toFixed(2)} ms | ${ratio.toFixed(2)}` : "above 5 s | -";
      rows.push(`| ${name} | ${kind} | ${calmMs.toFixed(2)} ms | ${flooded} |`);
      process.stderr.write(`${rows.at(-1)}\n`);
    }
  } finally {
    for (const pair of pairs) pair.close();
    child.kill("SIGKILL");
  }
  return rows;
}

/** `seconds`: of all rounds of one kind of flood. */
export async function benchFlood(seconds: number): Promise<string> {
  const each = Math.max(1, seconds / ROUNDS / 2);
  const ours = await rowsOf(
    "this broker",
    [file("../../packages/broker/src/main.ts"), "--open", "--port", "0", "--host", "127.0.0.1"],
    KINDS,
    each,
  );
  const stock = await rowsOf("`peer` 1.0.2", [file("flood/stock-server.ts")], STOCK_KINDS, each);
  return ["| server | flood | p99 without | p99 with | with / without |", "|---|---|---|---|---|", ...ours, ...stock, ""].join("\n");
}
