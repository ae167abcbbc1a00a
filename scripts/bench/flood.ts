/**
 * What one hostile client costs the others: how long signals of honest pairs are under way while it floods their server, beside rounds without it, and rounds in which it floods another
 * server in the same way. The machine has two cores for all of them: what the flooding program, and the work that it makes, take of these is in the second figure too.
 */
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
    // A stock server may end.
    for (const socket of ends) socket.on("error", () => undefined);
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

/** One round: the 99th percentiles without a flood, with one of the other server, with one of this one. */
interface Round {
  readonly calmMs: number;
  readonly besideMs: number;
  readonly floodedMs: number;
}

/** By turns, so that whatever else the machine does falls on all of them. */
async function roundsOf({ port, otherPort }: Ports, pairs: readonly Pair[], kind: string, seconds: number): Promise<Round[]> {
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const calmMs = await measure(pairs, seconds);
    const withFlood = async (floodedPort: number): Promise<number> => {
      const flooder = spawn(process.execPath, [...SOURCES, file("flood/flooder.ts"), String(floodedPort), kind, `127.0.2.${1 + round}`]);
      const ended = once(flooder, "exit");
      // It has started, and used up what a stranger has at first.
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      const ms = await measure(pairs, seconds);
      if (!flooder.kill("SIGKILL")) throw new Error(`the flood of ${kind} ended by itself`);
      await ended;
      return ms;
    };
    const besideMs = await withFlood(otherPort);
    rounds.push({ calmMs, besideMs, floodedMs: await withFlood(port) });
  }
  return rounds;
}

function rowOf(name: string, kind: string, rounds: readonly Round[]): string {
  const msOf = (of: (round: Round) => number): string => {
    const ms = median(rounds.map(of));
    return Number.isFinite(ms) ? `${ms.toFixed(2)} ms` : "above 5 s";
  };
  const ratioOf = (of: (round: Round) => number): string => {
    const ratio = median(rounds.map((round) => round.floodedMs / of(round)).filter((each) => !Number.isNaN(each)));
    return Number.isFinite(ratio) ? ratio.toFixed(2) : "-";
  };
  const [calm, beside] = [(round: Round): number => round.calmMs, (round: Round): number => round.besideMs];
  return `| ${[name, kind, msOf(calm), msOf(beside), msOf((round) => round.floodedMs), ratioOf(calm), ratioOf(beside)].join(" | ")} |`;
}

interface Ports {
  /** Of the server that serves the pairs. */
  readonly port: number;
  /** Of one like it, which serves nobody. */
  readonly otherPort: number;
}

async function rowsOf(name: string, args: readonly string[], kinds: readonly string[], seconds: number): Promise<string[]> {
  const [server, other] = [await startServer(args), await startServer(args)];
  const pairs = await Promise.all(Array.from({ length: PAIRS }, (_, index) => Pair.open(server.port, index)));
  const rows: string[] = [];
  try {
    for (const kind of kinds) {
      rows.push(rowOf(name, kind, await roundsOf({ port: server.port, otherPort: other.port }, pairs, kind, seconds)));
      process.stderr.write(`${rows.at(-1)}\n`);
    }
  } finally {
    for (const pair of pairs) pair.close();
    for (const { child } of [server, other]) child.kill("SIGKILL");
  }
  return rows;
}

/** `seconds`: of all rounds of one kind of flood. */
export async function benchFlood(seconds: number): Promise<string> {
  const each = Math.max(1, seconds / ROUNDS / 3);
  const ours = await rowsOf(
    "this broker",
    [file("../../packages/broker/src/main.ts"), "--open", "--port", "0", "--host", "127.0.0.1"],
    KINDS,
    each,
  );
  const stock = await rowsOf("`peer` 1.0.2", [file("flood/stock-server.ts")], STOCK_KINDS, each);
  const head = "| server | flood | p99 without | p99, another server flooded | p99, this one flooded | this / without | this / another |";
  return [head, "|---|---|---|---|---|---|---|", ...ours, ...stock, ""].join("\n");
}
